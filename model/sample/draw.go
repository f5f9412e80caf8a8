package sample

import "math"

// temperature returns the temperature to draw at. With DynamicTemperature it depends on the candidates; see there.
func (c *candidates) temperature(p *Params) float64 {
	r := p.DynamicTemperature.Range
	if r == 0 {
		return p.Temperature
	}
	total, moment := c.moments()
	n := len(c.ids)
	if c.all {
		n = c.cells.n
	}
	if n == 1 {
		return p.Temperature
	}
	entropy := max(logOf(total)-moment/total, 0)
	share := min(entropy/logOf(float64(n)), 1)
	if e := p.DynamicTemperature.Exponent; e != 1 && share > 0 {
		share = expOf(e * logOf(share))
	}
	lo := max(0, p.Temperature-r)
	return lo + float64((p.Temperature+r-lo)*share)
}

// draw chooses candidate i with probability e^(x_i/T)/Σ e^(x_j/T): the first, in the order of ids, at which the running
// sum of weights exceeds u times their total. T below minTemperature chooses the first token of the order. It returns
// the token and its probability.
func (c *candidates) draw(t, u float64) (int32, float64) {
	if t < minTemperature {
		return c.first(), 1
	}
	if c.all {
		return c.drawAll(stepsPerNat/t, u)
	}
	top := c.greatest()
	c.weights = c.weights[:0]
	total := 0.0
	for _, id := range c.ids {
		w := expOf((float64(c.x[id]) - top) / t)
		c.weights = append(c.weights, w)
		total += w
	}
	chosen := c.pick(u, total)
	return c.ids[chosen], c.weights[chosen] / total
}

// pick returns the first index at which the running sum of c.weights exceeds u times their total. The last one with a
// weight takes what rounding leaves over.
func (c *candidates) pick(u, total float64) int {
	chosen, limit, sum := 0, u*total, 0.0
	for i, w := range c.weights {
		if w > 0 {
			chosen = i
		}
		if sum += w; sum > limit {
			break
		}
	}
	return chosen
}

// first returns the first candidate of the order.
func (c *candidates) first() int32 {
	if c.all {
		c.gather(c.top)
	}
	best := uint64(math.MaxUint64)
	for _, id := range c.ids {
		best = min(best, keyOf(c.x[id], id))
	}
	return idOf(best)
}
