package jinja

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// nameLen returns the length of the name, or of the digits and letters that are no name, at the start of s.
func nameLen(s string) int {
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if !isNamePart(r) {
			return i
		}
		i += n
	}
	return len(s)
}

func isNameStart(r rune) bool {
	return r == '_' || unicode.IsLetter(r) || unicode.Is(unicode.Nl, r)
}

func isNamePart(r rune) bool {
	return isNameStart(r) || unicode.In(r, unicode.N, unicode.Mn, unicode.Mc, unicode.Pc) && r != utf8.RuneError
}

// numberLen returns the length of the number at the start of s. After a dot no number is a float: a.0.1 has two subscripts.
func numberLen(s string, afterDot bool) (n int, isFloat bool) {
	if s[0] < '0' || s[0] > '9' {
		return 0, false
	}
	if !afterDot {
		if n := floatLen(s); n > 0 {
			return n, true
		}
	}
	if len(s) > 1 && s[0] == '0' {
		digits := map[byte]string{'b': "01", 'o': "01234567", 'x': "0123456789abcdefABCDEF"}[s[1]|0x20]
		if n := digitsLen(s[2:], digits, true); digits != "" && n > 0 {
			return 2 + n, false
		}
		return digitsLen(s, "0", false), false
	}
	return digitsLen(s, "0123456789", false), false
}

// digitsLen returns the length of the digits at the start of s, with single underscores between them.
func digitsLen(s, digits string, underscoreFirst bool) int {
	n := 0
	for i := 0; i < len(s); i++ {
		switch {
		case strings.IndexByte(digits, s[i]) >= 0:
			n = i + 1
		case s[i] == '_' && n == i && (i > 0 || underscoreFirst):
		default:
			return n
		}
	}
	return n
}

// floatLen returns the length of the float at the start of s, or 0 when there is none: digits with a fraction, an exponent
// or both.
func floatLen(s string) int {
	const digits = "0123456789"
	n := digitsLen(s, digits, false)
	end := 0
	if n < len(s) && s[n] == '.' {
		if f := digitsLen(s[n+1:], digits, false); f > 0 {
			n += 1 + f
			end = n
		}
	}
	if n < len(s) && s[n]|0x20 == 'e' {
		e := n + 1
		if e < len(s) && (s[e] == '+' || s[e] == '-') {
			e++
		}
		if d := digitsLen(s[e:], digits, false); d > 0 {
			end = e + d
		}
	}
	return end
}
