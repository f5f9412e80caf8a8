package tokenize

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"
)

// blank is how SentencePiece writes a space: U+2581, lower one eighth block.
const blank = "▁"

// spm is SentencePiece's byte-pair encoding: any two neighbours whose joined text is a token may merge, the token with
// the highest score first.
type spm struct {
	ids      map[string]int32 // of the tokens that text can become
	rank     []int32          // by id: 0 for the highest score
	longest  int              // bytes of the longest text in ids
	prefix   bool             // Config.AddSpacePrefix
	words    bool             // no token has a blank after another character, so words never merge
	fallback fallback
}

func newSPM(c *Config) *spm {
	m := &spm{ids: make(map[string]int32, len(c.Tokens)), prefix: c.AddSpacePrefix, words: true}
	for id, text := range c.Tokens {
		if t := c.typeOf(id); text == "" || t == Control || t == Unknown || t == Byte {
			continue
		}
		if _, dup := m.ids[text]; dup {
			continue
		}
		m.ids[text] = int32(id)
		m.longest = max(m.longest, len(text))
		m.words = m.words && !strings.Contains(strings.TrimLeft(text, blank), blank)
	}
	m.rank = ranksByScore(c.Scores)
	m.fallback = newFallback(c)
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

func (m *spm) pair(word string, l, r *symbol) (rank, id int32) {
	if int(r.end-l.start) > m.longest {
		return -1, None
	}
	if id, ok := m.ids[word[l.start:r.end]]; ok {
		return m.rank[id], id
	}
	return -1, None
}

func (m *spm) encode(s *scratch, dst []int32, text string, afterSpecial bool) ([]int32, error) {
	if afterSpecial && m.prefix {
		text = " " + text
	}
	text = strings.ReplaceAll(text, " ", blank)
	if !m.words {
		return s.word(dst, text, m)
	}
	var err error
	for start := 0; start < len(text); {
		end := start
		for strings.HasPrefix(text[end:], blank) {
			end += len(blank)
		}
		if i := strings.Index(text[end:], blank); i >= 0 {
			end += i
		} else {
			end = len(text)
		}
		if dst, err = s.word(dst, text[start:end], m); err != nil {
			return dst, err
		}
		start = end
	}
	return dst, nil
}

func (m *spm) encodeWord(s *mergeScratch, dst []int32, word string) ([]int32, error) {
	s.start(len(word))
	for i := 0; i < len(word); {
		n := 1
		if word[i] >= utf8.RuneSelf {
			_, n = utf8.DecodeRuneInString(word[i:])
		}
		id, ok := m.ids[word[i:i+n]]
		if !ok {
			id = None
		}
		s.add(n, id)
		i += n
	}
	s.merge(word, m)
	return m.fallback.appendSymbols(dst, word, s.syms)
}
