package jinja

import (
	"strings"
	"unicode/utf8"
)

// lexer cuts a template into tokens. White space around tags is removed here: as the signs of a tag say, and otherwise the
// line break after a block or comment (trim_blocks) and blanks before one at the start of a line (lstrip_blocks).
type lexer struct {
	src       string
	pos       int
	line      int
	lineStart bool // the last tag ended with a line break, or nothing was read
	tokens    []token
	open      []byte // closing brackets that are due, in the current tag
}

// lex returns the tokens of a template, with an EOF token at the end.
func lex(src string) ([]token, error) {
	src = strings.ReplaceAll(src, "\r\n", "\n")
	src = strings.ReplaceAll(src, "\r", "\n")
	src = strings.TrimSuffix(src, "\n") // one only
	l := &lexer{src: src, line: 1, lineStart: true}
	for l.pos < len(l.src) {
		if err := l.data(); err != nil {
			return nil, err
		}
	}
	l.emit(tokEOF, "")
	return l.tokens, nil
}

func (l *lexer) emit(k tokenKind, text string) {
	l.tokens = append(l.tokens, token{kind: k, line: l.line, text: text})
}

// advance moves to the byte offset and counts lines.
func (l *lexer) advance(to int) {
	l.line += strings.Count(l.src[l.pos:to], "\n")
	l.pos = to
}

// data reads text up to the next tag, and the tag.
func (l *lexer) data() error {
	start := l.nextTag()
	if start < 0 {
		l.emit(tokData, l.src[l.pos:])
		l.advance(len(l.src))
		return nil
	}
	text, kind, after := l.src[l.pos:start], l.src[start+1], start+2
	rawEnd, isRaw := rawTag(l.src[start:], "raw", false)
	sign := byte(0)
	if after < len(l.src) && (l.src[after] == '-' || l.src[after] == '+') {
		sign = l.src[after]
		after++
	}
	if text = l.trimBefore(text, sign, kind == '{'); text != "" {
		l.emit(tokData, text)
	}
	switch {
	case isRaw:
		l.advance(start + rawEnd)
		return l.raw()
	case kind == '#':
		l.advance(after)
		return l.comment()
	case kind == '%':
		l.advance(after)
		l.emit(tokBlockBegin, "")
	default:
		l.advance(after)
		l.emit(tokVarBegin, "")
	}
	return l.tag(kind)
}

// nextTag returns the offset of the next {{, {% or {#, or -1.
func (l *lexer) nextTag() int {
	for i := l.pos; ; i++ {
		j := strings.IndexByte(l.src[i:], '{')
		if j < 0 || i+j+1 >= len(l.src) {
			return -1
		}
		i += j
		if c := l.src[i+1]; c == '{' || c == '%' || c == '#' {
			return i
		}
	}
}

// trimBefore removes white space between text and a tag.
func (l *lexer) trimBefore(text string, sign byte, isVar bool) string {
	if sign == '-' {
		return strings.TrimRightFunc(text, isSpace)
	}
	if sign == '+' || isVar {
		return text
	}
	cut := strings.LastIndexByte(text, '\n') + 1
	if (cut > 0 || l.lineStart) && strings.TrimLeftFunc(text[cut:], isSpace) == "" {
		return text[:cut]
	}
	return text
}

// rawTag matches {% raw %} or {% endraw %} at the start of s and returns its length. Only the end tag trims a line break.
func rawTag(s, name string, trim bool) (int, bool) {
	if !strings.HasPrefix(s, "{%") {
		return 0, false
	}
	i := 2
	if i < len(s) && (s[i] == '-' || s[i] == '+') {
		i++
	}
	i = skipSpace(s, i)
	if !strings.HasPrefix(s[i:], name) {
		return 0, false
	}
	i = skipSpace(s, i+len(name))
	switch rest := s[i:]; {
	case strings.HasPrefix(rest, "-%}"):
		return skipSpace(s, i+3), true
	case trim && strings.HasPrefix(rest, "+%}"):
		return i + 3, true
	case strings.HasPrefix(rest, "%}"):
		i += 2
		if trim && i < len(s) && s[i] == '\n' {
			i++
		}
		return i, true
	}
	return 0, false
}

// raw reads text up to {% endraw %}.
func (l *lexer) raw() error {
	if l.pos == len(l.src) { // as for comments
		return nil
	}
	l.lineStart = l.src[l.pos-1] == '\n'
	for i := l.pos; ; i++ {
		j := strings.Index(l.src[i:], "{%")
		if j < 0 {
			return syntaxErrf(l.line, "raw block without endraw")
		}
		i += j
		n, ok := rawTag(l.src[i:], "endraw", true)
		if !ok {
			continue
		}
		sign := l.src[i+2]
		if text := l.trimBefore(l.src[l.pos:i], sign, false); text != "" {
			l.emit(tokData, text)
		}
		l.finish(i + n)
		return nil
	}
}

// finish ends a tag at the byte offset.
func (l *lexer) finish(to int) {
	l.advance(to)
	l.lineStart = l.src[to-1] == '\n'
}

func (l *lexer) comment() error {
	i := strings.Index(l.src[l.pos:], "#}")
	if l.pos == len(l.src) { // nothing at all follows: Jinja2 does not mind
		return nil
	}
	if i < 0 {
		return syntaxErrf(l.line, "comment without end")
	}
	end := l.pos + i
	sign := byte(0)
	if i > 0 {
		sign = l.src[end-1]
	}
	l.finish(l.trimAfter(end+2, sign, true))
	return nil
}

// trimAfter returns where the text after a tag that ends at i begins.
func (l *lexer) trimAfter(i int, sign byte, isBlock bool) int {
	if sign == '-' {
		return skipSpace(l.src, i)
	}
	if sign != '+' && isBlock && i < len(l.src) && l.src[i] == '\n' {
		i++
	}
	return i
}

// tag reads the tokens of a tag up to and with its end.
func (l *lexer) tag(kind byte) error {
	l.open = l.open[:0]
	for {
		l.advance(skipSpace(l.src, l.pos))
		if l.pos == len(l.src) {
			return nil // the parser complains about the missing end
		}
		if len(l.open) == 0 && l.tagEnd(kind) {
			return nil
		}
		if err := l.next(); err != nil {
			return err
		}
	}
}

// tagEnd reads the end of a tag if it is here.
func (l *lexer) tagEnd(kind byte) bool {
	want, tok := "%}", tokBlockEnd
	if kind == '{' {
		want, tok = "}}", tokVarEnd
	}
	i, sign := l.pos, l.src[l.pos]
	if sign == '-' || sign == '+' && kind == '%' {
		i++
	}
	if !strings.HasPrefix(l.src[i:], want) {
		return false
	}
	l.emit(tok, "")
	l.finish(l.trimAfter(i+2, sign, kind == '%'))
	return true
}

// next reads one token inside a tag.
func (l *lexer) next() error {
	rest := l.src[l.pos:]
	if n, isFloat := numberLen(rest, l.pos > 0 && l.src[l.pos-1] == '.'); n > 0 {
		if isFloat {
			return l.take(tokFloat, n)
		}
		return l.take(tokInt, n)
	}
	if n := nameLen(rest); n > 0 {
		if r, _ := utf8.DecodeRuneInString(rest); !isNameStart(r) {
			return syntaxErrf(l.line, "invalid name %q", clip(rest[:n]))
		}
		return l.take(tokName, n)
	}
	if rest[0] == '\'' || rest[0] == '"' {
		return l.quoted(rest)
	}
	return l.operator(rest)
}

func (l *lexer) take(k tokenKind, n int) error {
	l.emit(k, l.src[l.pos:l.pos+n])
	l.advance(l.pos + n)
	return nil
}

func (l *lexer) quoted(s string) error {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case s[0]:
			text, err := unquote(s[1:i], l.line)
			if err != nil {
				return err
			}
			l.emit(tokString, text)
			l.advance(l.pos + i + 1)
			return nil
		}
	}
	return syntaxErrf(l.line, "string without end")
}

func (l *lexer) operator(s string) error {
	const two = "// ** == != >= <= "
	n := 1
	if len(s) > 1 && strings.Contains(two, s[:2]+" ") {
		n = 2
	} else if !strings.Contains("+-/*%~[](){}><=.:|,;", s[:1]) {
		r, _ := utf8.DecodeRuneInString(s)
		return syntaxErrf(l.line, "unexpected character %q", r)
	}
	if n == 1 {
		if err := l.bracket(s[0]); err != nil {
			return err
		}
	}
	return l.take(tokOp, n)
}

// bracket keeps track of open brackets: inside them }} and %} do not end the tag.
func (l *lexer) bracket(c byte) error {
	switch c {
	case '(':
		l.open = append(l.open, ')')
	case '[':
		l.open = append(l.open, ']')
	case '{':
		l.open = append(l.open, '}')
	case ')', ']', '}':
		if len(l.open) == 0 {
			return syntaxErrf(l.line, "unexpected '%c'", c)
		}
		want := l.open[len(l.open)-1]
		if want != c {
			return syntaxErrf(l.line, "unexpected '%c', expected '%c'", c, want)
		}
		l.open = l.open[:len(l.open)-1]
	}
	return nil
}
