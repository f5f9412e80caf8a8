package sample

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
)

// Choice is a chosen token.
type Choice struct {
	ID int32
	// Prob is the probability with which the sampler chose the token, after everything Params asks for; 1 for greedy.
	Prob float32
	// LogProb is the natural logarithm of the token's probability under the model: the log-softmax of the logits as
	// given, before mask, bias, penalties and temperature. It is NaN unless Params.LogProb is set.
	LogProb float32
}

// Sampler chooses tokens and remembers what penalties, Mirostat and random numbers need. It is for one goroutine at a
// time. After the first calls Sample and Accept allocate nothing, except where a window of -1 lets the history grow.
type Sampler struct {
	p      Params // with defaults filled in
	vocab  int
	greedy bool
	bias   []bias

	// State of the text, which State, Restore, Clone and Reset are about.
	hist history
	rng  rand.PCG
	mu   float64 // Mirostat's bound in bits
	near adaptive

	dry  *dryState
	cand candidates
	work []float32
}

// New returns a sampler for rows of vocab logits. The error lists every problem of p, including token ids outside the
// vocabulary. What p points to is copied.
func New(p Params, vocab int) (*Sampler, error) {
	if vocab < 1 || vocab > math.MaxInt32 {
		return nil, fmt.Errorf("sample: vocabulary is %d, want 1 to %d", vocab, math.MaxInt32)
	}
	if err := p.validate(vocab); err != nil {
		return nil, err
	}
	p = p.withDefaults()
	p.Banned = slices.Clone(p.Banned)
	s := &Sampler{p: p, vocab: vocab, dry: newDRY(&p.DRY)}
	s.greedy = p.Temperature == 0 && p.DynamicTemperature.Range == 0 && !p.typical() && p.XTC.Probability == 0
	for _, id := range slices.Sorted(maps.Keys(p.LogitBias)) {
		s.bias = append(s.bias, bias{id, p.LogitBias[id]})
	}
	s.p.LogitBias, s.p.DRY.Breakers = nil, nil // held as bias and dry

	count, keep := 0, 0
	if p.RepetitionPenalty != 1 || p.PresencePenalty != 0 || p.FrequencyPenalty != 0 {
		count = p.PenaltyLastN
	}
	if s.dry != nil {
		keep = p.DRY.LastN
	}
	s.hist = newHistory(wider(count, keep), count, vocab)
	s.cand.minKeep = p.MinKeep
	s.Reset()
	return s, nil
}

// seedStream is the second seed word of PCG. Any constant does; it fixes the numbers that a seed gives.
const seedStream = 0x9e3779b97f4a7c15

// Reset makes the sampler as New left it: first random number, empty history.
func (s *Sampler) Reset() {
	s.hist.reset()
	s.rng.Seed(s.p.Seed, seedStream)
	s.mu = 2 * s.p.Mirostat.Tau
	s.near = adaptive{mean: s.p.AdaptiveP.Target}
}

// Clone returns an independent sampler in the same state: both give the same tokens for the same further calls.
func (s *Sampler) Clone() *Sampler {
	c := *s
	c.hist = s.hist.clone()
	c.dry = s.dry.clone()
	c.cand = candidates{minKeep: s.cand.minKeep}
	c.work = nil
	return &c
}

// Accept records tokens for the penalties and AdaptiveP, in the order of the text: those of the prompt, if penalties shall see
// them, and every token that is really used. Sample does not record what it chose. If an id is outside the vocabulary,
// nothing is recorded.
func (s *Sampler) Accept(ids ...int32) error {
	for i, id := range ids {
		if id < 0 || int(id) >= s.vocab {
			return fmt.Errorf("sample: Accept: token %d of %d is %d, want 0 to %d", i+1, len(ids), id, s.vocab-1)
		}
	}
	for _, id := range ids {
		s.hist.accept(id)
		s.near.accept(id, s.p.AdaptiveP.Decay)
	}
	return nil
}

// Sample chooses a token from one row of logits, which is only read. It takes one random number for XTC, if that is on,
// and one for the draw, unless Temperature and dynamic range are 0, whatever the logits are. The error is a
// [*NoTokenError] if every logit is -Inf, NaN or banned.
func (s *Sampler) Sample(logits []float32) (Choice, error) { return s.SampleMasked(logits, nil) }

// SampleMasked is Sample with only those tokens allowed whose bit is set: token i is bit i%64 of mask[i/64]. A nil mask
// allows all; bits beyond the vocabulary are ignored. It is the seam for grammars.
func (s *Sampler) SampleMasked(logits []float32, mask []uint64) (Choice, error) {
	if len(logits) != s.vocab {
		return Choice{}, fmt.Errorf("sample: got %d logits, want one for each of %d tokens", len(logits), s.vocab)
	}
	if words := (s.vocab + 63) / 64; mask != nil && len(mask) < words {
		return Choice{}, fmt.Errorf("sample: mask has %d words, want %d for %d tokens", len(mask), words, s.vocab)
	}
	x := s.adjust(logits, mask)
	var soft softmax
	if s.p.LogProb && &x[0] != &logits[0] && s.cand.scan(logits) >= 0 {
		soft = s.cand.softmax(logits)
	}
	best := s.cand.scan(x)
	if best < 0 {
		return Choice{}, noToken(logits, mask)
	}
	if s.p.LogProb && &x[0] == &logits[0] {
		soft = s.cand.softmax(logits)
	}
	c := Choice{ID: best, Prob: 1, LogProb: float32(math.NaN())}
	if !s.greedy {
		if math.IsInf(s.cand.top, 1) {
			s.spreadInf(x)
		}
		id, prob := s.choose()
		c.ID, c.Prob = id, float32(prob)
	}
	if s.p.LogProb {
		c.LogProb = soft.logProb(logits[c.ID])
	}
	return c, nil
}

// choose truncates and draws from the candidates that scan made.
func (s *Sampler) choose() (int32, float64) {
	c := &s.cand
	if s.p.Mirostat.Version != MirostatOff {
		t := c.temperature(&s.p)
		id, prob, mu := c.mirostat(&s.p, t, s.mu, s.uniform())
		s.mu = mu
		return id, prob
	}
	u := 1.0
	if s.p.XTC.Probability > 0 {
		u = s.uniform()
	}
	c.truncate(&s.p, u)
	if s.p.Temperature == 0 && s.p.DynamicTemperature.Range == 0 {
		return c.first(), 1
	}
	if s.p.AdaptiveP.Target > 0 {
		t, aim := c.temperature(&s.p), s.near.aim(s.p.AdaptiveP.Target)
		id, prob, before := c.adaptive(t, aim, s.uniform())
		s.near.id, s.near.prob = id, before
		return id, prob
	}
	return c.draw(c.temperature(&s.p), s.uniform())
}

// uniform returns the next random number: the top 53 bits of PCG's next 64, as a multiple of 2^-53 in [0, 1).
func (s *Sampler) uniform() float64 { return float64(s.rng.Uint64()>>11) / (1 << 53) }

// spreadInf makes the tokens with logit +Inf the only candidates, with logit 0.
func (s *Sampler) spreadInf(x []float32) {
	work := s.buffer()
	for i, v := range x {
		work[i] = negInf
		if math.IsInf(float64(v), 1) {
			work[i] = 0
		}
	}
	s.cand.scan(work)
}

// noToken finds out why there is no token.
func noToken(logits []float32, mask []uint64) error {
	e := &NoTokenError{Vocab: len(logits)}
	for i, v := range logits {
		if v > negInf {
			e.Finite++
			if mask == nil || mask[i/64]>>(i%64)&1 != 0 {
				e.Allowed++
			}
		}
	}
	return e
}
