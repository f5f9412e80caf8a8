package tokenize

import "unicode/utf8"

// wordPiece cuts a word into the longest tokens from the left. A word that cannot be cut so is one unknown token.
type wordPiece struct {
	starts, inside *trie // tokens that start a word, and those that go on
	most           int   // characters of a word; longer ones are unknown
	unk            int32
}

// newWordPiece builds the model from the spellings of tokens: spell tells what a token is without its mark, and whether
// it starts a word.
func newWordPiece(c *Config, most int, spell func(token string) (text string, start bool)) *wordPiece {
	var keys [2][]string
	var ids [2][]int32
	for id, token := range c.Tokens {
		if t := c.typeOf(id); t == Control || t == Unknown || t == UserDefined {
			continue
		}
		text, start := spell(token)
		k := 0
		if start {
			k = 1
		}
		keys[k], ids[k] = append(keys[k], text), append(ids[k], int32(id))
	}
	return &wordPiece{newTrie(keys[1], ids[1]), newTrie(keys[0], ids[0]), most, c.UNK}
}

func (m *wordPiece) encodeWord(_ *wordScratch, dst []int32, word string) ([]int32, error) {
	from := len(dst)
	if m.most > 0 && utf8.RuneCountInString(word) > m.most {
		return append(dst, m.unk), nil
	}
	for i := 0; i < len(word); {
		t := m.inside
		if i == 0 {
			t = m.starts
		}
		id, n := t.longest(word[i:], nil)
		if id == None {
			return append(dst[:from], m.unk), nil
		}
		dst = append(dst, id)
		i += n
	}
	return dst, nil
}

// bert is BERT's encoding: the text is cleaned, cut at white space and punctuation, and the words go to WordPiece.
type bert struct {
	norm  bertNormalizer
	model *wordPiece
}

func newBERT(c *Config) *bert {
	return &bert{
		norm:  bertNormalizer{clean: true, spaceHan: true, stripAccents: !c.KeepAccents, lower: !c.KeepCase},
		model: newWordPiece(c, 100, spellBlank),
	}
}

// spellBlank reads GGUF's way to mark tokens that start a word.
func spellBlank(token string) (text string, start bool) {
	if len(token) > len(blank) && token[:len(blank)] == blank {
		return token[len(blank):], true
	}
	return token, false
}

func (m *bert) encode(s *scratch, dst []int32, text string, _ bool) ([]int32, error) {
	text = m.norm.normalize(text)
	var err error
	for i := 0; i < len(text); {
		c := charAt(text, i)
		if c.space {
			i += c.size
			continue
		}
		end := bertWord(text, i)
		if dst, err = s.word(dst, text[i:end], m.model); err != nil {
			return dst, err
		}
		i = end
	}
	return dst, nil
}

// bertWord returns the end of the word at s[i:]: one punctuation character, or what is up to the next one or to white
// space.
func bertWord(s string, i int) int {
	if c := charAt(s, i); bertPunct(c) {
		return i + c.size
	}
	return skipFunc(s, i, func(c char) bool { return !c.space && !bertPunct(c) })
}

// bertPunct also takes ASCII's symbols for punctuation.
func bertPunct(c char) bool {
	return c.class&clPunct != 0 || c.r < utf8.RuneSelf && c.class&clSymbol != 0
}
