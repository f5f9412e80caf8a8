package backendtest

import (
	"slices"
	"strings"

	"github.com/seed64708441/ember/ops"
)

// attribute returns a graph mutation that changes the attributes of one kind.
func attribute[A ops.Attr](f func(a *A)) func(g *ops.Graph) *ops.Graph {
	return func(g *ops.Graph) *ops.Graph {
		c := *g
		c.Nodes = slices.Clone(g.Nodes)
		for i := range c.Nodes {
			if a, ok := c.Nodes[i].Attr.(A); ok {
				f(&a)
				c.Nodes[i].Attr = a
			}
		}
		return &c
	}
}

// rewrite returns a graph mutation that builds the graph again and passes each result through f.
func rewrite(f func(b *ops.Builder, n ops.Node, in []ops.Value, out ops.Value) ops.Value) func(g *ops.Graph) *ops.Graph {
	return func(g *ops.Graph) *ops.Graph {
		b := ops.NewBuilder()
		var weights, values []ops.Value
		for _, w := range g.Weights {
			var dims []int
			for _, d := range w.Shape {
				dims = append(dims, int(d))
			}
			if name, ok := strings.CutSuffix(w.Name, ".bias"); ok {
				weights = append(weights, b.Bias(name, dims...))
			} else {
				weights = append(weights, b.Weight(strings.TrimSuffix(w.Name, ".weight"), dims...))
			}
		}
		for _, s := range g.States {
			b.KV(s.Heads, s.KeyDim, s.ValueDim)
		}
		for _, n := range g.Nodes {
			var in []ops.Value
			for _, v := range n.In {
				if v.Weight() >= 0 {
					in = append(in, weights[v.Weight()])
				} else {
					in = append(in, values[v.Node()])
				}
			}
			values = append(values, f(b, n, in, again(b, n, in)))
		}
		out, err := b.Build(values[g.Output.Node()])
		if err != nil {
			panic("BUG: backendtest: " + err.Error())
		}
		return out
	}
}

// again adds a node like n.
func again(b *ops.Builder, n ops.Node, in []ops.Value) ops.Value {
	switch n.Op {
	case ops.OpEmbed:
		return b.Embed(in[0])
	case ops.OpRMSNorm:
		return b.RMSNorm(in[0], in[1], n.Attr.(ops.Norm).Eps)
	case ops.OpMatMul:
		return b.MatMul(in[0], in[1])
	case ops.OpAdd:
		return b.Add(in[0], in[1])
	case ops.OpGLU:
		return b.GLU(n.Attr.(ops.Activation), in[0], in[1])
	case ops.OpReshape:
		var axes []int
		for _, d := range n.Attr.(ops.Axes) {
			axes = append(axes, int(d))
		}
		return b.Reshape(in[0], axes...)
	case ops.OpAttention:
		return b.Attention(in[0], in[1], in[2], n.Attr.(ops.Attention))
	case ops.OpOutputs:
		return b.Outputs(in[0])
	}
	panic("BUG: backendtest: " + n.Op.String() + " is not rewritten")
}
