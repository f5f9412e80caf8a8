package tokenize

import "unicode"

// casedWords is the pattern of GPT-4o, Tekken and others, which cuts words where the case changes. With
// U = [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}] and L = [\p{Ll}\p{Lm}\p{Lo}\p{M}]:
//
//	[^\r\n\p{L}\p{N}]?U*L+CONTRACTION?|[^\r\n\p{L}\p{N}]?U+L*CONTRACTION?|\p{N}{1,DIGITS}|
//	 ?[^\s\p{L}\p{N}]+[TAIL]*|\s*[\r\n]+|\s+(?!\S)|\s+
//
// This is the pattern the models were trained with. llama.cpp takes non-ASCII letters as both U and L and leaves out
// \p{M}, because its regular expressions know no case.
type casedWords struct {
	contractions bool // CONTRACTION is (?i:'s|'t|'re|'ve|'m|'ll|'d)
	digits       int
	tail         string
	han          bool // [\p{Han}]+ comes first and Han is in neither U nor L (Kimi K2)
}

func (w casedWords) upper(c char) bool {
	return c.class&(clUpper|clCaseless|clMark) != 0 && !(w.han && unicode.Is(unicode.Han, c.r))
}

func (w casedWords) lower(c char) bool {
	return c.class&(clLower|clCaseless|clMark) != 0 && !(w.han && unicode.Is(unicode.Han, c.r))
}

func (w casedWords) match(s string, i int) int {
	if w.han {
		if end := skipFunc(s, i, func(c char) bool { return unicode.Is(unicode.Han, c.r) }); end > i {
			return end - i
		}
	}
	c := charAt(s, i)
	if end := w.word(s, i, c); end > i {
		if w.contractions {
			end += contraction(s, end, true)
		}
		return end - i
	}
	if c.class&clNumber != 0 {
		return upTo(s, i, clNumber, w.digits) - i
	}
	from := i
	if c.r == ' ' {
		from++
	}
	if end := symbols(s, from, clLetter|clNumber); end > from {
		return tail(s, end, w.tail) - i
	}
	if n := strictSpaces(s, i); n > 0 {
		return n
	}
	return c.size // a letter that no alternative takes
}

// word tries both letter alternatives, each with and without the leading character, in the order a backtracking
// matcher would.
func (w casedWords) word(s string, i int, c char) int {
	lead := c.class&(clLetter|clNumber) == 0 && c.r != '\r' && c.r != '\n'
	for _, try := range [...]func(string, int) int{w.endingLower, w.startingUpper} {
		if lead {
			if end := try(s, i+c.size); end > 0 {
				return end
			}
		}
		if end := try(s, i); end > 0 {
			return end
		}
	}
	return 0
}

// endingLower returns the end of U*L+ at s[i:], or 0. U* is greedy and gives back characters until an L follows, so if
// the run of U is not followed by L the match ends after the last character of the run that is in both.
func (w casedWords) endingLower(s string, i int) int {
	both := 0 // end of the last character in U and L
	for {
		c := charAt(s, i)
		if !w.upper(c) {
			break
		}
		i += c.size
		if w.lower(c) {
			both = i
		}
	}
	if end := skipFunc(s, i, w.lower); end > i {
		return end
	}
	return both
}

// startingUpper returns the end of U+L* at s[i:], or 0.
func (w casedWords) startingUpper(s string, i int) int {
	end := skipFunc(s, i, w.upper)
	if end == i {
		return 0
	}
	return skipFunc(s, end, w.lower)
}
