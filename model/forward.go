package model

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/seed64708441/ember/model/sample"
)

// Forward appends tokens to the history and calls each with the logits after every one of them, in order: logits[v] is
// the unnormalised log-probability of token v coming next, valid during the call. An error of each ends it and is
// returned; the history then ends with the token whose logits it had. Other errors are those of Generate.
func (s *Session) Forward(ctx context.Context, tokens []int32, each func(i int, logits []float32) error) error {
	ctx, err := s.enter(ctx)
	if err != nil {
		return err
	}
	defer s.leave()
	return s.forward(ctx, tokens, each)
}

func (s *Session) forward(ctx context.Context, tokens []int32, each func(i int, logits []float32) error) error {
	vocab, rows := s.m.arch.Config.Vocab, min(s.m.steps.outs, max(len(tokens), 1))
	for i, id := range tokens {
		if id < 0 || int(id) >= vocab {
			return fmt.Errorf("model: token %d of %d is %d, want 0 to %d", i+1, len(tokens), id, vocab-1)
		}
	}
	if n := len(s.tokens) + len(tokens); n > s.context {
		return &ContextFullError{Needed: n, Available: s.context}
	}
	logits, err := newFloats(s.m.memory, rows, vocab)
	if err != nil {
		return fmt.Errorf("model: logits: %w", err)
	}
	defer logits.free()
	if len(s.tokens) > s.seq.Len() { // tokens that were chosen and not computed
		if err := s.compute(ctx, s.tokens[s.seq.Len():], 1, s.logits.v); err != nil {
			return err
		}
	}
	for at := 0; at < len(tokens); at += rows {
		part := tokens[at:min(at+rows, len(tokens))]
		if err := s.compute(ctx, part, len(part), logits.v); err != nil {
			return err
		}
		s.tokens = append(s.tokens, part...)
		for i := range part {
			if err := each(at+i, logits.v[i*vocab:(i+1)*vocab]); err != nil {
				return errors.Join(err, s.truncate(len(s.tokens)-len(part)+i+1))
			}
		}
	}
	return nil
}

// Score appends tokens to the history and returns the natural logarithm of the probability of each under the model,
// given all before it. The first token of an empty history has none: NaN.
func (s *Session) Score(ctx context.Context, tokens []int32) ([]float32, error) {
	ctx, err := s.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer s.leave()
	if len(tokens) == 0 {
		return nil, nil
	}
	scores := make([]float32, 0, len(tokens))
	run, first, n := tokens, 1, len(s.tokens)
	if n == 0 {
		scores = append(scores, float32(math.NaN()))
	} else {
		// The first token's logits are those after the end of the history, whose last token is computed again for them.
		run, first = append([]int32{s.tokens[n-1]}, tokens...), 0
		if err := s.truncate(n - 1); err != nil {
			return nil, err
		}
	}
	err = s.forward(ctx, run, func(i int, logits []float32) (err error) {
		if next := i + first; next < len(tokens) {
			scores, err = sample.LogProbs(scores, logits, tokens[next:next+1])
		}
		return err
	})
	if len(s.tokens) < n { // refused or cancelled before that token was computed again
		s.tokens = append(s.tokens, run[0])
	}
	return scores, err
}
