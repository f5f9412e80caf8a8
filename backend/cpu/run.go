package cpu

import (
	"unsafe"

	"github.com/seed64708441/ember/backend/cpu/internal/kernel"
	"github.com/seed64708441/ember/ops"
)

// worker is one thread's memory.
type worker struct {
	p    *Program
	id   int
	base unsafe.Pointer // of local buffers
	at   attendMemory
	tile tileMemory
	// staging is for weights that are not packed yet; err is the first error of a step that used it.
	staging staging
	err     error
	// args are here so that passing them to a kernel allocates nothing.
	args kernelArgs
}

// kernelArgs are the argument blocks of the kernels.
type kernelArgs struct {
	matmul  kernel.MatMulArgs
	segment kernel.SegmentArgs
	rotate  kernel.RotateArgs
	scores  kernel.ScoresArgs
	softmax kernel.SoftmaxArgs
	values  kernel.ValuesArgs
}

func (w *worker) init(p *Program, id int, b []byte, localBytes int) {
	w.p, w.id = p, id
	w.base = unsafe.Pointer(unsafe.SliceData(b))
	b = w.at.init(&p.attendLayout, b[localBytes:])
	w.tile.init(b)
}

// row returns the address of a row of a buffer.
func (w *worker) row(l loc, r int) unsafe.Pointer {
	switch l.space {
	case local:
		return unsafe.Add(w.base, l.off)
	case logits:
		return unsafe.Add(w.p.step.logits, r*l.stride)
	}
	return unsafe.Add(w.p.shared, l.off+r*l.stride)
}

// floats returns n values of a row of a buffer.
func (w *worker) floats(l loc, r, n int) []float32 {
	return unsafe.Slice((*float32)(w.row(l, r)), n)
}

// execStage is a stage with its places and weights resolved.
type execStage interface {
	// idle reports that the stage has nothing to do in this step.
	idle(s *stepState) bool
	// divide cuts the work of this step into tasks and returns how many there are.
	divide(s *stepState, threads int) int
	// task runs one of them. Tasks may run at the same time on different workers.
	task(w *worker, s *stepState, task int)
}

// next goes on to the next stage that is worth dividing among workers and returns the number of its tasks, 0 at the
// end of the step. Stages of one task run here and now, on the given worker: handing them over takes longer.
func (p *Program) next(worker int) int {
	s := &p.step
	for s.stage++; s.stage < len(p.stages); s.stage++ {
		st := p.stages[s.stage]
		if st.idle(s) {
			continue
		}
		if s.canceled = s.ctx.Err() != nil; s.canceled {
			return 0
		}
		n := st.divide(s, len(p.workers))
		if n > 1 && len(p.workers) > 1 {
			return n
		}
		for t := range n {
			st.task(&p.workers[worker], s, t)
		}
	}
	s.canceled = s.ctx.Err() != nil
	return 0
}

// task runs one task of the current stage, unless the step is canceled and long.
func (p *Program) task(worker, task int) {
	s := &p.step
	if s.rows <= fewRows || s.ctx.Err() == nil {
		p.stages[s.stage].task(&p.workers[worker], s, task)
	}
}

// resolve turns the planned stages into executable ones.
func (p *Program) resolve(c *compiled) {
	r := resolver{p: p, lo: c.lo}
	for _, st := range c.stages {
		switch st.class {
		case rowClass:
			rs := &rowStage{outs: st.outs}
			for _, i := range st.items {
				rs.ops = append(rs.ops, r.rowOp(&c.lo.items[i]))
			}
			p.stages = append(p.stages, rs)
		case matmulClass:
			ms := &matmulStage{cuts: make([]division, len(st.items))}
			for _, i := range st.items {
				ms.products = append(ms.products, r.product(&c.lo.items[i]))
			}
			ms.share(len(p.workers))
			p.stages = append(p.stages, ms)
		case attendClass:
			for _, i := range st.items { // one stage each: their blocks are work enough
				p.stages = append(p.stages, r.attend(&c.lo.items[i]))
			}
		}
	}
	out := &c.lo.buffers[c.lo.resultBuffer()]
	p.result, p.vocab = out.loc, out.n
}

// resolver finds the places of buffers.
type resolver struct {
	p  *Program
	lo *lowering
}

func (r *resolver) loc(buffer int) loc { return r.lo.buffers[buffer].loc }

func (r *resolver) in(it *item, i int) loc { return r.loc(it.in[i]) }

func (r *resolver) shape(it *item, operand int) ops.Shape {
	return r.p.graph.Shape(it.node.In[operand])
}
