package cpu

import (
	"unsafe"

	"github.com/seed64708441/ember/backend/cpu/internal/kernel"
	"github.com/seed64708441/ember/ops"
)

// worker is one thread's memory.
type worker struct {
	p    *Program
	base unsafe.Pointer // of local buffers
	at   attendMemory
	tile tileMemory
	// args are here so that passing them to a kernel allocates nothing.
	args kernelArgs
}

// kernelArgs are the argument blocks of the kernels.
type kernelArgs struct {
	matmul  kernel.MatMulArgs
	rotate  kernel.RotateArgs
	scores  kernel.ScoresArgs
	softmax kernel.SoftmaxArgs
	values  kernel.ValuesArgs
}

func (w *worker) init(p *Program, b []byte, localBytes int) {
	w.p = p
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
	// serial reports that the stage is so short that one worker runs it while the others wait.
	serial(s *stepState) bool
	// run does a worker's share; workers take tasks from the pool's counter. A serial stage is run by one worker.
	run(w *worker, s *stepState)
}

// work runs all stages from the first that is not serial on one worker. Short stages run between the barrier's two
// halves, on the worker that is last to arrive.
func (p *Program) work(w *worker) {
	s := &p.step
	for i := p.skip(0, nil, s); i < len(p.stages); i = p.skip(i+1, nil, s) {
		p.stages[i].run(w, s)
		if p.pool.arrive() {
			if s.canceled = s.ctx.Err() != nil; !s.canceled {
				p.skip(i+1, w, s)
			}
			p.pool.release()
		}
		if s.canceled {
			return
		}
	}
}

// skip returns the next stage from i on that all workers run together. The stages on the way are run by w, if it is
// not nil.
func (p *Program) skip(i int, w *worker, s *stepState) int {
	for ; i < len(p.stages); i++ {
		st := p.stages[i]
		if st.idle(s) {
			continue
		}
		if !st.serial(s) {
			break
		}
		if w != nil {
			st.run(w, s)
		}
	}
	return i
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
			ms := &matmulStage{}
			for _, i := range st.items {
				ms.products = append(ms.products, r.product(&c.lo.items[i]))
			}
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
