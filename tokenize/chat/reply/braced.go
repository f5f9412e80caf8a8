package reply

import (
	"fmt"
	"strings"
)

// gemmaValue reads an object in Gemma's form, as arguments.
func (p *Parser) gemmaValue(s step) bool {
	c := &p.call
	quote := p.lay.quote
	for i := c.scanned; i < len(p.buf); c.scanned = i {
		rest := p.buf[i:]
		if len(rest) < len(quote) && strings.HasPrefix(quote, string(rest)) {
			return false
		}
		switch {
		case strings.HasPrefix(string(rest[:min(len(rest), len(quote))]), quote):
			c.quoted = !c.quoted
			i += len(quote)
			continue
		case c.quoted:
		case rest[0] == '{' || rest[0] == '[':
			c.depth++
		case rest[0] == '}' || rest[0] == ']':
			c.depth--
		}
		if i++; c.depth > 0 {
			continue
		}
		l := &literal{s: string(p.buf[:i]), quote: quote}
		p.take(i)
		if !l.value(maxNesting) || l.s != "" {
			p.fail(ErrSyntax, "the arguments are not an object")
			return true
		}
		c.args = l.out
		c.label = s.next
		p.finish()
		return true
	}
	return false
}

// pythonCalls reads a list of calls with keyword arguments, as Python writes them.
func (p *Parser) pythonCalls(s step) bool {
	c := &p.call
	i := 0
	for i < len(p.buf) && isSpace(p.buf[i]) {
		i++
	}
	if i == len(p.buf) {
		return false
	}
	if p.buf[i] != '[' {
		p.fail(ErrSyntax, fmt.Sprintf("got %.20q, want a list of calls", p.buf[i:]))
		return true
	}
	c.bracket.python = true
	c.scanned = max(c.scanned, i)
	n, done := c.bracket.feed(p.buf[c.scanned:])
	if c.scanned += n; !done {
		return false
	}
	l := &literal{s: string(p.buf[i:c.scanned])}
	p.take(c.scanned)
	c.label = s.next
	for l.s = l.s[1:]; l.skip() != ']'; {
		name, rest, ok := strings.Cut(l.s, "(")
		l.s, l.out = rest, nil
		if !ok || !p.setName(strings.Trim(name, space)) {
			if ok {
				return true
			}
			p.fail(ErrSyntax, "not a list of calls")
			return true
		}
		if !l.keywords() || l.skip() != ',' && l.skip() != ']' {
			p.fail(ErrSyntax, "not arguments as Python writes them")
			return true
		}
		c.args = l.out
		p.finish()
		if l.skip() == ',' {
			l.s = l.s[1:]
		}
	}
	return true
}

// keywords reads NAME=VALUE, … and the bracket after it as an object.
func (l *literal) keywords() bool {
	l.out = append(l.out, '{')
	seen := map[string]bool{}
	for first := true; l.skip() != ')'; first = false {
		if !first {
			if !l.comma() {
				return false
			}
			l.out = append(l.out, ", "...)
		}
		name, rest, ok := strings.Cut(l.s, "=")
		name = strings.Trim(name, space)
		if !ok || name == "" || seen[name] || strings.ContainsAny(name, "(),[]{}'\"") {
			return false
		}
		seen[name] = true
		l.s = rest
		l.out = append(append(l.out, quoteJSON(name)...), ": "...)
		if !l.value(maxNesting) {
			return false
		}
	}
	l.s = l.s[1:]
	l.out = append(l.out, '}')
	return true
}
