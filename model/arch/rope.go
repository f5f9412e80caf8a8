package arch

import (
	"math"

	"github.com/seed64708441/ember/ops"
)

// rope reads the rotation. Base frequencies are base^(-2i/n) (Su et al. 2021). Llama 3 files divide them by factors
// stored in a tensor, linear scaling divides all by one factor (Chen et al. 2023), YaRN only the slow ones (Peng et
// al. 2023).
func (r *reader) rope(c *Config, interleaved bool) ops.Rope {
	n := r.intOr("rope.dimension_count", 0, c.KeySize, c.KeySize)
	if n%2 != 0 {
		r.problem("rotation of %d elements of a head: want an even number", n)
		n = 0
	}
	base := r.floatOr("rope.freq_base", 10000, positive, "a positive number") // the convention's default
	freqs := make([]float64, n/2)
	for i := range freqs {
		freqs[i] = math.Pow(base, -float64(2*i)/float64(n))
	}
	for i, f := range r.constants("rope_freqs.weight", n/2) {
		if !(f > 0) || math.IsInf(float64(f), 0) {
			r.problem("tensor %q has %v at %d: want positive numbers", "rope_freqs.weight", f, i)
			break
		}
		freqs[i] /= float64(f)
	}
	rope := ops.Rope{Freqs: freqs, Interleaved: interleaved}
	r.scaling(c, &rope, base)
	if m := r.floatOr("rope.scaling.attn_factor", 1, positive, "a positive number"); m != 1 {
		rope.Magnitude = m * rope.Scale()
	}
	return rope
}

// scaling applies the named rule; a file that names none but gives a factor means the linear one.
func (r *reader) scaling(c *Config, rope *ops.Rope, base float64) {
	factor := r.ropeFactor()
	switch kind := r.stringOr("rope.scaling.type", "linear"); kind {
	case "none":
	case "linear":
		for i := range rope.Freqs {
			rope.Freqs[i] /= factor
		}
	case "yarn":
		r.yarn(c, rope, base, factor)
	default:
		r.problem("key %q is %q: want none, linear or yarn", r.arch+".rope.scaling.type", kind)
	}
}

// ropeFactor reads the factor under its name or its older one; zero means 1 by convention.
func (r *reader) ropeFactor() float64 {
	name := "rope.scaling.factor"
	if !r.has(name) {
		name = "rope.scale_linear"
	}
	f := r.floatOr(name, 1, notNegative, "a number that is not negative")
	if f == 0 {
		return 1
	}
	return f
}

// yarn divides the frequencies that turn less than slow times over the original context by factor, leaves those that
// turn more than fast times, blends between, and lengthens queries and keys.
func (r *reader) yarn(c *Config, rope *ops.Rope, base, factor float64) {
	original := float64(r.intOr("rope.scaling.original_context_length", 1, maxContext, c.Context))
	fast := r.floatOr("rope.scaling.yarn_beta_fast", 32, positive, "a positive number")
	slow := r.floatOr("rope.scaling.yarn_beta_slow", 1, positive, "a positive number")
	share := r.floatOr("rope.scaling.yarn_ext_factor", 1, func(v float64) bool { return v <= 1 }, "at most 1")
	if share < 0 { // the convention: negative is not set
		share = 1
	}
	if base == 1 {
		r.problem("key %q is 1: YaRN needs frequencies that differ", r.arch+".rope.freq_base")
		return
	}
	n := 2 * len(rope.Freqs)
	pair := func(turns float64) float64 { // the pair that turns so many times over the original context
		return float64(n) * math.Log(original/(turns*2*math.Pi)) / (2 * math.Log(base))
	}
	low, high := max(math.Floor(pair(fast)), 0), min(math.Ceil(pair(slow)), float64(n-1))
	for i, f := range rope.Freqs {
		keep := share * (1 - min(max((float64(i)-low)/max(high-low, 0.001), 0), 1))
		rope.Freqs[i] = f/factor*(1-keep) + f*keep
	}
	if share > 0 {
		rope.Magnitude = r.yarnMagnitude(factor)
	}
}

// yarnMagnitude is 0.1 ln(factor) + 1, unless the file gives it, or a second weight that divides it (DeepSeek's
// mscale_all_dim). llama.cpp overwrites the given one; transformers, where it comes from, uses it.
func (r *reader) yarnMagnitude(factor float64) float64 {
	mscale := func(weight float64) float64 {
		if factor <= 1 {
			return 1
		}
		return 0.1*weight*math.Log(factor) + 1
	}
	all := r.floatOr("rope.scaling.yarn_log_multiplier", 0, notNegative, "a number that is not negative")
	m := mscale(1)
	if all != 0 {
		m /= mscale(all)
	}
	return r.floatOr("rope.scaling.yarn_attn_factor", m, positive, "a positive number")
}
