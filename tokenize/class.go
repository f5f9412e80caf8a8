package tokenize

import (
	"sort"
	"unicode"
	"unicode/utf8"
)

// class is a set of the Unicode properties that pre-tokenizers ask about. Every character has at least one.
type class uint8

const (
	clUpper    class = 1 << iota // Lu, Lt
	clLower                      // Ll
	clCaseless                   // Lm, Lo
	clMark                       // M
	clNumber                     // N
	clPunct                      // P
	clSymbol                     // S
	clOther                      // the rest: white space, controls, unassigned
)

const (
	clLetter = clUpper | clLower | clCaseless
	clAny    = ^class(0)
)

// asciiClasses is classOf for the first 128 characters.
var asciiClasses = func() (t [utf8.RuneSelf]class) {
	for r := range t {
		t[r] = classOf(rune(r))
	}
	return t
}()

func classOf(r rune) class {
	switch {
	case unicode.Is(unicode.Lo, r) || unicode.Is(unicode.Lm, r):
		return clCaseless
	case unicode.IsLower(r) && unicode.Is(unicode.Ll, r):
		return clLower
	case unicode.Is(unicode.Lu, r) || unicode.Is(unicode.Lt, r):
		return clUpper
	case unicode.Is(unicode.M, r):
		return clMark
	case unicode.Is(unicode.N, r):
		return clNumber
	case unicode.Is(unicode.P, r):
		return clPunct
	case unicode.Is(unicode.S, r):
		return clSymbol
	}
	return clOther
}

// char is one character of a text. A byte that is not UTF-8 is a character of its own, read as U+FFFD (a symbol).
type char struct {
	r     rune
	size  int // 0 at the end of the text
	class class
	space bool
}

// charAt decodes the character at s[i:]; at the end of s it returns the zero char, whose class is empty.
func charAt(s string, i int) char {
	if i >= len(s) {
		return char{}
	}
	if b := s[i]; b < utf8.RuneSelf {
		return char{rune(b), 1, asciiClasses[b], b == ' ' || b-'\t' < 5}
	}
	r, n := utf8.DecodeRuneInString(s[i:])
	c := classOf(r)
	// U+0085, U+00A0 and the separators (Z) are the only white space outside ASCII, and none of them has another class.
	return char{r, n, c, c == clOther && unicode.IsSpace(r)}
}

// skip returns the end of the run of characters in any of the classes that starts at s[i:].
func skip(s string, i int, classes class) int {
	for i < len(s) {
		if b := s[i]; b < utf8.RuneSelf {
			if asciiClasses[b]&classes == 0 {
				return i
			}
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if classOf(r)&classes == 0 {
			return i
		}
		i += n
	}
	return i
}

// skipFunc returns the end of the run of characters that f accepts.
func skipFunc(s string, i int, f func(c char) bool) int {
	for {
		c := charAt(s, i)
		if c.size == 0 || !f(c) {
			return i
		}
		i += c.size
	}
}

// spaces describes the run of white space that starts at s[i:].
type spaces struct {
	end     int // of the run
	last    int // start of its last character
	newline int // end of its last \r or \n, or 0
}

func spacesAt(s string, i int) spaces {
	sp := spaces{end: i, last: i}
	for {
		c := charAt(s, sp.end)
		if !c.space {
			return sp
		}
		sp.last = sp.end
		sp.end += c.size
		if c.r == '\n' || c.r == '\r' {
			sp.newline = sp.end
		}
	}
}

// runeSet is a sorted set of characters.
type runeSet []struct{ lo, hi rune }

// newRuneSet reads the inside of a regular expression's class: single characters and ranges x-y, none inside another.
// A hyphen that is meant as a character comes last.
func newRuneSet(spec string) runeSet {
	rs := []rune(spec)
	var set runeSet
	for i := 0; i < len(rs); i++ {
		lo, hi := rs[i], rs[i]
		if i+2 < len(rs) && rs[i+1] == '-' {
			hi = rs[i+2]
			i += 2
		}
		set = append(set, struct{ lo, hi rune }{lo, hi})
	}
	sort.Slice(set, func(i, j int) bool { return set[i].lo < set[j].lo })
	return set
}

// has reports whether the set holds r.
func (s runeSet) has(r rune) bool {
	// No range of a spec lies inside another, so the last one that starts at or before r decides.
	i := sort.Search(len(s), func(i int) bool { return s[i].lo > r })
	return i > 0 && r <= s[i-1].hi
}
