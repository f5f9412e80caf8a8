package cpu

import (
	"unsafe"

	"github.com/seed64708441/ember/backend/cpu/internal/kernel"
)

// matmulStage runs products that do not depend on each other. A task is a few panels of one of them with some rows.
type matmulStage struct {
	products []product
	cuts     []division // of each product in this step
}

// product is one weight matrix applied to a buffer of rows, or two for a gated unit.
type product struct {
	m, up      *matrix
	bias       []float32
	x, out     loc
	outs       bool
	accumulate bool
	// quantised is where a gated product writes more than fewRows rows in a format that is not ActF32.
	quantised loc
	format    kernel.ActFormat
}

func (r *resolver) product(it *item) product {
	p := product{m: &r.p.weights[it.weight].matrix, x: r.in(it, 0), out: r.loc(it.out), outs: r.lo.buffers[it.out].outs(), accumulate: it.accumulate}
	if it.up >= 0 {
		p.up = &r.p.weights[it.up].matrix
	}
	if it.bias >= 0 {
		p.bias = r.p.weights[it.bias].vector
	}
	if it.quantised >= 0 {
		p.quantised, p.format = r.loc(it.quantised), r.lo.buffers[it.quantised].act
	}
	return p
}

// The sizes that divide a product into tasks and a task into kernel calls.
const (
	// fewRows is up to how many rows a product is bound by reading weights.
	fewRows = 8
	// taskBytes is about how many bytes of weights a task reads when there are few rows: long enough to stream, short
	// enough to balance.
	taskBytes = 96 << 10
	// manyRowsPanels is how many panels a task has when there are many rows.
	manyRowsPanels = 4
	// tileRows is how many rows a kernel call takes; a multiple of the row tiles of all kernels (4, 6, 8, 12).
	tileRows = 48
	// tilePanels is the most panels of a gated product in one task: the longest block of activations.
	tilePanels = 256 / kernel.PanelRows
)

// division is how a product is cut into tasks: panels and rows of each, and how many of each there are.
type division struct{ panels, rows, across, down int }

// divide cuts a product with m rows into tasks.
func (p *product) divide(m, threads int) division {
	if m == 0 {
		return division{}
	}
	panels, bytes := p.m.panels(), p.m.panelBytes
	d := division{panels: manyRowsPanels, rows: m}
	if p.up != nil {
		bytes += p.up.panelBytes
		if p.format != kernel.ActF32 && m > fewRows {
			d.panels = max(d.panels, actBlock(p.format)/kernel.PanelRows)
		}
	}
	if m <= fewRows {
		d.panels = min(max(1, taskBytes/bytes), tilePanels)
	}
	d.across, d.down = (panels+d.panels-1)/d.panels, 1
	if few := splitTasks * threads / d.across; few > 1 && m > tileRows { // too few tasks: cut the rows as well
		d.rows = roundUp((m+few-1)/few, tileRows)
		d.down = (m + d.rows - 1) / d.rows
	}
	return d
}

// actBlock is the columns of a block of a quantised format.
func actBlock(f kernel.ActFormat) int {
	if f == kernel.ActQ256 {
		return 256
	}
	return 32
}

func (st *matmulStage) idle(s *stepState) bool {
	for i := range st.products {
		if s.extentRows(st.products[i].outs) > 0 {
			return false
		}
	}
	return true
}

func (st *matmulStage) divide(s *stepState, threads int) int {
	n := 0
	for i := range st.products {
		p := &st.products[i]
		st.cuts[i] = p.divide(s.extentRows(p.outs), threads)
		n += st.cuts[i].across * st.cuts[i].down
	}
	return n
}

func (st *matmulStage) task(w *worker, s *stepState, task int) {
	i := 0
	for ; task >= st.cuts[i].across*st.cuts[i].down; i++ {
		task -= st.cuts[i].across * st.cuts[i].down
	}
	p, d := &st.products[i], &st.cuts[i]
	rows := s.extentRows(p.outs)
	lo, r := task%d.across*d.panels, task/d.across*d.rows
	p.multiply(w, lo, min(lo+d.panels, p.m.panels()), r, min(r+d.rows, rows), rows)
}

// multiply multiplies the panels lo..hi-1 with the rows r..end-1 of all.
func (p *product) multiply(w *worker, lo, hi, r, end, all int) {
	for ; r < end; r += tileRows {
		n := min(tileRows, end-r)
		if p.up != nil {
			p.gated(w, lo, hi, r, n, all)
			continue
		}
		for i := lo; i < hi; i++ {
			if p.out.space == logits && (i+1)*kernel.PanelRows > p.m.n {
				p.partial(w, i, r, n)
				continue
			}
			p.panel(w, p.m, i, r, n, unsafe.Add(w.row(p.out, r), 4*kernel.PanelRows*i), p.out.stride/4)
		}
		if p.bias != nil {
			p.addBias(w, lo*kernel.PanelRows, min(hi*kernel.PanelRows, p.m.n), r, n)
		}
	}
}

// panel multiplies one panel with n rows from r on.
func (p *product) panel(w *worker, m *matrix, i, r, n int, dst unsafe.Pointer, stride int) {
	a := &w.args.matmul
	*a = kernel.MatMulArgs{
		Dst: dst, DstStride: stride, W: m.panel(i), X: w.row(p.x, r), XStride: p.x.stride, K: m.k, M: n, Accumulate: p.accumulate,
	}
	w.p.set.MatMul[m.layout](a)
}

// partial multiplies the last panel, which has fewer rows than the kernel writes, into memory that ends with them.
func (p *product) partial(w *worker, i, r, n int) {
	from := i * kernel.PanelRows
	for j := range n {
		copy(w.tile.gate[j*tileColumns:][:p.m.n-from], w.floats(p.out, r+j, p.m.n)[from:])
	}
	p.panel(w, p.m, i, r, n, unsafe.Pointer(&w.tile.gate[0]), tileColumns)
	for j := range n {
		copy(w.floats(p.out, r+j, p.m.n)[from:], w.tile.gate[j*tileColumns:])
	}
}

func (p *product) addBias(w *worker, lo, hi, r, n int) {
	for j := range n {
		y := w.floats(p.out, r+j, hi)[lo:]
		w.p.set.Add(y, y, p.bias[lo:hi])
	}
}

// gated multiplies the panels of gate and up into the worker's memory and writes the gated rows.
func (p *product) gated(w *worker, lo, hi, r, n, all int) {
	t := &w.tile
	for i := lo; i < hi; i++ {
		at := (i - lo) * kernel.PanelRows
		p.panel(w, p.m, i, r, n, unsafe.Pointer(&t.gate[at]), tileColumns)
		p.panel(w, p.up, i, r, n, unsafe.Pointer(&t.up[at]), tileColumns)
	}
	from, to := lo*kernel.PanelRows, min(hi*kernel.PanelRows, p.m.n)
	for j := range n {
		gate, up := t.gate[j*tileColumns:][:to-from], t.up[j*tileColumns:][:to-from]
		if p.format == kernel.ActF32 || all <= fewRows {
			w.p.set.SiLUMul(w.floats(p.out, r+j, to)[from:], gate, up)
			continue
		}
		w.p.set.SiLUMul(gate, gate, up)
		p.quantise(w, gate, r+j, from)
	}
}

// quantise writes the columns from.. of a row in the format of the product: codes, scales and sums of a row are apart.
func (p *product) quantise(w *worker, x []float32, r, from int) {
	n, k, block := len(x), p.m.n, actBlock(p.format)
	b := w.tile.codes[:p.format.RowBytes(n)]
	w.p.set.Quantize[p.format](b, x)
	row := unsafe.Slice((*byte)(w.row(p.quantised, r)), p.format.RowBytes(k))
	copy(row[from:], b[:n])
	copy(row[k+from/block*4:], b[n:n+n/block*4])
	copy(row[k+k/block*4+from/16*2:], b[n+n/block*4:])
}

// tileColumns is the width of the tiles of a gated product.
const tileColumns = tilePanels * kernel.PanelRows

// tileMemory is what a worker needs for gated products.
type tileMemory struct {
	gate, up []float32 // [tileRows][tileColumns]
	codes    []byte
}

const (
	tileFloats      = tileRows * tileColumns
	tileMemoryBytes = 2*4*tileFloats + 2*tileColumns
)

func (t *tileMemory) init(b []byte) {
	t.gate = unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(b))), tileFloats)
	t.up = unsafe.Slice((*float32)(unsafe.Pointer(&b[4*tileFloats])), tileFloats)
	t.codes = b[8*tileFloats:]
}
