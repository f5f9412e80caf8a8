package cpu

import (
	"unsafe"

	"github.com/seed64708441/ember/backend"
	"github.com/seed64708441/ember/backend/cpu/internal/kernel"
	"github.com/seed64708441/ember/ops"
)

// attendLayout is the largest sizes of the attentions of a graph: of heads, of the rotation, of the queries of a row
// and of those of a task, as many as share a key head in a whole block of rows.
type attendLayout struct {
	keyDim, valueDim int
	angles           int
	heads            int
	queries          int
	// parts is how many queries' partial results fit when the keys of few rows are divided among workers.
	parts int
}

// partGroups is how many groups of tiles the partial results of one row have room for: 64 groups are 32,768 positions.
const partGroups = 64

func newAttendLayout(g *ops.Graph, threads int) attendLayout {
	var l attendLayout
	for i := range g.Nodes {
		n := &g.Nodes[i]
		a, ok := n.Attr.(ops.Attention)
		if !ok {
			continue
		}
		st, heads := g.States[a.State], int(n.Shape[1])
		l.keyDim, l.valueDim = max(l.keyDim, st.KeyDim), max(l.valueDim, st.ValueDim)
		l.angles = max(l.angles, 2*len(a.Rope.Freqs))
		l.heads = max(l.heads, heads)
		l.queries = max(l.queries, heads/st.Heads*attendRows)
	}
	if threads > 1 {
		l.parts = l.heads * partGroups
	}
	return l
}

// partStride returns the floats between the partial results of two queries: the sum of weighted values, then the
// running maximum and sum of the softmax.
func partStride(valueDim int) int { return roundUp(valueDim+2, align/4) }

// partBytes returns the bytes of the partial results that workers share.
func (l *attendLayout) partBytes() int { return 4 * l.parts * partStride(l.valueDim) }

// lengths returns the lengths of the slices of an attendMemory, in order.
func (l *attendLayout) lengths() [8]int {
	acc := l.queries * partStride(l.valueDim)
	return [8]int{l.keyDim, l.angles, l.queries * l.keyDim, l.queries * tile, l.queries, 2 * l.queries, mergeGroups * acc, acc}
}

// workerBytes returns the bytes of an attendMemory.
func (l *attendLayout) workerBytes() int {
	total := 0
	for _, n := range l.lengths() {
		total += roundUp(4*n, align)
	}
	return total
}

// attendMemory is what a worker needs for attention and for storing keys.
type attendMemory struct {
	key, angles []float32
	q           []float32 // [queries][KeyDim], rotated
	scores      []float32 // [queries][64]
	correction  []float32 // [queries]
	running     []float32 // [queries][2], maximum and sum of a merge
	parts       []float32 // [queries][mergeGroups][partStride]
	total       []float32 // [queries][partStride]
}

// init takes the memory from b and returns what is left.
func (m *attendMemory) init(l *attendLayout, b []byte) []byte {
	n := l.lengths()
	for i, s := range []*[]float32{&m.key, &m.angles, &m.q, &m.scores, &m.correction, &m.running, &m.parts, &m.total} {
		*s = unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(b))), n[i])
		b = b[roundUp(4*n[i], align):]
	}
	return b
}

const tile = backend.PageTokens

// partial is the running attention of the queries of a task over some keys: for each the sum of weighted values, and
// maximum and sum of the softmax.
type partial struct {
	data   []float32
	dv     int
	stride int
}

// newPartial returns the results over the keys of a group, which lie beside those over the other groups of a query.
func newPartial(data []float32, dv, groups, group int) partial {
	n := partStride(dv)
	return partial{data[group*n:], dv, groups * n}
}

func (p *partial) acc(i int) []float32 { return p.data[i*p.stride:][:p.dv] }
func (p *partial) max(i int) *float32  { return &p.data[i*p.stride+p.dv] }
func (p *partial) sum(i int) *float32  { return &p.data[i*p.stride+p.dv+1] }

// reset empties the results of n queries.
func (p *partial) reset(n int) {
	for i := range n {
		clear(p.acc(i))
		*p.max(i), *p.sum(i) = negInf, 0
	}
}

// resetTotal empties the results of n queries for merge. Its zeros are negative, to which every number adds as it is: what
// is merged of a single group is that of the group.
func (p *partial) resetTotal(n int) {
	for i := range n {
		acc := p.data[i*p.stride:][:partStride(p.dv)]
		for j := range acc {
			acc[j] = negZero
		}
		*p.max(i) = negInf
	}
}

// merge adds, for n queries from i on, the results of the groups lo..hi-1 from that of from on: as values of a tile, whose
// scores are the maxima, and whose last columns are the sums. The order of groups decides the last bits.
func (p *partial) merge(w *worker, from *partial, i, n, lo, hi int) {
	m, size := &w.at, partStride(p.dv)
	for q := i; q < i+n; q++ {
		m.running[2*q] = *p.max(q)
		for g := lo; g < hi; g++ {
			m.scores[q*tile+g] = from.data[q*from.stride+g*size+p.dv]
		}
	}
	s := &w.args.softmax
	*s = kernel.SoftmaxArgs{
		S: unsafe.Pointer(&m.scores[i*tile]), N: n, Lo: lo, Hi: hi,
		Running: unsafe.Pointer(&m.running[2*i]), RunningStride: 2, Correction: unsafe.Pointer(&m.correction[i]),
		Next: unsafe.Pointer(&m.scores[i*tile]),
	}
	w.p.set.Softmax(s)
	v := &w.args.values
	for q := i; q < i+n; q++ {
		groups := unsafe.Pointer(&from.data[q*from.stride])
		*v = kernel.ValuesArgs{
			Acc: unsafe.Pointer(&p.data[q*p.stride]), P: unsafe.Pointer(&m.scores[q*tile]), Correction: unsafe.Pointer(&m.correction[q]),
			N: 1, V: groups, Next: groups, D: size, Lo: lo, Hi: hi,
		}
		w.p.set.Values[kernel.CacheF32](v)
		*p.max(q) = m.running[2*q]
	}
}

// finish divides the results of n queries by their sums.
func (p *partial) finish(w *worker, n int) {
	m := &w.at
	for i := range n {
		m.correction[i] = 1 / *p.sum(i)
	}
	v := &w.args.values
	*v = kernel.ValuesArgs{
		Acc: unsafe.Pointer(unsafe.SliceData(p.data)), AccStride: p.stride, P: unsafe.Pointer(unsafe.SliceData(m.scores)),
		Correction: unsafe.Pointer(unsafe.SliceData(m.correction)), N: n, V: unsafe.Pointer(unsafe.SliceData(m.scores)),
		Next: unsafe.Pointer(unsafe.SliceData(m.scores)), D: p.dv,
	}
	w.p.set.Values[kernel.CacheF32](v)
}
