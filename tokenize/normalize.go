package tokenize

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// A normalizer rewrites a text before it is cut into words.
type normalizer interface {
	normalize(s string) string
}

type normalizerFunc func(s string) string

func (f normalizerFunc) normalize(s string) string { return f(s) }

// normalizers applies one after the other.
type normalizers []normalizer

func (ns normalizers) normalize(s string) string {
	for _, n := range ns {
		s = n.normalize(s)
	}
	return s
}

// bertNormalizer is what BERT does to a text: clean drops control characters and makes all white space spaces,
// spaceHan puts spaces around Han characters.
type bertNormalizer struct{ clean, spaceHan, stripAccents, lower bool }

func (n bertNormalizer) normalize(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	if n.stripAccents && !isASCII(s) {
		s = n.each(s, &b)
		s = norm.NFD.String(s)
		s = removeAccents(s)
		if n.lower {
			return lowerEach(s)
		}
		return s
	}
	s = n.each(s, &b)
	if n.lower {
		return lowerEach(s)
	}
	return s
}

// each does what looks at single characters.
func (n bertNormalizer) each(s string, b *strings.Builder) string {
	for _, r := range s {
		switch {
		case r > ' ' && r < 0x7F:
			b.WriteByte(byte(r))
		case n.clean && (r == 0 || r == utf8.RuneError || isControl(r)):
		case n.clean && unicode.IsSpace(r):
			b.WriteByte(' ')
		case n.spaceHan && isHan(r):
			b.WriteByte(' ')
			b.WriteRune(r)
			b.WriteByte(' ')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// isControl reports characters of category C that are no white space of ASCII.
func isControl(r rune) bool {
	switch {
	case r == '\t' || r == '\n' || r == '\r':
		return false
	case r < utf8.RuneSelf:
		return r < ' ' || r == 0x7F
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co)
}

// isHan reports the blocks of CJK ideographs as BERT lists them.
func isHan(r rune) bool {
	return r >= 0x4E00 && r <= 0x9FFF || r >= 0x3400 && r <= 0x4DBF || r >= 0x20000 && r <= 0x2A6DF ||
		r >= 0x2A700 && r <= 0x2B73F || r >= 0x2B740 && r <= 0x2B81F || r >= 0x2B920 && r <= 0x2CEAF ||
		r >= 0xF900 && r <= 0xFAFF || r >= 0x2F800 && r <= 0x2FA1F
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// removeAccents drops the characters of category Mn.
func removeAccents(s string) string {
	if isASCII(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if r >= utf8.RuneSelf && unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, s)
}

// lowerEach is the lower case of each character by itself. Of all characters only U+0130 has one that is longer.
func lowerEach(s string) string {
	if strings.Contains(s, "\u0130") {
		s = strings.ReplaceAll(s, "\u0130", "i\u0307")
	}
	return strings.ToLower(s)
}

// nmt drops control characters and makes spaces of other white space, of characters without width, of U+2581 and of
// U+FFFD, as SentencePiece's normalization of this name does.
func nmt(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 0x01 && r <= 0x08, r == 0x0B, r >= 0x0E && r <= 0x1F, r == 0x7F, r == 0x8F, r == 0x9F:
			return -1
		case r == '\t', r == '\n', r == '\f', r == '\r', r == 0x1680, r >= 0x200B && r <= 0x200F, r == 0x2028, r == 0x2029,
			r == 0x2581, r == 0xFEFF, r == 0xFFFD:
			return ' '
		}
		return r
	}, s)
}

// byteLetters writes the bytes of a text in GPT-2's alphabet.
type byteLetters struct{}

func (byteLetters) normalize(s string) string { return toByteLevel(s) }
