package cpu

import (
	"fmt"

	"github.com/seed64708441/ember/backend/cpu/internal/kernel"
)

// staging is a worker's memory for panels that are not packed yet: those of one task are packed there, stay in a cache, are
// multiplied and forgotten. So the first step after a file has been opened reads the file and writes next to nothing, where
// packing all weights first would write as much memory as the file has, and memory that no process had before is slow.
type staging struct {
	room    []byte
	product product // of the matrices
	m, up   matrix
}

// stagingBytes is the room that a task of p needs.
func (p *product) stagingBytes() int {
	n := p.taskPanels()
	room := roundUp(n*p.m.panelBytes, align)
	if p.up != nil {
		room += roundUp(n*p.up.panelBytes, align)
	}
	return room
}

// staging is the room of a worker for any product of the graph.
func (c *compiled) staging(set *kernel.Set) int {
	planned := func(w int) *matrix {
		if w < 0 {
			return nil
		}
		p := &c.plans[w]
		return &matrix{layout: p.layout, panelBytes: p.layout.PanelBytes(p.source.Shape[1])}
	}
	most := 0
	for i := range c.lo.items {
		it := &c.lo.items[i]
		if it.kind != kMatMul {
			continue
		}
		p := product{m: planned(it.weight), up: planned(it.up)}
		p.segmented = p.canSegment(set)
		if it.quantised >= 0 {
			p.format = c.lo.buffers[it.quantised].act
		}
		most = max(most, p.stagingBytes())
	}
	return most
}

// packed is how many panels of p, or of gate and up, are in memory.
func (p *product) packed() int {
	if p.up != nil {
		return min(p.m.packed, p.up.packed)
	}
	return p.m.packed
}

// staged is multiply for panels of which some are not packed.
func (p *product) staged(w *worker, lo, hi, r, end, all int) {
	s := &w.staging
	for n := p.taskPanels(); lo < hi; lo += n {
		to := min(lo+n, hi)
		s.product = *p
		s.product.m = w.stage(&s.m, p.m, lo, to, s.room)
		if p.up != nil {
			s.product.up = w.stage(&s.up, p.up, lo, to, s.room[roundUp(n*p.m.panelBytes, align):])
		}
		s.product.multiply(w, lo, to, r, end, all)
	}
}

// stage packs the panels lo..hi-1 of m at room, unless they are there already, and returns the matrix that has them.
func (w *worker) stage(dst, m *matrix, lo, hi int, room []byte) *matrix {
	if hi <= m.packed {
		return m
	}
	*dst = *m
	dst.data, dst.first, dst.packed = room, lo, hi
	row := len(m.stored) / m.n
	if err := m.pack(w.p.set, room, lo, hi, m.stored[lo*kernel.PanelRows*row:min(hi*kernel.PanelRows, m.n)*row]); err != nil && w.err == nil {
		w.err = err
	}
	return dst
}

// allocStaging gives every worker n bytes of room.
func (p *Program) allocStaging(n int) error {
	b, err := p.memory.Alloc(n * len(p.workers))
	if err != nil {
		return fmt.Errorf("cpu: scratch memory of weights that are packed later: %w", err)
	}
	p.staging = b
	for i := range p.workers {
		p.workers[i].staging.room = b.Bytes()[i*n : (i+1)*n]
	}
	return nil
}

// freeStaging gives the room back.
func (p *Program) freeStaging() error {
	b := p.staging
	if b == nil {
		return nil
	}
	p.staging = nil
	for i := range p.workers {
		p.workers[i].staging = staging{}
	}
	return b.Free()
}
