package tokenize

import (
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// specials finds the tokens that are cut out of a text before anything else: user-defined ones always, control and
// unknown ones only where the caller asks for it. Where several match, the leftmost counts, and of those the longest.
type specials struct {
	trie   *trie
	always [256]bool // first bytes of the tokens that are always found
	rules  map[int32]specialRules
}

// specialRules say when and how a special token is found.
type specialRules struct {
	onAsk                 bool // only with ParseSpecial
	stripLeft, stripRight bool // the white space beside it belongs to it
	wholeWord             bool // only where no letter, digit or underscore is beside it
}

// newSpecials takes the tokens that Config calls special.
func newSpecials(c *Config) *specials {
	s := &specials{rules: map[int32]specialRules{}}
	texts := map[int32]string{}
	for id, t := range c.Types {
		if t == Control || t == Unknown || t == UserDefined {
			texts[int32(id)] = c.Tokens[id]
			s.rules[int32(id)] = specialRules{onAsk: t != UserDefined}
		}
	}
	for _, id := range c.StripLeft {
		r := s.rules[id]
		r.stripLeft = true
		s.rules[id] = r
	}
	for _, id := range c.StripRight {
		r := s.rules[id]
		r.stripRight = true
		s.rules[id] = r
	}
	s.build(texts)
	return s
}

// build makes the trie of the texts that are looked for. Of two tokens with the same text the lower id is found.
func (s *specials) build(texts map[int32]string) {
	var keys []string
	var ids []int32
	for _, id := range slices.Sorted(maps.Keys(texts)) {
		if text := texts[id]; text != "" {
			keys, ids = append(keys, text), append(ids, id)
			s.always[text[0]] = s.always[text[0]] || !s.rules[id].onAsk
		}
	}
	s.trie = newTrie(keys, ids)
}

// next finds the first special token in text. text[:left] comes before it and text[right:] after it, without the white
// space that the token swallows. If there is none, id is None and left is len(text).
func (s *specials) next(text string, parse bool) (id int32, left, right int) {
	ok := func(id int32) bool { return parse || !s.rules[id].onAsk }
	for i := 0; i < len(text); i++ {
		if b := text[i]; s.trie.root[b] == 0 || !parse && !s.always[b] {
			continue
		}
		id, n := s.trie.longest(text[i:], ok)
		if id == None {
			continue
		}
		left, right = i, i+n
		r := s.rules[id]
		if r.wholeWord && (endsInWord(text[:left]) || startsInWord(text[right:])) {
			i = right - 1 // what overlaps with it is not looked at
			continue
		}
		if r.stripLeft {
			left = len(strings.TrimRightFunc(text[:left], unicode.IsSpace))
		}
		if r.stripRight {
			right = len(text) - len(strings.TrimLeftFunc(text[right:], unicode.IsSpace))
		}
		return id, left, right
	}
	return None, len(text), len(text)
}

func endsInWord(s string) bool {
	r, _ := utf8.DecodeLastRuneInString(s)
	return s != "" && wordChar(r)
}

func startsInWord(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return s != "" && wordChar(r)
}

func wordChar(r rune) bool {
	return r == '_' || classOf(r)&(clLetter|clMark) != 0 || unicode.In(r, unicode.Nd, unicode.Pc)
}
