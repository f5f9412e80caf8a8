package backendtest

import (
	"math"
	"testing"

	"github.com/seed64708441/ember/backend"
	"github.com/seed64708441/ember/ops"
	"github.com/seed64708441/ember/ops/ref"
)

// llama is a small transformer as model/arch builds them.
type llama struct {
	vocab, dim, heads, kvHeads, headDim, ffn, layers int
	// windows has the window of each layer, repeating; none is no window.
	windows      []int
	ropes        []ops.Rope // of each layer, repeating
	biases       bool
	headNorms    bool
	tied         bool
	outputsEarly bool // choose the output rows before the last norm
}

// small is the model of most tests: odd sizes, two layers, one of them windowed.
var small = llama{vocab: 67, dim: 48, heads: 6, kvHeads: 2, headDim: 16, ffn: 100, layers: 2,
	windows: []int{0, 70}, ropes: []ops.Rope{rope(8, false), rope(6, true)}, biases: true, outputsEarly: true}

// blocky is like small with rows that are whole blocks of 32.
var blocky = llama{vocab: 67, dim: 64, heads: 4, kvHeads: 2, headDim: 32, ffn: 96, layers: 2,
	windows: []int{0, 70}, ropes: []ops.Rope{rope(16, false)}, headNorms: true}

// wide is like small with rows that are whole blocks of 256.
var wide = llama{vocab: 50, dim: 256, heads: 4, kvHeads: 1, headDim: 64, ffn: 256, layers: 1,
	ropes: []ops.Rope{rope(32, false)}, tied: true, outputsEarly: true}

// rope returns a rotation of n pairs with the usual frequencies.
func rope(n int, interleaved bool) ops.Rope {
	r := ops.Rope{Interleaved: interleaved}
	for i := range n {
		r.Freqs = append(r.Freqs, math.Pow(10000, -float64(i)/float64(n)))
	}
	return r
}

func (c llama) build(b *ops.Builder) ops.Value {
	table := b.Weight("token_embd", c.vocab, c.dim)
	x := b.Embed(table)
	for i := range c.layers {
		l := b.In("blk.%d", i)
		h := l.RMSNorm(x, l.Weight("attn_norm", c.dim), 1e-5)
		x = l.Add(x, c.attention(l, h, i))
		h = l.RMSNorm(x, l.Weight("ffn_norm", c.dim), 1e-5)
		h = l.GLU(ops.SiLU, l.MatMul(h, l.Weight("ffn_gate", c.ffn, c.dim)), l.MatMul(h, l.Weight("ffn_up", c.ffn, c.dim)))
		x = l.Add(x, l.MatMul(h, l.Weight("ffn_down", c.dim, c.ffn)))
	}
	if c.outputsEarly {
		x = b.Outputs(x)
	}
	x = b.RMSNorm(x, b.Weight("output_norm", c.dim), 1e-5)
	if !c.outputsEarly {
		x = b.Outputs(x)
	}
	if !c.tied {
		table = b.Weight("output", c.vocab, c.dim)
	}
	return b.MatMul(x, table)
}

func (c llama) attention(l *ops.Builder, h ops.Value, i int) ops.Value {
	project := func(name string, heads int) ops.Value {
		y := l.MatMul(h, l.Weight(name, heads*c.headDim, c.dim))
		if c.biases {
			y = l.Add(y, l.Bias(name, heads*c.headDim))
		}
		y = l.Reshape(y, heads, c.headDim)
		if c.headNorms && name != "attn_v" {
			y = l.RMSNorm(y, l.Weight(name+"_norm", c.headDim), 1e-6)
		}
		return y
	}
	a := ops.Attention{State: l.KV(c.kvHeads, c.headDim, c.headDim), Scale: float32(1.5 / math.Sqrt(float64(c.headDim)))}
	if len(c.windows) > 0 {
		a.Window = c.windows[i%len(c.windows)]
	}
	if len(c.ropes) > 0 {
		a.Rope = c.ropes[i%len(c.ropes)]
	}
	y := l.Attention(project("attn_q", c.heads), project("attn_k", c.kvHeads), project("attn_v", c.kvHeads), a)
	y = l.MatMul(l.Reshape(y, c.heads*c.headDim), l.Weight("attn_output", c.dim, c.heads*c.headDim))
	if c.biases {
		y = l.Add(y, l.Bias("attn_output", c.dim))
	}
	return y
}

// alter returns a copy of c that f has changed.
func (c llama) alter(f func(c *llama)) llama {
	f(&c)
	return c
}

// graphs are whole models of plain floats.
var graphs = []struct {
	name  string
	build func(b *ops.Builder) ops.Value
}{
	{"small", small.build},
	{"blocky", blocky.build},
	{"wide", wide.build},
	{"tied", small.alter(func(c *llama) { c.tied = true }).build},
	{"head norms", small.alter(func(c *llama) { c.headNorms = true }).build},
	{"late outputs", small.alter(func(c *llama) { c.outputsEarly = false }).build},
	{"no rotation", small.alter(func(c *llama) { c.ropes = nil }).build},
	{"one layer", small.alter(func(c *llama) { c.layers = 1 }).build},
	{"five layers", small.alter(func(c *llama) { c.layers = 5 }).build},
	{"one head", small.alter(func(c *llama) { c.heads, c.kvHeads = 1, 1 }).build},
	{"vocabulary of one", small.alter(func(c *llama) { c.vocab = 1 }).build},
	{"parallel blocks", func(b *ops.Builder) ops.Value { // attention and feed-forward read the same norm
		c := small
		x := b.Embed(b.Weight("token_embd", c.vocab, c.dim))
		for i := range 2 {
			l := b.In("blk.%d", i)
			h := l.RMSNorm(x, l.Weight("attn_norm", c.dim), 1e-5)
			f := l.GLU(ops.SiLU, l.MatMul(h, l.Weight("ffn_gate", c.ffn, c.dim)), l.MatMul(h, l.Weight("ffn_up", c.ffn, c.dim)))
			f = l.MatMul(f, l.Weight("ffn_down", c.dim, c.ffn))
			x = l.Add(x, l.Add(c.attention(l, h, i), f))
		}
		return b.MatMul(b.Outputs(x), b.Weight("output", c.vocab, c.dim))
	}},
	{"sums", func(b *ops.Builder) ops.Value { // sums of products whose operands are needed again, or are views
		d := 32
		x := b.Embed(b.Weight("token_embd", 40, d))
		w := func(name string) ops.Value { return b.Weight(name, d, d) }
		p := b.MatMul(x, w("p"))
		y := b.Add(p, x)                                     // the product first, x is needed below
		z := b.Add(b.MatMul(y, w("q")), b.MatMul(x, w("r"))) // two products
		v := b.Reshape(b.Reshape(z, 4, 8), d)                // a view of z
		u := b.Add(v, b.MatMul(y, w("s")))                   // z is needed below
		u = b.Add(b.Add(u, z), p)                            // p again
		u = b.Add(u, b.MatMul(u, w("t")))                    // reads what it adds to
		u = b.Add(u, u)
		return b.MatMul(b.Outputs(b.Add(u, y)), b.Weight("output", 40, d))
	}},
	{"outputs twice", func(b *ops.Builder) ops.Value {
		x := b.Embed(b.Weight("token_embd", 20, 24))
		y := b.MatMul(x, b.Weight("a", 24, 24))
		return b.MatMul(b.Add(b.Outputs(x), b.Outputs(y)), b.Weight("output", 21, 24))
	}},
	{"head after head", func(b *ops.Builder) ops.Value { // work between the output rows and the head
		x := b.Outputs(b.Embed(b.Weight("token_embd", 20, 24)))
		x = b.Add(b.MatMul(x, b.Weight("a", 24, 24)), b.Bias("a", 24))
		x = b.Add(x, b.GLU(ops.SiLU, x, b.MatMul(x, b.Weight("b", 24, 24))))
		return b.Add(b.MatMul(x, b.Weight("output", 21, 24)), b.Bias("output", 21))
	}},
	{"unused", func(b *ops.Builder) ops.Value { // a node nobody reads, a state nobody fills
		x := b.Embed(b.Weight("token_embd", 20, 24))
		b.MatMul(b.MatMul(x, b.Weight("dead", 7, 24)), b.Weight("deader", 9, 7))
		b.KV(1, 8, 8)
		return b.MatMul(b.Outputs(x), b.Weight("output", 21, 24))
	}},
}

// testGraphs compares whole models with the reference: a prompt in pieces, then single tokens.
func testGraphs(t *testing.T, s *suite) {
	for _, c := range graphs {
		t.Run(c.name, func(t *testing.T) {
			m := newModel(t, modelOptions{}, c.build)
			r := s.rig(t, m, Config{}, backend.Options{})
			ids := m.tokens(90, 1)
			want := m.oracle(t, ref.Rounding{}, ids, nil)
			q := r.seq(r.cache(backend.CacheF32, pagesFor(len(ids))))
			got := q.run(ids[:80], 33)
			got = append(got, q.run(ids[80:], 1)...)
			near(t, "F32", got, want)
		})
	}
}
