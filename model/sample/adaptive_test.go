package sample

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// Over many tokens the probabilities, before and after the transform, follow the two sums of llama.cpp. Every third
// choice is not used: another token is accepted, or none.
func TestAdaptivePAgreesWithDefinition(t *testing.T) {
	for _, decay := range []float64{0, 0.3, 0.99} {
		r := rand.New(rand.NewPCG(31, 1))
		p := Params{Temperature: 0.9, Seed: 5, MinP: 0.001, AdaptiveP: AdaptiveP{Target: 0.4, Decay: decay}}
		s := mustNew(t, p, 200)
		if decay == 0 {
			decay = 0.9
		}
		sum, weight := 0.4/(1-decay), 1/(1-decay)
		moved := false
		for i := range 300 {
			logits := randomLogits(r, 200, 1+3*r.Float64())
			st, err := json.Marshal(s.State())
			require.NoError(t, err)
			c, err := s.Sample(logits)
			require.NoError(t, err)
			kept := newNaive(logits).minP(0.001, 1)
			before := kept.probs(0.9)
			aim := math.Min(math.Max(2*0.4-sum/weight, 0), 1)
			moved = moved || math.Abs(aim-0.4) > 0.05
			after, found := naiveAdaptive(before, aim), false
			for j, k := range kept {
				if k.id == int(c.ID) {
					found = true
					require.InDelta(t, after[j], float64(c.Prob), 2e-7, "step %d", i)
					if i%3 != 0 {
						sum, weight = before[j]+decay*sum, 1+decay*weight
					}
				}
			}
			require.True(t, found)
			switch {
			case i%3 != 0:
				require.NoError(t, s.Accept(c.ID))
			case i%2 == 0:
				require.NoError(t, s.Accept((c.ID+1)%200, c.ID)) // c.ID as text of another source
			default: // thrown away
				var old State
				require.NoError(t, json.Unmarshal(st, &old))
				require.NoError(t, s.Restore(old))
			}
			require.InDelta(t, sum/weight, s.State().Mean, 1e-9, "step %d", i)
		}
		require.True(t, moved, "the aim never moved, so the test shows nothing")
	}
}

// A choice that is saved before it is accepted still moves the mean after Restore.
func TestAdaptivePPendingChoiceIsState(t *testing.T) {
	p := Params{Temperature: 1, AdaptiveP: AdaptiveP{Target: 0.3}}
	s, o := mustNew(t, p, 50), mustNew(t, p, 50)
	c, err := s.Sample(fixedLogits(50, 1))
	require.NoError(t, err)
	require.NoError(t, o.Restore(s.State()))
	require.NoError(t, s.Accept(c.ID))
	require.NoError(t, o.Accept(c.ID))
	require.Equal(t, s.State(), o.State())
	require.NotEqual(t, 0.3, s.State().Mean)
}

func TestAdaptivePIsValidated(t *testing.T) {
	for want, p := range map[string]Params{
		"AdaptiveP.Target is 1.5":                  {Temperature: 1, AdaptiveP: AdaptiveP{Target: 1.5}},
		"AdaptiveP.Decay is 1,":                    {Temperature: 1, AdaptiveP: AdaptiveP{Target: 0.5, Decay: 1}},
		"AdaptiveP.Target is 0.5 at Temperature 0": {AdaptiveP: AdaptiveP{Target: 0.5}},
	} {
		require.ErrorContains(t, p.Validate(), want)
	}
}
