package jinja

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// upper is str.upper.
func upper(s string) string {
	if isASCII(s) {
		return strings.ToUpper(s)
	}
	return mapText(s, func(_ rune, i, n int) string { return upperChar(s[i : i+n]) })
}

// lower is str.lower.
func lower(s string) string {
	if isASCII(s) {
		return strings.ToLower(s)
	}
	return mapText(s, func(_ rune, i, n int) string { return lowerChar(s, i, n) })
}

// title is str.title: the first letter of each run of cased letters in title case, the others in lower case.
func title(s string) string {
	inWord := false
	return mapText(s, func(r rune, i, n int) string {
		c := titleChar(s[i : i+n])
		if inWord {
			c = lowerChar(s, i, n)
		}
		inWord = isCased(r)
		return c
	})
}

// capitalize is str.capitalize.
func capitalize(s string) string {
	return mapText(s, func(_ rune, i, n int) string {
		if i == 0 {
			return titleChar(s[:n])
		}
		return lowerChar(s, i, n)
	})
}

// swapCase is str.swapcase.
func swapCase(s string) string {
	return mapText(s, func(r rune, i, n int) string {
		switch {
		case isUpper(r):
			return lowerChar(s, i, n)
		case isLower(r):
			return upperChar(s[i : i+n])
		}
		return s[i : i+n]
	})
}

// mapText replaces every character by what f returns for it; it is s[i:i+n].
func mapText(s string, f func(r rune, i, n int) string) string {
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		b.WriteString(f(r, i, n))
		i += n
	}
	return b.String()
}

// mapChar maps one character and leaves bytes that are not UTF-8 alone.
func mapChar(c string, special map[rune]string, f func(rune) rune) string {
	r, n := utf8.DecodeRuneInString(c)
	if r == utf8.RuneError && n <= 1 {
		return c
	}
	if s, ok := special[r]; ok {
		return s
	}
	if to := f(r); to != r {
		return string(to)
	}
	return c
}

func upperChar(c string) string { return mapChar(c, upperSpecial, unicode.ToUpper) }

func titleChar(c string) string { return mapChar(c, titleSpecial, unicode.ToTitle) }

// lowerChar is the lower case of s[i:i+n], with the rule for the Greek sigma at the end of a word.
func lowerChar(s string, i, n int) string {
	c := s[i : i+n]
	switch c {
	case "\u03a3":
		if finalSigma(s[:i], s[i+n:]) {
			return "\u03c2"
		}
		return "\u03c3"
	case "\u0130": // capital I with a dot
		return "i\u0307"
	}
	return mapChar(c, nil, unicode.ToLower)
}

// finalSigma says whether a cased letter comes before and none after, skipping characters that do not count.
func finalSigma(before, after string) bool {
	before = strings.TrimRightFunc(before, caseIgnorable)
	after = strings.TrimLeftFunc(after, caseIgnorable)
	b, _ := utf8.DecodeLastRuneInString(before)
	a, _ := utf8.DecodeRuneInString(after)
	return before != "" && isCased(b) && (after == "" || !isCased(a))
}

func caseIgnorable(r rune) bool {
	switch r {
	case '\'', '.', ':', '^', '`', 0xa8, 0xad, 0xb7, 0x2019, 0x2018:
		return true
	}
	return unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf, unicode.Lm, unicode.Sk)
}

func isUpper(r rune) bool { return unicode.IsUpper(r) || unicode.Is(unicode.Other_Uppercase, r) }

func isLower(r rune) bool { return unicode.IsLower(r) || unicode.Is(unicode.Other_Lowercase, r) }

func isCased(r rune) bool { return isUpper(r) || isLower(r) || unicode.IsTitle(r) }

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// decimalDigit returns the value of a decimal digit of any script. Unicode keeps them in runs of ten.
func decimalDigit(r rune) (int, bool) {
	if r < utf8.RuneSelf {
		return int(r - '0'), r >= '0' && r <= '9'
	}
	if !unicode.Is(unicode.Nd, r) {
		return 0, false
	}
	if r >= 0x1d7ce && r <= 0x1d7ff { // mathematical digits: five sets without a gap
		return int(r-0x1d7ce) % 10, true
	}
	n := 0
	for unicode.Is(unicode.Nd, r-rune(n)-1) {
		n++
	}
	return n % 10, true
}
