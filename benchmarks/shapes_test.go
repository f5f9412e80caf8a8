package benchmarks

import (
	"fmt"
	"maps"
	"slices"

	"github.com/seed64708441/ember/benchmarks/internal/limits"
	"github.com/seed64708441/ember/model/testmodel"
	"github.com/seed64708441/ember/tensor"
)

// spec names a model: its shape and its type or mix of types.
type spec struct{ shape, typ string }

var shapes = map[string]func() testmodel.ShapeConfig{"1B": testmodel.Llama1B, "0.5B": testmodel.Qwen05B}

// shapeNames and typeNames are in the order they are measured.
var (
	shapeNames = []string{"1B", "0.5B"}
	typeNames  = []string{"Q4_0", "Q4_K_M", "Q8_0", "Q6_K", "F16", "BF16", "IQ4_NL"}
)

// common says whether a type is measured when nothing is chosen.
func common(typ string) bool { return typ != "Q6_K" && typ != "BF16" && typ != "IQ4_NL" }

// config returns what the model is made of.
func (s spec) config() (testmodel.ShapeConfig, error) {
	f, ok := shapes[s.shape]
	if !ok {
		return testmodel.ShapeConfig{}, fmt.Errorf("no shape is called %q: want one of %v", s.shape, slices.Sorted(maps.Keys(shapes)))
	}
	c := f()
	if s.typ == "IQ4_NL" { // is no mix: as Q4_0, with its head in Q6_K
		c.Mix, c.Types = testmodel.Q4_0, map[string]tensor.DType{}
		for _, r := range []string{"attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"} {
			c.Types[r] = tensor.IQ4_NL
		}
		if !c.Tied {
			c.Types["token_embd"] = tensor.IQ4_NL
		}
		return c, nil
	}
	var err error
	c.Mix, err = testmodel.ParseMix(s.typ)
	return c, err
}

// kind returns what the products of the model multiply: weights of floats by float32, others by 8-bit activations.
func (s spec) kind() limits.Kind {
	if s.typ == "F16" || s.typ == "BF16" || s.typ == "F32" {
		return limits.FP32
	}
	return limits.Int8
}
