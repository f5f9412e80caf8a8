//go:build !purego

package kernel

// matmulAVX2 replaces the products of s by those for AVX2, FMA and F16C.
func matmulAVX2(s *Set) {
	s.MatMul = [NumLayouts]func(a *MatMulArgs){
		PanelF32: matmulF32AVX2, PanelF16: matmulF16AVX2, PanelBF16: matmulBF16AVX2,
		PanelQ8: matmulQ8AVX2, PanelQ4: matmulQ4AVX2,
		PanelQ4K: matmulQ4KAVX2, PanelQ5K: matmulQ5KAVX2, PanelQ6K: matmulQ6KAVX2,
		PanelQ2K: matmulQ2KAVX2, PanelQ3K: matmulQ3KAVX2,
		PanelT4: matmulT4AVX2, PanelT3: matmulT3AVX2, PanelT3H: matmulT3HAVX2,
		PanelQ2: matmulQ2AVX2, PanelNVFP4: matmulNVFP4AVX2,
		PanelIQ4NL: matmulIQ4NLAVX2, PanelMXFP4: matmulMXFP4AVX2,
		PanelQ41: matmulQ41AVX2, PanelQ50: matmulQ50AVX2, PanelQ51: matmulQ51AVX2,
	}
	s.MatMulPair = [NumLayouts]func(a *MatMulArgs){PanelQ8: matmulQ8PairAVX2, PanelIQ4NL: matmulIQ4NLPairAVX2}
	s.MatMulSegment = [NumLayouts]func(a *SegmentArgs){
		PanelF32: matmulF32SegmentAVX2, PanelF16: matmulF16SegmentAVX2, PanelBF16: matmulBF16SegmentAVX2,
	}
}

// matmulAVXVNNI replaces the integer products of an AVX2 set by those for AVX-VNNI.
func matmulAVXVNNI(s *Set) {
	s.MatMul[PanelQ8], s.MatMul[PanelQ4] = matmulQ8AVXVNNI, matmulQ4AVXVNNI
	s.MatMul[PanelQ4K], s.MatMul[PanelQ5K], s.MatMul[PanelQ6K] = matmulQ4KAVXVNNI, matmulQ5KAVXVNNI, matmulQ6KAVXVNNI
	s.MatMul[PanelQ2K], s.MatMul[PanelQ3K] = matmulQ2KAVXVNNI, matmulQ3KAVXVNNI
	s.MatMul[PanelT4], s.MatMul[PanelT3], s.MatMul[PanelT3H] = matmulT4AVXVNNI, matmulT3AVXVNNI, matmulT3HAVXVNNI
	s.MatMul[PanelQ2], s.MatMul[PanelNVFP4] = matmulQ2AVXVNNI, matmulNVFP4AVXVNNI
	s.MatMul[PanelIQ4NL], s.MatMul[PanelMXFP4] = matmulIQ4NLAVXVNNI, matmulMXFP4AVXVNNI
	s.MatMul[PanelQ41], s.MatMul[PanelQ50], s.MatMul[PanelQ51] = matmulQ41AVXVNNI, matmulQ50AVXVNNI, matmulQ51AVXVNNI
	s.MatMulPair = [NumLayouts]func(a *MatMulArgs){} // VPDPBUSD is faster
}

// matmulAVX512 replaces the products of s by those for AVX-512 (F, BW, VL, DQ, VNNI).
func matmulAVX512(s *Set) {
	s.MatMul = [NumLayouts]func(a *MatMulArgs){
		PanelF32: matmulF32AVX512, PanelF16: matmulF16AVX512, PanelBF16: matmulBF16AVX512,
		PanelQ8: matmulQ8AVX512, PanelQ4: matmulQ4AVX512,
		PanelQ4K: matmulQ4KAVX512, PanelQ5K: matmulQ5KAVX512, PanelQ6K: matmulQ6KAVX512,
		PanelQ2K: matmulQ2KAVX512, PanelQ3K: matmulQ3KAVX512,
		PanelT4: matmulT4AVX512, PanelT3: matmulT3AVX512, PanelT3H: matmulT3HAVX512,
		PanelQ2: matmulQ2AVX512, PanelNVFP4: matmulNVFP4AVX512,
		PanelIQ4NL: matmulIQ4NLAVX512, PanelMXFP4: matmulMXFP4AVX512,
		PanelQ41: matmulQ41AVX512, PanelQ50: matmulQ50AVX512, PanelQ51: matmulQ51AVX512,
	}
	s.MatMulPair = [NumLayouts]func(a *MatMulArgs){}
	s.MatMulSegment = [NumLayouts]func(a *SegmentArgs){
		PanelF32: matmulF32SegmentAVX512, PanelF16: matmulF16SegmentAVX512, PanelBF16: matmulBF16SegmentAVX512,
	}
}
