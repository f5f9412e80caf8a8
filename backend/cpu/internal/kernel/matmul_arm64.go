//go:build !purego

package kernel

// matmulNEON replaces the products of s by those for NEON.
func matmulNEON(s *Set) {
	s.MatMul = [NumLayouts]func(a *MatMulArgs){
		PanelF32: matmulF32NEON, PanelF16: matmulF16NEON, PanelBF16: matmulBF16NEON,
		PanelQ8: matmulQ8NEON, PanelQ4: matmulQ4NEON,
		PanelQ4K: matmulQ4KNEON, PanelQ5K: matmulQ5KNEON, PanelQ6K: matmulQ6KNEON,
		PanelQ2K: matmulQ2KNEON, PanelQ3K: matmulQ3KNEON,
		PanelT4: matmulT4NEON, PanelT3: matmulT3NEON, PanelT3H: matmulT3HNEON,
		PanelQ2: matmulQ2NEON, PanelNVFP4: matmulNVFP4NEON,
		PanelIQ4NL: matmulIQ4NLNEON, PanelMXFP4: matmulMXFP4NEON,
		PanelQ41: matmulQ41NEON, PanelQ50: matmulQ50NEON, PanelQ51: matmulQ51NEON,
	}
}

// matmulDotProd replaces the integer products of a NEON set by those with SDOT.
func matmulDotProd(s *Set) {
	s.MatMul[PanelQ8], s.MatMul[PanelQ4] = matmulQ8DotProd, matmulQ4DotProd
	s.MatMul[PanelQ4K], s.MatMul[PanelQ5K], s.MatMul[PanelQ6K] = matmulQ4KDotProd, matmulQ5KDotProd, matmulQ6KDotProd
	s.MatMul[PanelQ2K], s.MatMul[PanelQ3K] = matmulQ2KDotProd, matmulQ3KDotProd
	s.MatMul[PanelT4], s.MatMul[PanelT3], s.MatMul[PanelT3H] = matmulT4DotProd, matmulT3DotProd, matmulT3HDotProd
	s.MatMul[PanelQ2], s.MatMul[PanelNVFP4] = matmulQ2DotProd, matmulNVFP4DotProd
	s.MatMul[PanelIQ4NL], s.MatMul[PanelMXFP4] = matmulIQ4NLDotProd, matmulMXFP4DotProd
	s.MatMul[PanelQ41], s.MatMul[PanelQ50], s.MatMul[PanelQ51] = matmulQ41DotProd, matmulQ50DotProd, matmulQ51DotProd
}

// matmulI8MM replaces the integer products of a NEON set by those with SMMLA, and SDOT for single activation rows.
func matmulI8MM(s *Set) {
	s.MatMul[PanelQ8], s.MatMul[PanelQ4] = matmulQ8I8MM, matmulQ4I8MM
	s.MatMul[PanelQ4K], s.MatMul[PanelQ5K], s.MatMul[PanelQ6K] = matmulQ4KI8MM, matmulQ5KI8MM, matmulQ6KI8MM
	s.MatMul[PanelQ2K], s.MatMul[PanelQ3K] = matmulQ2KI8MM, matmulQ3KI8MM
	s.MatMul[PanelT4], s.MatMul[PanelT3], s.MatMul[PanelT3H] = matmulT4I8MM, matmulT3I8MM, matmulT3HI8MM
	s.MatMul[PanelQ2], s.MatMul[PanelNVFP4] = matmulQ2I8MM, matmulNVFP4I8MM
	s.MatMul[PanelIQ4NL], s.MatMul[PanelMXFP4] = matmulIQ4NLI8MM, matmulMXFP4I8MM
	s.MatMul[PanelQ41], s.MatMul[PanelQ50], s.MatMul[PanelQ51] = matmulQ41I8MM, matmulQ50I8MM, matmulQ51I8MM
}
