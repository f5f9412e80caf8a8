package sample

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// llmLogits is a row shaped like a language model's: a bulk with standard deviation 2.5 around -2, and a Zipf-like head of
// 200 tokens that carries most of the probability.
func llmLogits(vocab int, seed uint64) []float32 {
	r := rand.New(rand.NewPCG(seed, 1))
	x := make([]float32, vocab)
	for i := range x {
		x[i] = float32(r.NormFloat64()*2.5 - 2)
	}
	for i := range 200 {
		x[r.IntN(vocab)] = float32(18 - 1.2*logOf(float64(i+1)) + r.NormFloat64()*0.3)
	}
	return x
}

func BenchmarkSample(b *testing.B) {
	dry := DRY{Multiplier: 0.8, LastN: 1024}
	chains := []struct {
		name string
		p    Params
	}{
		{"greedy", Params{}},
		{"greedy+logprob", Params{LogProb: true}},
		{"temp", Params{Temperature: 0.8}},
		{"common", Params{Temperature: 0.8, TopK: 40, TopP: 0.95, MinP: 0.05}},
		{"common+logprob", Params{Temperature: 0.8, TopK: 40, TopP: 0.95, MinP: 0.05, LogProb: true}},
		{"common+penalties", Params{Temperature: 0.8, TopK: 40, TopP: 0.95, MinP: 0.05, RepetitionPenalty: 1.1, FrequencyPenalty: 0.1}},
		{"common+dry", Params{Temperature: 0.8, TopK: 40, TopP: 0.95, MinP: 0.05, DRY: dry}},
		{"top-p", Params{Temperature: 0.8, TopP: 0.95}},
		{"min-p", Params{Temperature: 0.8, MinP: 0.05}},
		{"top-n-sigma", Params{Temperature: 0.8, TopNSigma: 1}},
		{"typical", Params{Temperature: 0.8, TypicalP: 0.95}},
		{"top-k=4000", Params{Temperature: 0.8, TopK: 4000}},
		{"llama-default", Params{Temperature: 0.8, TopK: 40, TopP: 0.95, MinP: 0.05, RepetitionPenalty: 1.1, DRY: dry}},
		{"llama-default+logprob", Params{Temperature: 0.8, TopK: 40, TopP: 0.95, MinP: 0.05, RepetitionPenalty: 1.1, DRY: dry, LogProb: true}},
		{"penalties", Params{Temperature: 0.8, RepetitionPenalty: 1.1, FrequencyPenalty: 0.1}},
		{"dry", Params{Temperature: 0.8, DRY: dry}},
		{"top-k=40", Params{Temperature: 0.8, TopK: 40}},
		{"xtc", Params{Temperature: 0.8, XTC: XTC{Probability: 0.5}}},
		{"dynamic", Params{Temperature: 0.8, DynamicTemperature: DynamicTemperature{Range: 0.5}}},
		{"adaptive-p", Params{Temperature: 0.8, AdaptiveP: AdaptiveP{Target: 0.5}}},
		{"min-p+adaptive-p", Params{Temperature: 0.8, MinP: 0.05, AdaptiveP: AdaptiveP{Target: 0.5}}},
		{"mirostat1", Params{Temperature: 0.8, Mirostat: Mirostat{Version: MirostatV1}}},
		{"mirostat2", Params{Temperature: 0.8, Mirostat: Mirostat{Version: MirostatV2}}},
	}
	for _, vocab := range []int{151936, 256000} {
		rows := [4][]float32{}
		for i := range rows {
			rows[i] = llmLogits(vocab, uint64(i))
		}
		for _, c := range chains {
			b.Run(fmt.Sprintf("chain=%s/vocab=%d", c.name, vocab), func(b *testing.B) {
				s, err := New(c.p, vocab)
				if err != nil {
					b.Fatal(err)
				}
				for i := range 1024 {
					_ = s.Accept(int32(i * 7919 % vocab))
				}
				for _, row := range rows { // buffers grow
					if _, err := s.Sample(row); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					if _, err := s.Sample(rows[i%4]); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N), "µs/token")
			})
		}
	}
}
