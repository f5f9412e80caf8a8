package machine

import "unicode"

// A lexer reads one code point byte by byte: as UTF-8, or inside a JSON string also as an escape. Its state is a uint32:
// a mode in the upper byte, bits read so far below. Zero is between code points.
//
// What has been read of a code point always leaves one range of possible code points; the owner of the lexer asks for
// that range to know whether the beginning can be completed.
type lexer = uint32

const (
	lexNone    lexer = 0
	lexUTF8    lexer = 1 << 24 // + number of bytes still to come << 20, value so far below
	lexEscape  lexer = 2 << 24 // after a backslash
	lexHex     lexer = 3 << 24 // after \u: number of digits read << 20, value so far below
	lexSlash   lexer = 4 << 24 // after a high surrogate (10 bits below): a backslash must follow
	lexU       lexer = 5 << 24 // then a u
	lexLow     lexer = 6 << 24 // then digits, see lowDigit
	lexOpen    lexer = 7 << 24 // before the opening quote of a string
	lexModes   lexer = 0xff << 24
	countShift       = 20
)

// lead starts a code point of several bytes. ok is false for a byte that cannot start one.
func lead(b byte) (lx lexer, ok bool) {
	switch {
	case b >= 0xC2 && b <= 0xDF:
		return lexUTF8 | 1<<countShift | lexer(b&0x1F), true
	case b >= 0xE0 && b <= 0xEF:
		return lexUTF8 | 2<<countShift | lexer(b&0x0F), true
	case b >= 0xF0 && b <= 0xF4:
		return lexUTF8 | 3<<countShift | lexer(b&0x07), true
	}
	return 0, false
}

// utf8Range returns the code points that may still come out of a UTF-8 state.
func utf8Range(lx lexer) (lo, hi rune) {
	n := lx >> countShift & 0xF
	v := lx & (1<<countShift - 1)
	lo = rune(v << (6 * n))
	hi = lo | (1<<(6*n) - 1)
	switch { // the first byte alone allows overlong forms, surrogates and too large values; cut them off
	case n == 2 && v == 0:
		lo = 0x800
	case n == 2 && v == 0xD:
		hi = 0xD7FF
	case n == 3 && v == 0:
		lo = 0x10000
	case n == 3 && v == 4:
		hi = unicode.MaxRune
	}
	return lo, hi
}

// continueUTF8 reads a continuation byte. done says that r is complete.
func continueUTF8(lx lexer, b byte) (next lexer, r rune, done, ok bool) {
	if b&0xC0 != 0x80 {
		return 0, 0, false, false
	}
	lo, hi := utf8Range(lx)
	n := lx >> countShift & 0xF
	v := (lx&(1<<countShift-1))<<6 | lexer(b&0x3F)
	if n == 1 {
		return lexNone, rune(v), true, true
	}
	next = lexUTF8 | (n-1)<<countShift | v
	first := rune(v << (6 * (n - 1)))
	if first < lo || first > hi {
		return 0, 0, false, false
	}
	return next, 0, false, true
}

// escape reads one byte of an escape (modes lexEscape to lexLow).
func escape(lx lexer, b byte) (next lexer, r rune, done, ok bool) {
	switch lx & lexModes {
	case lexEscape:
		if b == 'u' {
			return lexHex, 0, false, true
		}
		r, ok = shortEscape(b)
		return lexNone, r, ok, ok
	case lexHex:
		d, isHex := hexDigit(b)
		if !isHex {
			return 0, 0, false, false
		}
		n := lx>>countShift&0xF + 1
		v := (lx&0xFFFF)<<4 | d
		if n < 4 {
			next = lexHex | n<<countShift | v
			return next, 0, false, !onlyLow(next)
		}
		switch {
		case v >= 0xDC00 && v <= 0xDFFF:
			return 0, 0, false, false
		case v >= 0xD800 && v <= 0xDBFF:
			return lexSlash | (v - 0xD800), 0, false, true
		}
		return lexNone, rune(v), true, true
	case lexSlash:
		return lexU | lx&0x3FF, 0, false, b == '\\'
	case lexU:
		return lexLow | lx&0x3FF, 0, false, b == 'u'
	}
	return lowDigit(lx, b)
}

// lowDigit reads a digit of the low surrogate. The digits are D, C to F, any, any; so the low ten bits come from the
// last bits of the second digit and the two after it. The state holds: digits read << 20, high bits below bit 10, and
// the low bits read so far in bits 10 to 19.
func lowDigit(lx lexer, b byte) (next lexer, r rune, done, ok bool) {
	d, isHex := hexDigit(b)
	n := lx >> countShift & 0xF
	if !isHex || n == 0 && d != 0xD || n == 1 && d < 0xC {
		return 0, 0, false, false
	}
	high, low := lx&0x3FF, lx>>10&0x3FF
	switch n {
	case 1:
		low = d & 3
	case 2, 3:
		low = low<<4 | d
	}
	if n == 3 {
		return lexNone, rune(0x10000 + high<<10 + low&0x3FF), true, true
	}
	return lexLow | (n+1)<<countShift | low<<10 | high, 0, false, true
}

// ranges are up to three ranges of code points: first, last, first, last... An empty one has its last before its first.
type ranges [6]rune

// oneRange returns a single range.
func oneRange(lo, hi rune) ranges { return ranges{lo, hi, 1, 0, 1, 0} }

func (r *ranges) has(c rune) bool {
	return c >= r[0] && c <= r[1] || c >= r[2] && c <= r[3] || c >= r[4] && c <= r[5]
}

// within returns how many code points of lo to hi the ranges have.
func (r *ranges) within(lo, hi rune) int64 {
	n := int64(0)
	for i := 0; i < len(r); i += 2 {
		n += max(0, int64(min(hi, r[i+1]))-int64(max(lo, r[i]))+1)
	}
	return n
}

// mustEscape reports whether a character of a JSON string can only be written as an escape.
func mustEscape(r rune) bool { return r < 0x20 || r == '"' || r == '\\' }

// coming returns the code points that may come out of a lexer inside a string. plain allows only those escapes that are
// needed.
func coming(lx lexer, plain bool) ranges {
	if lx&lexModes == lexUTF8 {
		lo, hi := utf8Range(lx)
		return oneRange(lo, hi)
	}
	r := escapeRange(lx)
	if !plain {
		return r
	}
	p := ranges{0, 0x1F, '"', '"', '\\', '\\'}
	for i := 0; i < len(p); i += 2 {
		p[i], p[i+1] = max(p[i], r[0]), min(p[i+1], r[1])
	}
	return p
}

// escapeRange returns the code points that may still come out of an escape.
func escapeRange(lx lexer) ranges {
	switch lx & lexModes {
	case lexEscape:
		return oneRange(0, unicode.MaxRune)
	case lexHex:
		n := lx >> countShift & 0xF
		lo := rune(lx&0xFFFF) << (4 * (4 - n))
		hi := lo | (1<<(4*(4-n)) - 1)
		r := oneRange(lo, hi)
		if a, b := max(lo, 0xD800), min(hi, 0xDBFF); a <= b { // a high surrogate stands for 1024 code points
			r[2], r[3] = 0x10000+(a-0xD800)<<10, 0x10000+(b-0xD800)<<10+0x3FF
		}
		return r
	case lexSlash, lexU:
		lo := 0x10000 + rune(lx&0x3FF)<<10
		return oneRange(lo, lo+0x3FF)
	}
	n := lx >> countShift & 0xF
	lo := 0x10000 + rune(lx&0x3FF)<<10
	if n < 2 {
		return oneRange(lo, lo+0x3FF)
	}
	open := 4 * (4 - n) // bits still to come
	lo += rune(lx>>10&0x3FF) << open
	return oneRange(lo, lo|(1<<open-1))
}

// onlyLow reports whether the hex digits read so far leave only low surrogates, which cannot stand alone.
func onlyLow(lx lexer) bool {
	n := lx >> countShift & 0xF
	lo := (lx & 0xFFFF) << (4 * (4 - n))
	hi := lo | (1<<(4*(4-n)) - 1)
	return lo >= 0xDC00 && hi <= 0xDFFF
}

func shortEscape(b byte) (rune, bool) {
	switch b {
	case '"', '\\', '/':
		return rune(b), true
	case 'b':
		return '\b', true
	case 'f':
		return '\f', true
	case 'n':
		return '\n', true
	case 'r':
		return '\r', true
	case 't':
		return '\t', true
	}
	return 0, false
}

func hexDigit(b byte) (uint32, bool) {
	switch {
	case b >= '0' && b <= '9':
		return uint32(b - '0'), true
	case b >= 'a' && b <= 'f':
		return uint32(b-'a') + 10, true
	case b >= 'A' && b <= 'F':
		return uint32(b-'A') + 10, true
	}
	return 0, false
}
