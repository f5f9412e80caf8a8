package cpu

import (
	"unsafe"

	"github.com/seed64708441/ember/backend/cpu/internal/kernel"
)

// matmulStage runs products that do not depend on each other. A task is a few panels of one of them with all rows.
type matmulStage struct {
	products []product
}

// product is one weight matrix applied to a buffer of rows.
type product struct {
	m          *matrix
	x, out     loc
	outs       bool
	accumulate bool
}

func (r *resolver) product(it *item) product {
	return product{m: &r.p.weights[it.weight].matrix, x: r.in(it, 0), out: r.loc(it.out), outs: r.lo.buffers[it.out].outs, accumulate: it.accumulate}
}

// The sizes that divide a product into tasks and a task into kernel calls.
const (
	// fewRows is up to how many rows a product is bound by reading weights.
	fewRows = 8
	// taskBytes is about how many bytes of weights a task reads when there are few rows: long enough to stream, short
	// enough to balance.
	taskBytes = 96 << 10
	// manyRowsPanels is how many panels a task has when there are many rows.
	manyRowsPanels = 4
	// tileRows is how many rows a kernel call takes; a multiple of the row tiles of all kernels (4, 6, 8, 12).
	tileRows = 48
)

// panelsPerTask returns how many panels of p a task takes for m rows.
func (p *product) panelsPerTask(m int) int {
	if m > fewRows {
		return manyRowsPanels
	}
	return max(1, taskBytes/p.m.panelBytes)
}

func (st *matmulStage) run(w *worker, s *stepState) {
	for {
		t := w.p.pool.task()
		i := 0
		for ; i < len(st.products); i++ {
			p := &st.products[i]
			rows := s.rows
			if p.outs {
				rows = s.outs
			}
			if rows == 0 {
				continue
			}
			per := p.panelsPerTask(rows)
			tasks := (p.m.panels() + per - 1) / per
			if t < tasks {
				p.run(w, t*per, min((t+1)*per, p.m.panels()), rows)
				break
			}
			t -= tasks
		}
		if i == len(st.products) {
			return
		}
	}
}

// run multiplies panels lo..hi-1 with all rows.
func (p *product) run(w *worker, lo, hi, rows int) {
	a := &w.args.matmul
	*a = kernel.MatMulArgs{DstStride: p.out.stride / 4, XStride: p.x.stride, K: p.m.k, Accumulate: p.accumulate}
	f := w.p.set.MatMul[p.m.layout]
	for r := 0; r < rows; r += tileRows {
		a.M = min(tileRows, rows-r)
		a.X = w.row(p.x, r)
		out := w.row(p.out, r)
		for i := lo; i < hi; i++ {
			a.W = p.m.panel(i)
			a.Dst = unsafe.Add(out, 4*kernel.PanelRows*i)
			f(a)
		}
	}
}
