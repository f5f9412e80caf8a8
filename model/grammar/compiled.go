package grammar

import (
	"errors"
	"fmt"
	"math"

	"github.com/seed64708441/ember/model/grammar/internal/machine"
)

// Compiled is a grammar for one vocabulary. It keeps masks it has worked out, at most 64 MiB, and is safe for concurrent
// use.
type Compiled struct {
	g      *Grammar
	tokens *Tokens
	masker *machine.Masker
}

// Compile prepares a grammar for a vocabulary.
func Compile(g *Grammar, v Vocabulary) (*Compiled, error) {
	t, err := NewTokens(v)
	if err != nil {
		return nil, err
	}
	return CompileTokens(g, t), nil
}

// CompileTokens is Compile for a vocabulary that was arranged before.
func CompileTokens(g *Grammar, t *Tokens) *Compiled {
	return &Compiled{g: g, tokens: t, masker: machine.NewMasker(g.prog, t.trie)}
}

// MaskWords returns the length of a Mask.
func (c *Compiled) MaskWords() int { return c.masker.Words() }

// NewState returns the state before the first token.
func (c *Compiled) NewState() *State {
	return &State{c: c, m: c.g.prog.Start(), mask: make(Mask, c.masker.Words())}
}

// A Mask has a bit for every token id that may follow: bit id%64 of word id/64.
type Mask []uint64

// Has reports whether a token may follow.
func (m Mask) Has(id int) bool { return m[id/64]>>(id%64)&1 != 0 }

// Errors of Accept.
var (
	// ErrRejected says that a token cannot follow. The state is as before.
	ErrRejected = errors.New("grammar: token not allowed here")
	// ErrFinished says that an end token has been accepted before.
	ErrFinished = errors.New("grammar: output has ended")
	// ErrAmbiguous says that a grammar has more readings of the text than are followed. Masks leave out
	// tokens that would lead there.
	ErrAmbiguous = errors.New("grammar: too ambiguous")
)

// State is a place in an output. It is used by one goroutine at a time; Mask and Apply may run while the model computes,
// as long as nothing else uses the State.
type State struct {
	c        *Compiled
	m        *machine.State
	finished bool
	mask     Mask
	valid    bool // mask belongs to the state as it is
	partial  bool // tokens are missing in mask: see Ambiguous
}

// Clone returns an independent copy, for forks and rewinds. Its cost grows with the nesting, not with the output, except
// where a grammar must remember values (open property names, unique items).
func (s *State) Clone() *State {
	return &State{c: s.c, m: s.m.Clone(), finished: s.finished, mask: make(Mask, len(s.mask))}
}

// Done reports whether the output may end here.
func (s *State) Done() bool { return s.m.Done() }

// MustEnd reports whether the output is complete and nothing but an end token may follow.
func (s *State) MustEnd() bool { return s.m.Done() && !s.m.More() }

// Finished reports whether an end token was accepted.
func (s *State) Finished() bool { return s.finished }

// Ambiguous reports whether the mask of this place leaves out tokens because a text with them would have more readings
// than are followed (see ErrAmbiguous).
func (s *State) Ambiguous() bool {
	s.compute()
	return s.partial
}

// Accept reads a token. When it cannot follow, the state stays as it is.
func (s *State) Accept(id int) error {
	if s.finished {
		return ErrFinished
	}
	if id < 0 || id >= s.c.tokens.Size() {
		return fmt.Errorf("%w: id %d, vocabulary has %d", ErrRejected, id, s.c.tokens.Size())
	}
	for _, e := range s.c.tokens.end {
		if e == id {
			if !s.m.Done() {
				return fmt.Errorf("%w: end token %d, but the text is not complete", ErrRejected, id)
			}
			s.finished, s.valid = true, false
			return nil
		}
	}
	piece := s.c.tokens.trie.Piece(id)
	if len(piece) == 0 {
		return fmt.Errorf("%w: token %d writes no text", ErrRejected, id)
	}
	if err := s.AcceptBytes(piece); err != nil {
		return fmt.Errorf("%w (token %d)", err, id)
	}
	return nil
}

// AcceptBytes reads text that was not chosen token by token, such as a forced continuation.
func (s *State) AcceptBytes(text []byte) error {
	if s.finished {
		return ErrFinished
	}
	n, ok, overflow := s.m.Advance(text)
	switch {
	case overflow:
		return ErrAmbiguous
	case !ok:
		return fmt.Errorf("%w: byte %d of %q", ErrRejected, n, text)
	}
	s.valid = false
	return nil
}

// Forced returns the text that must follow, up to limit bytes: where each byte is the only one possible. It can be
// accepted with AcceptBytes without asking the model (tokenize it again with what precedes).
func (s *State) Forced(limit int) []byte {
	if s.finished {
		return nil
	}
	return s.m.Forced(limit)
}

// Mask writes into dst, of MaskWords words, which tokens may follow.
func (s *State) Mask(dst Mask) {
	s.compute()
	copy(dst, s.mask)
}

// Apply sets the logits of the tokens that cannot follow to -Inf. Logits beyond the vocabulary are such, too.
func (s *State) Apply(logits []float32) {
	s.compute()
	inf := float32(math.Inf(-1))
	for w := 0; 64*w < len(logits); w++ {
		var bits uint64
		if w < len(s.mask) {
			bits = s.mask[w]
		}
		row := logits[64*w : min(64*w+64, len(logits))]
		switch bits {
		case 0:
			for i := range row {
				row[i] = inf
			}
		case math.MaxUint64:
		default:
			for i := range row {
				if bits>>i&1 == 0 {
					row[i] = inf
				}
			}
		}
	}
}

// compute works out the mask of the state, once per token.
func (s *State) compute() {
	if s.valid {
		return
	}
	s.valid, s.partial = true, false
	if s.finished {
		clear(s.mask)
		return
	}
	s.partial = s.c.masker.Mask(s.m, s.mask)
	if s.m.Done() {
		for _, id := range s.c.tokens.end {
			s.mask[id/64] |= 1 << (id % 64)
		}
	}
}
