package model

import (
	"context"
	"fmt"
	"slices"
)

// drafter asks a smaller model which tokens it would choose.
type drafter struct{ s *Session }

// newDrafter checks that a draft session can stand for the tokens of s.
func newDrafter(s, draft *Session) (*drafter, error) {
	switch a, b := s.m.tok.Config(), draft.m.tok.Config(); {
	case draft == s:
		return nil, fmt.Errorf("model: Request.Speculate.Draft is the session itself")
	case !slices.Equal(a.Tokens, b.Tokens):
		return nil, fmt.Errorf("model: Request.Speculate.Draft has another vocabulary: %d tokens, want the same %d", len(b.Tokens), len(a.Tokens))
	}
	return &drafter{draft}, nil
}

// propose appends the n most probable tokens, one after the other. A history that does not fit the draft's context gives
// none.
func (d *drafter) propose(ctx context.Context, dst, history []int32, n int) ([]int32, error) {
	s := d.s
	ctx, err := s.enter(ctx)
	if err != nil {
		return dst, fmt.Errorf("model: draft: %w", err)
	}
	defer s.leave()
	n = min(n, s.context-len(history))
	if n <= 0 {
		return dst, nil
	}
	if _, err := s.adopt(history); err != nil {
		return dst, fmt.Errorf("model: draft: %w", err)
	}
	for range n {
		if err := s.compute(ctx, s.tokens[s.seq.Len():], 1, s.logits.v); err != nil {
			return dst, fmt.Errorf("model: draft: %w", err)
		}
		row := s.logits.v[:s.m.arch.Config.Vocab]
		best := int32(0)
		for i, v := range row {
			if v > row[best] {
				best = int32(i)
			}
		}
		if int(best) >= len(s.m.tok.Config().Tokens) {
			break // padding of the draft's vocabulary
		}
		dst = append(dst, best)
		s.tokens = append(s.tokens, best)
	}
	return dst, nil
}
