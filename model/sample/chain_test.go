package sample

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func randomLogits(r *rand.Rand, vocab int, scale float64) []float32 {
	x := make([]float32, vocab)
	for i := range x {
		x[i] = float32(r.NormFloat64() * scale)
	}
	return x
}

func mustNew(t testing.TB, p Params, vocab int) *Sampler {
	t.Helper()
	s, err := New(p, vocab)
	require.NoError(t, err)
	return s
}

// samplers is one Params for every sampler and the usual combinations.
var samplers = map[string]Params{
	"temperature":       {Temperature: 1},
	"cold":              {Temperature: 0.4},
	"hot":               {Temperature: 2.5},
	"dynamic":           {Temperature: 1, DynamicTemperature: DynamicTemperature{Range: 0.7, Exponent: 1.5}},
	"dynamic from zero": {DynamicTemperature: DynamicTemperature{Range: 1.2}},
	"top-k":             {Temperature: 1, TopK: 7},
	"top-p":             {Temperature: 1, TopP: 0.8},
	"min-p":             {Temperature: 1.3, MinP: 0.1},
	"typical":           {Temperature: 1, TypicalP: 0.6},
	"top-n-sigma":       {Temperature: 1.5, TopNSigma: 1.2},
	"xtc":               {Temperature: 1, XTC: XTC{Probability: 0.5, Threshold: 0.08}},
	"xtc always":        {Temperature: 1, XTC: XTC{Probability: 1}},
	"common":            {Temperature: 0.8, TopK: 40, TopP: 0.95, MinP: 0.05},
	"everything": {Temperature: 0.9, TopNSigma: 3, TopK: 60, TypicalP: 0.95, TopP: 0.97, MinP: 0.01,
		XTC: XTC{Probability: 0.3}, DynamicTemperature: DynamicTemperature{Range: 0.3}, MinKeep: 3},
	"adaptive-p":       {Temperature: 1, MinP: 0.02, AdaptiveP: AdaptiveP{Target: 0.3}},
	"adaptive-p alone": {Temperature: 1.2, AdaptiveP: AdaptiveP{Target: 0.5}},
	"min keep":         {Temperature: 1, TopP: 0.01, MinKeep: 5},
}

func TestSamplersDrawTheirDistribution(t *testing.T) {
	const vocab, n = 300, 12000
	logits := randomLogits(rand.New(rand.NewPCG(3, 4)), vocab, 2)
	for name, p := range samplers {
		t.Run(name, func(t *testing.T) {
			p.Seed = 99
			without, with := naiveChain(p, logits)
			want := map[int]float64{}
			for id, q := range without {
				want[id] += (1 - p.XTC.Probability) * q
			}
			for id, q := range with {
				want[id] += p.XTC.Probability * q
			}
			counts := draws(t, mustNew(t, p, vocab), logits, n)
			for id := range counts {
				require.Contains(t, want, id, "token outside the candidates")
			}
			stat, limit := chiSquare(counts, want)
			require.LessOrEqual(t, stat, limit)
		})
	}
}

// The control: the same test refuses a distribution that is off by a tenth in temperature.
func TestChiSquareRefusesAWrongDistribution(t *testing.T) {
	logits := randomLogits(rand.New(rand.NewPCG(3, 4)), 300, 2)
	counts := draws(t, mustNew(t, Params{Temperature: 1}, 300), logits, 30000)
	want, _ := naiveChain(Params{Temperature: 1.1}, logits)
	stat, limit := chiSquare(counts, want)
	require.Greater(t, stat, limit)
}

// Random chains over random rows: the probability reported for the choice is the naive one to seven digits, so the
// candidates are the same set. Vocabularies reach over several blocks.
func TestChainAgreesWithDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	maybe := func(v float64) float64 {
		if r.IntN(2) == 0 {
			return 0
		}
		return v
	}
	for i := range 1500 {
		vocab := 1 + r.IntN(40)
		if i%3 == 0 {
			vocab = 1 + r.IntN(1500)
		}
		p := Params{
			Temperature: 0.1 + 2*r.Float64(), TopK: int(maybe(float64(1 + r.IntN(vocab+3)))),
			TopP: maybe(r.Float64()), MinP: maybe(r.Float64() * 0.3),
			TypicalP: maybe(r.Float64()), TopNSigma: maybe(r.Float64() * 3), MinKeep: r.IntN(6), Seed: r.Uint64(),
			XTC:                XTC{Probability: maybe(r.Float64()), Threshold: r.Float64() * 0.5},
			DynamicTemperature: DynamicTemperature{Range: maybe(r.Float64() * 2), Exponent: 0.2 + 2*r.Float64()},
			RepetitionPenalty:  1 + maybe(r.Float64()), PresencePenalty: maybe(r.Float64()),
			FrequencyPenalty: maybe(r.Float64()), PenaltyLastN: r.IntN(20) - 1,
			DRY: DRY{Multiplier: maybe(r.Float64()), LastN: r.IntN(30) - 1, AllowedLength: r.IntN(4),
				Breakers: [][]int32{{int32(r.IntN(vocab))}, {0, int32(r.IntN(vocab))}}},
		}
		if r.IntN(3) == 0 {
			p.LogitBias = map[int32]float32{int32(r.IntN(vocab)): float32(r.NormFloat64())}
			if vocab > 3 {
				p.Banned = []int32{int32(r.IntN(vocab))}
			}
		}
		s := mustNew(t, p, vocab)
		var text []int32
		for range r.IntN(60) {
			text = append(text, int32(r.IntN(min(vocab, 4))))
		}
		require.NoError(t, s.Accept(text...))
		for range 3 {
			logits := randomLogits(r, vocab, 3)
			c, err := s.Sample(logits)
			require.NoError(t, err)
			without, with := naiveChain(p, naiveAdjust(p, text, logits))
			q := float64(c.Prob)
			a, okA := without[int(c.ID)]
			b, okB := with[int(c.ID)]
			if !(okA && math.Abs(a-q) <= 2e-7) && !(p.XTC.Probability > 0 && okB && math.Abs(b-q) <= 2e-7) {
				t.Fatalf("case %d: token %d has probability %v, want %v (%v) or with XTC %v (%v)\n%+v", i, c.ID, q, a, okA, b, okB, p)
			}
			text = append(text, c.ID)
			require.NoError(t, s.Accept(c.ID))
		}
	}
}

func TestMirostatAgreesWithDefinition(t *testing.T) {
	for _, version := range []MirostatVersion{MirostatV1, MirostatV2} {
		for _, vocab := range []int{1, 2, 50, 700} {
			t.Run(fmt.Sprintf("version=%d/vocab=%d", version, vocab), func(t *testing.T) {
				r := rand.New(rand.NewPCG(21, uint64(vocab)))
				p := Params{Temperature: 0.9, Seed: 5, Mirostat: Mirostat{Version: version, Tau: 3, Eta: 0.2}}
				s := mustNew(t, p, vocab)
				mu := 6.0
				for i := range 200 {
					logits := randomLogits(r, vocab, 0.5+4*r.Float64())
					c, err := s.Sample(logits)
					require.NoError(t, err)
					kept := naiveMirostat(version, newNaive(logits), vocab, p.Temperature, mu)
					want, ok := kept.dist(p)[int(c.ID)]
					require.True(t, ok, "step %d: token outside the candidates", i)
					require.InDelta(t, want, float64(c.Prob), 2e-7, "step %d", i)
					mu -= 0.2 * (-math.Log2(want) - 3)
					require.InDelta(t, mu, s.State().Mu, 1e-6)
				}
			})
		}
	}
}

func naiveMirostat(version MirostatVersion, c naive, vocab int, temp, mu float64) naive {
	p := c.probs(temp)
	if version == MirostatV2 {
		n := 0
		for n < len(c) && -math.Log2(p[n]) <= mu {
			n++
		}
		return c.keep(n, 1)
	}
	if len(c) < 2 {
		return c
	}
	tb, tt := 0.0, 0.0
	for i := 0; i < min(99, len(c)-1); i++ {
		ti := math.Log(float64(i+2) / float64(i+1))
		tb += ti * math.Log(p[i]/p[i+1])
		tt += ti * ti
	}
	s := tb / tt
	k := math.Pow((s-1)*math.Pow(2, mu)/(1-math.Pow(float64(vocab), -(s-1))), 1/s)
	return c.keep(int(math.Min(k, 1e9)), 1)
}

// Mirostat holds the mean surprise near Tau.
func TestMirostatReachesItsTarget(t *testing.T) {
	logits := llmLogits(5000, 1)
	for i := range logits {
		logits[i] *= 0.4
	}
	s := mustNew(t, Params{Temperature: 1, Mirostat: Mirostat{Version: MirostatV2, Tau: 4}}, len(logits))
	sum := 0.0
	for i := range 3000 {
		c, err := s.Sample(logits)
		require.NoError(t, err)
		if i >= 1000 {
			sum -= math.Log2(float64(c.Prob))
		}
	}
	require.InDelta(t, 4, sum/2000, 0.1)
}

func TestZipfTopKAtItsLimits(t *testing.T) {
	var c candidates
	c.minKeep = 1
	flat := make([]float32, 500) // ŝ = 0
	c.scan(flat)
	require.Equal(t, 1, c.zipfTopK(1, 8))
	require.Equal(t, 500, c.zipfTopK(1, 9))
	zipf := make([]float32, 500) // ŝ = 1: k = 2^mu/ln N = 16/6.21
	for i := range zipf {
		zipf[i] = float32(-math.Log(float64(i + 1)))
	}
	c.scan(zipf)
	require.Equal(t, 2, c.zipfTopK(1, 4))
	require.Equal(t, 500, c.zipfTopK(1, 40))
	require.Equal(t, 1, c.zipfTopK(1, -40))
}
