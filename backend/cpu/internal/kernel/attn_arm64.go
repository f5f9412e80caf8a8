//go:build !purego

package kernel

// attentionNEON replaces the attention kernels of s by those for NEON.
func attentionNEON(s *Set) {
	s.Scores = [NumCacheFormats]func(a *ScoresArgs){
		CacheF16: scoresF16NEON, CacheF32: scoresF32NEON, CacheQ8_0: scoresQ8NEON, CacheQ4_0: scoresQ4NEON,
	}
	s.Softmax = softmaxNEON
	s.Values = [NumCacheFormats]func(a *ValuesArgs){
		CacheF16: valuesF16NEON, CacheF32: valuesF32NEON, CacheQ8_0: valuesQ8NEON, CacheQ4_0: valuesQ4NEON,
	}
}
