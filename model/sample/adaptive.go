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
	// adaptiveFew is a probability whose square does not matter: nearness is straight up to it, to 1e-9, so that all tokens
	// below have one mean nearness and are drawn alike.
	adaptiveFew = 1e-6
)

// nearness is the weight of a token with probability p when the draw aims at aim, and its derivative by p.
func nearness(p, aim float64) (w, slope float64) {
	d := math.Abs(p-aim) / adaptiveWidth
	w = expOf(-adaptiveSharpness * float64(d*d) / (1 + d))
	slope = float64(w*(adaptiveSharpness/adaptiveWidth)) * (float64(d*(2+d)) / float64((1+d)*(1+d)))
	if p > aim {
		slope = -slope
	}
	return w, slope
}

// adaptive draws near the probability aim at temperature t (see [AdaptiveP]). It returns the token, its probability
// after the transform, and that before it.
func (c *candidates) adaptive(t, aim, u float64) (id int32, prob, before float64) {
	if t < minTemperature {
		return c.first(), 1, 1
	}
	all, top := c.all, c.greatest()
	bound, total := math.Inf(-1), 0.0
	if c.all && c.count() {
		total = c.sumAll(stepsPerNat / t)
		bound = c.top + float64(t*logOf(total*adaptiveFew))
		c.gather(bound)
	}
	c.list()
	c.weights = c.weights[:0]
	sum := 0.0
	for _, id := range c.ids {
		w := expOf((float64(c.x[id]) - top) / t)
		c.weights = append(c.weights, w)
		sum += w
	}
	left := 0.0 // the probability of the tokens below the bound
	if total == 0 {
		total = sum
	} else {
		left = max(total-sum, 0) / total
	}
	sum = 0
	for i, w := range c.weights {
		w, _ = nearness(w/total, aim)
		c.weights[i] = w
		sum += w
	}
	many, each := 0, 0.0
	if all && !math.IsInf(bound, -1) {
		many = c.cells.n - len(c.ids)
	}
	if many > 0 {
		w, slope := nearness(0, aim)
		each = w + float64(slope*(left/float64(many)))
	}
	norm := sum + float64(each*float64(many))
	if limit := float64(u * norm); limit >= sum && many > 0 {
		id = c.below(bound, min(int((limit-sum)/each), many-1))
	} else {
		id = c.ids[c.pick(u*(norm/sum), sum)]
	}
	before = expOf((float64(c.x[id])-top)/t) / total
	prob, _ = nearness(before, aim)
	return id, prob / norm, before
}

// below returns the token number n, from 0, of those with logits below bound and above -Inf.
func (c *candidates) below(bound float64, n int) int32 {
	last := 0
	for i, v := range c.x {
		if float64(v) < bound && v > negInf {
			last = i
			if n--; n < 0 {
				break
			}
		}
	}
	return int32(last)
}
