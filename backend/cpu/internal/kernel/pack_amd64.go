//go:build !purego

package kernel

import "github.com/seed64708441/ember/tensor"

// packAVX2 replaces the packers of s by those for AVX2.
func packAVX2(s *Set) {
	q4, halves := packer{32, packQ4AVX2}, packer{8, packF16AVX2}
	s.quick = true
	s.packers = [storedTypes]packer{
		tensor.F32: {4, packF32AVX2}, tensor.F16: halves, tensor.BF16: halves,
		tensor.Q8_0: {32, packQ8AVX2}, tensor.Q4_0: q4, tensor.IQ4_NL: q4, tensor.MXFP4: {32, packMXFP4AVX2},
		tensor.Q4_1: {32, packQ41AVX2}, tensor.Q5_0: {32, packQ50AVX2}, tensor.Q5_1: {32, packQ51AVX2},
		tensor.Q4_K: {256, packQ4KAVX2}, tensor.Q5_K: {256, packQ5KAVX2}, tensor.Q6_K: {256, packQ6KAVX2},
		tensor.Q2_K: {256, packQ2KAVX2}, tensor.Q3_K: {256, packQ3KAVX2}, tensor.IQ4_XS: {256, packIQ4XSAVX2},
		tensor.TQ2_0: {256, packTQ2AVX2}, tensor.Q2_0: {64, packQ2AVX2},
	}
}

// packAVX512 replaces the packers of s by those for AVX-512 (F, BW, DQ).
func packAVX512(s *Set) {
	q4, halves := packer{32, packQ4AVX512}, packer{8, packF16AVX512}
	s.quick = true
	s.packers = [storedTypes]packer{
		tensor.F32: {4, packF32AVX512}, tensor.F16: halves, tensor.BF16: halves,
		tensor.Q8_0: {32, packQ8AVX512}, tensor.Q4_0: q4, tensor.IQ4_NL: q4, tensor.MXFP4: {32, packMXFP4AVX512},
		tensor.Q4_1: {32, packQ41AVX512}, tensor.Q5_0: {32, packQ50AVX512}, tensor.Q5_1: {32, packQ51AVX512},
		tensor.Q4_K: {256, packQ4KAVX512}, tensor.Q5_K: {256, packQ5KAVX512}, tensor.Q6_K: {256, packQ6KAVX512},
		tensor.Q2_K: {256, packQ2KAVX512}, tensor.Q3_K: {256, packQ3KAVX512}, tensor.IQ4_XS: {256, packIQ4XSAVX512},
		tensor.TQ2_0: {256, packTQ2AVX512}, tensor.Q2_0: {64, packQ2AVX512},
	}
}
