package ops

import (
	"math"
	"strings"
	"testing"
)

// block adds one transformer layer, as model/arch does.
func block(b *Builder, x Value, dim, heads, kvHeads, headDim, ffn int, a Attention) Value {
	a.State = b.KV(kvHeads, headDim, headDim)
	h := b.RMSNorm(x, b.Weight("attn_norm", dim), 1e-5)
	q := b.Add(b.MatMul(h, b.Weight("attn_q", heads*headDim, dim)), b.Bias("attn_q", heads*headDim))
	q = b.RMSNorm(b.Reshape(q, heads, headDim), b.Weight("attn_q_norm", headDim), 1e-6)
	k := b.Reshape(b.MatMul(h, b.Weight("attn_k", kvHeads*headDim, dim)), kvHeads, headDim)
	v := b.Reshape(b.MatMul(h, b.Weight("attn_v", kvHeads*headDim, dim)), kvHeads, headDim)
	y := b.Reshape(b.Attention(q, k, v, a), heads*headDim)
	x = b.Add(x, b.MatMul(y, b.Weight("attn_output", dim, heads*headDim)))
	h = b.RMSNorm(x, b.Weight("ffn_norm", dim), 1e-5)
	h = b.GLU(SiLU, b.MatMul(h, b.Weight("ffn_gate", ffn, dim)), b.MatMul(h, b.Weight("ffn_up", ffn, dim)))
	return b.Add(x, b.MatMul(h, b.Weight("ffn_down", dim, ffn)))
}

func TestBuild(t *testing.T) {
	g := build(t, tiny)
	if n := len(g.States); n != 2 {
		t.Errorf("%d states: want 2", n)
	}
	if s := g.Shape(g.Output); s.String() != "[O 32]" {
		t.Errorf("output %v: want [O 32]", s)
	}
	tied := 0
	for _, n := range g.Nodes {
		for _, v := range n.In {
			if v.Weight() >= 0 && g.Weights[v.Weight()].Name == "token_embd.weight" {
				tied++
			}
			if v.Node() >= 0 && v.Weight() >= 0 {
				t.Errorf("%v is a weight and a node", v)
			}
		}
	}
	if tied != 2 {
		t.Errorf("token_embd.weight is read %d times: want 2 (embedding and head)", tied)
	}
	for i, w := range g.Weights {
		for _, o := range g.Weights[:i] {
			if w.Name == o.Name {
				t.Errorf("%s is declared twice", w.Name)
			}
		}
	}
}

// TestFirstError checks that the first problem is reported, with its place, whatever follows it.
func TestFirstError(t *testing.T) {
	for _, c := range []struct {
		name, want string
		f          func(b *Builder, x Value) Value
	}{
		{"first of two", "ops: MatMul in blk.3.sub: inner dimensions differ: x [T 16], weight [4 15]", func(b *Builder, x Value) Value {
			l := b.In("blk.%d", 3).In("sub")
			y := l.MatMul(x, l.Weight("a", 4, 15))
			return b.Add(y, b.MatMul(x, b.Weight("c", 4, 14)))
		}},
		{"zero value", "ops: Add: operand 1 is none", func(b *Builder, x Value) Value { return b.Add(x, Value{}) }},
		{"conflict", "ops: weight blk.0.a.weight in blk.0: declared as [16 16] and as [16 8]", func(b *Builder, x Value) Value {
			l := b.In("blk.0")
			x = l.MatMul(x, l.Weight("a", 16, 16))
			return l.MatMul(x, l.Weight("a", 16, 8))
		}},
		{"conflicting rank", "declared as [16] and as [1 16]", func(b *Builder, x Value) Value {
			b.Weight("a", 16)
			b.Weight("a", 1, 16)
			return x
		}},
		{"zero axis", "ops: weight a.weight: axis 1 is 0: want a positive number", func(b *Builder, x Value) Value { return b.MatMul(x, b.Weight("a", 4, 0)) }},
		{"symbol as axis", "axis 0 is -1", func(b *Builder, x Value) Value { return b.MatMul(x, b.Weight("a", int(Rows), 16)) }},
		{"huge weight", "more elements", func(b *Builder, x Value) Value { return b.MatMul(x, b.Weight("a", math.MaxInt, math.MaxInt)) }},
		{"weight for activation", "operand 0: want an activation", func(b *Builder, x Value) Value { return b.MatMul(b.Weight("a", 4, 16), b.Weight("b", 4, 16)) }},
		{"activation for weight", "operand 1: want a weight", func(b *Builder, x Value) Value { return b.MatMul(x, x) }},
		{"bias first", "operand 0: want an activation", func(b *Builder, x Value) Value { return b.Add(b.Bias("a", 16), x) }},
		{"bias misshapen", "want equal shapes", func(b *Builder, x Value) Value { return b.Add(x, b.Bias("a", 15)) }},
		{"state misshapen", "state 0 is {Heads:1 KeyDim:16 ValueDim:8}", func(b *Builder, x Value) Value {
			h := b.Reshape(x, 1, 16)
			return b.Attention(h, h, h, Attention{State: b.KV(1, 16, 8)})
		}},
		{"state undeclared", "state 1 was not declared", func(b *Builder, x Value) Value {
			h := b.Reshape(x, 1, 16)
			b.KV(1, 16, 16)
			return b.Attention(h, h, h, Attention{State: 1})
		}},
		{"state twice", `state 0 is already appended to in "blk.0"`, func(b *Builder, x Value) Value {
			h := b.Reshape(x, 1, 16)
			s := b.KV(1, 16, 16)
			h = b.In("blk.0").Attention(h, h, h, Attention{State: s})
			return b.In("blk.1").Attention(h, h, h, Attention{State: s})
		}},
		{"state zero", "0 heads", func(b *Builder, x Value) Value { b.KV(0, 4, 4); return x }},
		{"state huge", "more elements", func(b *Builder, x Value) Value { b.KV(math.MaxInt, math.MaxInt, 1); return x }},
		{"outputs twice", "ops: Outputs: x [O 16]: want [T ..]", func(b *Builder, x Value) Value { return b.Outputs(b.Outputs(x)) }},
		{"rows with outputs", "want equal shapes", func(b *Builder, x Value) Value { return b.Add(x, b.Outputs(x)) }},
		{"reshape symbol", "not positive", func(b *Builder, x Value) Value { return b.Reshape(x, -1, 16) }},
		{"foreign value", "operand 0 is v90: names no value of this graph", func(b *Builder, x Value) Value { return b.Outputs(Value{kindNode, 90}) }},
		{"foreign weight", "operand 1 is w90: names no value of this graph", func(b *Builder, x Value) Value { return b.MatMul(x, Value{kindWeight, 90}) }},
		{"output of rows", "the output is [T 16]: want [O V]", func(b *Builder, x Value) Value { return x }},
		{"output of heads", "the output is [O 4 4]: want [O V]", func(b *Builder, x Value) Value { return b.Reshape(b.Outputs(x), 4, 4) }},
		{"weight as output", "not the result of an operation", func(b *Builder, x Value) Value { return b.Weight("a", 1) }},
		{"nothing as output", "not the result of an operation", func(b *Builder, x Value) Value { return Value{} }},
		{"foreign output", "not the result of an operation", func(b *Builder, x Value) Value { return Value{kindNode, 1 << 30} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := NewBuilder()
			out := c.f(b, b.Embed(b.Weight("token_embd", 32, 16)))
			g, err := b.Build(out)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("Build gave %v, %v: want an error with %q", g, err, c.want)
			}
			if !strings.HasPrefix(err.Error(), "ops: ") {
				t.Errorf("%v does not begin with the package", err)
			}
			if _, again := b.Build(out); again == nil || again.Error() != err.Error() {
				t.Errorf("the second Build gave %v, the first %v", again, err)
			}
		})
	}
}

// TestAfterError checks that every method is harmless after an error and keeps it.
func TestAfterError(t *testing.T) {
	b := NewBuilder()
	b.Weight("bad", -5)
	var x Value
	for i, v := range []Value{
		b.Weight("a", 1), b.Bias("a", 1), b.Embed(x), b.RMSNorm(x, x, 1), b.MatMul(x, x), b.Add(x, x), b.GLU(SiLU, x, x),
		b.Reshape(x, 0), b.Attention(x, x, x, Attention{State: b.KV(-1, -1, -1)}), b.Outputs(x),
		block(b.In("blk.0"), x, 8, 2, 1, 4, 12, Attention{}),
	} {
		if v != (Value{}) {
			t.Errorf("call %d gave %v after an error", i, v)
		}
	}
	if _, err := b.Build(x); err == nil || !strings.Contains(err.Error(), "bad.weight") {
		t.Errorf("Build gave %v: want the first error", err)
	}
}

// TestFreqsAreCopied checks that a graph does not change with the slice that the caller keeps.
func TestFreqsAreCopied(t *testing.T) {
	freqs := []float64{1, 0.25}
	b := NewBuilder()
	h := b.Reshape(b.Embed(b.Weight("token_embd", 32, 16)), 2, 8)
	h = b.Attention(h, h, h, Attention{State: b.KV(2, 8, 8), Rope: Rope{Freqs: freqs}})
	g, err := b.Build(b.MatMul(b.Outputs(b.Reshape(h, 16)), b.Weight("output", 32, 16)))
	if err != nil {
		t.Fatal(err)
	}
	before := g.Text()
	freqs[1] = 77
	if g.Text() != before {
		t.Error("the graph changed with the caller's frequencies")
	}
}

// FuzzBuilder drives the builder with any calls: no panic, and a graph that is built is sound.
func FuzzBuilder(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{0, 2, 3, 2, 0, 1, 8, 7, 0, 0, 4, 0, 0, 9, 1, 5})
	f.Add([]byte("embed a table, then reshape, attend and add; 0123456789"))
	seed := make([]byte, 600)
	for i := range seed {
		seed[i] = byte(i * 37 >> 2)
	}
	f.Add(seed)
	f.Fuzz(func(t *testing.T, data []byte) {
		d := driver{b: NewBuilder(), data: data}
		d.values = append(d.values, d.b.Embed(d.b.Weight("token_embd", 6, 4)))
		for len(d.data) > 0 && d.b.err == nil {
			d.call()
		}
		for i := len(d.values) - 1; i >= 0; i-- {
			g, err := d.b.Build(d.values[i])
			if err == nil {
				sound(t, g)
			}
		}
	})
}

// driver turns bytes into calls of a builder.
type driver struct {
	b      *Builder
	data   []byte
	values []Value
}

func (d *driver) byte() int {
	if len(d.data) == 0 {
		return 0
	}
	c := d.data[0]
	d.data = d.data[1:]
	return int(c)
}

// dim is mostly a small number and sometimes one that must be refused.
func (d *driver) dim() int {
	sizes := [...]int{1, 2, 4, 4, 8, 6, 0, -1, -2, math.MaxInt, math.MinInt, 1 << 40}
	c := d.byte()
	if c < 200 {
		return sizes[c%6]
	}
	return sizes[c%len(sizes)]
}

func (d *driver) value() Value {
	c := d.byte()
	if c == 255 {
		return Value{valueKind(d.byte()), int32(d.byte())}
	}
	return d.values[len(d.values)-1-c%len(d.values)]
}

func (d *driver) call() {
	b := d.b
	if c := d.byte(); c > 128 {
		b = b.In("blk.%d", c%3)
	}
	var v Value
	switch d.byte() % 12 {
	case 0:
		v = b.Weight(string(rune('a'+d.byte()%4)), d.dim(), d.dim())
	case 1:
		v = b.Bias(string(rune('a'+d.byte()%4)), d.dim())
	case 2:
		v = b.Embed(d.value())
	case 3:
		v = b.RMSNorm(d.value(), b.Weight("norm", d.dim()), math.Float32frombits(uint32(d.byte())<<23))
	case 4:
		v = b.MatMul(d.value(), b.Weight(string(rune('a'+d.byte()%4)), d.dim(), 4))
	case 5:
		v = b.Add(d.value(), d.value())
	case 6:
		v = b.GLU(Activation(d.byte()/200), d.value(), d.value())
	case 7:
		v = b.Reshape(d.value(), d.dim(), d.dim())
	case 8:
		v = b.Reshape(d.value(), 4)
	case 9:
		v = b.Outputs(d.value())
	default:
		a := Attention{State: b.KV(d.dim(), d.dim(), d.dim()), Window: d.dim(), Rope: Rope{Freqs: make([]float64, d.byte()%4)}}
		v = b.Attention(d.value(), d.value(), d.value(), a)
	}
	if v != (Value{}) {
		d.values = append(d.values, v)
	}
}

// sound checks what every built graph promises.
func sound(t *testing.T, g *Graph) {
	if s := g.Shape(g.Output); len(s) != 2 || s[0] != Outs || s[1] < 1 {
		t.Errorf("output %v", s)
	}
	states := map[int]bool{}
	for i, n := range g.Nodes {
		if n.Shape.check() != "" || !n.Shape.Symbolic() {
			t.Errorf("node %d has shape %v", i, n.Shape)
		}
		if len(n.In) != n.Op.Arity() {
			t.Errorf("node %d has %d operands", i, len(n.In))
		}
		for _, v := range n.In {
			if v.Node() >= i || v.Weight() >= len(g.Weights) || v.kind == kindNone {
				t.Errorf("node %d reads %v", i, v)
			}
		}
		if a, ok := n.Attr.(Attention); ok {
			if states[a.State] || a.State >= len(g.States) {
				t.Errorf("node %d uses state %d of %d", i, a.State, len(g.States))
			}
			states[a.State] = true
		}
	}
	for _, w := range g.Weights {
		if w.Name == "" || w.Shape.check() != "" || w.Shape.Symbolic() {
			t.Errorf("weight %+v", w)
		}
	}
	if g.Text() == "" {
		t.Error("no text")
	}
}
