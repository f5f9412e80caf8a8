package model

import (
	"slices"
	"sync"

	"github.com/seed64708441/ember/model/grammar"
)

// grammars keeps what is prepared for constrained generation: the vocabulary arranged for grammars, once as text and once
// with the texts of special tokens, which the syntaxes of calls use; and the grammars used last, with the masks that they
// have worked out.
type grammars struct {
	mu     sync.Mutex
	tokens [2]*grammar.Tokens
	recent []compiledGrammar // the latest last
}

type compiledGrammar struct {
	key grammarKey
	c   *grammar.Compiled
}

// grammarKey tells grammars apart: by themselves, or by the text that they are made from.
type grammarKey struct {
	grammar *grammar.Grammar
	text    string
	marked  bool
}

// recentGrammars is how many grammars are kept; each may hold 64 MiB of masks at most.
const recentGrammars = 8

// compiled returns a grammar prepared for the model's vocabulary.
func (m *Model) compiled(key grammarKey, make func() (*grammar.Grammar, error)) (*grammar.Compiled, error) {
	m.grammars.mu.Lock()
	defer m.grammars.mu.Unlock()
	for i, k := range m.grammars.recent {
		if k.key == key {
			m.grammars.recent = append(slices.Delete(m.grammars.recent, i, i+1), k)
			return k.c, nil
		}
	}
	g, err := make()
	if err != nil {
		return nil, err
	}
	tokens, err := m.grammarTokens(key.marked)
	if err != nil {
		return nil, err
	}
	k := compiledGrammar{key, grammar.CompileTokens(g, tokens)}
	if len(m.grammars.recent) == recentGrammars {
		m.grammars.recent = slices.Delete(m.grammars.recent, 0, 1)
	}
	m.grammars.recent = append(m.grammars.recent, k)
	return k.c, nil
}

// grammarTokens returns the vocabulary for grammars.
func (m *Model) grammarTokens(marked bool) (*grammar.Tokens, error) {
	which := 0
	if marked {
		which = 1
	}
	if t := m.grammars.tokens[which]; t != nil {
		return t, nil
	}
	v := grammar.Vocabulary{Pieces: make([][]byte, m.arch.Config.Vocab)}
	for id := range m.tok.Vocab() {
		switch {
		case m.tok.IsEOG(int32(id)):
			v.End = append(v.End, id)
		case marked:
			v.Pieces[id] = []byte(m.marked(int32(id)))
		case !m.tok.IsControl(int32(id)):
			v.Pieces[id] = []byte(m.tok.Piece(int32(id)))
		}
	}
	t, err := grammar.NewTokens(v)
	m.grammars.tokens[which] = t
	return t, err
}

// marked returns the text of a token with that of special tokens, as chat templates write them.
func (m *Model) marked(id int32) string {
	if m.tok.IsControl(id) {
		return m.tok.Token(id)
	}
	return m.tok.Piece(id)
}
