package cpu

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/seed64708441/ember/backend"
	"github.com/seed64708441/ember/ops"
	"github.com/seed64708441/ember/tensor"
	"github.com/seed64708441/ember/tensor/quant"
)

// shape is the sizes of a transformer.
type shape struct {
	vocab, dim, heads, kvHeads, headDim, ffn, layers int
	biases, tied                                     bool
	window                                           int
}

var (
	// shape1B is a Llama of 1.1 billion weights.
	shape1B = shape{vocab: 32000, dim: 2048, heads: 32, kvHeads: 8, headDim: 64, ffn: 8192, layers: 16}
	// shapeHalfB is Qwen2.5 0.5B.
	shapeHalfB = shape{vocab: 151936, dim: 896, heads: 14, kvHeads: 2, headDim: 64, ffn: 4864, layers: 24, biases: true, tied: true}
	// shapeTest is small.
	shapeTest = shape{vocab: 300, dim: 256, heads: 8, kvHeads: 2, headDim: 32, ffn: 512, layers: 3, biases: true}
)

func (c shape) graph(tb testing.TB) *ops.Graph {
	tb.Helper()
	b := ops.NewBuilder()
	table := b.Weight("token_embd", c.vocab, c.dim)
	x := b.Embed(table)
	rope := ops.Rope{}
	for i := range c.headDim / 2 {
		rope.Freqs = append(rope.Freqs, math.Pow(10000, -2*float64(i)/float64(c.headDim)))
	}
	for i := range c.layers {
		l := b.In("blk.%d", i)
		h := l.RMSNorm(x, l.Weight("attn_norm", c.dim), 1e-5)
		project := func(name string, heads int) ops.Value {
			y := l.MatMul(h, l.Weight(name, heads*c.headDim, c.dim))
			if c.biases {
				y = l.Add(y, l.Bias(name, heads*c.headDim))
			}
			return l.Reshape(y, heads, c.headDim)
		}
		a := ops.Attention{State: l.KV(c.kvHeads, c.headDim, c.headDim), Scale: float32(1 / math.Sqrt(float64(c.headDim))), Rope: rope, Window: c.window}
		y := l.Attention(project("attn_q", c.heads), project("attn_k", c.kvHeads), project("attn_v", c.kvHeads), a)
		x = l.Add(x, l.MatMul(l.Reshape(y, c.heads*c.headDim), l.Weight("attn_output", c.dim, c.heads*c.headDim)))
		h = l.RMSNorm(x, l.Weight("ffn_norm", c.dim), 1e-5)
		h = l.GLU(ops.SiLU, l.MatMul(h, l.Weight("ffn_gate", c.ffn, c.dim)), l.MatMul(h, l.Weight("ffn_up", c.ffn, c.dim)))
		x = l.Add(x, l.MatMul(h, l.Weight("ffn_down", c.dim, c.ffn)))
	}
	x = b.RMSNorm(b.Outputs(x), b.Weight("output_norm", c.dim), 1e-5)
	if !c.tied {
		table = b.Weight("output", c.vocab, c.dim)
	}
	g, err := b.Build(b.MatMul(x, table))
	if err != nil {
		tb.Fatal(err)
	}
	return g
}

// patternElements is the length of the piece that made-up weights repeat: a multiple of all block lengths, and odd in
// blocks, so that rows differ.
const patternElements = 256 * 1021

// weights gives made-up weights: matrices in the type that kind returns for their name, the others F32.
func weights(tb testing.TB, g *ops.Graph, kind func(name string) tensor.DType) backend.Weights {
	tb.Helper()
	patterns := map[tensor.DType][]byte{}
	source := map[string]backend.Weight{}
	for _, w := range g.Weights {
		d := tensor.F32
		if len(w.Shape) == 2 {
			d = kind(w.Name)
		}
		if patterns[d] == nil {
			patterns[d] = pattern(tb, d)
		}
		p := patterns[d]
		s := backend.Weight{DType: d, Section: func(off, n int, buf []byte) ([]byte, error) {
			buf = buf[:0]
			for n > 0 {
				piece := p[off%len(p):]
				piece = piece[:min(n, len(piece))]
				buf = append(buf, piece...)
				off, n = off+len(piece), n-len(piece)
			}
			return buf, nil
		}}
		for _, d := range w.Shape {
			s.Shape = append(s.Shape, int(d))
		}
		source[w.Name] = s
	}
	return func(name string) (backend.Weight, error) { return source[name], nil }
}

// pattern returns normally distributed weights.
func pattern(tb testing.TB, d tensor.DType) []byte {
	tb.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	x := make([]float32, patternElements)
	for i := range x {
		x[i] = float32(rng.NormFloat64() * 0.03)
	}
	n, err := d.RowBytes(len(x))
	if err != nil {
		tb.Fatal(err)
	}
	b := make([]byte, n)
	if err := quant.Encode(b, x, d); err != nil {
		tb.Fatal(err)
	}
	return b
}

// all gives every matrix one type.
func all(d tensor.DType) func(string) tensor.DType { return func(string) tensor.DType { return d } }

// q4KM is about what llama.cpp calls Q4_K_M: half of the value and down projections, and the output, have more bits.
func q4KM(name string) tensor.DType {
	if name == "output.weight" || (strings.Contains(name, "ffn_down") || strings.Contains(name, "attn_v")) && strings.ContainsAny(name, "02468") {
		return tensor.Q6_K
	}
	return tensor.Q4_K
}

// rig is a program with one cache.
type rig struct {
	tb      testing.TB
	program *Program
	cache   backend.Cache
	at      int // positions so far, for tests that go on
}

func newRig(tb testing.TB, c shape, kind func(string) tensor.DType, cfg Config, o backend.Options) *rig {
	tb.Helper()
	g := c.graph(tb)
	be, err := New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	p, err := be.Compile(tb.Context(), g, weights(tb, g, kind), o)
	if err != nil {
		tb.Fatal(err)
	}
	r := &rig{tb: tb, program: p.(*Program)}
	if r.cache, err = p.NewCache(backend.CacheF16, 4096); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(r.close)
	return r
}

func (r *rig) close() {
	if err := r.cache.Close(); err != nil {
		r.tb.Error(err)
	}
	if err := r.program.Close(); err != nil {
		r.tb.Error(err)
	}
}

// table allocates pages for n positions.
func (r *rig) table(n int) []backend.Page {
	r.tb.Helper()
	var pages []backend.Page
	for range (n + backend.PageTokens - 1) / backend.PageTokens {
		id, err := r.cache.Alloc()
		if err != nil {
			r.tb.Fatal(err)
		}
		pages = append(pages, backend.Page{ID: id})
	}
	return pages
}

// step makes a step of n rows of one sequence from position start on, which asks for the last row.
func (r *rig) step(pages []backend.Page, start, n int) *backend.Step {
	s := &backend.Step{Cache: r.cache, Tokens: make([]int32, n), Outputs: []int32{int32(n - 1)}, Logits: make([]float32, r.program.vocab)}
	for i := range s.Tokens {
		s.Tokens[i] = int32((start + i) * 7919 % r.program.tokens)
	}
	s.Spans = []backend.Span{{Rows: n, Start: start, Pages: pages}}
	return s
}

func (r *rig) run(s *backend.Step) {
	r.tb.Helper()
	if err := r.program.Step(r.tb.Context(), s); err != nil {
		r.tb.Fatal(err)
	}
}
