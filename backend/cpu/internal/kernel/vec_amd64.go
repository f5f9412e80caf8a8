//go:build !purego

package kernel

// vectorAVX2 replaces the vector kernels of s by those for AVX2, FMA and F16C.
func vectorAVX2(s *Set) {
	s.Quantize[ActQ32] = quantizeQ32AVX2
	s.Quantize[ActQ256] = quantizeQ256AVX2
	s.RMSNorm = rmsNormAVX2
	s.Add = addAVX2
	s.SiLUMul = siluMulAVX2
	s.F32ToF16 = f32ToF16AVX2
	s.F16ToF32 = f16ToF32AVX2
	s.Rotate = rotateAVX2
}

// vectorAVX512 replaces those vector kernels of an AVX2 set that gain from AVX-512 (F, VL, BW, DQ) and BMI2.
func vectorAVX512(s *Set) {
	s.RMSNorm = rmsNormAVX512
	s.Add = addAVX512
	s.SiLUMul = siluMulAVX512
	s.F32ToF16 = f32ToF16AVX512
	s.F16ToF32 = f16ToF32AVX512
}
