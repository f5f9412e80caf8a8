package sample

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// State is what a sampler remembers between calls, in a form that encoding/json and encoding/gob write and read back
// exactly. Params are not in it: a session stores them beside it.
type State struct {
	// RNG is the state of the random numbers as math/rand/v2's PCG marshals it.
	RNG []byte
	// History is the end of the accepted tokens, as far as the penalties look back; empty if none does.
	History []int32
	// Mu is Mirostat's bound in bits.
	Mu float64
	// Mean is AdaptiveP's moving mean of probabilities. Chosen and ChosenProb are the last choice, if no token was
	// accepted since, and its probability before the transform; ChosenProb is 0 if there is none.
	Mean, ChosenProb float64
	Chosen           int32
}

// State returns a copy of the state.
func (s *Sampler) State() State {
	rng, err := s.rng.MarshalBinary()
	if err != nil {
		panic("BUG: sample: PCG state: " + err.Error())
	}
	return State{RNG: rng, History: append([]int32{}, s.hist.last(s.hist.keep)...), Mu: s.mu,
		Mean: s.near.mean, ChosenProb: s.near.prob, Chosen: s.near.id}
}

// Restore puts the sampler into a state taken from one with the same Params and vocabulary, whose tokens it then
// continues exactly. On an error, which says what is wrong with st, the sampler is unchanged.
func (s *Sampler) Restore(st State) error {
	var rng rand.PCG
	if err := rng.UnmarshalBinary(st.RNG); err != nil {
		return fmt.Errorf("sample: Restore: RNG of %d bytes: %w", len(st.RNG), err)
	}
	if math.IsNaN(st.Mu) || math.IsInf(st.Mu, 0) {
		return fmt.Errorf("sample: Restore: Mu is %v, want a finite number", st.Mu)
	}
	if !(st.Mean >= 0 && st.Mean <= 1) || !(st.ChosenProb >= 0 && st.ChosenProb <= 1) {
		return fmt.Errorf("sample: Restore: Mean is %v and ChosenProb %v, want 0 to 1", st.Mean, st.ChosenProb)
	}
	if s.hist.keep >= 0 && len(st.History) > s.hist.keep {
		return fmt.Errorf("sample: Restore: History has %d tokens, the Params look back on %d", len(st.History), s.hist.keep)
	}
	for i, id := range st.History {
		if id < 0 || int(id) >= s.vocab {
			return fmt.Errorf("sample: Restore: History[%d] is token %d, want 0 to %d", i, id, s.vocab-1)
		}
	}
	s.hist.reset()
	for _, id := range st.History {
		s.hist.accept(id)
	}
	s.rng, s.mu = rng, st.Mu
	s.near = adaptive{mean: st.Mean, prob: st.ChosenProb, id: st.Chosen}
	return nil
}
