package tokenize

// specials finds the tokens that are cut out of a text before anything else: user-defined ones always, control and
// unknown ones only where the caller asks for it. Where several match, the leftmost counts, and of those the longest.
type specials struct {
	trie   *trie
	always [256]bool // first bytes of user-defined tokens
	flags  map[int32]specialFlags
}

type specialFlags struct {
	onAsk                 bool // found only with ParseSpecial
	stripLeft, stripRight bool
}

func newSpecials(c *Config) *specials {
	s := &specials{flags: map[int32]specialFlags{}}
	var keys []string
	var ids []int32
	for id, t := range c.Types {
		if text := c.Tokens[id]; (t == Control || t == Unknown || t == UserDefined) && text != "" {
			keys, ids = append(keys, text), append(ids, int32(id))
			s.flags[int32(id)] = specialFlags{onAsk: t != UserDefined}
			s.always[text[0]] = s.always[text[0]] || t == UserDefined
		}
	}
	for _, id := range c.StripLeft {
		f := s.flags[id]
		f.stripLeft = true
		s.flags[id] = f
	}
	for _, id := range c.StripRight {
		f := s.flags[id]
		f.stripRight = true
		s.flags[id] = f
	}
	s.trie = newTrie(keys, ids)
	return s
}

// next finds the first special token in text. text[:left] comes before it and text[right:] after it, without the white
// space that the token swallows. If there is none, id is None and left is len(text).
func (s *specials) next(text string, parse bool) (id int32, left, right int) {
	ok := func(id int32) bool { return parse || !s.flags[id].onAsk }
	for i := range len(text) {
		if b := text[i]; s.trie.root[b] == 0 || !parse && !s.always[b] {
			continue
		}
		id, n := s.trie.longest(text[i:], ok)
		if id == None {
			continue
		}
		left, right = i, i+n
		f := s.flags[id]
		for f.stripLeft && left > 0 && asciiSpace(text[left-1]) {
			left--
		}
		for f.stripRight && right < len(text) && asciiSpace(text[right]) {
			right++
		}
		return id, left, right
	}
	return None, len(text), len(text)
}

func asciiSpace(b byte) bool { return b == ' ' || b-'\t' < 5 }
