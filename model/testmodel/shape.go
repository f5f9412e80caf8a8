package testmodel

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"

	"github.com/seed64708441/ember/tensor"
)

// ShapeConfig is the size of a model with random weights. A number that is zero takes the default given.
type ShapeConfig struct {
	// Arch is llama, qwen2 or qwen3; "" is llama.
	Arch string
	// Layers is 8, Width 512, Heads 8, KVHeads 4, HeadSize 64 and FFN 1024 by default.
	Layers, Width, Heads, KVHeads, HeadSize, FFN int
	// Vocab is 512 by default, at least 260; Context 8192.
	Vocab, Context int
	// RopeBase is 10000 by default.
	RopeBase float64
	// Window is the sliding window, 0 for none.
	Window int
	// Tied leaves the output head out.
	Tied bool
	// Mix gives the stored types; Types overrides it by the role of a weight: token_embd, output, attn_q, attn_k, attn_v,
	// attn_output, ffn_gate, ffn_up, ffn_down.
	Mix   Mix
	Types map[string]tensor.DType
	Seed  uint64
}

// Llama1B is the size of Llama 3.2 1B with the vocabulary of Llama 2, in F32.
func Llama1B() ShapeConfig {
	return ShapeConfig{Arch: "llama", Layers: 16, Width: 2048, Heads: 32, KVHeads: 8, HeadSize: 64, FFN: 8192, Vocab: 32000, RopeBase: 500000}
}

// Qwen05B is the size of Qwen2.5 0.5B, in F32.
func Qwen05B() ShapeConfig {
	return ShapeConfig{Arch: "qwen2", Layers: 24, Width: 896, Heads: 14, KVHeads: 2, HeadSize: 64, FFN: 4864, Vocab: 151936, RopeBase: 1e6, Tied: true}
}

// withDefaults fills the zeros.
func (c ShapeConfig) withDefaults() ShapeConfig {
	if c.Arch == "" {
		c.Arch = "llama"
	}
	if c.RopeBase == 0 {
		c.RopeBase = 10000
	}
	for _, f := range []struct {
		v       *int
		missing int
	}{{&c.Layers, 8}, {&c.Width, 512}, {&c.Heads, 8}, {&c.KVHeads, 4}, {&c.HeadSize, 64}, {&c.FFN, 1024}, {&c.Vocab, 512}, {&c.Context, 8192}} {
		if *f.v == 0 {
			*f.v = f.missing
		}
	}
	return c
}

// matrixRoles are the roles of matrices in the order they are written.
var matrixRoles = []string{"token_embd", "output", "attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"}

// Validate lists every problem.
func (c ShapeConfig) Validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("testmodel: "+format, args...)) }
	c = c.withDefaults()
	if !slices.Contains([]string{"llama", "qwen2", "qwen3"}, c.Arch) {
		bad("Arch is %q: want llama, qwen2 or qwen3", c.Arch)
	}
	for _, f := range []struct {
		name      string
		v, lo, hi int
	}{{"Layers", c.Layers, 1, 1024}, {"Width", c.Width, 1, 1 << 20}, {"Heads", c.Heads, 1, 4096}, {"KVHeads", c.KVHeads, 1, 4096},
		{"HeadSize", c.HeadSize, 2, 4096}, {"FFN", c.FFN, 1, 1 << 22}, {"Vocab", c.Vocab, minVocab, 1 << 24},
		{"Context", c.Context, 1, math.MaxInt32}, {"Window", c.Window, 0, math.MaxInt32}} {
		if f.v < f.lo || f.v > f.hi {
			bad("%s is %d: want %d to %d", f.name, f.v, f.lo, f.hi)
		}
	}
	if c.KVHeads > 0 && c.Heads%c.KVHeads != 0 {
		bad("Heads is %d: want a multiple of KVHeads, %d", c.Heads, c.KVHeads)
	}
	if c.HeadSize%2 != 0 {
		bad("HeadSize is %d: want an even number", c.HeadSize)
	}
	if !(c.RopeBase > 0) || math.IsInf(c.RopeBase, 0) {
		bad("RopeBase is %v: want a positive number", c.RopeBase)
	}
	if c.Mix >= mixEnd {
		bad("Mix is %v: want one of %v", c.Mix, Mixes())
	}
	for _, r := range slices.Sorted(maps.Keys(c.Types)) {
		if !slices.Contains(matrixRoles, r) {
			bad("Types has the role %q: want one of %v", r, matrixRoles)
		}
		if t := c.Types[r]; !slices.Contains(fillTypes(), t) {
			bad("Types gives %s the type %v: want one of %v", r, t, fillTypes())
		}
	}
	return errors.Join(errs...)
}

// Shape returns a model with random weights that are tame: a product changes the size of its input by about a factor
// of one, and norms are near one, so that logits stay within some tens.
func Shape(c ShapeConfig) (*Model, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c = c.withDefaults()
	m := &Model{}
	m.shapeKeys(&c)
	if c.Arch == "llama" {
		m.spm(c.Vocab)
	} else {
		m.gpt2(c.Vocab, "qwen2")
	}
	s := &shapes{Model: m, c: &c}
	s.tensors()
	return m, s.err
}

func (m *Model) shapeKeys(c *ShapeConfig) {
	a := c.Arch + "."
	m.set("general.architecture", c.Arch, "general.name", fmt.Sprintf("shape %s %v", c.Arch, c.Mix), "general.file_type", mixes[c.Mix].fileType,
		"general.quantization_version", uint32(2),
		a+"vocab_size", uint32(c.Vocab), a+"context_length", uint32(c.Context), a+"embedding_length", uint32(c.Width), a+"block_count", uint32(c.Layers),
		a+"feed_forward_length", uint32(c.FFN), a+"attention.head_count", uint32(c.Heads), a+"attention.head_count_kv", uint32(c.KVHeads),
		a+"attention.layer_norm_rms_epsilon", float32(1e-5), a+"rope.freq_base", float32(c.RopeBase), a+"rope.dimension_count", uint32(c.HeadSize),
		a+"attention.key_length", uint32(c.HeadSize), a+"attention.value_length", uint32(c.HeadSize))
	if c.Window > 0 {
		m.set(a+"attention.sliding_window", uint32(c.Window))
	}
}

// shapes adds the tensors and keeps the first error.
type shapes struct {
	*Model
	c   *ShapeConfig
	err error
}

func (s *shapes) tensors() {
	c := s.c
	s.matrix("token_embd", -1, c.Vocab, c.Width)
	for i := range c.Layers {
		l := fmt.Sprintf("blk.%d.", i)
		s.vector(l+"attn_norm.weight", c.Width, 1)
		s.matrix(l+"attn_q", i, c.Heads*c.HeadSize, c.Width)
		s.matrix(l+"attn_k", i, c.KVHeads*c.HeadSize, c.Width)
		s.matrix(l+"attn_v", i, c.KVHeads*c.HeadSize, c.Width)
		switch c.Arch {
		case "qwen2":
			s.vector(l+"attn_q.bias", c.Heads*c.HeadSize, 0)
			s.vector(l+"attn_k.bias", c.KVHeads*c.HeadSize, 0)
			s.vector(l+"attn_v.bias", c.KVHeads*c.HeadSize, 0)
		case "qwen3":
			s.vector(l+"attn_q_norm.weight", c.HeadSize, 1)
			s.vector(l+"attn_k_norm.weight", c.HeadSize, 1)
		}
		s.matrix(l+"attn_output", i, c.Width, c.Heads*c.HeadSize)
		s.vector(l+"ffn_norm.weight", c.Width, 1)
		s.matrix(l+"ffn_gate", i, c.FFN, c.Width)
		s.matrix(l+"ffn_up", i, c.FFN, c.Width)
		s.matrix(l+"ffn_down", i, c.Width, c.FFN)
	}
	s.vector("output_norm.weight", c.Width, 1)
	if !c.Tied {
		s.matrix("output", -1, c.Vocab, c.Width)
	}
}

// matrix adds a random matrix [n k].
func (s *shapes) matrix(name string, layer, n, k int) {
	if s.err != nil {
		return
	}
	name += ".weight"
	t, shape := s.c.typeOf(name, layer, k), tensor.Shape{n, k}
	f, err := newFiller(t, 1/math.Sqrt(float64(k)))
	if err != nil {
		s.err = err
		return
	}
	seed := s.c.Seed
	s.err = s.add(name, t, shape, func(w io.Writer) error {
		size, err := shape.Bytes(t)
		if err != nil {
			return err
		}
		return f.write(w, size, random(seed, name))
	})
}

// vector adds a norm around 1 or a bias around 0.
func (s *shapes) vector(name string, n int, centre float64) {
	if s.err != nil {
		return
	}
	seed := s.c.Seed
	s.err = s.add(name, tensor.F32, tensor.Shape{n}, func(w io.Writer) error { return around(w, n, centre, 0.1, random(seed, name)) })
}
