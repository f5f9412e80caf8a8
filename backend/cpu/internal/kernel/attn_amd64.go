//go:build !purego

package kernel

// attentionAVX2 replaces the attention kernels of s by those for AVX2, FMA and F16C.
func attentionAVX2(s *Set) {
	s.Scores = [NumCacheFormats]func(a *ScoresArgs){
		CacheF16: scoresF16AVX2, CacheF32: scoresF32AVX2, CacheQ8_0: scoresQ8AVX2, CacheQ4_0: scoresQ4AVX2,
	}
	s.Softmax = softmaxAVX2
	s.Values = [NumCacheFormats]func(a *ValuesArgs){
		CacheF16: valuesF16AVX2, CacheF32: valuesF32AVX2, CacheQ8_0: valuesQ8AVX2, CacheQ4_0: valuesQ4AVX2,
	}
}

// attentionAVX512 replaces the attention kernels of s by those for AVX-512 (F, VL, BW, DQ) and BMI2.
func attentionAVX512(s *Set) {
	s.Scores = [NumCacheFormats]func(a *ScoresArgs){
		CacheF16: scoresF16AVX512, CacheF32: scoresF32AVX512, CacheQ8_0: scoresQ8AVX512, CacheQ4_0: scoresQ4AVX512,
	}
	s.Softmax = softmaxAVX512
	s.Values = [NumCacheFormats]func(a *ValuesArgs){
		CacheF16: valuesF16AVX512, CacheF32: valuesF32AVX512, CacheQ8_0: valuesQ8AVX512, CacheQ4_0: valuesQ4AVX512,
	}
}
