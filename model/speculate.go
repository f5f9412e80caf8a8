package model

import (
	"context"
	"fmt"
)

// Speculation guesses tokens that may come next, so that one step computes them all: reading the weights once for several
// tokens is what makes it faster. Every token is still chosen from the model's own logits, with the same random numbers as
// without, so the result is the same (Leviathan, Kalman and Matias 2023, for a draft that is certain of its tokens).
type Speculation struct {
	// Tokens is the most tokens guessed at a time, at most 15 and less than Config.StepOutputs; 0 is off. How many are
	// guessed adapts to how many were right.
	Tokens int
	// Draft is a session of a smaller model with the same tokenizer, which is asked for the tokens. It must not be used
	// for anything else meanwhile. When it is nil, or before it is asked, the tokens that followed where the last few
	// tokens occurred before are proposed (prompt look-up, Saxena 2023): good for text that repeats its prompt.
	Draft *Session
}

// maxDraft leaves room for the token before the draft in a step's outputs.
const maxDraft = defaultStepOutputs - 1

// speculator makes drafts for one generation.
type speculator struct {
	lookup ngrams
	draft  *drafter
	max    int
	length int // of the next draft
}

// speculator returns nil when a request wants none. It makes room for the logits of drafts.
func (s *Session) speculator(r *Request) (*speculator, error) {
	k := min(r.Speculate.Tokens, s.m.steps.outs-1)
	if k <= 0 {
		return nil, nil
	}
	if vocab := s.m.arch.Config.Vocab; len(s.logits.v)/vocab < 1+k {
		wider, err := newFloats(s.m.memory, 1+k, vocab)
		if err != nil {
			return nil, fmt.Errorf("model: logits of drafts: %w", err)
		}
		if err := s.logits.free(); err != nil {
			return nil, err
		}
		s.logits = wider
	}
	g := &speculator{max: k, length: min(k, 4)}
	if d := r.Speculate.Draft; d != nil {
		var err error
		if g.draft, err = newDrafter(s, d); err != nil {
			return nil, err
		}
	}
	return g, nil
}

// propose returns up to left tokens that may follow history.
func (g *speculator) propose(ctx context.Context, dst, history []int32, left int) ([]int32, error) {
	g.lookup.add(history)
	n := min(g.length, left)
	if n <= 0 {
		return dst[:0], nil
	}
	dst = g.lookup.propose(dst[:0], history, n)
	if len(dst) == 0 && g.draft != nil {
		return g.draft.propose(ctx, dst, history, n)
	}
	return dst, nil
}

// learn makes the next draft longer when all of the last one was right, and as long as what was right otherwise.
func (g *speculator) learn(proposed, accepted int) {
	if accepted == proposed {
		g.length = min(2*g.length, g.max)
	} else {
		g.length = min(accepted+2, g.max)
	}
}

// accept reports whether the logits after a token that was chosen are there already, because it was guessed.
func (g *generation) accept(id int32) bool {
	if g.row >= len(g.draft) || g.draft[g.row] != id {
		return false
	}
	g.row++
	g.usage.Accepted++
	return true
}

// propose forgets the rest of the last draft and guesses another.
func (g *generation) propose(ctx context.Context) error {
	if err := g.drop(); err != nil {
		return err
	}
	if g.guess == nil {
		return nil
	}
	left := g.s.context - len(g.s.tokens) - 1
	if g.r.MaxTokens > 0 {
		left = min(left, g.r.MaxTokens-g.usage.Generated-1)
	}
	if g.guess.draft != nil { // takes longer than others should wait
		g.s.m.steps.chosen()
		defer g.s.m.steps.choose()
	}
	var err error
	g.draft, err = g.guess.propose(ctx, g.draft, g.s.tokens, left)
	g.usage.Proposed += len(g.draft)
	return err
}

// drop forgets the rest of a draft: what the cache holds from the last token chosen on is a guess.
func (g *generation) drop() error {
	if len(g.draft) == 0 {
		return nil
	}
	g.guess.learn(len(g.draft), g.row)
	g.draft, g.row = g.draft[:0], 0
	return g.s.seq.Rewind(min(g.s.seq.Len(), len(g.s.tokens)-1))
}

// settle ends the step that runs, which nobody needs when the caller has left the loop, and forgets the rest of a draft.
func (g *generation) settle() error {
	s := g.s
	if g.running {
		s.mu.Lock()
		s.cancel(errBreak)
		s.mu.Unlock()
		_ = s.wait()
		s.m.steps.chosen()
		g.running = false
	}
	return g.drop()
}

// The lengths of the runs of tokens that look-up compares: a longer one is better evidence.
const (
	shortestNgram = 2
	longestNgram  = 4
)

// ngrams finds where the end of a history occurred before.
type ngrams struct {
	ends [longestNgram + 1]map[uint64]int32 // by length: hash of a run -> index after its last occurrence
	done int                                // tokens of the history that are in ends
}

// add takes in the runs of a history that has grown, but for those that end it: they would find themselves.
func (g *ngrams) add(history []int32) {
	for n := shortestNgram; n <= longestNgram; n++ {
		if g.ends[n] == nil {
			g.ends[n] = map[uint64]int32{}
		}
		for end := max(g.done, n); end < len(history); end++ {
			g.ends[n][hashRun(history[end-n:end])] = int32(end)
		}
	}
	g.done = len(history)
}

// propose appends the tokens that followed the last occurrence of the longest run that ends the history.
func (g *ngrams) propose(dst, history []int32, n int) []int32 {
	for k := min(longestNgram, len(history)); k >= shortestNgram; k-- {
		run := history[len(history)-k:]
		at, ok := g.ends[k][hashRun(run)]
		if !ok || int(at) < k || !equalRuns(history[int(at)-k:at], run) {
			continue
		}
		return append(dst, history[at:min(int(at)+n, len(history))]...)
	}
	return dst
}

// hashRun is FNV-1a over whole tokens.
func hashRun(run []int32) uint64 {
	h := uint64(14695981039346656037)
	for _, id := range run {
		h = (h ^ uint64(uint32(id))) * 1099511628211
	}
	return h
}

func equalRuns(a, b []int32) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
