package cpu

import (
	"math"
	"unsafe"

	"github.com/seed64708441/ember/ops"
)

const (
	// attendRows is how many rows of a span an attention task takes; its queries share the loads of keys and values.
	attendRows = 8
	// groupTiles is how many tiles are summed before they are merged with those before. Groups begin at fixed
	// positions, so that a group can be another worker's task and gives the same bits.
	groupTiles = 8
	// mergeGroups is how many groups are merged at once; these begin at fixed positions too.
	mergeGroups = 4
	// splitTasks is how many tasks per worker make it unnecessary to divide the keys too.
	splitTasks = 4
	// sliceTasks is how many tasks per worker make it unnecessary to divide the heads of few rows further.
	sliceTasks = 2
)

var negInf, negZero = float32(math.Inf(-1)), float32(math.Copysign(0, -1))

// maxHeads bounds the key heads of all blocks of a step whose keys are divided.
func maxHeads(threads int) int { return splitTasks * threads }

// attendStage is one attention layer. A task is a block of rows and some key heads with all their query heads; with few
// tasks also one group of tiles. Tiles are pages, in order, so the order of sums depends on positions only. The keys of
// all heads lie one after the other in a page, and so do the values: a task of few rows takes many heads, because memory
// delivers long runs faster than short ones.
type attendStage struct {
	q, table, out loc
	attr          ops.Attention
	heads         int // query heads
	kv            ops.KV
	store         *storeOp
	parts         int
	divided       bool // in this step, tasks are groups of tiles
	slice         int  // key heads of a task in this step
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
	n := len(s.blocks)
	if st.divided = st.split(s, threads); st.divided {
		n = 0
		for i := range s.blocks {
			lo, hi := st.groups(s, &s.blocks[i])
			n += hi - lo
		}
	}
	rows := 1
	for i := range s.blocks {
		rows = max(rows, int(s.blocks[i].rows))
	}
	// As many heads as the memory for the queries of a block has room for, but no fewer tasks than workers want.
	st.slice = min(st.kv.Heads, attendRows/rows)
	if threads > 1 {
		st.slice = min(st.slice, max(1, n*st.kv.Heads/(sliceTasks*threads)))
	}
	return n * st.slices()
}

// slices is how many tasks the key heads of a block make.
func (st *attendStage) slices() int { return (st.kv.Heads + st.slice - 1) / st.slice }

// newTask returns the task of a block and a slice of heads.
func (st *attendStage) newTask(w *worker, s *stepState, b *rowBlock, slice int) attendTask {
	from := slice * st.slice
	return attendTask{st: st, w: w, s: s, b: b, from: from, to: min(from+st.slice, st.kv.Heads)}
}

func (st *attendStage) task(w *worker, s *stepState, task int) {
	if st.divided {
		st.oneGroup(w, s, task)
		return
	}
	// Late rows see more keys: start with them.
	t := st.newTask(w, s, &s.blocks[len(s.blocks)-1-task/st.slices()], task%st.slices())
	t.whole()
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

// whole attends over all keys.
func (t *attendTask) whole() {
	m, dv := &t.w.at, t.st.kv.ValueDim
	lo, hi := t.st.groups(t.s, t.b)
	if hi-lo == 1 {
		part := newPartial(m.parts, dv, 1, 0)
		t.group(lo, &part)
		t.write(&part)
		return
	}
	t.mergeAll(lo, hi, func(from, to int) partial {
		for g := from; g < to; g++ {
			part := newPartial(m.parts, dv, mergeGroups, g-from)
			t.group(g, &part)
		}
		return newPartial(m.parts, dv, mergeGroups, 0)
	})
}

// mergeAll merges the groups lo..hi-1, some at once, and writes the result. parts gives the results of the first of these.
func (t *attendTask) mergeAll(lo, hi int, parts func(from, to int) partial) {
	total := newPartial(t.w.at.total, t.st.kv.ValueDim, 1, 0)
	total.resetTotal(t.queries())
	for from := lo; from < hi; {
		to := min(hi, (from/mergeGroups+1)*mergeGroups)
		first := parts(from, to)
		t.merge(&total, &first, from, to)
		from = to
	}
	t.write(&total)
}

// oneGroup attends over one group of tiles of one block and slice of heads. The worker that ends the last group of a
// block and slice merges them.
func (st *attendStage) oneGroup(w *worker, s *stepState, task int) {
	stride, each := partStride(st.kv.ValueDim), st.heads/st.kv.Heads
	parts := unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(s.parts))), len(s.parts)/4)
	i := 0
	lo, hi := st.groups(s, &s.blocks[0])
	for task >= (hi-lo)*st.slices() {
		task -= (hi - lo) * st.slices()
		parts = parts[(hi-lo)*int(s.blocks[i].rows)*st.heads*stride:]
		i++
		lo, hi = st.groups(s, &s.blocks[i])
	}
	slice := task % st.slices()
	t := st.newTask(w, s, &s.blocks[i], slice)
	part := func(g int) partial {
		at := t.from * int(t.b.rows) * each * (hi - lo) * stride
		return newPartial(parts[at:], st.kv.ValueDim, hi-lo, g-lo)
	}
	g := lo + task/st.slices()
	mine := part(g)
	t.group(g, &mine)
	if ended := &s.ended[i*st.kv.Heads+slice]; int(ended.Add(1)) == hi-lo {
		ended.Store(0)
		t.mergeAll(lo, hi, func(from, _ int) partial { return part(from) })
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
