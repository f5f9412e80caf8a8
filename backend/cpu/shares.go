package cpu

import (
	"sync/atomic"
)

// shares hands out the panels of a stage, numbered through all its products, to workers that read them from memory. Each
// worker has a run of panels of its own and takes from its front; one that has none left takes the rear half of
// another's (work stealing; Blumofe and Leiserson 1999). So almost everything is read in runs as long as a worker's share
// of the stage: memory delivers a fifth more than in short runs that workers take in turn, because what the processor
// reads ahead is then read by the same worker.
type shares []share

// share is the run of one worker.
type share struct {
	run atomic.Uint64 // its first panel in the upper half, its end in the lower
	_   [56]byte
}

func packRun(from, end int) uint64 { return uint64(from)<<32 | uint64(end) }

func unpackRun(v uint64) (from, end int) { return int(v >> 32), int(uint32(v)) }

// reset gives worker i the panels starts[i]..starts[i+1]-1.
func (s shares) reset(starts []int) {
	for i := range s {
		s[i].run.Store(packRun(starts[i], starts[i+1]))
	}
}

// take returns the panels from..end-1 that worker i is to do next, none if none are left. They are half of its run: so
// few that others can help with the rest, so many that memory is read in long runs, at two places by kernels of one row.
func (s shares) take(i int) (from, end int) {
	for {
		v := s[i].run.Load()
		from, end = unpackRun(v)
		if from == end {
			if !s.steal(i) {
				return 0, 0
			}
			continue
		}
		n := (end - from + 1) / 2
		if s[i].run.CompareAndSwap(v, packRun(from+n, end)) {
			return from, from + n
		}
	}
}

// steal makes the rear half of another worker's run that of worker i, which has none.
func (s shares) steal(i int) bool {
	for j := 1; j < len(s); j++ {
		other := &s[(i+j)%len(s)].run
		for {
			v := other.Load()
			from, end := unpackRun(v)
			if from == end {
				break
			}
			middle := from + (end-from)/2
			if other.CompareAndSwap(v, packRun(from, middle)) {
				s[i].run.Store(packRun(middle, end))
				return true
			}
		}
	}
	return false
}

// shareBytes is about the fewest bytes of weights that a stage has for each of its workers.
const shareBytes = 64 << 10

// share cuts the panels of a stage into a run for each worker, of about as many bytes.
func (st *matmulStage) share(threads int) {
	total := 0
	for i := range st.products {
		total += st.products[i].m.panels() * st.products[i].columnBytes()
	}
	if total < 2*shareBytes {
		threads = 1
	}
	st.shares, st.starts = make(shares, threads), make([]int, 1, threads+1)
	panel, bytes := 0, 0
	for i := range st.products {
		p := &st.products[i]
		for range p.m.panels() {
			panel++
			if bytes += p.columnBytes(); bytes >= total*len(st.starts)/threads && len(st.starts) < threads {
				st.starts = append(st.starts, panel)
			}
		}
	}
	for len(st.starts) <= threads {
		st.starts = append(st.starts, panel)
	}
}

// read runs the products with few rows: it takes panels until none are left.
func (st *matmulStage) read(w *worker, s *stepState) {
	for {
		from, end := st.shares.take(w.id % len(st.shares))
		if from == end {
			return
		}
		for i := range st.products {
			p := &st.products[i]
			rows, panels := s.extentRows(p.outs), p.m.panels()
			if lo, hi := max(from, 0), min(end, panels); lo < hi {
				p.multiply(w, lo, hi, 0, rows, rows)
			}
			from, end = from-panels, end-panels
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
