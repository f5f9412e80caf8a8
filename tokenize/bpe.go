package tokenize

import (
	"strings"
)

// bpe is byte-level byte-pair encoding: a pre-tokenizer cuts the text into words, then listed pairs merge, the first in
// the list first. Tokens are kept as the bytes they stand for.
type bpe struct {
	match    matcher          // if the pre-tokenizer is one pattern
	stages   []splitter       // otherwise
	ids      map[string]int32 // raw text -> symbol; ids from len(Tokens) up are parts that are no tokens
	base     [256]int32       // symbol of each byte, or None
	pairs    *pairTable
	whole    bool // Config.IgnoreMerges
	fallback fallback
}

func newBPE(c *Config) (*bpe, error) {
	pre, err := preTokenizerFor(c.Pre)
	if err != nil {
		return nil, err
	}
	m := &bpe{match: pre.match, ids: make(map[string]int32, len(c.Tokens)), whole: c.IgnoreMerges}
	if m.match == nil {
		m.stages = pre.stages()
	}
	m.fallback = fallback{unk: c.UNK, tokens: int32(len(c.Tokens))}
	special := map[string]bool{} // never the result of a merge
	for id, text := range c.Tokens {
		switch c.typeOf(id) {
		case Control, Unknown:
			special[text] = true
		case UserDefined: // cut out of every text before the words are made
		default:
			if _, dup := m.ids[rawToken(text)]; !dup {
				m.ids[rawToken(text)] = int32(id)
			}
		}
	}
	m.addMerges(c.Merges, special)
	for b := range m.base {
		m.base[b], m.fallback.bytes[b] = None, None
		if id, ok := m.ids[string([]byte{byte(b)})]; ok {
			m.base[b] = id
			if id < m.fallback.tokens {
				m.fallback.bytes[b] = id
			}
		}
	}
	m.fallback.useReplacement()
	return m, nil
}

// rawToken is the text of a token: what its letters stand for, or the letters themselves if they are not all in GPT-2's
// alphabet.
func rawToken(s string) string {
	if raw, ok := fromByteLevel(s); ok {
		return raw
	}
	return s
}

func (m *bpe) addMerges(merges []string, special map[string]bool) {
	m.pairs = newPairTable(len(merges))
	next := m.fallback.tokens
	symbolOf := func(raw string) int32 {
		id, ok := m.ids[raw]
		if !ok {
			id = next
			m.ids[raw] = id
			next++
		}
		return id
	}
	for rank, merge := range merges {
		left, right, ok := cutMerge(merge)
		if !ok || special[left+right] {
			continue
		}
		left, right = rawToken(left), rawToken(right)
		m.pairs.add(symbolOf(left), symbolOf(right), int32(rank), symbolOf(left+right))
	}
}

// cutMerge splits a line "left right". The left text may start with a space.
func cutMerge(s string) (left, right string, ok bool) {
	if len(s) < 3 {
		return "", "", false
	}
	i := strings.IndexByte(s[1:], ' ') + 1
	if i == 0 || i+1 == len(s) {
		return "", "", false
	}
	return s[:i], s[i+1:], true
}

func (m *bpe) pair(_ string, l, r *symbol) (rank, id int32) {
	if l.id == None || r.id == None {
		return -1, None
	}
	return m.pairs.find(l.id, r.id)
}

func (m *bpe) encode(s *scratch, dst []int32, text string, _ bool) ([]int32, error) {
	var err error
	start := 0
	if m.match != nil {
		for start < len(text) {
			end := start + m.match.next(text, start)
			if dst, err = s.word(dst, text[start:end], m); err != nil {
				return dst, err
			}
			start = end
		}
		return dst, nil
	}
	s.ends, s.spare = split(m.stages, text, s.ends, s.spare)
	for _, end := range s.ends {
		if dst, err = s.word(dst, text[start:end], m); err != nil {
			return dst, err
		}
		start = end
	}
	return dst, nil
}

func (m *bpe) encodeWord(s *mergeScratch, dst []int32, word string) ([]int32, error) {
	if m.whole {
		if id, ok := m.ids[word]; ok && id < m.fallback.tokens {
			return append(dst, id), nil
		}
	}
	s.start(len(word))
	for i := range len(word) {
		s.add(1, m.base[word[i]])
	}
	s.merge(word, m)
	return m.fallback.appendSymbols(dst, word, s.syms)
}
