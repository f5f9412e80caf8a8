package sample

import "math"

// adaptive is what AdaptiveP remembers.
type adaptive struct {
	mean float64 // moving mean of the probabilities of accepted choices
	// prob is the probability before the transform of the last choice, id, until the next token is accepted; 0 if
	// there is none.
	prob float64
	id   int32
}

// accept moves the mean if id is the last choice (llama.cpp, llama_sampler_adaptive_p_accept). Its two sums start at
// their limits, so that their quotient is the mean with constant weights.
func (a *adaptive) accept(id int32, decay float64) {
	if a.prob > 0 && a.id == id {
		a.mean = float64((1-decay)*a.prob) + float64(decay*a.mean)
	}
	a.prob = 0
}

// aim returns the probability to draw near.
func (a *adaptive) aim(target float64) float64 { return min(max(2*target-a.mean, 0), 1) }

// Constants of the transform (llama.cpp, llama_sampler_adaptive_p_apply). The peak value of the logits, 5 there, cancels out.
const (
	adaptiveWidth     = 0.3
	adaptiveSharpness = 10
)

// adaptive draws near the probability aim at temperature t (see [AdaptiveP]). It returns the token, its probability
// after the transform, and that before it.
func (c *candidates) adaptive(t, aim, u float64) (id int32, prob, before float64) {
	c.list()
	if t < minTemperature {
		return c.first(), 1, 1
	}
	top, total := c.greatest(), 0.0
	c.weights = c.weights[:0]
	for _, id := range c.ids {
		w := expOf((float64(c.x[id]) - top) / t)
		c.weights = append(c.weights, w)
		total += w
	}
	sum := 0.0
	for i, w := range c.weights {
		d := math.Abs(w/total-aim) / adaptiveWidth
		w = expOf(-adaptiveSharpness * float64(d*d) / (1 + d))
		c.weights[i] = w
		sum += w
	}
	chosen := c.pick(u, sum)
	id = c.ids[chosen]
	return id, c.weights[chosen] / sum, expOf((float64(c.x[id])-top)/t) / total
}
