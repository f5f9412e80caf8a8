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
	lines  []int32           // tokens of one or two line feeds, nil before they were looked for
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

// compiled returns a grammar prepared for the model's vocabulary. Nobody waits while another's grammar is made, which may
// take long; of one that two make at a time, either may be kept.
func (m *Model) compiled(key grammarKey, make func() (*grammar.Grammar, error)) (*grammar.Compiled, error) {
	if c := m.grammars.find(key); c != nil {
		return c, nil
	}
	g, err := make()
	if err != nil {
		return nil, err
	}
	if c := m.grammars.find(key); c != nil {
		return c, nil
	}
	gs := &m.grammars
	gs.mu.Lock()
	defer gs.mu.Unlock()
	tokens, err := m.grammarTokens(key.marked)
	if err != nil {
		return nil, err
	}
	k := compiledGrammar{key, grammar.CompileTokens(g, tokens)}
	if len(gs.recent) == recentGrammars {
		gs.recent = slices.Delete(gs.recent, 0, 1)
	}
	gs.recent = append(gs.recent, k)
	return k.c, nil
}

// find returns a grammar that is kept, and makes it the latest; nil when it is not.
func (gs *grammars) find(key grammarKey) *grammar.Compiled {
	gs.mu.Lock()
	defer gs.mu.Unlock()
	i := slices.IndexFunc(gs.recent, func(k compiledGrammar) bool { return k.key == key })
	if i < 0 {
		return nil
	}
	k := gs.recent[i]
	gs.recent = append(slices.Delete(gs.recent, i, i+1), k)
	return k.c
}

// grammarTokens returns the vocabulary for grammars. The caller holds the lock.
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

// lineFeeds returns the tokens of one or two line feeds, which models write between reasoning and answer.
func (m *Model) lineFeeds() []int32 {
	m.grammars.mu.Lock()
	defer m.grammars.mu.Unlock()
	if m.grammars.lines == nil {
		m.grammars.lines = []int32{}
		for id := range int32(m.tok.Vocab()) {
			if p := m.marked(id); p == "\n" || p == "\n\n" {
				m.grammars.lines = append(m.grammars.lines, id)
			}
		}
	}
	return m.grammars.lines
}
