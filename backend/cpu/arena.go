package cpu

import (
	"slices"

	"github.com/seed64708441/ember/backend/cpu/internal/kernel"
)

// align is the alignment of buffers and rows in bytes: a cache line, and the width of the widest vector.
const align = 64

func roundUp(n, to int) int { return (n + to - 1) / to * to }

// loc is where a buffer lies: rows of stride bytes from off, in the scratch memory that all workers share, or, when it
// lives inside one row stage, a single row in the memory of each worker.
type loc struct {
	local       bool
	off, stride int
}

// plan gives every buffer a place. Buffers whose lives do not overlap share memory. It returns the bytes of the shared
// memory and of each worker's own.
func (lo *lowering) plan(stages []stage, maxRows, maxOuts int) (shared, local int) {
	var order []int
	used := make([]int, len(stages)) // worker memory of each stage
	for i := range lo.buffers {
		b := &lo.buffers[i]
		if b.first < 0 || b.n == 0 {
			continue
		}
		b.loc.stride = roundUp(rowBytes(b), align)
		if b.first == b.last && stages[b.first].class == rowClass {
			b.loc = loc{local: true, off: used[b.first]}
			used[b.first] += roundUp(rowBytes(b), align)
			local = max(local, used[b.first])
			continue
		}
		order = append(order, i)
	}
	// Largest first, each at the lowest place that no living neighbour covers.
	size := func(i int) int {
		rows := maxRows
		if lo.buffers[i].outs {
			rows = maxOuts
		}
		return rows * lo.buffers[i].loc.stride
	}
	slices.SortStableFunc(order, func(a, b int) int { return size(b) - size(a) })
	var placed []int
	for _, i := range order {
		b := &lo.buffers[i]
		var near []int
		for _, j := range placed {
			if o := &lo.buffers[j]; o.first <= b.last && b.first <= o.last {
				near = append(near, j)
			}
		}
		slices.SortFunc(near, func(a, c int) int { return lo.buffers[a].loc.off - lo.buffers[c].loc.off })
		at := 0
		for _, j := range near {
			if o := lo.buffers[j].loc.off; at+size(i) <= o {
				break
			} else if end := o + size(j); end > at {
				at = end
			}
		}
		b.loc.off = at
		placed = append(placed, i)
		shared = max(shared, at+size(i))
	}
	return shared, local
}

// rowBytes is the length of a row of b. Float rows are whole panels, because products write whole panels.
func rowBytes(b *buffer) int {
	if b.act == kernel.ActF32 {
		return 4 * roundUp(b.n, kernel.PanelRows)
	}
	return b.act.RowBytes(b.n)
}
