package tokenize

import "strings"

// bpeOptions tell how a vocabulary of pairs differs from GPT-2's.
type bpeOptions struct {
	chars  bool   // words begin as characters, and tokens are spelled as they are: no alphabet of bytes
	suffix string // that the last part of a word carries, "</w>"
	single bool   // fallback.single
	// userDefined says that words may be user-defined tokens, too.
	userDefined bool
	merges      [][2]string // in place of Config.Merges
}

// bpeModel merges the parts of a word by a list of pairs, or by the rank of their joined text. Tokens are kept as the
// bytes they stand for.
type bpeModel struct {
	bpeOptions
	ids      map[string]int32 // symbol of a text; those from len(Tokens) up are parts that are no tokens
	base     [256]int32       // symbol of each byte, or None
	rules    mergeRules
	pairs    *pairTable
	whole    bool // Config.IgnoreMerges
	cuts     wordCuts
	fallback fallback
}

func (m *bpeModel) build(c *Config, o bpeOptions) {
	m.bpeOptions = o
	m.ids = make(map[string]int32, len(c.Tokens))
	m.whole = c.IgnoreMerges
	m.fallback = newFallback(c)
	m.fallback.single = o.single
	special := map[string]bool{} // never the result of a merge
	longest := 0
	for id, text := range c.Tokens {
		switch c.typeOf(id) {
		case Control, Unknown:
			special[text] = true
		case Byte:
		case UserDefined: // cut out of every text before the words are made
			if !o.chars && !o.userDefined {
				break
			}
			fallthrough // there, merges lead to those spelled with blanks
		default:
			raw := m.raw(text)
			if _, dup := m.ids[raw]; !dup && raw != "" {
				m.ids[raw] = int32(id)
				longest = max(longest, len(raw))
				m.cuts.learn(raw)
			}
		}
	}
	m.cuts.learnBytes(&m.fallback)
	if c.ByRank {
		m.rules = &textRules{ids: m.ids, longest: longest}
	} else {
		m.addMerges(c, special)
		m.rules = m
	}
	for b := range m.base {
		m.base[b] = None
		if id, ok := m.ids[string([]byte{byte(b)})]; ok && !o.chars {
			m.base[b] = id
			if id < m.fallback.tokens && m.fallback.bytes[b] == None {
				m.fallback.bytes[b] = id
			}
		}
	}
	if !o.chars {
		m.fallback.useReplacement()
	}
}

// raw is the text of a token: what its letters stand for, or the letters themselves if they are not all in GPT-2's
// alphabet.
func (m *bpeModel) raw(s string) string {
	if m.chars {
		return s
	}
	return rawToken(s)
}

func rawToken(s string) string {
	if raw, ok := fromByteLevel(s); ok {
		return raw
	}
	return s
}

func (m *bpeModel) addMerges(c *Config, special map[string]bool) {
	m.pairs = newPairTable(max(len(c.Merges), len(m.merges)))
	next := m.fallback.tokens
	symbolOf := func(raw string) int32 {
		id, ok := m.ids[raw]
		if !ok {
			id = next
			m.ids[raw] = id
			m.cuts.learn(raw)
			next++
		}
		return id
	}
	rank := int32(0)
	add := func(left, right string) {
		if rank++; !special[left+right] {
			left, right := m.raw(left), m.raw(right)
			m.pairs.add(symbolOf(left), symbolOf(right), rank, symbolOf(left+right))
		}
	}
	if m.merges != nil {
		for _, merge := range m.merges {
			add(merge[0], merge[1])
		}
		return
	}
	for _, merge := range c.Merges {
		if left, right, ok := cutMerge(merge); ok {
			add(left, right)
		}
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

func (m *bpeModel) pair(_ string, l, r *symbol) (rank, id int32) {
	if l.id == None || r.id == None {
		return -1, None
	}
	return m.pairs.find(l.id, r.id)
}

func (m *bpeModel) encodeWord(s *wordScratch, dst []int32, word string) ([]int32, error) {
	if m.whole {
		if id, ok := m.ids[word]; ok && id < m.fallback.tokens {
			return append(dst, id), nil
		}
	}
	s.start(len(word))
	for i := 0; i < len(word); {
		if !m.chars && m.suffix == "" {
			s.add(1, m.base[word[i]])
			i++
			continue
		}
		n := 1
		if m.chars {
			n = charLen(word, i)
		}
		text := word[i : i+n]
		if i += n; i == len(word) {
			text += m.suffix
		}
		id, ok := m.ids[text]
		if !ok {
			id = None
		}
		s.add(n, id)
	}
	s.merge(word, m.rules)
	return m.fallback.appendSymbols(dst, word, s.syms)
}
