package jinja

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// pad is center, ljust and rjust.
func pad(name string) func(*machine, Value, params) (Value, error) {
	return func(m *machine, self Value, p params) (Value, error) {
		width, err := p.intArg(name, 0, 0)
		if err != nil {
			return nil, err
		}
		fill := " "
		if p.v[1] != nil {
			if fill, err = p.textArg(name, 1); err != nil {
				return nil, err
			}
			if runeLen(fill) != 1 {
				return nil, typeErrf("%s: the fill character must be one character long", name)
			}
		}
		s, err := m.pad(selfText(self), width, fill, name)
		return like(self, s), err
	}
}

func (m *machine) pad(s string, width int, fill, how string) (string, error) {
	n := width - runeLen(s)
	if n <= 0 {
		return s, m.work(len(s))
	}
	if err := m.fits(n); err != nil {
		return "", err
	}
	if err := m.made(len(s) + n*len(fill)); err != nil {
		return "", err
	}
	left := 0
	switch how {
	case "rjust":
		left = n
	case "center":
		left = n/2 + n&width&1
	}
	return strings.Repeat(fill, left) + s + strings.Repeat(fill, n-left), nil
}

func zfill(m *machine, self Value, p params) (Value, error) {
	width, err := p.intArg("zfill", 0, 0)
	if err != nil {
		return nil, err
	}
	s, sign := selfText(self), ""
	if s != "" && (s[0] == '+' || s[0] == '-') {
		s, sign = s[1:], s[:1]
	}
	s, err = m.pad(s, width-len(sign), "0", "rjust")
	return like(self, sign+s), err
}

func expandTabs(m *machine, self Value, p params) (Value, error) {
	size, err := p.intArg("expandtabs", 0, 8)
	if err != nil {
		return nil, err
	}
	if err := m.fits(size); size > 0 && err != nil {
		return nil, err
	}
	b, col := &builder{m: m}, 0
	for s := selfText(self); s != ""; {
		c := s[:byteOffset(s, 1)]
		s = s[len(c):]
		switch c {
		case "\t":
			c = ""
			if size > 0 {
				c = strings.Repeat(" ", size-col%size)
			}
			col += len(c)
		case "\n", "\r":
			col = 0
		default:
			col++
		}
		if err := b.add(c); err != nil {
			return nil, err
		}
	}
	s, err := b.done()
	return like(self, s), err
}

// all makes a method that asks whether the text is not empty and every character is in a class.
func all(_ string, is func(rune) bool) func(*machine, Value, params) (Value, error) {
	return func(m *machine, self Value, _ params) (Value, error) {
		s := selfText(self)
		return Bool(s != "" && strings.IndexFunc(s, func(r rune) bool { return !is(r) }) < 0), m.work(4 * len(s))
	}
}

func isAlpha(r rune) bool { return unicode.IsLetter(r) }

func isDigitRune(r rune) bool {
	_, ok := decimalDigit(r)
	return ok || unicode.Is(otherDigits, r)
}

func isNumericRune(r rune) bool { return unicode.In(r, unicode.Nd, unicode.Nl, unicode.No) }

// isNumeric refuses to judge Chinese characters, some of which are numbers.
func isNumeric(m *machine, self Value, p params) (Value, error) {
	if strings.IndexFunc(selfText(self), func(r rune) bool { return unicode.Is(unicode.Han, r) }) >= 0 {
		return nil, unsupportedf("isnumeric of Chinese characters")
	}
	return all("isnumeric", isNumericRune)(m, self, p)
}

func isAlnum(m *machine, self Value, p params) (Value, error) {
	return all("isalnum", func(r rune) bool { return isAlpha(r) || isNumericRune(r) })(m, self, p)
}

func isPrintable(m *machine, self Value, _ params) (Value, error) {
	s := selfText(self)
	return Bool(strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) < 0), m.work(4 * len(s))
}

func isIdentifier(m *machine, self Value, _ params) (Value, error) {
	s := selfText(self)
	r, _ := utf8.DecodeRuneInString(s)
	return Bool(s != "" && isNameStart(r) && nameLen(s) == len(s)), m.work(4 * len(s))
}

// isLowerText is str.islower: no upper or title case letter, and one in lower case.
func isLowerText(s string) bool {
	some := false
	for _, r := range s {
		if isUpper(r) || unicode.IsTitle(r) {
			return false
		}
		some = some || isLower(r)
	}
	return some
}

func isUpperText(s string) bool {
	some := false
	for _, r := range s {
		if isLower(r) || unicode.IsTitle(r) {
			return false
		}
		some = some || isUpper(r)
	}
	return some
}

func isTitle(m *machine, self Value, _ params) (Value, error) {
	s := selfText(self)
	some, inWord := false, false
	for _, r := range s {
		switch {
		case isUpper(r) || unicode.IsTitle(r):
			if inWord {
				return Bool(false), nil
			}
			some, inWord = true, true
		case isLower(r):
			if !inWord {
				return Bool(false), nil
			}
			some = true
		default:
			inWord = false
		}
	}
	return Bool(some), m.work(4 * len(s))
}
