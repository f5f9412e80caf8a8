package cpu

import (
	"math"
	"unsafe"

	"github.com/seed64708441/ember/backend"
	"github.com/seed64708441/ember/backend/cpu/internal/kernel"
	"github.com/seed64708441/ember/ops"
)

// attendRows is how many rows of a span an attention task takes; its queries share the loads of keys and values.
const attendRows = 8

const tile = backend.PageTokens

// attendStage is one attention layer. A task is a block of rows and one key head with all its query heads. Tiles are
// pages, in order, so the order of sums depends on positions only.
type attendStage struct {
	q, table, out loc
	attr          ops.Attention
	heads         int // query heads
	kv            ops.KV
}

func (r *resolver) attend(it *item) *attendStage {
	a := it.node.Attr.(ops.Attention)
	st := &attendStage{q: r.in(it, 0), out: r.loc(it.out), attr: a, heads: int(it.node.Shape[1]), kv: r.p.graph.States[a.State]}
	if len(it.in) > 2 {
		st.table = r.in(it, 2)
	}
	return st
}

// attendMemory is what a worker needs for attention and for storing keys.
type attendMemory struct {
	key, angles []float32
	q           []float32 // [queries][KeyDim], rotated
	scores      []float32 // [queries][64]
	acc         []float32 // [queries][ValueDim]
	max, sum    []float32
	correction  []float32
}

// attendSizes returns the largest head sizes, query count and rotation of a graph.
func attendSizes(g *ops.Graph) (keyDim, valueDim, queries, angles int) {
	for i := range g.Nodes {
		n := &g.Nodes[i]
		a, ok := n.Attr.(ops.Attention)
		if !ok {
			continue
		}
		st := g.States[a.State]
		keyDim, valueDim = max(keyDim, st.KeyDim), max(valueDim, st.ValueDim)
		queries = max(queries, int(n.Shape[1])/st.Heads*attendRows)
		angles = max(angles, 2*len(a.Rope.Freqs))
	}
	return
}

// attendParts returns the lengths of the slices of attendMemory, in order.
func attendParts(g *ops.Graph) [7]int {
	d, dv, n, angles := attendSizes(g)
	return [7]int{d, angles, n * d, n * tile, n * dv, n, n}
}

// attendScratch returns the bytes of an attendMemory.
func attendScratch(g *ops.Graph) int {
	total := 0
	for _, n := range attendParts(g) {
		total += roundUp(4*n, align)
	}
	_, _, n, _ := attendSizes(g)
	return total + roundUp(4*n, align)
}

func (m *attendMemory) init(g *ops.Graph, b []byte) {
	take := func(n int) []float32 {
		s := unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(b))), n)
		b = b[roundUp(4*n, align):]
		return s
	}
	p := attendParts(g)
	m.key, m.angles, m.q, m.scores, m.acc, m.max, m.sum = take(p[0]), take(p[1]), take(p[2]), take(p[3]), take(p[4]), take(p[5]), take(p[6])
	m.correction = take(p[6])
}

func (st *attendStage) run(w *worker, s *stepState) {
	tasks := len(s.blocks) * st.kv.Heads
	for {
		t := w.p.pool.task()
		if t >= tasks {
			return
		}
		// Late rows see more keys: start with them.
		st.block(w, s, &s.blocks[len(s.blocks)-1-t/st.kv.Heads], t%st.kv.Heads)
	}
}

// block attends for the rows of b with the query heads of key head kh.
func (st *attendStage) block(w *worker, s *stepState, b *attendBlock, kh int) {
	m := &w.at
	group := st.heads / st.kv.Heads
	rows := int(b.rows)
	n := rows * group
	d, dv := st.kv.KeyDim, st.kv.ValueDim
	clear(m.acc[:n*dv])
	for i := range n {
		m.max[i], m.sum[i] = float32(math.Inf(-1)), 0
	}
	first := int(s.refs[b.row].position)
	pages := s.pages[s.firstPage[b.span]:]
	l := &s.cache.layout
	sl := &l.states[st.attr.State]
	shift, rotated := 0, false
	for t := st.lowest(first) / tile; t <= (first+rows-1)/tile; t++ {
		page := &pages[t]
		if !rotated || page.shift != shift {
			shift, rotated = page.shift, true
			st.queries(w, s, b, kh, shift)
		}
		a := &w.args.scores
		*a = kernel.ScoresArgs{
			Dst: unsafe.Pointer(unsafe.SliceData(m.scores)), Q: unsafe.Pointer(unsafe.SliceData(m.q)), QStride: d, N: n,
			K: unsafe.Add(page.base, sl.key+kh*sl.keyBytes), D: d, Scale: st.attr.Scale,
		}
		w.p.set.Scores[l.format](a)
		st.tile(w, unsafe.Add(page.base, sl.value+kh*sl.valueBytes), l.format, t*tile, first, rows, group)
	}
	for r := range rows {
		out := w.floats(st.out, int(b.row)+r, st.heads*dv)[kh*group*dv:]
		for g := range group {
			i := r*group + g
			inv := 1 / m.sum[i]
			for j, x := range m.acc[i*dv : (i+1)*dv] {
				out[g*dv+j] = x * inv
			}
		}
	}
}

// lowest returns the first position that a row at position p sees.
func (st *attendStage) lowest(p int) int {
	if st.attr.Window == 0 {
		return 0
	}
	return max(0, p-st.attr.Window+1)
}

// tile merges the scores and values of the tile that starts at position start into all queries.
func (st *attendStage) tile(w *worker, v unsafe.Pointer, f kernel.CacheFormat, start, first, rows, group int) {
	m := &w.at
	dv := st.kv.ValueDim
	values := func(row, n, lo, hi int) {
		a := &w.args.values
		*a = kernel.ValuesArgs{
			Acc: unsafe.Pointer(&m.acc[row*group*dv]), AccStride: dv, P: unsafe.Pointer(&m.scores[row*group*tile]),
			Correction: unsafe.Pointer(&m.correction[row*group]), N: n * group, V: v, D: dv, Lo: lo, Hi: hi,
		}
		w.p.set.Values[f](a)
	}
	whole := true
	for r := range rows {
		lo, hi := st.visible(first+r, start)
		whole = whole && lo == 0 && hi == tile
		for i := r * group; i < (r+1)*group; i++ {
			a := &w.args.softmax
			*a = kernel.SoftmaxArgs{S: unsafe.Pointer(&m.scores[i*tile]), Lo: lo, Hi: hi, Max: m.max[i], Sum: m.sum[i]}
			w.p.set.Softmax(a)
			m.max[i], m.sum[i], m.correction[i] = a.Max, a.Sum, a.Correction
		}
	}
	if whole {
		values(0, rows, 0, tile)
		return
	}
	for r := range rows { // rows see different slots
		if lo, hi := st.visible(first+r, start); lo < hi {
			values(r, 1, lo, hi)
		}
	}
}

// visible returns the slots of the tile at start that a row at position p sees.
func (st *attendStage) visible(p, start int) (lo, hi int) {
	hi = min(max(p+1-start, 0), tile)
	lo = min(max(st.lowest(p)-start, 0), hi)
	return lo, hi
}

// queries copies the queries of a block to the worker's memory, [row][head of the group], rotated for pages with the
// given shift.
func (st *attendStage) queries(w *worker, s *stepState, b *attendBlock, kh, shift int) {
	m := &w.at
	d, group := st.kv.KeyDim, st.heads/st.kv.Heads
	pairs := len(st.attr.Rope.Freqs)
	rot := rotation{rope: &st.attr.Rope}
	for r := range int(b.rows) {
		row := int(b.row) + r
		if pairs > 0 {
			rot.angles = w.floats(st.table, row, 2*pairs)
			if shift != 0 {
				rot.angles = m.angles[:2*pairs]
				angles(rot.angles, &st.attr.Rope, int(s.refs[row].position)-shift)
			}
		}
		q := w.floats(st.q, row, st.heads*d)[kh*group*d:]
		for g := range group {
			x := m.q[(r*group+g)*d : (r*group+g+1)*d]
			copy(x, q[g*d:])
			rot.apply(w, x)
		}
	}
}
