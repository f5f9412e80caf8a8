package sample

import "math"

// weight is e^(x-top).
func (c *candidates) weight(id int32) float64 { return expOf(float64(c.x[id]) - c.top) }

// sum returns the sum of the weights of the candidates.
func (c *candidates) sum() float64 {
	if c.all {
		return c.sumAll(stepsPerNat)
	}
	total := 0.0
	for _, id := range c.ids {
		total += c.weight(id)
	}
	return total
}

// moments returns Z = Σ e^d and Σ d·e^d over the candidates, d being x - top. Rows too short for cells are listed.
func (c *candidates) moments() (total, moment float64) {
	if c.all {
		if h, ok := c.weighHead(stepsPerNat); ok {
			total, moment = h.sum, h.moment
			for i, id := range c.ids {
				moment += float64(c.weights[i] * (float64(c.x[id]) - c.top))
			}
			return total + h.rest, moment
		}
		if c.counted {
			for _, v := range c.x {
				d := float64(v) - c.top
				if t := float64(d * stepsPerNat); t >= expFloor {
					w := exp2Steps(t)
					total += w
					moment += float64(w * d)
				}
			}
			return total, moment
		}
		c.list()
	}
	for _, id := range c.ids {
		d := float64(c.x[id]) - c.top
		w := expOf(d)
		total += w
		moment += float64(w * d)
	}
	return total, moment
}

// head is the division of all tokens into those weighed one by one and the rest.
type head struct {
	bound  float64 // least logit of the head
	sum    float64 // weight of the head
	rest   float64 // weight of the others
	moment float64 // Σ weight·(x-top) of the others
}

// weighHead weighs all tokens at (x-top)·steps, those that matter one by one and the rest by their cells, so that the
// relative error of sum + rest is below cellError. It leaves the head in ids and weights, and all as it is. It reports
// false if there is no small head.
func (c *candidates) weighHead(steps float64) (h head, ok bool) {
	if !c.count() {
		return h, false
	}
	if h.bound, h.rest, h.moment, ok = c.cells.weigh(c.top, steps); !ok {
		return h, false
	}
	c.gather(h.bound)
	c.all = true
	c.weights = c.weights[:0]
	for _, id := range c.ids {
		w := 0.0
		if t := float64((float64(c.x[id]) - c.top) * steps); t >= expFloor {
			w = exp2Steps(t)
		}
		c.weights = append(c.weights, w)
		h.sum += w
	}
	return h, true
}

// sumAll returns the sum of e^((x-top)/T) over all tokens, T being stepsPerNat/steps.
func (c *candidates) sumAll(steps float64) float64 {
	if h, ok := c.weighHead(steps); ok {
		return h.sum + h.rest
	}
	return c.sumBlocks(steps)
}

// sumBlocks is sumAll with every token weighed, and leaves the sum of each block in c.sums.
func (c *candidates) sumBlocks(steps float64) float64 {
	c.sums = c.sums[:0]
	total := 0.0
	for i := 0; i < len(c.x); i += blockLen {
		s := sumExp(c.x[i:min(i+blockLen, len(c.x))], c.top, steps)
		c.sums = append(c.sums, s)
		total += s
	}
	return total
}

// edit returns x as a copy that may be changed.
func (c *candidates) edit() []float32 {
	if len(c.own) != len(c.x) || &c.own[0] != &c.x[0] {
		c.own = append(c.own[:0], c.x...)
		c.x = c.own
	}
	return c.own
}

// boundOfMass returns a logit such that tokens from it on have at least mass, and little more. sumAll has set the
// weights of the cells to those at temperature 1, which are never too great.
func (c *candidates) boundOfMass(mass float64) float64 {
	sum := 0.0
	for _, k := range c.cells.list {
		if sum += k.weight; sum > mass*(1+1e-9) {
			return k.lo
		}
	}
	return math.Inf(-1)
}

// windowOfMass returns the logits between which the tokens nearest to mid with at least mass lie, and at least minKeep
// of them. Weights are as in boundOfMass; cells are taken in the order of their far ends.
func (c *candidates) windowOfMass(mid, mass float64) (lo, hi float64) {
	l := c.cells.list
	down := 0
	for down < len(l) && l[down].lo > mid {
		down++
	}
	up := down - 1
	sum, n := 0.0, 0
	for up >= 0 || down < len(l) {
		farUp, farDown := math.Inf(1), math.Inf(1)
		if up >= 0 {
			farUp = l[up].lo + l[up].width - mid
		}
		if down < len(l) {
			farDown = max(mid-l[down].lo, l[down].lo+l[down].width-mid)
		}
		far, k := farUp, up
		if farDown < farUp {
			far, k = farDown, down
			down++
		} else {
			up--
		}
		n += l[k].n
		if sum += l[k].weight; sum > mass*(1+1e-9) && n >= c.minKeep {
			far += float64(far*1e-6) + 1e-30 // distances that are equal as float32
			return mid - far, mid + far
		}
	}
	return math.Inf(-1), math.Inf(1)
}

// drawAll is draw over all tokens, first those of the head and then the others.
func (c *candidates) drawAll(steps, u float64) (int32, float64) {
	h, ok := c.weighHead(steps)
	if !ok {
		id, w, total := c.drawBlocks(steps, u)
		return id, w / total
	}
	total := h.sum + h.rest
	if limit := float64(u * total); limit >= h.sum && h.rest > 0 {
		x := c.edit()
		for i, v := range x {
			if float64(v) >= h.bound {
				x[i] = negInf
			}
		}
		id, w, _ := c.drawBlocks(steps, (limit-h.sum)/h.rest)
		return id, w / total
	}
	i := c.pick(u*(total/h.sum), h.sum)
	return c.ids[i], c.weights[i] / total
}

// drawBlocks draws from all tokens and returns the token, its weight and the sum of weights. The block is found by the
// sums of the blocks, which sumExp adds in another order than the tokens are walked in; the last token with a weight
// takes what rounding leaves over.
func (c *candidates) drawBlocks(steps, u float64) (id int32, weight, total float64) {
	total = c.sumBlocks(steps)
	limit, before, sum, block := u*total, 0.0, 0.0, 0
	for b, s := range c.sums {
		if s > 0 {
			block, before = b, sum
		}
		if sum += s; sum > limit {
			break
		}
	}
	sum = before
	lo := block * blockLen
	for i, v := range c.x[lo:min(lo+blockLen, len(c.x))] {
		t := float64((float64(v) - c.top) * steps)
		if !(t >= expFloor) {
			continue
		}
		w := exp2Steps(t)
		id, weight = int32(lo+i), w
		if sum += w; sum > limit {
			break
		}
	}
	return id, weight, total
}
