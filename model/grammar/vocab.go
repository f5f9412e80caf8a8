package grammar

import (
	"fmt"

	"github.com/seed64708441/ember/model/grammar/internal/machine"
)

// Vocabulary says what the tokens of a model write.
type Vocabulary struct {
	// Pieces has the bytes of each token, by id. Tokens that write no text (special and control tokens) are nil: they are
	// never allowed, except those in End.
	Pieces [][]byte

	// End lists the tokens that end the output. They are allowed when the text is complete.
	End []int
}

// A VocabularyError says what is wrong with a vocabulary.
type VocabularyError struct{ Message string }

func (e *VocabularyError) Error() string { return "grammar: vocabulary: " + e.Message }

// Tokens is a vocabulary arranged for grammars. It is read-only and can be shared by all grammars of a model.
type Tokens struct {
	trie *machine.Trie
	end  []int
}

// maxPiece bounds the bytes of a token.
const maxPiece = 1 << 14

// NewTokens arranges a vocabulary. The pieces are referred to, not copied.
func NewTokens(v Vocabulary) (*Tokens, error) {
	for _, id := range v.End {
		if id < 0 || id >= len(v.Pieces) {
			return nil, &VocabularyError{fmt.Sprintf("end token %d, but there are %d tokens", id, len(v.Pieces))}
		}
	}
	for id, p := range v.Pieces {
		if len(p) > maxPiece {
			return nil, &VocabularyError{fmt.Sprintf("token %d has %d bytes, at most %d are read", id, len(p), maxPiece)}
		}
	}
	pieces := v.Pieces
	if len(v.End) > 0 { // an end token writes nothing, whatever its piece says
		pieces = append([][]byte(nil), v.Pieces...)
		for _, id := range v.End {
			pieces[id] = nil
		}
	}
	t, err := machine.NewTrie(pieces)
	if err != nil {
		return nil, &VocabularyError{"no token writes text"}
	}
	return &Tokens{trie: t, end: append([]int(nil), v.End...)}, nil
}

// Size returns the number of token ids.
func (t *Tokens) Size() int { return t.trie.Size() }
