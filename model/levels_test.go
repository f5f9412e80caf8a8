package model_test

import (
	"slices"
	"testing"

	"github.com/seed64708441/ember/backend/cpu"
	"github.com/seed64708441/ember/model"
	"github.com/seed64708441/ember/model/sample"
)

// TestSampledTextIsTheSameOnEveryLevel draws at temperature 1 with the same seed on every instruction level of the
// machine: kernels give the same bits on all of them, so whole models and draws must too. Another seed must give another text.
func TestSampledTextIsTheSameOnEveryLevel(t *testing.T) {
	levels := cpu.Levels()
	if len(levels) == 1 {
		t.Skipf("this machine has one level, %s", levels[0])
	}
	chains := map[string]sample.Params{
		"temperature": {Temperature: 1},
		"chain": {Temperature: 1, TopK: 40, TopP: 0.95, MinP: 0.02, RepetitionPenalty: 1.1, XTC: sample.XTC{Probability: 0.3, Threshold: 0.05},
			DRY: sample.DRY{Multiplier: 0.8}},
		"adaptive-p": {Temperature: 1, MinP: 0.02, AdaptiveP: sample.AdaptiveP{Target: 0.3}},
	}
	texts := map[string][]int32{} // by chain and seed, of the first level
	for i, level := range levels {
		m := openShape(t, small(), withThreads(t, 2, level))
		for name, p := range chains {
			for _, seed := range []uint64{1, 2} {
				s := newSession(t, m)
				p.Seed = seed
				_, last, err := s.Complete(t.Context(), model.Request{Tokens: tokens(20, 1), MaxTokens: 24, IgnoreEOG: true, Sampling: p})
				if err != nil {
					t.Fatalf("%s: %s: %v", level, name, err)
				}
				all, err := s.Tokens()
				if err != nil {
					t.Fatal(err)
				}
				got := slices.Clone(all[20:])
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
				if last.Usage.Generated < 24 || len(got) < 23 {
					t.Fatalf("%s: %s: %d tokens", level, name, len(got))
				}
				key := name + string(rune('0'+seed))
				if i == 0 {
					texts[key] = got
				} else if !slices.Equal(got, texts[key]) {
					t.Errorf("%s, seed %d: on %s\n%v, on %s\n%v", name, seed, level, got, levels[0], texts[key])
				}
			}
			if slices.Equal(texts[name+"1"], texts[name+"2"]) {
				t.Errorf("%s: seeds 1 and 2 give the same text on %s", name, level)
			}
		}
	}
}
