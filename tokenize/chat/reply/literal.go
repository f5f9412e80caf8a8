package reply

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxNesting bounds values in Python's and Gemma's form.
const maxNesting = 100

// literal reads values that are not JSON and writes them as JSON.
type literal struct {
	s     string
	out   []byte
	quote string // around texts in Gemma's form; "" for Python's
}

// python returns the JSON for a Python literal: None, True, False, a number, text, list, tuple or dict.
func python(s string) (string, bool) {
	l := &literal{s: s}
	ok := l.value(maxNesting) && l.skip() == 0
	return string(l.out), ok
}

// skip drops white space and returns the next byte, 0 at the end.
func (l *literal) skip() byte {
	l.s = strings.TrimLeft(l.s, space)
	if l.s == "" {
		return 0
	}
	return l.s[0]
}

func (l *literal) value(depth int) bool {
	if depth == 0 {
		return false
	}
	c := l.skip()
	switch {
	case l.quote != "" && strings.HasPrefix(l.s, l.quote):
		return l.between()
	case l.quote == "" && (c == '"' || c == '\''):
		return l.quoted(c)
	case c == '{':
		return l.dict(depth)
	case c == '[':
		return l.list(']', depth)
	case c == '(' && l.quote == "":
		return l.list(')', depth)
	}
	n := 0
	for n < len(l.s) && (scalarByte(l.s[n]) || l.s[n] == '_') {
		n++
	}
	word := l.s[:n]
	l.s = l.s[n:]
	switch word {
	case "None":
		word = "null"
	case "True":
		word = "true"
	case "False":
		word = "false"
	}
	l.out = append(l.out, word...)
	return word != "" && json.Valid([]byte(word))
}

// between reads a text between two quotes of Gemma's.
func (l *literal) between() bool {
	l.s = l.s[len(l.quote):]
	text, rest, ok := strings.Cut(l.s, l.quote)
	l.s = rest
	l.out = append(l.out, quoteJSON(text)...)
	return ok
}

func (l *literal) list(end byte, depth int) bool {
	l.s = l.s[1:]
	l.out = append(l.out, '[')
	for first := true; l.skip() != end; first = false {
		if !first {
			if !l.comma() {
				return false
			}
			if l.skip() == end && l.quote == "" {
				break
			}
			l.out = append(l.out, ", "...)
		}
		if !l.value(depth - 1) {
			return false
		}
	}
	l.s = l.s[1:]
	l.out = append(l.out, ']')
	return true
}

func (l *literal) comma() bool {
	if l.skip() != ',' {
		return false
	}
	l.s = l.s[1:]
	return true
}

func (l *literal) dict(depth int) bool {
	l.s = l.s[1:]
	l.out = append(l.out, '{')
	for first := true; l.skip() != '}'; first = false {
		if !first {
			if !l.comma() {
				return false
			}
			if l.skip() == '}' && l.quote == "" {
				break
			}
			l.out = append(l.out, ", "...)
		}
		if !l.dictKey() || l.skip() != ':' {
			return false
		}
		l.s = l.s[1:]
		l.out = append(l.out, ": "...)
		if !l.value(depth - 1) {
			return false
		}
	}
	l.s = l.s[1:]
	l.out = append(l.out, '}')
	return true
}

// dictKey reads a text, or in Gemma's form a bare name.
func (l *literal) dictKey() bool {
	c := l.skip()
	switch {
	case l.quote == "":
		return (c == '"' || c == '\'') && l.quoted(c)
	case strings.HasPrefix(l.s, l.quote):
		return l.between()
	}
	name, _, ok := strings.Cut(l.s, ":")
	if !ok || name == "" || strings.ContainsAny(name, "{}[],") {
		return false
	}
	l.s = l.s[len(name):]
	l.out = append(l.out, quoteJSON(strings.Trim(name, space))...)
	return true
}

// quoted reads a Python text.
func (l *literal) quoted(q byte) bool {
	var b strings.Builder
	s := l.s[1:]
	for {
		i := strings.IndexAny(s, `\`+string(rune(q)))
		if i < 0 {
			return false
		}
		b.WriteString(s[:i])
		if s = s[i:]; s[0] == q {
			l.s = s[1:]
			l.out = append(l.out, quoteJSON(b.String())...)
			return true
		}
		r, _, tail, err := strconv.UnquoteChar(s, q)
		switch {
		case err == nil:
			b.WriteRune(r)
			s = tail
		case len(s) > 1 && (s[1] == '\'' || s[1] == '"'):
			b.WriteByte(s[1])
			s = s[2:]
		case len(s) > 1 && s[1] < utf8.RuneSelf: // Python keeps escapes it does not know
			b.WriteString(s[:2])
			s = s[2:]
		default:
			return false
		}
	}
}
