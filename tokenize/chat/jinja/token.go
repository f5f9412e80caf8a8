package jinja

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

type tokenKind uint8

const (
	tokEOF tokenKind = iota
	tokData
	tokVarBegin
	tokVarEnd
	tokBlockBegin
	tokBlockEnd
	tokName
	tokString
	tokInt
	tokFloat
	tokOp
)

// token is a piece of the source. text is the decoded text of a string and the spelling of everything else.
type token struct {
	kind tokenKind
	line int
	text string
}

// String describes the token for an error.
func (t token) String() string {
	switch t.kind {
	case tokEOF:
		return "end of template"
	case tokData:
		return "text"
	case tokVarBegin, tokVarEnd, tokBlockBegin, tokBlockEnd:
		return [...]string{tokVarBegin: "{{", tokVarEnd: "}}", tokBlockBegin: "{%", tokBlockEnd: "%}"}[t.kind]
	case tokString:
		return "string " + strconv.Quote(clip(t.text))
	}
	return strconv.Quote(clip(t.text))
}

func syntaxErrf(line int, format string, args ...any) error {
	return &Error{Line: line, Kind: KindSyntax, Msg: fmt.Sprintf(format, args...)}
}

// unquote decodes the backslash escapes between the quotes of a string, which are Python's.
func unquote(s string, line int) (string, error) {
	if !strings.Contains(s, `\`) {
		return s, nil
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			i++
			continue
		}
		n, err := unescape(&b, s[i+1:], line)
		if err != nil {
			return "", err
		}
		i += 1 + n
	}
	return b.String(), nil
}

// unescape decodes the escape whose text after the backslash starts s, and returns how many bytes of s it took.
func unescape(b *strings.Builder, s string, line int) (int, error) {
	const from, to = `\'"abfnrtv`, "\\'\"\a\b\f\n\r\t\v"
	c := s[0]
	if i := strings.IndexByte(from, c); i >= 0 {
		b.WriteByte(to[i])
		return 1, nil
	}
	switch c {
	case '\n':
		return 1, nil
	case 'x':
		return escapeHex(b, s, 2, line)
	case 'u':
		return escapeHex(b, s, 4, line)
	case 'U':
		return escapeHex(b, s, 8, line)
	case 'N':
		return 0, at(unsupportedf(`the escape \N in a string`), line)
	}
	if c >= '0' && c <= '7' {
		n := 1
		for n < 3 && n < len(s) && s[n] >= '0' && s[n] <= '7' {
			n++
		}
		v, _ := strconv.ParseUint(s[:n], 8, 16)
		b.WriteRune(rune(v))
		return n, nil
	}
	b.WriteByte('\\') // an unknown escape stands for itself
	return 0, nil
}

func escapeHex(b *strings.Builder, s string, digits, line int) (int, error) {
	end := 1 + digits
	if end > len(s) {
		return 0, syntaxErrf(line, `escape \%c in a string, want %d hexadecimal digits`, s[0], digits)
	}
	v, err := strconv.ParseUint(s[1:end], 16, 32)
	if err != nil {
		return 0, syntaxErrf(line, `escape \%s in a string, want %d hexadecimal digits`, s[:end], digits)
	}
	if !utf8.ValidRune(rune(v)) || v > utf8.MaxRune {
		return 0, at(unsupportedf(`the escape \%s in a string, which is no character`, s[:end]), line)
	}
	b.WriteRune(rune(v))
	return end, nil
}
