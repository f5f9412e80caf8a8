package sample

import "slices"

// zipfTokens is the number of most probable tokens from which version 1 estimates the exponent of Zipf's law
// (m in arXiv:2007.14966, section 4; 100 there and in llama.cpp).
const zipfTokens = 100

// mirostat draws at temperature t from the candidates that the surprise bound mu, in bits, leaves, and returns the
// token, its probability and the next mu. All tokens are candidates, or ids hold all of them.
func (c *candidates) mirostat(p *Params, t, mu, u float64) (id int32, prob, next float64) {
	if p.Mirostat.Version == MirostatV1 {
		c.keepTop(c.zipfTopK(t, mu))
	} else {
		c.surpriseAtMost(t, mu)
	}
	id, prob = c.draw(t, u)
	surprise := -logOf(prob) / ln2
	return id, prob, mu - float64(p.Mirostat.Eta*(surprise-p.Mirostat.Tau))
}

const ln2 = 0.69314718055994530942

// surpriseAtMost keeps the tokens with -log2 p_i <= mu at temperature t, that is x_i >= max x + t·(ln Z - mu·ln 2), and
// the most probable one.
func (c *candidates) surpriseAtMost(t, mu float64) {
	if t < minTemperature {
		return
	}
	c.all = true
	total := c.sumAll(stepsPerNat / t)
	c.gather(c.top + float64(t*(logOf(total)-float64(mu*ln2))))
	if len(c.ids) == 0 {
		c.all = true
		c.keepTop(1)
	}
}

// zipfTopK returns the k of version 1 for vocabulary size N, with ŝ from the tokens of ranks 1 to m at temperature t:
//
//	b_i = ln(p_i/p_(i+1)),  t_i = ln((i+1)/i),  ŝ = Σ t_i·b_i / Σ t_i²,  ε = ŝ-1
//	k = (ε·2^mu / (1 - N^-ε))^(1/ŝ)
//
// For ε → 0 the quotient is 2^mu/ln N. k is at least 1 and at most N, and is one of the two for ŝ = 0.
func (c *candidates) zipfTopK(t, mu float64) int {
	if t < minTemperature {
		return 1
	}
	c.keepTop(zipfTokens)
	c.list()
	c.keys = c.keys[:0]
	for _, id := range c.ids {
		c.keys = append(c.keys, keyOf(c.x[id], id))
	}
	slices.Sort(c.keys)
	c.all = true
	n := min(len(c.keys), zipfTokens)
	if n < 2 {
		return 1
	}
	var tb, tt float64
	for i := range n - 1 {
		rank := logOf(float64(i+2) / float64(i+1))
		step := (float64(c.x[idOf(c.keys[i])]) - float64(c.x[idOf(c.keys[i+1])])) / t
		tb += float64(rank * step)
		tt += float64(rank * rank)
	}
	s := tb / tt
	lnN := logOf(float64(len(c.x)))
	quotient := 1 / lnN
	if e := s - 1; e > 1e-9 || e < -1e-9 {
		quotient = e / (1 - expOf(-e*lnN))
	}
	// ln k = (mu·ln 2 + ln quotient)/ŝ, which cannot overflow.
	lnK := float64(mu*ln2) + logOf(quotient)
	switch {
	case lnK <= 0:
		return 1
	case lnK >= float64(s*lnN):
		return len(c.x)
	}
	return max(1, int(expOf(lnK/s)))
}
