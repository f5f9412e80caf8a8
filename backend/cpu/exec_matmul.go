package cpu

import (
	"unsafe"

	"github.com/seed64708441/ember/backend/cpu/internal/kernel"
)

// matmulStage runs products that do not depend on each other. A task is a few panels of one of them with some rows.
type matmulStage struct {
	products []product
	cuts     []division // of each product in this step
	// few says that the products of this step have few rows; then each worker has a run of panels: see share.
	few    bool
	shares shares
	starts []int
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
	// segmented says that many rows are multiplied segment by segment: see exec_segment.go.
	segmented bool
}

func (r *resolver) product(it *item) product {
	p := product{m: &r.p.weights[it.weight].matrix, x: r.in(it, 0), out: r.loc(it.out), outs: r.lo.buffers[it.out].outs(), accumulate: it.accumulate}
	p.tileRows, p.warmRows = r.p.set.TileRows[p.m.layout], r.p.set.WarmRows[p.m.layout]
	if it.up >= 0 {
		p.up = &r.p.weights[it.up].matrix
	}
	p.segmented = p.canSegment(r.p.set)
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
	// manyRowsPanels is how many panels a task has when there are many rows.
	manyRowsPanels = 4
	// callBytes is about how much of a matrix one call of a kernel reads with up to coldRows rows: the time between two calls
	// does not matter any more, and a call takes well under a millisecond.
	callBytes = 512 << 10
)

// division is how a product of many rows is cut into tasks: panels and rows of each, and how many of each there are.
type division struct{ panels, rows, across, down int }

// divide cuts a product with m rows into tasks.
func (p *product) divide(m, threads int) division {
	if m == 0 {
		return division{}
	}
	panels := p.m.panels()
	d := division{panels: p.taskPanels(), rows: m, down: 1}
	d.across = (panels + d.panels - 1) / d.panels
	if few := splitTasks * threads / d.across; few > 1 && m > p.tileRows { // too few tasks: cut the rows as well
		d.rows = roundUp((m+few-1)/few, p.tileRows)
		d.down = (m + d.rows - 1) / d.rows
	}
	return d
}

// taskPanels is how many panels a task has when there are many rows, of each of gate and up.
func (p *product) taskPanels() int {
	switch {
	case p.up != nil && p.format != kernel.ActF32:
		return max(manyRowsPanels, actBlock(p.format)/kernel.PanelRows)
	case p.up == nil && p.segmented:
		return 2 * kernel.SegmentPanels
	}
	return manyRowsPanels
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
	most := 0
	for i := range st.products {
		most = max(most, s.extentRows(st.products[i].outs))
	}
	if st.few = most <= fewRows; st.few {
		st.shares.reset(st.starts)
		return len(st.shares)
	}
	n := 0
	for i := range st.products {
		p := &st.products[i]
		st.cuts[i] = p.divide(s.extentRows(p.outs), threads)
		n += st.cuts[i].across * st.cuts[i].down
	}
	return n
}

func (st *matmulStage) task(w *worker, s *stepState, task int) {
	if st.few {
		st.read(w, s)
		return
	}
	i := 0
	for ; task >= st.cuts[i].across*st.cuts[i].down; i++ {
		task -= st.cuts[i].across * st.cuts[i].down
	}
	p, d := &st.products[i], &st.cuts[i]
	rows, column, r := s.extentRows(p.outs), task%d.across, task/d.across*d.rows
	p.multiply(w, column*d.panels, min((column+1)*d.panels, p.m.panels()), r, min(r+d.rows, rows), rows)
}

// multiply multiplies the panels lo..hi-1 with the rows r..end-1 of all.
func (p *product) multiply(w *worker, lo, hi, r, end, all int) {
	if hi > p.packed() {
		p.staged(w, lo, hi, r, end, all)
		return
	}
	if p.segmented && all > fewRows {
		p.segments(w, lo, hi, r, end, all)
		return
	}
	for ; r < end; r += p.tileRows {
		n := min(p.tileRows, end-r)
		if p.up != nil {
			most := tileFloats / n / kernel.PanelRows
			for i := lo; i < hi; i += most {
				p.gated(w, i, min(i+most, hi), r, n, all)
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

// panels multiplies the panels lo..hi-1 of a matrix with n rows from r on, of all there are: many panels in a call where rows
// are few, and two at a time where there is a kernel for two and so many rows that arithmetic takes longer than reading.
func (p *product) panels(w *worker, m *matrix, lo, hi, r, n, all int, dst unsafe.Pointer, stride int) {
	most, paired := 1, 0
	if n <= coldRows {
		most = max(1, callBytes/m.panelBytes)
	}
	pair := w.p.set.MatMulPair[m.layout]
	if pair != nil && all > fewRows {
		paired = n - n%kernel.PairRows
	}
	for i := lo; i < hi; {
		at := unsafe.Add(dst, 4*kernel.PanelRows*(i-lo))
		if paired == 0 || i+1 == hi {
			count := min(most, hi-i)
			p.call(p.args(w, m, i, count, r, n, at, stride), w, m)
			i += count
			continue
		}
		pair(p.args(w, m, i, 2, r, paired, at, stride))
		if paired < n {
			rest := unsafe.Add(at, 4*paired*stride)
			p.call(p.args(w, m, i, 2, r+paired, n-paired, rest, stride), w, m)
		}
		i += 2
	}
}

// call multiplies panels, with more than coldRows rows only one.
func (p *product) call(a *kernel.MatMulArgs, w *worker, m *matrix) {
	if rest := a.M - coldRows; rest > 0 && a.M < p.warmRows {
		a.M = coldRows
		w.p.set.MatMul[m.layout](a)
		a.M, a.X, a.Dst = rest, unsafe.Add(a.X, coldRows*a.XStride), unsafe.Add(a.Dst, 4*coldRows*a.DstStride)
	}
	w.p.set.MatMul[m.layout](a)
}

// args are those of a kernel for some panels from i on and n rows from r on.
func (p *product) args(w *worker, m *matrix, i, panels, r, n int, dst unsafe.Pointer, stride int) *kernel.MatMulArgs {
	a := &w.args.matmul
	*a = kernel.MatMulArgs{
		Dst: dst, DstStride: stride, W: m.panel(i), Panels: panels, PanelBytes: m.panelBytes,
		X: w.row(p.x, r), XStride: p.x.stride, K: m.k, M: n, Accumulate: p.accumulate,
	}
	return a
}

// partial multiplies the last panel, which has fewer rows than the kernel writes, into memory that ends with them.
func (p *product) partial(w *worker, i, r, n, all int) {
	from := i * kernel.PanelRows
	for j := range n {
		copy(w.tile.gate[j*kernel.PanelRows:][:p.m.n-from], w.floats(p.out, r+j, p.m.n)[from:])
	}
	p.panels(w, p.m, i, i+1, r, n, all, unsafe.Pointer(&w.tile.gate[0]), kernel.PanelRows)
	for j := range n {
		copy(w.floats(p.out, r+j, p.m.n)[from:], w.tile.gate[j*kernel.PanelRows:])
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
	t, columns := &w.tile, (hi-lo)*kernel.PanelRows
	p.panels(w, p.m, lo, hi, r, n, all, unsafe.Pointer(&t.gate[0]), columns)
	p.panels(w, p.up, lo, hi, r, n, all, unsafe.Pointer(&t.up[0]), columns)
	from, to := lo*kernel.PanelRows, min(hi*kernel.PanelRows, p.m.n)
	for j := range n {
		p.activate(w, t.gate[j*columns:][:to-from], t.up[j*columns:][:to-from], r+j, from, all)
	}
}

// activate writes the columns from.. of row r of all; gate is lost.
func (p *product) activate(w *worker, gate, up []float32, r, from, all int) {
	if p.format == kernel.ActF32 || all <= fewRows {
		w.p.set.SiLUMul(w.floats(p.out, r, from+len(gate))[from:], gate, up)
		return
	}
	w.p.set.SiLUMul(gate, gate, up)
	p.quantise(w, gate, r, from)
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

// tileMemory is what a worker needs for gated products and for the sums of segments.
type tileMemory struct {
	gate, up []float32 // tileFloats each, as rows of columns
	sums     []float32 // both
	codes    []byte    // of the longest block of activations
}

const (
	// tileFloats has room for the panels of a segment, and for MaxTileRows rows of the longest block of activations.
	tileFloats      = max(segmentRows*kernel.SegmentPanels*kernel.PanelRows, kernel.MaxTileRows*longestBlock)
	tileMemoryBytes = 2*4*tileFloats + 2*longestBlock
	longestBlock    = 256
)

func (t *tileMemory) init(b []byte) {
	t.sums = unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(b))), 2*tileFloats)
	t.gate, t.up = t.sums[:tileFloats], t.sums[tileFloats:]
	t.codes = b[8*tileFloats:]
}
