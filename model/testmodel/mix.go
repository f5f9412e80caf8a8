package testmodel

import (
	"fmt"
	"strings"

	"github.com/seed64708441/ember/tensor"
)

// Mix is an assignment of stored types to the weights of a model, as llama-quantize makes it under the same name.
type Mix uint8

// The mixes. Norms and biases are F32 in all of them.
const (
	F32    Mix = iota
	F16        // as converters write
	BF16       // as converters write
	Q8_0       // everything Q8_0
	Q4_0       // everything Q4_0, the output head Q6_K
	Q4_K_M     // Q4_K; Q6_K for the output head and, in the layers that matter most, values and down projections
	Q5_K_M     // the same with Q5_K
	Q6_K       // everything Q6_K
	mixEnd
)

var mixes = [mixEnd]struct {
	name     string
	fileType uint32 // general.file_type
	base     tensor.DType
	head     tensor.DType
	more     bool // Q6_K where it matters most
}{
	F32:    {"F32", 0, tensor.F32, tensor.F32, false},
	F16:    {"F16", 1, tensor.F16, tensor.F16, false},
	BF16:   {"BF16", 32, tensor.BF16, tensor.BF16, false},
	Q8_0:   {"Q8_0", 7, tensor.Q8_0, tensor.Q8_0, false},
	Q4_0:   {"Q4_0", 2, tensor.Q4_0, tensor.Q6_K, false},
	Q4_K_M: {"Q4_K_M", 15, tensor.Q4_K, tensor.Q6_K, true},
	Q5_K_M: {"Q5_K_M", 17, tensor.Q5_K, tensor.Q6_K, true},
	Q6_K:   {"Q6_K", 18, tensor.Q6_K, tensor.Q6_K, false},
}

// Mixes returns all mixes.
func Mixes() []Mix {
	all := make([]Mix, mixEnd)
	for i := range all {
		all[i] = Mix(i)
	}
	return all
}

// String returns the name, as in "Q4_K_M".
func (m Mix) String() string {
	if m >= mixEnd {
		return fmt.Sprintf("Mix(%d)", uint8(m))
	}
	return mixes[m].name
}

// ParseMix returns the mix of the given name.
func ParseMix(name string) (Mix, error) {
	for i, m := range mixes {
		if strings.EqualFold(m.name, name) {
			return Mix(i), nil
		}
	}
	return 0, fmt.Errorf("testmodel: no mix is called %q", name)
}

// role is the name of a weight without layer and ending: "attn_v".
func role(name string) string {
	name = strings.TrimSuffix(name, ".weight")
	return name[strings.LastIndexByte(name, '.')+1:]
}

// typeOf returns the type of a matrix with rows of k elements in the given layer; layer is -1 outside the layers.
func (c *ShapeConfig) typeOf(name string, layer, k int) tensor.DType {
	r := role(name)
	if t, ok := c.Types[r]; ok {
		return t
	}
	m := mixes[c.Mix]
	t := m.base
	switch {
	case r == "output" || r == "token_embd" && c.Tied:
		t = m.head
		if t == tensor.Q6_K && k%t.BlockLen() != 0 {
			t = tensor.Q8_0
		}
	case m.more && (r == "attn_v" || r == "ffn_down") && moreBits(layer, c.Layers):
		t = tensor.Q6_K
	}
	return fallback(t, k)
}

// moreBits reports whether a layer is among those that llama-quantize gives more bits: the first and last eighth, and
// every third between.
func moreBits(i, n int) bool { return i < n/8 || i >= 7*n/8 || (i-n/8)%3 == 2 }

// fallback is the type that llama-quantize takes where rows are not whole blocks.
func fallback(t tensor.DType, k int) tensor.DType {
	if k%t.BlockLen() == 0 {
		return t
	}
	small := map[tensor.DType]tensor.DType{tensor.Q4_K: tensor.Q5_0, tensor.Q5_K: tensor.Q5_1, tensor.Q6_K: tensor.Q8_0}
	if s, ok := small[t]; ok && k%s.BlockLen() == 0 {
		return s
	}
	return tensor.F16
}
