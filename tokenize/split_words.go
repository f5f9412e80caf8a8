package tokenize

// contraction returns the length of 's 't 'm 'd 're 've 'll at s[i:], or 0. fold also accepts capitals.
func contraction(s string, i int, fold bool) int {
	if i+1 >= len(s) || s[i] != '\'' {
		return 0
	}
	lower := func(b byte) byte {
		if fold && b >= 'A' && b <= 'Z' {
			b += 'a' - 'A'
		}
		return b
	}
	a := lower(s[i+1])
	if a == 's' || a == 't' || a == 'm' || a == 'd' {
		return 2
	}
	if i+2 >= len(s) {
		return 0
	}
	switch b := lower(s[i+2]); {
	case a == 'r' && b == 'e', a == 'v' && b == 'e', a == 'l' && b == 'l':
		return 3
	}
	return 0
}

// gpt2Words is GPT-2's pattern:
//
//	's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
func gpt2Words(s string, i int) int {
	if n := contraction(s, i, false); n > 0 {
		return n
	}
	from := i
	if s[i] == ' ' {
		from++
	}
	c := charAt(s, from)
	switch {
	case c.size == 0 || c.space:
		return looseSpaces(s, i)
	case c.class&clLetter != 0:
		return skip(s, from, clLetter) - i
	case c.class&clNumber != 0:
		return skip(s, from, clNumber) - i
	}
	return symbols(s, from, clLetter|clNumber) - i
}

// looseSpaces is \s+(?!\S)|\s+ : white space, without the last character if text follows and there are others.
func looseSpaces(s string, i int) int {
	sp := spacesAt(s, i)
	if sp.end < len(s) && sp.last > i {
		return sp.last - i
	}
	return sp.end - i
}

// symbols returns the end of the run of characters that are neither white space nor in the classes.
func symbols(s string, i int, classes class) int {
	for {
		i = skip(s, i, clAny&^classes&^clOther)
		c := charAt(s, i)
		if c.size == 0 || c.class&clOther == 0 || c.space {
			return i
		}
		i += c.size
	}
}

// tail returns the end of the run of characters of set, which are ASCII, at s[i:].
func tail(s string, i int, set string) int {
	for ; i < len(s); i++ {
		found := false
		for j := range len(set) {
			found = found || s[i] == set[j]
		}
		if !found {
			break
		}
	}
	return i
}

// llamaWords is the pattern of Llama 3, Qwen 2 and others:
//
//	(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?LETTER+|\p{N}{1,DIGITS}| ?[^\s LETTER \p{N}]+[TAIL]*|
//	\s*[\r\n]+|\s+(?!\S)|\s+
type llamaWords struct {
	letter class  // LETTER: clLetter, with clMark in some
	digits int    // DIGITS
	tail   string // TAIL
	// phrases: words joined by single spaces are one piece, and TAIL is taken once (exaone-moe):
	// LETTER+ is (?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+
	phrases bool
	// noContractions leaves out the first alternative (ufakzeka).
	noContractions bool
}

func (w llamaWords) match(s string, i int) int {
	if !w.noContractions {
		if n := contraction(s, i, true); n > 0 {
			return n
		}
	}
	c := charAt(s, i)
	if c.class&(clLetter|clNumber) == 0 && c.r != '\r' && c.r != '\n' {
		if end := w.word(s, i+c.size); end > i+c.size {
			return end - i
		}
	}
	if end := w.word(s, i); end > i {
		return end - i
	}
	if c.class&clNumber != 0 {
		return upTo(s, i, clNumber, w.digits) - i
	}
	from := i
	if c.r == ' ' {
		from++
	}
	if end := symbols(s, from, w.letter|clNumber); end > from {
		if w.phrases {
			return min(tail(s, end, w.tail), end+1) - i
		}
		return tail(s, end, w.tail) - i
	}
	return strictSpaces(s, i)
}

func (w llamaWords) word(s string, i int) int {
	if !w.phrases {
		return skip(s, i, w.letter)
	}
	start := i
	for {
		if i > start && i < len(s) && s[i] == ' ' && charAt(s, i+1).class&clLetter != 0 {
			i++
		}
		c := charAt(s, i)
		if c.class&clLetter == 0 {
			return i
		}
		i = skip(s, i+c.size, clMark)
	}
}

// strictSpaces is \s*[\r\n]+|\s+(?!\S)|\s+ : as looseSpaces, but a run with line ends in it ends after the last one.
func strictSpaces(s string, i int) int {
	sp := spacesAt(s, i)
	switch {
	case sp.newline > 0:
		return sp.newline - i
	case sp.end < len(s) && sp.last > i:
		return sp.last - i
	}
	return sp.end - i
}

// jais2 is Llama 3's pattern with white space cut into powers of two:
//
//	\s*[\r\n]+|\s{512}(?!\S)|\s{256}(?!\S)|...|\s{4}(?!\S)|\s{1,2}(?!\S)|\s{1}
func jais2(ends []int, s string, base int) []int {
	words := llamaWords{letter: clLetter, digits: 3, tail: "\r\n"}
	for i := 0; i < len(s); {
		sp := spacesAt(s, i)
		if sp.newline == 0 && sp.last > i {
			// All of the run but its last character, which the next piece may claim; all of it at the end of the text.
			to := sp.last
			if sp.end == len(s) {
				to = sp.end
			}
			ends = spacesByPowers(ends, s[:to], i, base)
			i = to
			continue
		}
		i += words.match(s, i)
		ends = append(ends, base+i)
	}
	return ends
}

func spacesByPowers(ends []int, s string, i, base int) []int {
	var starts []int // of every character
	for ; i < len(s); i += charAt(s, i).size {
		starts = append(starts, i)
	}
	starts = append(starts, len(s))
	for k, left := 0, len(starts)-1; left > 0; {
		n := min(left, 2)
		for _, p := range [...]int{512, 256, 128, 64, 32, 16, 8, 4} {
			if p <= left {
				n = p
				break
			}
		}
		k, left = k+n, left-n
		ends = append(ends, base+starts[k])
	}
	return ends
}
