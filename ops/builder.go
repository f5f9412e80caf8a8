package ops

import (
	"fmt"
	"slices"
)

// Builder makes a Graph. Its methods keep the first error and return the zero Value after it; Build returns that
// error. A Builder is for one goroutine.
type Builder struct {
	*shared
	scope string
}

// shared is what a builder and its children have in common.
type shared struct {
	g       Graph
	weights map[string]int
	err     error
}

// NewBuilder returns a builder of an empty graph.
func NewBuilder() *Builder { return &Builder{shared: &shared{weights: map[string]int{}}} }

// In returns a builder of the same graph whose weights and errors carry a further name prefix: b.In("blk.%d", 3).
func (b *Builder) In(format string, args ...any) *Builder {
	return &Builder{shared: b.shared, scope: b.name(fmt.Sprintf(format, args...))}
}

func (b *Builder) name(s string) string {
	if b.scope == "" {
		return s
	}
	return b.scope + "." + s
}

func (b *Builder) fail(what string, err error) Value {
	if b.err == nil {
		if b.scope != "" {
			what += " in " + b.scope
		}
		b.err = fmt.Errorf("ops: %s: %w", what, err)
	}
	return Value{}
}

// Weight declares the weight scope.name.weight of the given shape. Declaring it again with the same shape gives the
// same value (tied weights); with another shape it is an error.
func (b *Builder) Weight(name string, dims ...int) Value {
	return b.declare(b.name(name)+".weight", dims)
}

// Bias declares the weight scope.name.bias.
func (b *Builder) Bias(name string, dims ...int) Value { return b.declare(b.name(name)+".bias", dims) }

func (b *Builder) declare(name string, dims []int) Value {
	if b.err != nil {
		return Value{}
	}
	shape := make(Shape, len(dims))
	for i, d := range dims {
		shape[i] = Dim(d)
		if d < 1 {
			return b.fail("weight "+name, fmt.Errorf("axis %d is %d: want a positive number", i, d))
		}
	}
	if why := shape.check(); why != "" {
		return b.fail("weight "+name, fmt.Errorf("shape %v: %s", shape, why))
	}
	if i, ok := b.weights[name]; ok {
		if !b.g.Weights[i].Shape.Equal(shape) {
			return b.fail("weight "+name, fmt.Errorf("declared as %v and as %v", b.g.Weights[i].Shape, shape))
		}
		return Value{kindWeight, int32(i)}
	}
	b.weights[name] = len(b.g.Weights)
	b.g.Weights = append(b.g.Weights, Weight{name, shape})
	return Value{kindWeight, int32(len(b.g.Weights) - 1)}
}

// KV declares a key/value state and returns its index for Attention.State.
func (b *Builder) KV(heads, keyDim, valueDim int) int {
	if heads < 1 || keyDim < 1 || valueDim < 1 {
		b.fail("state", fmt.Errorf("%d heads of %d and %d: want positive numbers", heads, keyDim, valueDim))
	} else if why := (Shape{Rows, Dim(heads), Dim(max(keyDim, valueDim))}).check(); why != "" {
		b.fail("state", fmt.Errorf("%d heads of %d and %d: %s", heads, keyDim, valueDim, why))
	}
	b.g.States = append(b.g.States, KV{heads, keyDim, valueDim})
	return len(b.g.States) - 1
}

// Embed is OpEmbed: the embedding of every row of the step.
func (b *Builder) Embed(table Value) Value { return b.add(OpEmbed, nil, table) }

// RMSNorm is OpRMSNorm.
func (b *Builder) RMSNorm(x, w Value, eps float32) Value { return b.add(OpRMSNorm, Norm{eps}, x, w) }

// MatMul is OpMatMul.
func (b *Builder) MatMul(x, w Value) Value { return b.add(OpMatMul, nil, x, w) }

// Add is OpAdd.
func (b *Builder) Add(x, y Value) Value { return b.add(OpAdd, nil, x, y) }

// GLU is OpGLU.
func (b *Builder) GLU(act Activation, gate, up Value) Value { return b.add(OpGLU, act, gate, up) }

// Reshape is OpReshape: the axes after the first become the given ones.
func (b *Builder) Reshape(x Value, axes ...int) Value {
	a := make(Axes, len(axes))
	for i, d := range axes {
		a[i] = Dim(d)
	}
	return b.add(OpReshape, a, x)
}

// Attention is OpAttention. The state must have been declared with the shapes of k and v, and no other Attention may
// append to it.
func (b *Builder) Attention(q, k, v Value, a Attention) Value {
	a.Rope.Freqs = slices.Clone(a.Rope.Freqs)
	out := b.add(OpAttention, a, q, k, v)
	if b.err != nil {
		return Value{}
	}
	if a.State >= len(b.g.States) {
		return b.fail("Attention", fmt.Errorf("state %d was not declared", a.State))
	}
	ks, vs := b.g.Shape(k), b.g.Shape(v)
	if got, want := b.g.States[a.State], (KV{int(ks[1]), int(ks[2]), int(vs[2])}); got != want {
		return b.fail("Attention", fmt.Errorf("state %d is %+v, k %v and v %v need %+v", a.State, got, ks, vs, want))
	}
	for _, n := range b.g.Nodes[:out.index] {
		if o, ok := n.Attr.(Attention); ok && o.State == a.State {
			return b.fail("Attention", fmt.Errorf("state %d is already appended to in %q", a.State, n.Scope))
		}
	}
	return out
}

// Outputs is OpOutputs.
func (b *Builder) Outputs(x Value) Value { return b.add(OpOutputs, nil, x) }

// add appends a node after checking its operands.
func (b *Builder) add(op Op, attr Attr, in ...Value) Value {
	if b.err != nil {
		return Value{}
	}
	shapes := make([]Shape, len(in))
	for i, v := range in {
		if !b.g.has(v) {
			return b.fail(op.String(), fmt.Errorf("operand %d is %v: names no value of this graph", i, v))
		}
		weight := table[op].weights&(1<<i) != 0
		bias := op == OpAdd && i == 1
		if (v.kind == kindWeight) != weight && !bias {
			return b.fail(op.String(), fmt.Errorf("operand %d: want %s", i, map[bool]string{true: "a weight", false: "an activation"}[weight]))
		}
		shapes[i] = b.g.Shape(v)
	}
	shape, err := op.Infer(shapes, attr)
	if err != nil {
		return b.fail(op.String(), err)
	}
	b.g.Nodes = append(b.g.Nodes, Node{Op: op, Scope: b.scope, In: slices.Clone(in), Attr: attr, Shape: shape})
	return Value{kindNode, int32(len(b.g.Nodes) - 1)}
}

// Build returns the graph whose result is out, or the first error. The builder must not be used afterwards.
func (b *Builder) Build(out Value) (*Graph, error) {
	if b.err != nil {
		return nil, b.err
	}
	if out.kind != kindNode || !b.g.has(out) {
		return nil, fmt.Errorf("ops: the output is not the result of an operation")
	}
	if s := b.g.Shape(out); len(s) != 2 || s[0] != Outs {
		return nil, fmt.Errorf("ops: the output is %v: want [O V]", s)
	}
	g := b.g
	g.Output = out
	return &g, nil
}
