package cpu

import (
	"github.com/seed64708441/ember/backend/cpu/internal/kernel"
	"github.com/seed64708441/ember/ops"
)

// execStage is a stage with its places and weights resolved. run is called by every worker; they share out the work
// through the pool's task counter.
type execStage interface {
	run(w *worker, s *stepState)
}

// kernelArgs are the argument blocks of the kernels.
type kernelArgs struct {
	matmul  kernel.MatMulArgs
	rotate  kernel.RotateArgs
	scores  kernel.ScoresArgs
	softmax kernel.SoftmaxArgs
	values  kernel.ValuesArgs
}

// resolve turns the planned stages into executable ones.
func (p *Program) resolve(c *compiled) []execStage {
	r := resolver{p: p, lo: c.lo}
	var out []execStage
	for _, st := range c.stages {
		switch st.class {
		case rowClass:
			rs := &rowStage{outs: st.outs}
			for _, i := range st.items {
				rs.ops = append(rs.ops, r.rowOp(&c.lo.items[i]))
			}
			out = append(out, rs)
		case matmulClass:
			ms := &matmulStage{}
			for _, i := range st.items {
				ms.products = append(ms.products, r.product(&c.lo.items[i]))
			}
			out = append(out, ms)
		case attendClass:
			for _, i := range st.items { // one stage each: their blocks are work enough
				out = append(out, r.attend(&c.lo.items[i]))
			}
		}
	}
	return out
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

// embedDim returns the width of an embedding row, 0 for a graph without.
func (p *Program) embedDim() int { return p.embedTable().n }

// tokens returns the number of token ids.
func (p *Program) tokens() int { return p.embedTable().rows }

func (p *Program) embedTable() *table {
	for i := range p.graph.Nodes {
		if n := &p.graph.Nodes[i]; n.Op == ops.OpEmbed {
			return &p.weights[n.In[0].Weight()].table
		}
	}
	return &table{}
}
