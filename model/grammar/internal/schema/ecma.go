package schema

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// spaceClass is \s of ECMAScript.
const spaceClass = `\t-\r \x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}\x{FEFF}`

// notSpaceClass is \S of ECMAScript.
const notSpaceClass = `\x{00}-\x{08}\x{0E}-\x{1F}!-\x{9F}\x{A1}-\x{167F}\x{1681}-\x{1FFF}\x{200B}-\x{2027}\x{202A}-\x{202E}` +
	`\x{2030}-\x{205E}\x{2060}-\x{2FFF}\x{3001}-\x{FEFE}\x{FF00}-\x{10FFFF}`

// translate turns an ECMAScript regular expression, as JSON Schema has, into RE2 syntax. What RE2 cannot say is an error.
func translate(expr string) (string, error) {
	var b strings.Builder
	inClass := false
	for i := 0; i < len(expr); {
		r, n := utf8.DecodeRuneInString(expr[i:])
		rest := expr[i:]
		switch {
		case r == '\\':
			out, used, err := translateEscape(rest, inClass)
			if err != nil {
				return "", err
			}
			b.WriteString(out)
			n = used
		case inClass && r == ']':
			inClass = false
			b.WriteByte(']')
		case inClass && r == '[':
			b.WriteString(`\[`)
		case inClass:
			b.WriteRune(r)
		case strings.HasPrefix(rest, "[^]"):
			b.WriteString(`(?s:.)`)
			n = 3
		case strings.HasPrefix(rest, "[]"):
			b.WriteString(`[^\x{00}-\x{10FFFF}]`)
			n = 2
		case r == '[':
			inClass = true
			b.WriteByte('[')
			if strings.HasPrefix(rest, "[^") {
				b.WriteByte('^')
				n = 2
			}
		case r == '.':
			b.WriteString(`[^\n\r\x{2028}\x{2029}]`)
		case strings.HasPrefix(rest, "(?"):
			if err := checkGroup(rest); err != nil {
				return "", err
			}
			b.WriteByte('(')
		default:
			b.WriteRune(r)
		}
		i += n
	}
	return b.String(), nil
}

func checkGroup(rest string) error {
	for _, p := range []string{"(?=", "(?!", "(?<=", "(?<!"} {
		if strings.HasPrefix(rest, p) {
			return fmt.Errorf("lookaround %s) is not regular", p)
		}
	}
	if strings.HasPrefix(rest, "(?:") || strings.HasPrefix(rest, "(?<") {
		return nil
	}
	return fmt.Errorf("unknown group %.4s", rest)
}

// translateEscape translates the escape at the beginning of s and returns how many bytes it has.
func translateEscape(s string, inClass bool) (out string, used int, err error) {
	if len(s) < 2 {
		return "", 0, fmt.Errorf("backslash at the end")
	}
	class := func(set string) string {
		if inClass {
			return set
		}
		return "[" + set + "]"
	}
	c := s[1]
	switch {
	case c == 's':
		return class(spaceClass), 2, nil
	case c == 'S':
		return class(notSpaceClass), 2, nil
	case c == 'b' && inClass:
		return `\x08`, 2, nil
	case strings.IndexByte("dDwWbBnrtfv", c) >= 0:
		return s[:2], 2, nil
	case c == '0' && (len(s) == 2 || s[2] < '0' || s[2] > '9'):
		return `\x00`, 2, nil
	case c >= '0' && c <= '9' || c == 'k':
		return "", 0, fmt.Errorf("back reference %s is not regular", s[:2])
	case c == 'p' || c == 'P':
		if len(s) > 2 && s[2] == '{' {
			if end := strings.IndexByte(s, '}'); end > 0 {
				name := s[3:end]
				if _, value, ok := strings.Cut(name, "="); ok { // Script=Greek, General_Category=Lu
					name = value
				}
				return s[:2] + "{" + name + "}", end + 1, nil
			}
		}
		return "", 0, fmt.Errorf(`\%c needs {name}`, c)
	case c == 'c' && len(s) > 2 && unicode.IsLetter(rune(s[2])) && s[2] < 0x80:
		return fmt.Sprintf(`\x%02x`, s[2]&0x1F), 3, nil
	case c == 'x':
		return hexEscape(s, 2, 2)
	case c == 'u' && len(s) > 2 && s[2] == '{':
		if end := strings.IndexByte(s, '}'); end > 0 {
			return `\x` + s[2:end+1], end + 1, nil
		}
		return "", 0, fmt.Errorf("bad escape %.8s", s)
	case c == 'u':
		return unicodeEscape(s)
	case c < 0x80 && !isAlnum(c):
		return `\` + string(rune(c)), 2, nil
	}
	return "", 0, fmt.Errorf("unknown escape %.4q", s)
}

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
}

func hexEscape(s string, at, digits int) (string, int, error) {
	if len(s) < at+digits {
		return "", 0, fmt.Errorf("bad escape %s", s)
	}
	h := s[at : at+digits]
	if strings.Trim(h, "0123456789abcdefABCDEF") != "" {
		return "", 0, fmt.Errorf("bad escape %s", s[:at+digits])
	}
	return `\x{` + h + `}`, at + digits, nil
}

// unicodeEscape translates \uXXXX, two of them for a code point above FFFF.
func unicodeEscape(s string) (string, int, error) {
	out, used, err := hexEscape(s, 2, 4)
	if err != nil {
		return "", 0, err
	}
	var hi, lo uint32
	fmt.Sscanf(s[2:6], "%x", &hi)
	if hi >= 0xD800 && hi <= 0xDBFF && len(s) >= 12 && s[6:8] == `\u` {
		if _, _, err := hexEscape(s[6:], 2, 4); err == nil {
			fmt.Sscanf(s[8:12], "%x", &lo)
			if lo >= 0xDC00 && lo <= 0xDFFF {
				return fmt.Sprintf(`\x{%X}`, 0x10000+(hi-0xD800)<<10+(lo-0xDC00)), 12, nil
			}
		}
	}
	return out, used, nil
}
