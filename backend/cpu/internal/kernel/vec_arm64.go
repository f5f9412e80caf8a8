//go:build !purego

package kernel

// vectorNEON replaces the vector kernels of s by those for NEON.
func vectorNEON(s *Set) {
	s.Quantize[ActQ32] = quantizeQ32NEON
	s.Quantize[ActQ256] = quantizeQ256NEON
	s.RMSNorm = rmsNormNEON
	s.Add = addNEON
	s.SiLUMul = siluMulNEON
	s.F32ToF16 = f32ToF16NEON
	s.F16ToF32 = f16ToF32NEON
	s.Rotate = rotateNEON
}
