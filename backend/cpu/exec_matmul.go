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
	// tileRows and warmRows are those of the kernel of m.
	tileRows, warmRows int
	// quantised is where a gated product writes more than fewRows rows in a format that is not ActF32.
	quantised loc
	format    kernel.ActFormat
	// runs are the first panels of the tasks when there are few rows, and the number of panels: see share.
	runs []int32
}

func (r *resolver) product(it *item) product {
	p := product{m: &r.p.weights[it.weight].matrix, x: r.in(it, 0), out: r.loc(it.out), outs: r.lo.buffers[it.out].outs(), accumulate: it.accumulate}
	p.tileRows, p.warmRows = r.p.set.TileRows[p.m.layout], r.p.set.WarmRows[p.m.layout]
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
	// fewRows is up to how many rows it matters how fast weights come from memory.
	fewRows = 32
	// coldRows is up to how many rows a kernel asks for a panel ahead of its use. The kernels of more rows find it in a cache,
	// if the first rows are computed by one that asks.
	coldRows = 8
	// taskBytes is about the fewest bytes of weights that a task reads when there are few rows: so many that taking it
	// costs little, so few that workers end together.
	taskBytes = 64 << 10
	// manyRowsPanels is how many panels a task has when there are many rows.
	manyRowsPanels = 4
	// tilePanels is how many panels of a gated product are computed at a time: the longest block of activations.
	tilePanels = 256 / kernel.PanelRows
)

// share cuts the products of a stage into tasks for few rows. Each task is the next run of panels that its worker reads
// from memory, and half of the worker's share of what is left in the stage: memory delivers a fifth more in long runs than
// in short ones that workers take in turn, because what it reads ahead is then read by the same worker, and the
// short ones at the end keep workers from waiting (guided self-scheduling; Polychronopoulos and Kuck 1987).
func (st *matmulStage) share(threads int) {
	left := 0
	for i := range st.products {
		left += st.products[i].m.panels() * st.products[i].columnBytes()
	}
	for i := range st.products {
		p := &st.products[i]
		bytes, panels := p.columnBytes(), p.m.panels()
		p.runs = []int32{0}
		for at := 0; at < panels; {
			n := min(max(left/(2*threads), taskBytes)/bytes, panels-at)
			n = max(n, 1)
			at, left = at+n, left-n*bytes
			p.runs = append(p.runs, int32(at))
		}
	}
}

// columnBytes is the size of a panel, or of one of gate and one of up.
func (p *product) columnBytes() int {
	if p.up != nil {
		return p.m.panelBytes + p.up.panelBytes
	}
	return p.m.panelBytes
}

// division is how a product is cut into tasks: panels and rows of each, and how many of each there are. With few rows,
// the panels are those of product.runs.
type division struct{ panels, rows, across, down int }

// divide cuts a product with m rows into tasks.
func (p *product) divide(m, threads int) division {
	switch {
	case m == 0:
		return division{}
	case m <= fewRows:
		return division{rows: m, across: len(p.runs) - 1, down: 1}
	}
	panels := p.m.panels()
	d := division{panels: manyRowsPanels, rows: m, down: 1}
	if p.up != nil && p.format != kernel.ActF32 {
		d.panels = max(d.panels, actBlock(p.format)/kernel.PanelRows)
	}
	d.across = (panels + d.panels - 1) / d.panels
	if few := splitTasks * threads / d.across; few > 1 && m > p.tileRows { // too few tasks: cut the rows as well
		d.rows = roundUp((m+few-1)/few, p.tileRows)
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
	rows, column, r := s.extentRows(p.outs), task%d.across, task/d.across*d.rows
	lo, hi := column*d.panels, min((column+1)*d.panels, p.m.panels())
	if d.panels == 0 {
		lo, hi = int(p.runs[column]), int(p.runs[column+1])
	}
	p.multiply(w, lo, hi, r, min(r+d.rows, rows), rows)
}

// multiply multiplies the panels lo..hi-1 with the rows r..end-1 of all.
func (p *product) multiply(w *worker, lo, hi, r, end, all int) {
	for ; r < end; r += p.tileRows {
		n := min(p.tileRows, end-r)
		if p.up != nil {
			for i := lo; i < hi; i += tilePanels {
				p.gated(w, i, min(i+tilePanels, hi), r, n, all)
			}
			continue
		}
		whole := hi
		if p.out.space == logits && hi*kernel.PanelRows > p.m.n {
			whole--
			p.partial(w, whole, r, n, all)
		}
		p.panels(w, p.m, lo, whole, r, n, all, unsafe.Add(w.row(p.out, r), 4*kernel.PanelRows*lo), p.out.stride/4)
		if p.bias != nil {
			p.addBias(w, lo*kernel.PanelRows, min(hi*kernel.PanelRows, p.m.n), r, n)
		}
	}
}

// panels multiplies the panels lo..hi-1 of a matrix with n rows from r on, of all there are: two panels at a time where
// there is a kernel for two, and rows enough in the step that arithmetic takes longer than reading.
func (p *product) panels(w *worker, m *matrix, lo, hi, r, n, all int, dst unsafe.Pointer, stride int) {
	pair, paired := w.p.set.MatMulPair[m.layout], 0
	if pair != nil && all > fewRows {
		paired = n - n%kernel.PairRows
	}
	for i := lo; i < hi; i++ {
		at := unsafe.Add(dst, 4*kernel.PanelRows*(i-lo))
		if paired == 0 || i+1 == hi {
			p.panel(w, m, i, r, n, at, stride)
			continue
		}
		pair(p.args(w, m, i, r, paired, at, stride))
		if paired < n {
			rest := unsafe.Add(at, 4*paired*stride)
			p.panel(w, m, i, r+paired, n-paired, rest, stride)
			p.panel(w, m, i+1, r+paired, n-paired, unsafe.Add(rest, 4*kernel.PanelRows), stride)
		}
		i++
	}
}

// panel multiplies one panel with n rows from r on.
func (p *product) panel(w *worker, m *matrix, i, r, n int, dst unsafe.Pointer, stride int) {
	a := p.args(w, m, i, r, n, dst, stride)
	if n > coldRows && n < p.warmRows {
		a.M = coldRows
		w.p.set.MatMul[m.layout](a)
		a.M, a.X, a.Dst = n-coldRows, unsafe.Add(a.X, coldRows*a.XStride), unsafe.Add(a.Dst, 4*coldRows*stride)
	}
	w.p.set.MatMul[m.layout](a)
}

// args are those of a kernel for the panels from i on and n rows from r on.
func (p *product) args(w *worker, m *matrix, i, r, n int, dst unsafe.Pointer, stride int) *kernel.MatMulArgs {
	a := &w.args.matmul
	*a = kernel.MatMulArgs{
		Dst: dst, DstStride: stride, W: m.panel(i), X: w.row(p.x, r), XStride: p.x.stride, K: m.k, M: n, Accumulate: p.accumulate,
	}
	return a
}

// partial multiplies the last panel, which has fewer rows than the kernel writes, into memory that ends with them.
func (p *product) partial(w *worker, i, r, n, all int) {
	from := i * kernel.PanelRows
	for j := range n {
		copy(w.tile.gate[j*tileColumns:][:p.m.n-from], w.floats(p.out, r+j, p.m.n)[from:])
	}
	p.panels(w, p.m, i, i+1, r, n, all, unsafe.Pointer(&w.tile.gate[0]), tileColumns)
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
	p.panels(w, p.m, lo, hi, r, n, all, unsafe.Pointer(&t.gate[0]), tileColumns)
	p.panels(w, p.up, lo, hi, r, n, all, unsafe.Pointer(&t.up[0]), tileColumns)
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
	gate, up []float32 // [MaxTileRows][tileColumns]
	codes    []byte
}

const (
	tileFloats      = kernel.MaxTileRows * tileColumns
	tileMemoryBytes = 2*4*tileFloats + 2*tileColumns
)

func (t *tileMemory) init(b []byte) {
	t.gate = unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(b))), tileFloats)
	t.up = unsafe.Slice((*float32)(unsafe.Pointer(&b[4*tileFloats])), tileFloats)
	t.codes = b[8*tileFloats:]
}
