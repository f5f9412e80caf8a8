package tokenize

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"
)

// blank is how SentencePiece writes a space: U+2581, lower one eighth block.
const blank = "▁"

// textRules merge any two neighbours whose joined text is a token, the one with the lowest rank first.
type textRules struct {
	ids     map[string]int32 // of the tokens that text can become
	rank    []int32          // by id; nil: the id is the rank
	longest int              // bytes of the longest text in ids
}

func (m *textRules) pair(word string, l, r *symbol) (rank, id int32) {
	if int(r.end-l.start) > m.longest {
		return -1, None
	}
	id, ok := m.ids[word[l.start:r.end]]
	switch {
	case !ok:
		return -1, None
	case m.rank == nil:
		return id, id
	}
	return m.rank[id], id
}

// spm is SentencePiece's byte-pair encoding: the token with the highest score is merged first.
type spm struct {
	rules    textRules
	prefix   prefixRule
	cuts     wordCuts
	fallback fallback
}

func newSPM(c *Config) *spm {
	m := &spm{prefix: newPrefixRule(c), fallback: newFallback(c)}
	m.rules.ids = make(map[string]int32, len(c.Tokens))
	for id, text := range c.Tokens {
		if t := c.typeOf(id); text == "" || t == Control || t == Unknown || t == Byte {
			continue
		}
		if _, dup := m.rules.ids[text]; dup {
			continue
		}
		m.rules.ids[text] = int32(id)
		m.rules.longest = max(m.rules.longest, len(text))
		m.cuts.learn(text)
	}
	m.cuts.learnBytes(&m.fallback)
	m.rules.rank = ranksByScore(c.Scores)
	return m
}

// ranksByScore numbers the tokens from the highest score down; equal scores have equal numbers.
func ranksByScore(scores []float32) []int32 {
	order := make([]int32, len(scores))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int { return cmp.Compare(scores[b], scores[a]) })
	rank := make([]int32, len(scores))
	for i, id := range order {
		if i > 0 && scores[id] == scores[order[i-1]] {
			rank[id] = rank[order[i-1]]
		} else {
			rank[id] = int32(i)
		}
	}
	return rank
}

func (m *spm) encode(s *scratch, dst []int32, text string, _ bool) ([]int32, error) {
	if m.prefix.applies(!s.started) {
		text = " " + text
	}
	text = strings.ReplaceAll(text, " ", blank)
	return s.pieces(dst, text, m, &m.cuts)
}

func (m *spm) encodeWord(s *wordScratch, dst []int32, word string) ([]int32, error) {
	s.start(len(word))
	for i := 0; i < len(word); {
		n := charLen(word, i)
		id, ok := m.rules.ids[word[i:i+n]]
		if !ok {
			id = None
		}
		s.add(n, id)
		i += n
	}
	s.merge(word, &m.rules)
	return m.fallback.appendSymbols(dst, word, s.syms)
}

// charLen returns the length of the character at s[i:], 1 for a byte that is not UTF-8.
func charLen(s string, i int) int {
	if s[i] < utf8.RuneSelf {
		return 1
	}
	_, n := utf8.DecodeRuneInString(s[i:])
	return n
}

// prefixRule says before which texts a space is put.
type prefixRule struct{ always, once bool }

func newPrefixRule(c *Config) prefixRule { return prefixRule{c.AddSpacePrefix, c.PrefixOnce} }

// applies reports whether a text gets a space; first says that it starts the whole text.
func (p prefixRule) applies(first bool) bool { return p.always && (first || !p.once) }
