package sample

import (
	"fmt"
	"math"
	"slices"
)

// TokenLogProb is a token and the natural logarithm of its probability.
type TokenLogProb struct {
	ID      int32
	LogProb float32
}

// softmax is the normalisation of a row of logits: ln p_i = (x_i - top) - lnSum with lnSum = ln Σ e^(x_j - top).
type softmax struct{ top, lnSum float64 }

// maxOf returns the greatest logit, or -Inf if none is above it.
func maxOf(logits []float32) float64 {
	m := negInf
	for i := 0; i < len(logits); i += blockLen {
		if b := blockMax(logits[i:min(i+blockLen, len(logits))]); b > m {
			m = b
		}
	}
	return float64(m)
}

// newSoftmax sums in float64, in blocks and in the order that sumExp says. top is the greatest logit and above -Inf.
func newSoftmax(logits []float32, top float64) softmax {
	n := softmax{top: top}
	sum := 0.0
	switch {
	case math.IsInf(top, 1):
		for _, v := range logits {
			if float64(v) == top {
				sum++
			}
		}
	default:
		for i := 0; i < len(logits); i += blockLen {
			sum += sumExp(logits[i:min(i+blockLen, len(logits))], n.top, stepsPerNat)
		}
	}
	n.lnSum = logOf(sum)
	return n
}

// softmax is newSoftmax of the row that was scanned; see cellError for the sum of a long one.
func (c *candidates) softmax(logits []float32) softmax {
	if math.IsInf(c.top, 1) {
		return newSoftmax(logits, c.top)
	}
	return softmax{top: c.top, lnSum: logOf(c.sumAll(stepsPerNat))}
}

// logProb returns ln p of a token with logit v: -Inf for -Inf and NaN.
func (n softmax) logProb(v float32) float32 {
	switch {
	case !(v > negInf):
		return negInf
	case float64(v) == n.top:
		return float32(-n.lnSum)
	}
	return float32((float64(v) - n.top) - n.lnSum)
}

// LogProbs appends to dst the natural logarithms of the probabilities of ids under the model, the log-softmax of
// logits. The sum over the vocabulary is taken in float64 in a fixed order. A token with logit -Inf or NaN has -Inf. The
// error is a [*NoTokenError] if no logit is above -Inf, or names an id that has no logit.
func LogProbs(dst []float32, logits []float32, ids []int32) ([]float32, error) {
	for i, id := range ids {
		if id < 0 || int(id) >= len(logits) {
			return dst, fmt.Errorf("sample: LogProbs: ids[%d] is %d, want 0 to %d", i, id, len(logits)-1)
		}
	}
	top := maxOf(logits)
	if math.IsInf(top, -1) {
		return dst, noToken(logits, nil)
	}
	n := newSoftmax(logits, top)
	for _, id := range ids {
		dst = append(dst, n.logProb(logits[id]))
	}
	return dst, nil
}

// TopLogProbs appends to dst the n most probable tokens under the model, most probable first, with the natural
// logarithms of their probabilities. There are fewer if fewer have a logit above -Inf. It uses the scratch of the
// sampler and not its state. Errors are those of LogProbs.
func (s *Sampler) TopLogProbs(dst []TokenLogProb, logits []float32, n int) ([]TokenLogProb, error) {
	if len(logits) != s.vocab {
		return dst, fmt.Errorf("sample: TopLogProbs: got %d logits, want one for each of %d tokens", len(logits), s.vocab)
	}
	if n < 0 {
		return dst, fmt.Errorf("sample: TopLogProbs: n is %d, want at least 0", n)
	}
	c := &s.cand
	if c.scan(logits) < 0 {
		return dst, noToken(logits, nil)
	}
	if n == 0 {
		return dst, nil
	}
	soft := c.softmax(logits)
	c.keys = c.keys[:0]
	c.collect(c.boundOfTop(min(n, s.vocab)))
	if n < len(c.keys) {
		selectKeys(c.keys, n)
		c.keys = c.keys[:n]
	}
	slices.Sort(c.keys)
	for _, k := range c.keys {
		dst = append(dst, TokenLogProb{idOf(k), soft.logProb(logits[idOf(k)])})
	}
	return dst, nil
}
