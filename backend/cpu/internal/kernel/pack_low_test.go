package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/seed64708441/ember/tensor"
	"github.com/seed64708441/ember/tensor/quant"
)

// TestCompactLayouts holds that a layout of its own changes no result: the product has the bits of that of the codes,
// scales and offsets package quant decodes, packed to PanelS16 or PanelS32. The sign of a zero may differ.
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
				wide := *compact
				wide.layout = PanelS32
				if quant.Int8Block(c.typ) == 16 {
					wide.layout = PanelS16
				}
				wide.w = make([]byte, wide.layout.PanelBytes(k))
				for r := range PanelRows {
					row := storedRow(t, rng, c.typ, k)
					c.pack(compact.w, row, r)
					packCodes(t, wide.w, row, wide.layout, c.typ, r, k)
				}
				got, want := compact.run(t, s, 0, m, false, 0), wide.run(t, s, 0, m, false, 0)
				for i := range want {
					got[i], want[i] = got[i]+0, want[i]+0
				}
				sameBits(t, got, want)
			})
		}
	}
}

// packCodes packs a row of k elements to PanelS16 or PanelS32, whatever LayoutFor says.
func packCodes(t *testing.T, dst, row []byte, l Layout, typ tensor.DType, r, k int) {
	t.Helper()
	for k0 := 0; k0 < k; k0 += packColumns {
		b := &codeBuffer{sub: quant.Int8Block(typ)}
		src := row[k0/typ.BlockLen()*typ.BlockBytes():][:packColumns/typ.BlockLen()*typ.BlockBytes()]
		if err := quant.DecodeInt8(b.codes[:], b.s[:packColumns/b.sub], b.m[:packColumns/b.sub], src, typ); err != nil {
			t.Fatal(err)
		}
		b.pack(dst[l.PanelBytes(k0):], r, packColumns)
	}
}
