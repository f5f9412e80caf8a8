package tokenize

import "strings"

// bpeOptions tell how a vocabulary of pairs differs from GPT-2's.
type bpeOptions struct {
	chars  bool   // words begin as characters, and tokens are spelled as they are: no alphabet of bytes
	prefix string // that all parts of a word but the first carry, "##"; merges drop it
	suffix string // that the last part of a word carries, "</w>"
	single bool   // fallback.single
	drop   bool   // what has no token is left out, and its neighbours become neighbours
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
	spelled := m.ids // symbol of a text as the merges spell it
	if !o.chars {
		spelled = make(map[string]int32, len(c.Tokens))
	}
	longest := 0
	for id, text := range c.Tokens {
		switch c.typeOf(id) {
		case Control, Unknown, Byte:
			continue
		case UserDefined: // cut out of every text before the words are made; but merges lead to those spelled with blanks
			if !o.chars && !o.userDefined {
				continue
			}
		}
		raw := m.raw(text)
		if _, dup := m.ids[raw]; dup || raw == "" {
			continue
		}
		m.ids[raw] = int32(id)
		spelled[text] = int32(id)
		longest = max(longest, len(raw))
		if o.chars {
			m.cuts.learn(raw)
		}
	}
	m.cuts.learnBytes(&m.fallback)
	if c.ByRank {
		m.rules = &textRules{ids: m.ids, longest: longest}
	} else {
		m.addMerges(c, spelled)
		m.rules = m
	}
	if o.chars {
		return
	}
	for b := range m.base {
		m.base[b] = None
		if id, ok := m.ids[string([]byte{byte(b)})]; ok {
			m.base[b] = id
			if id < m.fallback.tokens && m.fallback.bytes[b] == None {
				m.fallback.bytes[b] = id
			}
		}
	}
	if !o.drop {
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

// addMerges fills the table of pairs. A part of a word that is no token gets an id of its own, behind those of tokens.
// Merges that lead to a special token are left out.
func (m *bpeModel) addMerges(c *Config, spelled map[string]int32) {
	special := map[string]bool{}
	for id, text := range c.Tokens {
		if t := c.typeOf(id); t == Control || t == Unknown {
			special[text] = true
		}
	}
	next := m.fallback.tokens
	symbol := func(text []byte) int32 {
		id, ok := spelled[string(text)]
		if !ok {
			id = next
			next++
			text := string(text)
			raw := m.raw(text)
			spelled[text] = id
			if _, dup := m.ids[raw]; !dup {
				m.ids[raw] = id
			}
			if m.chars {
				m.cuts.learn(raw)
			}
		}
		return id
	}
	m.pairs = newPairTable(max(len(c.Merges), len(m.merges)))
	rank := int32(0)
	var text []byte
	add := func(left, right string) {
		rank++
		n := len(left)
		text = append(append(text[:0], left...), strings.TrimPrefix(right, m.prefix)...)
		if special[string(text)] {
			return
		}
		tail := text[n:]
		if m.prefix != "" {
			tail = []byte(right)
		}
		m.pairs.add(symbol(text[:n]), symbol(tail), rank, symbol(text))
	}
	for _, merge := range m.merges {
		add(merge[0], merge[1])
	}
	if m.merges != nil {
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

// part returns the size and the symbol of the part of a word that starts at word[i:], before any merge.
func (m *bpeModel) part(word string, i int) (n int, id int32) {
	n = 1
	if m.chars {
		n = charLen(word, i)
	}
	text := word[i : i+n]
	if i+n == len(word) {
		text += m.suffix
	}
	if i > 0 && m.prefix != "" {
		text = m.prefix + text
	}
	if id, ok := m.ids[text]; ok {
		return n, id
	}
	return n, None
}

func (m *bpeModel) encodeWord(s *wordScratch, dst []int32, word string) ([]int32, error) {
	if m.whole {
		if id, ok := m.ids[word]; ok && id < m.fallback.tokens {
			return append(dst, id), nil
		}
	}
	s.start(len(word))
	for i := 0; i < len(word); {
		n, id := 1, None
		if m.chars || m.prefix != "" || m.suffix != "" {
			n, id = m.part(word, i)
		} else {
			id = m.base[word[i]]
		}
		if id != None || !m.drop || m.fallback.covers(word[i:i+n]) {
			s.add(n, id)
		}
		i += n
	}
	s.merge(word, m.rules)
	return m.fallback.appendSymbols(dst, word, s.syms)
}
