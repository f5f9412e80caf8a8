package sample

import (
	"math"
	"slices"
)

// truncate runs the truncation samplers that p switches on, in the order of the package comment, and XTC if its random
// number u is below the probability. Probabilities are those of the candidates left by the sampler before.
func (c *candidates) truncate(p *Params, u float64) {
	if p.TopNSigma > 0 {
		c.topNSigma(p.TopNSigma)
	}
	if p.TopK > 0 {
		c.keepTop(max(p.TopK, c.minKeep))
	}
	if p.typical() {
		c.typical(p.TypicalP)
	}
	if p.TopP > 0 && p.TopP < 1 {
		c.nucleus(p.TopP)
	}
	if p.MinP > 0 {
		// p_i >= MinP·max p where x_i >= max x + ln MinP. TypicalP may have removed the token that had c.top.
		c.keepAbove(c.greatest() + logOf(p.MinP))
	}
	if u < p.XTC.Probability {
		c.xtc(p.XTC.Threshold)
	}
}

func (p *Params) typical() bool { return p.TypicalP > 0 && p.TypicalP < 1 }

// greatest returns the greatest logit of the candidates.
func (c *candidates) greatest() float64 {
	if c.all {
		return c.top
	}
	m := negInf
	for _, id := range c.ids {
		m = max(m, c.x[id])
	}
	return float64(m)
}

// topNSigma keeps x_i >= max x - n·σ (Params.TopNSigma). It is the first sampler, so all tokens are candidates. Sums are
// of differences to some logit near the mean, so that their squares need no second pass.
func (c *candidates) topNSigma(n float64) {
	near := c.top
	if m := float64(slices.Min(c.blockTop)); m > math.Inf(-1) {
		near = m
	}
	var sum, square, sum1, square1 float64
	count := 0
	for i, v := range c.x {
		if !(v > negInf) {
			continue
		}
		d := float64(v) - near
		count++
		if i%2 == 0 {
			sum += d
			square += float64(d * d)
		} else {
			sum1 += d
			square1 += float64(d * d)
		}
	}
	mean := (sum + sum1) / float64(count)
	variance := (square+square1)/float64(count) - float64(mean*mean)
	c.keepAbove(c.top - float64(n*math.Sqrt(max(variance, 0))))
}

// nucleus keeps the shortest list of first tokens whose probabilities sum to at least p (Params.TopP).
func (c *candidates) nucleus(p float64) {
	total := c.sum()
	if c.all {
		// Tokens whose probability is below (1-p)/V have together less than 1-p, so the list ends before them. Half
		// of that leaves room for rounding.
		bound := c.top + logOf(total*((1-p)/float64(2*len(c.x))))
		if c.count() {
			bound = max(bound, c.boundOfMass(total*p))
		}
		c.keepAbove(bound)
	}
	c.list()
	c.keys = c.keys[:0]
	for _, id := range c.ids {
		c.keys = append(c.keys, keyOf(c.x[id], id))
	}
	c.keepMass(total * p)
}

// typical keeps the shortest list of tokens nearest in surprise to the entropy whose probabilities sum to at least p
// (Params.TypicalP). With d_i = x_i - max x and Z = Σ e^d_i, surprise is ln Z - d_i and the entropy is ln Z minus the
// mean of d under the probabilities; their distance is |mean - d_i|. It is compared as a float32, ties by lower id.
func (c *candidates) typical(p float64) {
	total, moment := c.moments()
	mean := moment / total
	lo, hi := math.Inf(-1), math.Inf(1)
	if c.all && c.count() {
		lo, hi = c.windowOfMass(c.top+mean, total*p)
	}
	if c.all {
		c.gather(lo)
	}
	c.keys = c.keys[:0]
	for _, id := range c.ids {
		if x := float64(c.x[id]); x <= hi {
			distance := float32(math.Abs(mean - (x - c.top)))
			c.keys = append(c.keys, uint64(math.Float32bits(distance))<<32|uint64(uint32(id)))
		}
	}
	c.keepMass(total * p)
}

// keepMass leaves the shortest prefix of the ascending c.keys whose weights sum to at least mass, and at least minKeep
// of them. The keys are partitioned around pivots as in selectKeys, with weights in place of counts.
func (c *candidates) keepMass(mass float64) {
	keys, lo, hi, before := c.keys, 0, len(c.keys), 0.0
	for round := 0; hi-lo > 32 && round < 64; round++ {
		p := lo + partition(keys[lo:hi]) + 1
		sum := before
		for _, k := range keys[lo:p] {
			sum += c.weight(idOf(k))
		}
		if sum >= mass {
			hi = p
		} else {
			lo, before = p, sum
		}
	}
	slices.Sort(keys[lo:hi])
	n := lo
	for n < hi && (before < mass || n == 0) {
		before += c.weight(idOf(keys[n]))
		n++
	}
	if n < c.minKeep && n < len(keys) {
		n = min(c.minKeep, len(keys))
		selectKeys(keys, n)
	}
	c.keys = keys[:n]
	c.takeKeys()
}

// xtc removes the candidates with probability >= threshold but for the last of them in the order, if minKeep
// candidates stay.
func (c *candidates) xtc(threshold float64) {
	least := float64(c.sum() * threshold)
	if c.all && c.count() {
		c.xtcAll(least)
		return
	}
	c.list()
	n, last := 0, uint64(0)
	for _, id := range c.ids {
		if c.weight(id) >= least {
			n++
			last = max(last, keyOf(c.x[id], id))
		}
	}
	if n < 2 || len(c.ids)-(n-1) < c.minKeep {
		return
	}
	c.ids = slices.DeleteFunc(c.ids, func(id int32) bool {
		return c.weight(id) >= least && keyOf(c.x[id], id) != last
	})
}

// xtcAll is xtc where all tokens are candidates, and leaves it at that: few tokens can reach the threshold.
func (c *candidates) xtcAll(least float64) {
	c.gather(c.top + logOf(max(least, math.SmallestNonzeroFloat64)) - 1e-6)
	c.all = true
	c.keys = c.keys[:0]
	for _, id := range c.ids {
		if c.weight(id) >= least {
			c.keys = append(c.keys, keyOf(c.x[id], id))
		}
	}
	if len(c.keys) < 2 || c.cells.n-(len(c.keys)-1) < c.minKeep {
		return
	}
	last := idOf(slices.Max(c.keys))
	x := c.edit()
	for _, k := range c.keys {
		if id := idOf(k); id != last {
			c.cells.remove(float64(x[id]))
			x[id] = negInf
		}
	}
	c.top = float64(x[last])
	for _, k := range c.keys {
		b := int(idOf(k)) / blockLen
		c.blockTop[b] = blockMax(x[b*blockLen : min(b*blockLen+blockLen, len(x))])
	}
}
