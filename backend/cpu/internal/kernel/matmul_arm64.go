//go:build !purego

package kernel

// matmulNEON replaces the products of s by those for NEON.
func matmulNEON(s *Set) {
	s.MatMul = [NumLayouts]func(a *MatMulArgs){
		PanelF32: matmulF32NEON, PanelF16: matmulF16NEON, PanelBF16: matmulBF16NEON,
		PanelQ8: matmulQ8NEON, PanelQ4: matmulQ4NEON,
		PanelQ4K: matmulQ4KNEON, PanelQ5K: matmulQ5KNEON, PanelQ6K: matmulQ6KNEON,
		PanelS32: matmulS32NEON, PanelS16: matmulS16NEON,
		PanelQ2K: s.MatMul[PanelQ2K], PanelQ3K: s.MatMul[PanelQ3K], // the twins
		PanelIQ4NL: s.MatMul[PanelIQ4NL], PanelIQ4XS: s.MatMul[PanelIQ4XS], PanelMXFP4: s.MatMul[PanelMXFP4],
		PanelQ41: s.MatMul[PanelQ41], PanelQ50: s.MatMul[PanelQ50], PanelQ51: s.MatMul[PanelQ51],
	}
}

// matmulDotProd replaces the integer products of a NEON set by those with SDOT.
func matmulDotProd(s *Set) {
	s.MatMul[PanelQ8], s.MatMul[PanelQ4] = matmulQ8DotProd, matmulQ4DotProd
	s.MatMul[PanelQ4K], s.MatMul[PanelQ5K], s.MatMul[PanelQ6K] = matmulQ4KDotProd, matmulQ5KDotProd, matmulQ6KDotProd
	s.MatMul[PanelS32], s.MatMul[PanelS16] = matmulS32DotProd, matmulS16DotProd
}

// matmulI8MM replaces the integer products of a NEON set by those with SMMLA, and SDOT for single activation rows.
func matmulI8MM(s *Set) {
	s.MatMul[PanelQ8], s.MatMul[PanelQ4] = matmulQ8I8MM, matmulQ4I8MM
	s.MatMul[PanelQ4K], s.MatMul[PanelQ5K], s.MatMul[PanelQ6K] = matmulQ4KI8MM, matmulQ5KI8MM, matmulQ6KI8MM
	s.MatMul[PanelS32], s.MatMul[PanelS16] = matmulS32I8MM, matmulS16I8MM
}
