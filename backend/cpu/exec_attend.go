package cpu

import (
	"math"
	"unsafe"

	"github.com/seed64708441/ember/backend/cpu/internal/kernel"
	"github.com/seed64708441/ember/ops"
)

const (
	// attendRows is how many rows of a span an attention task takes; its queries share the loads of keys and values.
	attendRows = 8
	// groupTiles is how many tiles are summed before they are merged with those before. Groups begin at fixed
	// positions, so that a group can be another worker's task and gives the same bits.
	groupTiles = 8
	// splitTasks is how many tasks per worker make it unnecessary to divide the keys too.
	splitTasks = 4
	// fewQueries is up to how many queries attention waits for keys and values rather than for arithmetic. A tile is too
	// short for the hardware to read ahead, so the next one is asked for: a tenth to a quarter faster from memory.
	fewQueries = 16
)

var negInf = float32(math.Inf(-1))

// maxHeads bounds the key heads of all blocks of a step whose keys are divided.
func maxHeads(threads int) int { return splitTasks * threads }

// attendStage is one attention layer. A task is a block of rows and one key head with all its query heads; with few
// tasks also one group of tiles. Tiles are pages, in order, so the order of sums depends on positions only.
type attendStage struct {
	q, table, out loc
	attr          ops.Attention
	heads         int // query heads
	kv            ops.KV
	store         *storeOp
	parts         int
	divided       bool // in this step, tasks are groups of tiles
}

func (r *resolver) attend(it *item) *attendStage {
	a := it.node.Attr.(ops.Attention)
	st := &attendStage{q: r.in(it, 0), out: r.loc(it.out), attr: a, heads: int(it.node.Shape[1]), kv: r.p.graph.States[a.State], parts: r.p.attendLayout.parts}
	st.store = r.storeOp(it, r.in(it, 1), r.in(it, 2))
	st.table = st.store.table
	return st
}

func (st *attendStage) idle(*stepState) bool { return false }

func (st *attendStage) divide(s *stepState, threads int) int {
	if st.divided = st.split(s, threads); !st.divided {
		return len(s.blocks) * st.kv.Heads
	}
	n := 0
	for i := range s.blocks {
		lo, hi := st.groups(s, &s.blocks[i])
		n += (hi - lo) * st.kv.Heads
	}
	return n
}

func (st *attendStage) task(w *worker, s *stepState, task int) {
	if st.divided {
		st.oneGroup(w, s, task)
		return
	}
	// Late rows see more keys: start with them.
	st.whole(w, s, &s.blocks[len(s.blocks)-1-task/st.kv.Heads], task%st.kv.Heads)
}

// split reports whether the step has too few blocks and heads for the workers, and long contexts.
func (st *attendStage) split(s *stepState, threads int) bool {
	if threads == 1 || len(s.blocks)*st.kv.Heads > maxHeads(threads) {
		return false
	}
	long, parts := false, 0
	for i := range s.blocks {
		lo, hi := st.groups(s, &s.blocks[i])
		long = long || hi-lo > 1
		parts += (hi - lo) * int(s.blocks[i].rows) * st.heads
	}
	return long && parts <= st.parts
}

// groups returns the groups of tiles lo..hi-1 that the rows of a block see.
func (st *attendStage) groups(s *stepState, b *rowBlock) (lo, hi int) {
	first := int(s.refs[b.row].position)
	return st.lowest(first) / tile / groupTiles, (first+int(b.rows)-1)/tile/groupTiles + 1
}

// whole attends for the rows of b with the query heads of key head kh.
func (st *attendStage) whole(w *worker, s *stepState, b *rowBlock, kh int) {
	t := attendTask{st: st, w: w, s: s, b: b, kh: kh}
	lo, hi := st.groups(s, b)
	part := newPartial(w.at.part, st.kv.ValueDim)
	if hi-lo == 1 {
		t.group(lo, &part)
		t.write(&part)
		return
	}
	total := newPartial(w.at.total, st.kv.ValueDim)
	for g := lo; g < hi; g++ {
		t.group(g, &part)
		t.merge(&total, &part, g)
	}
	t.write(&total)
}

// oneGroup attends over one group of tiles of one block and key head. The worker that ends the last group of a block
// and head merges them.
func (st *attendStage) oneGroup(w *worker, s *stepState, task int) {
	stride, each := partStride(st.kv.ValueDim), st.heads/st.kv.Heads
	parts := unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(s.parts))), len(s.parts)/4)
	i := 0
	lo, hi := st.groups(s, &s.blocks[0])
	for task >= (hi-lo)*st.kv.Heads {
		task -= (hi - lo) * st.kv.Heads
		parts = parts[(hi-lo)*int(s.blocks[i].rows)*st.heads*stride:]
		i++
		lo, hi = st.groups(s, &s.blocks[i])
	}
	t := attendTask{st: st, w: w, s: s, b: &s.blocks[i], kh: task % st.kv.Heads}
	part := func(g int) partial {
		queries := int(t.b.rows) * each
		at := ((g-lo)*st.kv.Heads + t.kh) * queries * stride
		return newPartial(parts[at:at+queries*stride], st.kv.ValueDim)
	}
	g := lo + task/st.kv.Heads
	mine := part(g)
	t.group(g, &mine)
	if ended := &s.ended[i*st.kv.Heads+t.kh]; int(ended.Add(1)) == hi-lo {
		ended.Store(0)
		total := newPartial(w.at.total, st.kv.ValueDim)
		for g := lo; g < hi; g++ {
			p := part(g)
			t.merge(&total, &p, g)
		}
		t.write(&total)
	}
}

// lowest returns the first position that a row at position p sees.
func (st *attendStage) lowest(p int) int {
	if st.attr.Window == 0 {
		return 0
	}
	return max(0, p-st.attr.Window+1)
}

// visible returns the slots of the tile at start that a row at position p sees.
func (st *attendStage) visible(p, start int) (lo, hi int) {
	hi = min(max(p+1-start, 0), tile)
	lo = min(max(st.lowest(p)-start, 0), hi)
	return lo, hi
}

// attendTask is the attention of the rows of a block with the query heads of one key head. Query i is row i/each, head
// i%each of those.
type attendTask struct {
	st *attendStage
	w  *worker
	s  *stepState
	b  *rowBlock
	kh int
	// shift is that of the pages for which the queries are rotated, if they are.
	shift   int
	rotated bool
}

func (t *attendTask) each() int { return t.st.heads / t.st.kv.Heads }

// group attends over the tiles of one group and leaves the result in p. Where attention stores keys and values, it
// first stores those of the group.
func (t *attendTask) group(g int, p *partial) {
	st, m := t.st, &t.w.at
	rows, first := int(t.b.rows), int(t.s.refs[t.b.row].position)
	if t.s.storing {
		for r := range rows {
			if (first+r)/tile/groupTiles == g {
				st.store.head(t.w, t.s, int(t.b.row)+r, t.kh)
			}
		}
	}
	n := rows * t.each()
	p.reset(n)
	pages := t.s.pages[t.s.firstPage[t.b.span]:]
	l := &t.s.cache.layout
	sl := &l.states[st.attr.State]
	keys := func(page *pageRef) []byte {
		return unsafe.Slice((*byte)(unsafe.Add(page.base, sl.key+t.kh*sl.keyBytes)), sl.keyBytes)
	}
	last := (first + rows - 1) / tile
	for i := max(st.lowest(first)/tile, g*groupTiles); i < min(last+1, (g+1)*groupTiles); i++ {
		page := &pages[i]
		t.rotate(page.shift)
		values := unsafe.Add(page.base, sl.value+t.kh*sl.valueBytes)
		if n <= fewQueries {
			t.w.p.set.Prefetch(unsafe.Slice((*byte)(values), sl.valueBytes))
		}
		a := &t.w.args.scores
		*a = kernel.ScoresArgs{
			Dst: unsafe.Pointer(unsafe.SliceData(m.scores)), Q: unsafe.Pointer(unsafe.SliceData(m.q)), QStride: st.kv.KeyDim, N: n,
			K: unsafe.Pointer(unsafe.SliceData(keys(page))), D: st.kv.KeyDim, Scale: st.attr.Scale,
		}
		t.w.p.set.Scores[l.format](a)
		if n <= fewQueries && i < last {
			t.w.p.set.Prefetch(keys(&pages[i+1]))
		}
		t.tile(p, values, i*tile)
	}
}

// tile merges the scores and values of the tile that starts at position start into all queries.
func (t *attendTask) tile(p *partial, v unsafe.Pointer, start int) {
	m, each := &t.w.at, t.each()
	rows, first := int(t.b.rows), int(t.s.refs[t.b.row].position)
	whole := true
	for r := range rows {
		lo, hi := t.st.visible(first+r, start)
		whole = whole && lo == 0 && hi == tile
		for i := r * each; i < (r+1)*each; i++ {
			a := &t.w.args.softmax
			*a = kernel.SoftmaxArgs{S: unsafe.Pointer(&m.scores[i*tile]), Lo: lo, Hi: hi, Max: *p.max(i), Sum: *p.sum(i)}
			t.w.p.set.Softmax(a)
			*p.max(i), *p.sum(i), m.correction[i] = a.Max, a.Sum, a.Correction
		}
	}
	if whole {
		t.values(p, v, 0, rows, 0, tile)
		return
	}
	for r := range rows { // rows see different slots
		if lo, hi := t.st.visible(first+r, start); lo < hi {
			t.values(p, v, r, 1, lo, hi)
		}
	}
}

// values adds the slots lo..hi-1 of a tile of values to the queries of n rows from row on.
func (t *attendTask) values(p *partial, v unsafe.Pointer, row, n, lo, hi int) {
	m, i := &t.w.at, row*t.each()
	a := &t.w.args.values
	*a = kernel.ValuesArgs{
		Acc: unsafe.Pointer(unsafe.SliceData(p.acc(i))), AccStride: p.stride, P: unsafe.Pointer(&m.scores[i*tile]),
		Correction: unsafe.Pointer(&m.correction[i]), N: n * t.each(), V: v, D: p.dv, Lo: lo, Hi: hi,
	}
	t.w.p.set.Values[t.s.cache.layout.format](a)
}

// merge adds the results of group g to those of the groups before. Rows that see nothing of it are left alone.
func (t *attendTask) merge(total, part *partial, g int) {
	first, each := int(t.s.refs[t.b.row].position), t.each()
	for r := range int(t.b.rows) {
		p := first + r
		lo, hi := t.st.lowest(p)/tile/groupTiles, p/tile/groupTiles
		for i := r * each; i < (r+1)*each; i++ {
			switch {
			case g == lo:
				copy(total.data[i*total.stride:(i+1)*total.stride], part.data[i*part.stride:(i+1)*part.stride])
			case g > lo && g <= hi:
				total.merge(t.w, part, i)
			}
		}
	}
}

// write divides by the sums and writes the result to the output rows.
func (t *attendTask) write(p *partial) {
	each := t.each()
	p.finish(t.w, int(t.b.rows)*each)
	for r := range int(t.b.rows) {
		out := t.w.floats(t.st.out, int(t.b.row)+r, t.st.heads*p.dv)[t.kh*each*p.dv:]
		for g := range each {
			copy(out[g*p.dv:(g+1)*p.dv], p.acc(r*each+g))
		}
	}
}

// rotate copies the queries to the worker's memory, rotated for pages with the given shift.
func (t *attendTask) rotate(shift int) {
	if t.rotated && t.shift == shift {
		return
	}
	t.rotated, t.shift = true, shift
	d, each := t.st.kv.KeyDim, t.each()
	for r := range int(t.b.rows) {
		row := int(t.b.row) + r
		rot := rotation{&t.st.attr.Rope, t.w.angles(t.st.table, &t.st.attr.Rope, t.s, row, shift)}
		q := t.w.floats(t.st.q, row, t.st.heads*d)[t.kh*each*d:]
		for g := range each {
			x := t.w.at.q[(r*each+g)*d : (r*each+g+1)*d]
			copy(x, q[g*d:])
			rot.apply(t.w, x)
		}
	}
}
