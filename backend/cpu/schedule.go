package cpu

import "slices"

// stage is a number of items that run between two barriers. The items of a row stage run one after the other for each
// row, so they may depend on each other; those of the other classes do not.
type stage struct {
	class class
	outs  bool // a row stage over outputs instead of rows
	items []int
}

// schedule divides the items into as few stages as their dependences allow: all row work that is ready, then all
// products that are ready, then attention. It records the first and last stage that touches each buffer.
func (lo *lowering) schedule() []stage {
	deps := lo.dependences()
	done := make([]int, len(lo.items)) // stage + 1 of each scheduled item
	var stages []stage
	for left := len(lo.items); left > 0; {
		st := stage{}
		for _, c := range []class{rowClass, matmulClass, attendClass} {
			if st = lo.ready(c, len(stages), deps, done); len(st.items) > 0 {
				break
			}
		}
		if len(st.items) == 0 {
			panic("BUG: cpu: items depend on each other in a circle")
		}
		for _, i := range st.items {
			lo.touch(&lo.items[i], len(stages))
		}
		left -= len(st.items)
		stages = append(stages, st)
	}
	return stages
}

// ready collects the items of class c that can run in stage n and marks them.
func (lo *lowering) ready(c class, n int, deps [][]int, done []int) stage {
	st := stage{class: c}
	for i := range lo.items {
		it := &lo.items[i]
		if done[i] != 0 || it.class() != c {
			continue
		}
		outs := lo.buffers[it.out].outs()
		if c == rowClass && len(st.items) > 0 && outs != st.outs {
			continue
		}
		ok := true
		for _, d := range deps[i] {
			// A row operation may follow another of the same row, but a gather reads other rows than its own.
			same := c == rowClass && done[d] == n+1 && it.kind != kGather
			ok = ok && (same || done[d] != 0 && done[d] <= n)
		}
		if ok {
			done[i] = n + 1
			st.outs = outs
			st.items = append(st.items, i)
		}
	}
	return st
}

// dependences returns, for each item, the earlier items that must be complete: the last writer of what it reads or
// writes, and all that read what it overwrites.
func (lo *lowering) dependences() [][]int {
	deps := make([][]int, len(lo.items))
	writer := make([]int, len(lo.buffers))
	readers := make([][]int, len(lo.buffers))
	for i := range writer {
		writer[i] = -1
	}
	for i := range lo.items {
		it := &lo.items[i]
		for _, b := range slices.Concat(it.in, it.outs()) {
			if writer[b] >= 0 {
				deps[i] = append(deps[i], writer[b])
			}
		}
		for _, b := range it.outs() {
			deps[i] = append(deps[i], readers[b]...)
		}
		for _, b := range it.in {
			readers[b] = append(readers[b], i)
		}
		for _, b := range it.outs() {
			writer[b], readers[b] = i, nil
		}
	}
	return deps
}

// touch extends the lives of the buffers of an item that runs in stage n.
func (lo *lowering) touch(it *item, n int) {
	for _, i := range slices.Concat(it.in, it.outs()) {
		b := &lo.buffers[i]
		if b.first < 0 {
			b.first = n
		}
		b.last = n
	}
}
