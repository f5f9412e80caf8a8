package machine

import (
	"fmt"
	"testing"
	"unicode"
	"unicode/utf8"
)

// read runs the lexer as inside a string and checks on the way that what is still possible includes want.
func read(t *testing.T, s string, want rune) (rune, bool) {
	t.Helper()
	lx := lexNone
	for i := range len(s) {
		b := s[i]
		var r rune
		var done, ok bool
		switch {
		case lx == lexNone && b == '\\':
			lx, ok = lexEscape, true
		case lx == lexNone && b < 0x80:
			return rune(b), i == len(s)-1
		case lx == lexNone:
			lx, ok = lead(b)
		case lx&lexModes == lexUTF8:
			lx, r, done, ok = continueUTF8(lx, b)
		default:
			lx, r, done, ok = escape(lx, b)
		}
		if !ok {
			return 0, false
		}
		if done {
			return r, i == len(s)-1
		}
		if rs := coming(lx, false); want >= 0 && !rs.has(want) {
			t.Fatalf("after %q the lexer does not expect %U", s[:i+1], want)
		}
	}
	return 0, false
}

// TestLexerReadsEveryCodePoint writes every code point in all ways JSON has.
func TestLexerReadsEveryCodePoint(t *testing.T) {
	for r := rune(0x20); r <= unicode.MaxRune; r++ {
		if isSurrogate := r >= 0xD800 && r <= 0xDFFF; isSurrogate || r == '\\' {
			continue
		}
		spellings := []string{string(r)}
		if r <= 0xFFFF {
			spellings = append(spellings, fmt.Sprintf(`\u%04x`, r), fmt.Sprintf(`\u%04X`, r))
		} else if r%7 == 0 || r < 0x10500 {
			c := r - 0x10000
			spellings = append(spellings, fmt.Sprintf(`\u%04x\u%04X`, 0xD800+c>>10, 0xDC00+c&0x3FF))
		}
		for _, s := range spellings {
			if got, ok := read(t, s, r); !ok || got != r {
				t.Fatalf("%q is read as %U, %v; want %U", s, got, ok, r)
			}
		}
	}
}

// TestLexerRefuses runs all byte pairs and triples: what is no UTF-8 has no way through.
func TestLexerRefuses(t *testing.T) {
	good, bad := 0, 0
	try := func(b ...byte) {
		s := string(b)
		_, ok := read(t, s, -1)
		if want := utf8.ValidString(s) && utf8.RuneCountInString(s) == 1; ok != want {
			t.Fatalf("% x: read %v, want %v", s, ok, want)
		}
		if ok {
			good++
		} else {
			bad++
		}
	}
	for a := 0x80; a < 0x100; a++ {
		try(byte(a))
		for b := range 0x100 {
			try(byte(a), byte(b))
			for c := 0x70; c < 0x100; c++ {
				try(byte(a), byte(b), byte(c))
				if c == 0x80 && a >= 0xF0 {
					try(byte(a), byte(b), byte(c), 0xBF)
				}
			}
		}
	}
	if good == 0 || bad == 0 {
		t.Error("only one answer")
	}
	for _, s := range []string{`\ud800`, `\udc00`, `\ud83d\u0041`, `\ud83dx`, `\x`, `\u00g0`, `\ud83d\n`, `\`, `\u12`} {
		if _, ok := read(t, s, -1); ok {
			t.Errorf("%s is read", s)
		}
	}
}

// TestLexerHasNoDeadEnd completes every beginning of an escape: some code point is still possible exactly if some
// continuation is read.
func TestLexerHasNoDeadEnd(t *testing.T) {
	var grow func(s string, depth int) bool
	grow = func(s string, depth int) bool {
		if _, ok := read(t, s, -1); ok {
			return true
		}
		if depth == 0 {
			return false
		}
		some := false
		for _, b := range []byte(`08dcDCfu\`) {
			next := s + string(rune(b))
			lx, alive := beginning(next)
			if !alive {
				continue
			}
			got := grow(next, depth-1)
			if rs := coming(lx, false); lx != lexNone && !got && depth > 7 && rs.within(0, unicode.MaxRune) > 0 {
				t.Fatalf("%q is a dead end", next)
			}
			some = some || got
		}
		return some
	}
	if !grow(`\`, 11) {
		t.Error("no escape can be completed")
	}
}

// beginning returns the lexer after s; alive is false when s cannot be the beginning of one character.
func beginning(s string) (lexer, bool) {
	lx := lexEscape
	for i := 1; i < len(s); i++ {
		next, _, done, ok := escape(lx, s[i])
		if !ok {
			return 0, false
		}
		if done {
			return lexNone, i == len(s)-1
		}
		lx = next
	}
	return lx, true
}
