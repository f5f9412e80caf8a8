package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/seed64708441/ember/tensor"
	"github.com/seed64708441/ember/tensor/quant"
)

// TestCompactLayouts holds that packing changes no result: the product has the bits of that of the codes, scales and
// offsets package quant decodes. The sign of a zero may differ.
func TestCompactLayouts(t *testing.T) {
	for _, c := range []struct {
		typ    tensor.DType
		layout Layout
		pack   func(dst, src []byte, r int)
	}{
		{tensor.Q2_K, PanelQ2K, packQ2K}, {tensor.Q3_K, PanelQ3K, packQ3K},
		{tensor.IQ4_NL, PanelIQ4NL, packQ4}, {tensor.MXFP4, PanelMXFP4, packMXFP4},
		{tensor.IQ4_XS, PanelT4, packIQ4XS}, {tensor.IQ3_XXS, PanelT4, packIQ3XXS}, {tensor.IQ3_S, PanelT4, packIQ3S},
		{tensor.IQ2_XXS, PanelT3, packIQ2XXS}, {tensor.IQ2_XS, PanelT3H, packIQ2XS}, {tensor.IQ2_S, PanelT3H, packIQ2S},
		{tensor.IQ1_S, PanelT3, packIQ1S}, {tensor.IQ1_M, PanelT3H, packIQ1M},
		{tensor.TQ1_0, PanelQ2, packTQ1}, {tensor.TQ2_0, PanelQ2, packTQ2}, {tensor.Q1_0, PanelQ2, packQ1}, {tensor.Q2_0, PanelQ2, packQ2},
		{tensor.NVFP4, PanelNVFP4, packNVFP4}, {tensor.Q8_1, PanelQ8, packQ81},
		{tensor.Q4_1, PanelQ41, packQ41}, {tensor.Q5_0, PanelQ50, packQ50}, {tensor.Q5_1, PanelQ51, packQ51},
	} {
		for _, s := range Available() {
			t.Run(fmt.Sprintf("level=%s/type=%v", s.Name, c.typ), func(t *testing.T) {
				const k, m = 768, 13
				rng := rand.New(rand.NewPCG(7, uint64(c.typ)))
				compact := newCase(t, rng, c.layout, k, m, false, false)
				want := make([]float32, m*PanelRows)
				for r := range PanelRows {
					row := storedRow(t, rng, c.typ, k)
					c.pack(compact.w, row, r)
					for i := range m {
						want[i*PanelRows+r] = plainProduct(t, c.typ, row, compact.x[i*compact.xStride:], k)
					}
				}
				got := compact.run(t, s, 0, m, false, 0)
				for i := range want {
					got[i], want[i] = got[i]+0, want[i]+0
				}
				sameBits(t, got, want)
			})
		}
	}
}

// plainProduct is the product of a stored row of k elements with an activation row.
func plainProduct(t *testing.T, typ tensor.DType, row, x []byte, k int) (sum float32) {
	t.Helper()
	sub := quant.Int8Block(typ)
	codes, s, o := make([]int8, k), make([]float32, k/sub), make([]float32, k/sub)
	if err := quant.DecodeInt8(codes, s, o, row, typ); err != nil {
		t.Fatal(err)
	}
	for b := range k / 32 {
		parts := 32 / sub
		i, xs := make([]float32, parts), make([]float32, parts) // sums of integers, all exact
		for c := 32 * b; c < 32*b+32; c++ {
			i[c%32/sub] += float32(int(codes[c]) * int(int8(x[c])))
			xs[c%32/sub] += float32(int8(x[c]))
		}
		var u float32
		for p := range parts {
			u = fma32(s[parts*b+p], i[p], u)
		}
		for p := range parts {
			u = fma32(o[parts*b+p], xs[p], u)
		}
		sum = fma32(math.Float32frombits(le.Uint32(x[k+4*b:])), u, sum)
	}
	return sum
}
