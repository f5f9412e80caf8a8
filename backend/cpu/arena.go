package cpu

import (
	"fmt"
	"math"
	"slices"

	"github.com/seed64708441/ember/backend/cpu/internal/kernel"
)

// align is the alignment of buffers and rows in bytes: a cache line, and the width of the widest vector.
const align = 64

func roundUp(n, to int) int { return (n + to - 1) / to * to }

// space is the memory in which a buffer lies.
type space uint8

const (
	shared space = iota // scratch memory that all workers see
	local               // a single row in the memory of each worker, for buffers that live inside one row stage
	logits              // Step.Logits of the caller
)

// loc is where a buffer lies: rows of stride bytes from off in a space.
type loc struct {
	space       space
	off, stride int
}

// interval is a piece of memory that is needed from stage first to stage last.
type interval struct {
	first, last int
	size        int
}

// place gives every interval an offset so that those whose lives overlap do not overlap in memory, and returns the
// bytes needed. Largest first, each at the lowest place that no living neighbour covers.
func place(list []interval) (offsets []int, total int) {
	order := make([]int, len(list))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return list[b].size - list[a].size })
	offsets = make([]int, len(list))
	var placed []int
	for _, i := range order {
		var near []int
		for _, j := range placed {
			if list[j].first <= list[i].last && list[i].first <= list[j].last {
				near = append(near, j)
			}
		}
		slices.SortFunc(near, func(a, b int) int { return offsets[a] - offsets[b] })
		at := 0
		for _, j := range near {
			if at+list[i].size <= offsets[j] {
				break
			}
			at = max(at, offsets[j]+list[j].size)
		}
		offsets[i] = at
		placed = append(placed, i)
		total = max(total, at+list[i].size)
	}
	return offsets, total
}

// scratch is the bytes of scratch memory of a program.
type scratch struct {
	shared int
	local  int // of each worker, for local buffers
}

// plan gives every buffer a place.
func (lo *lowering) plan(stages []stage, maxRows, maxOuts int) (scratch, error) {
	var sc scratch
	result := lo.resultBuffer()
	used := make([]int, len(stages)) // worker memory of each stage
	var list []interval
	var which []int
	for i := range lo.buffers {
		b := &lo.buffers[i]
		if b.first < 0 || b.n == 0 {
			continue
		}
		rows := maxRows
		if b.outs() {
			rows = maxOuts
		}
		if b.extent == fewRow || b.extent == fewOut {
			rows = min(rows, fewRows)
		}
		if b.n > math.MaxInt/16/rows/len(lo.buffers) {
			return sc, fmt.Errorf("cpu: scratch memory for %d rows of %d elements cannot be addressed", rows, b.n)
		}
		b.loc.stride = b.rowStride()
		switch {
		case i == result && lo.external(result):
			b.loc = loc{space: logits, stride: 4 * b.n}
		case b.first == b.last && stages[b.first].class == rowClass:
			b.loc = loc{space: local, off: used[b.first]}
			used[b.first] += b.rowStride()
			sc.local = max(sc.local, used[b.first])
		default:
			list = append(list, interval{b.first, b.last, rows * b.loc.stride})
			which = append(which, i)
		}
	}
	if !lo.external(result) { // copied after the last stage
		for k, i := range which {
			if i == result {
				list[k].last = len(stages)
			}
		}
	}
	offsets, total := place(list)
	for k, i := range which {
		lo.buffers[i].loc.off = offsets[k]
	}
	sc.shared = total
	return sc, nil
}

// resultBuffer returns the buffer of the graph's output.
func (lo *lowering) resultBuffer() int { return lo.value[lo.base[lo.g.Output.Node()]] }

// external reports whether buffer b can lie in the caller's memory, which is not aligned: products may write to it, but
// not multiply its rows.
func (lo *lowering) external(b int) bool {
	return !slices.ContainsFunc(lo.items, func(it item) bool { return it.kind == kMatMul && it.in[0] == b })
}

// rowStride is the distance of rows of b in bytes. Float rows are whole panels, because products write whole panels.
func (b *buffer) rowStride() int {
	if b.act == kernel.ActF32 {
		return b.act.Stride(roundUp(b.n, kernel.PanelRows))
	}
	return b.act.Stride(b.n)
}
