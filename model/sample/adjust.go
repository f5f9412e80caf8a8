package sample

import "math"

// bias is one entry of Params.LogitBias.
type bias struct {
	id    int32
	value float32
}

// adjust returns logits with mask, bias, bans and penalties applied. It returns logits itself if there is nothing to
// apply, and otherwise a copy in s.work.
func (s *Sampler) adjust(logits []float32, mask []uint64) []float32 {
	penalties := len(s.hist.distinct) > 0
	dry := s.dry != nil && len(s.hist.last(s.p.DRY.LastN)) > s.p.DRY.AllowedLength
	if mask == nil && len(s.bias) == 0 && len(s.p.Banned) == 0 && !penalties && !dry {
		return logits
	}
	x := s.buffer()
	if mask == nil {
		copy(x, logits)
	} else {
		applyMask(x, logits, mask)
	}
	for _, b := range s.bias {
		x[b.id] += b.value
	}
	for _, id := range s.p.Banned {
		x[id] = negInf
	}
	if penalties {
		s.penalize(x)
	}
	if dry {
		s.dry.penalize(x, &s.p.DRY, s.hist.last(s.p.DRY.LastN))
	}
	return x
}

// buffer returns s.work, which has one element a token.
func (s *Sampler) buffer() []float32 {
	if s.work == nil {
		s.work = make([]float32, s.vocab)
	}
	return s.work
}

// applyMask copies the logits whose bit is set and makes the others -Inf.
func applyMask(x, logits []float32, mask []uint64) {
	for w := 0; w*64 < len(x); w++ {
		m := mask[w]
		dst := x[w*64 : min(w*64+64, len(x))]
		src := logits[w*64 : min(w*64+64, len(x))]
		if m == math.MaxUint64 {
			copy(dst, src)
			continue
		}
		for i := range dst {
			dst[i] = negInf
		}
		for i := 0; m != 0 && i < len(dst); i, m = i+1, m>>1 {
			if m&1 != 0 {
				dst[i] = src[i]
			}
		}
	}
}

// penalize applies, to every token that occurs n > 0 times in the window,
//
//	x = x/R if x > 0, else x·R;  x = x - (n·Frequency + Presence)
//
// in float64, rounded once (llama.cpp, llama_sampler_penalties_apply).
func (s *Sampler) penalize(x []float32) {
	r, f, p := s.p.RepetitionPenalty, s.p.FrequencyPenalty, s.p.PresencePenalty
	s.hist.each(func(id int32, n int) {
		v := float64(x[id])
		if v > 0 {
			v /= r
		} else {
			v = float64(v * r)
		}
		v -= float64(float64(n)*f) + p
		x[id] = lower(x[id], v)
	})
}

// lower returns v as a float32. A finite logit stays finite, so that a penalty cannot ban a token.
func lower(old float32, v float64) float32 {
	if old == negInf || math.IsInf(float64(old), 1) {
		return old
	}
	return float32(max(-math.MaxFloat32, min(v, math.MaxFloat32)))
}
