package sample

import (
	"math"
	"slices"
	"sort"
	"testing"
)

// This file is the definition of each sampler written down as plainly as possible: full sorts, math.Exp, maps. It
// shares no code with the package.

type naiveTok struct {
	id int
	x  float64
}

// naive holds the candidates, best first, between steps of the chain.
type naive []naiveTok

func newNaive(logits []float32) naive {
	var c naive
	for id, v := range logits {
		if v > float32(math.Inf(-1)) {
			c = append(c, naiveTok{id, float64(v)})
		}
	}
	c.sortByLogit()
	return c
}

func (c naive) sortByLogit() {
	sort.Slice(c, func(i, j int) bool { return c[i].x > c[j].x || c[i].x == c[j].x && c[i].id < c[j].id })
}

func (c naive) probs(t float64) []float64 {
	p, sum, top := make([]float64, len(c)), 0.0, math.Inf(-1)
	for _, k := range c {
		top = math.Max(top, k.x)
	}
	for i, k := range c {
		p[i] = math.Exp((k.x - top) / t)
		sum += p[i]
	}
	for i := range p {
		p[i] /= sum
	}
	return p
}

func (c naive) entropy() float64 {
	h := 0.0
	for _, p := range c.probs(1) {
		if p > 0 {
			h -= p * math.Log(p)
		}
	}
	return h
}

func (c naive) keep(n, minKeep int) naive { return c[:min(len(c), max(n, minKeep, 1))] }

func (c naive) topP(p float64, minKeep int) naive {
	sum := 0.0
	for i, q := range c.probs(1) {
		if sum += q; sum >= p {
			return c.keep(i+1, minKeep)
		}
	}
	return c
}

func (c naive) minP(p float64, minKeep int) naive {
	n, q := 0, c.probs(1)
	for n < len(c) && q[n] >= p*q[0]*(1-1e-12) {
		n++
	}
	return c.keep(n, minKeep)
}

func (c naive) sigma(n float64, minKeep int) naive {
	mean, v := 0.0, 0.0
	for _, k := range c {
		mean += k.x / float64(len(c))
	}
	for _, k := range c {
		v += (k.x - mean) * (k.x - mean) / float64(len(c))
	}
	m := 0
	for m < len(c) && c[m].x >= c[0].x-n*math.Sqrt(v) {
		m++
	}
	return c.keep(m, minKeep)
}

func (c naive) typical(p float64, minKeep int) naive {
	h := c.entropy()
	q := c.probs(1)
	order := make([]int, len(c))
	score := make([]float32, len(c))
	for i := range c {
		order[i] = i
		score[i] = float32(math.Abs(-math.Log(q[i]) - h))
	}
	sort.Slice(order, func(a, b int) bool {
		i, j := order[a], order[b]
		return score[i] < score[j] || score[i] == score[j] && c[i].id < c[j].id
	})
	sum := 0.0
	var out naive
	for _, i := range order {
		if sum >= p && len(out) >= minKeep {
			break
		}
		out = append(out, c[i])
		sum += q[i]
	}
	out.sortByLogit()
	return out
}

func (c naive) xtc(threshold float64, minKeep int) naive {
	n := 0
	for _, q := range c.probs(1) {
		if q >= threshold {
			n++
		}
	}
	if n < 2 || len(c)-(n-1) < max(minKeep, 1) {
		return c
	}
	return c[n-1:]
}

func (c naive) temperature(p Params) float64 {
	d := p.DynamicTemperature
	if d.Range == 0 || len(c) == 1 {
		return p.Temperature
	}
	e := d.Exponent
	if e == 0 {
		e = 1
	}
	lo := math.Max(0, p.Temperature-d.Range)
	return lo + (p.Temperature+d.Range-lo)*math.Pow(c.entropy()/math.Log(float64(len(c))), e)
}

func (c naive) dist(p Params) map[int]float64 {
	t := c.temperature(p)
	if t < 1e-6 {
		return map[int]float64{c[0].id: 1}
	}
	out := map[int]float64{}
	probs := c.probs(t)
	if a := p.AdaptiveP.Target; a > 0 { // the first token: the mean is the target
		probs = naiveAdaptive(probs, a)
	}
	for i, q := range probs {
		out[c[i].id] = q
	}
	return out
}

// naiveChain returns the distribution over ids without and with XTC taking effect. logits are adjusted already.
func naiveChain(p Params, logits []float32) (without, with map[int]float64) {
	c, k := newNaive(logits), max(p.MinKeep, 1)
	if p.TopNSigma > 0 {
		c = c.sigma(p.TopNSigma, k)
	}
	if p.TopK > 0 {
		c = c.keep(p.TopK, k)
	}
	if p.TypicalP > 0 && p.TypicalP < 1 {
		c = c.typical(p.TypicalP, k)
	}
	if p.TopP > 0 && p.TopP < 1 {
		c = c.topP(p.TopP, k)
	}
	if p.MinP > 0 {
		c = c.minP(p.MinP, k)
	}
	thr := p.XTC.Threshold
	if thr == 0 {
		thr = 0.1
	}
	return c.dist(p), c.xtc(thr, k).dist(p)
}

// naiveAdjust applies bias, bans, penalties and DRY.
func naiveAdjust(p Params, text []int32, logits []float32) []float32 {
	x := slices.Clone(logits)
	for id, b := range p.LogitBias {
		x[id] += b
	}
	for _, id := range p.Banned {
		x[id] = float32(math.Inf(-1))
	}
	n := p.PenaltyLastN
	if n == 0 {
		n = 64
	}
	if n < 0 || n > len(text) {
		n = len(text)
	}
	counts := map[int32]int{}
	for _, id := range text[len(text)-n:] {
		counts[id]++
	}
	r := p.RepetitionPenalty
	if r == 0 {
		r = 1
	}
	for id, k := range counts {
		v := float64(x[id])
		if v > 0 {
			v /= r
		} else {
			v *= r
		}
		x[id] = float32(v - float64(k)*p.FrequencyPenalty - p.PresencePenalty)
	}
	if p.DRY.Multiplier > 0 {
		naiveDRY(p.DRY, text, x)
	}
	return x
}

// naiveAdaptive is the transform of llama.cpp for the target a that is adapted already.
func naiveAdaptive(probs []float64, a float64) []float64 {
	q, sum := make([]float64, len(probs)), 0.0
	for i, p := range probs {
		d := math.Abs((p - a) / 0.3)
		q[i] = math.Exp(5 - 10*d*d/(1+d))
		sum += q[i]
	}
	for i := range q {
		q[i] /= sum
	}
	return q
}

func naiveDRY(d DRY, text []int32, x []float32) {
	if d.Base == 0 {
		d.Base = 1.75
	}
	if d.AllowedLength == 0 {
		d.AllowedLength = 2
	}
	if d.LastN > 0 && d.LastN < len(text) {
		text = text[len(text)-d.LastN:]
	}
	limit := len(text)
	single := map[int32]bool{}
	for _, b := range d.Breakers {
		if len(b) == 1 {
			single[b[0]] = true
		}
		for end := len(b); end <= len(text); end++ {
			if slices.Equal(text[end-len(b):end], b) {
				limit = min(limit, len(text)-end)
			}
		}
	}
	best := map[int32]int{}
	for next := 1; next < len(text); next++ {
		m := 0
		for m < next && text[next-1-m] == text[len(text)-1-m] {
			m++
		}
		best[text[next]] = max(best[text[next]], min(m, limit))
	}
	for id, m := range best {
		if m >= d.AllowedLength && !single[id] {
			x[id] = float32(float64(x[id]) - d.Multiplier*math.Pow(d.Base, float64(m-d.AllowedLength)))
		}
	}
}

// chiSquare returns Pearson's statistic of counts against the distribution want, and the value that it exceeds by
// chance once in a million (Wilson and Hilferty's approximation). Bins with less than 5 expected are merged.
func chiSquare(counts map[int]int, want map[int]float64) (stat, limit float64) {
	total := 0
	for _, n := range counts {
		total += n
	}
	ids := make([]int, 0, len(want))
	for id := range want {
		ids = append(ids, id)
	}
	sort.Slice(ids, func(i, j int) bool { return want[ids[i]] > want[ids[j]] })
	bins, e, o := 0, 0.0, 0.0
	add := func() {
		stat += (o - e) * (o - e) / e
		bins, e, o = bins+1, 0, 0
	}
	for _, id := range ids {
		e += want[id] * float64(total)
		o += float64(counts[id])
		if e >= 5 {
			add()
		}
	}
	if e > 1e-3 {
		add()
	}
	k := math.Max(float64(bins-1), 1)
	const z = 4.753 // normal quantile of 1 - 1e-6
	limit = k * math.Pow(1-2/(9*k)+z*math.Sqrt(2/(9*k)), 3)
	return stat, limit
}

func draws(t *testing.T, s *Sampler, logits []float32, n int) map[int]int {
	t.Helper()
	counts := map[int]int{}
	for range n {
		c, err := s.Sample(logits)
		if err != nil {
			t.Fatal(err)
		}
		counts[int(c.ID)]++
	}
	return counts
}
