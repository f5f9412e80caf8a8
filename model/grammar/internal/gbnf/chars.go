package gbnf

import (
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"
)

func (p *parser) literal() (*expr, error) {
	at := p.pos
	p.pos++
	e := &expr{op: opSeq}
	for p.peek() != '"' {
		r, err := p.char(at, "\"")
		if err != nil {
			return nil, err
		}
		e.kids = append(e.kids, &expr{op: opClass, ranges: []rune{r, r}})
	}
	p.pos++
	return e, nil
}

func (p *parser) class() (*expr, error) {
	at := p.pos
	p.pos++
	negated := p.peek() == '^'
	if negated {
		p.pos++
	}
	var ranges [][2]rune
	for p.peek() != ']' {
		lo, err := p.char(at, "]")
		if err != nil {
			return nil, err
		}
		hi := lo
		if p.peek() == '-' && p.pos+1 < len(p.src) && p.src[p.pos+1] != ']' {
			p.pos++
			if hi, err = p.char(at, "]"); err != nil {
				return nil, err
			}
			if hi < lo {
				return nil, p.errorAt(at, "range %q-%q is empty", lo, hi)
			}
		}
		ranges = append(ranges, [2]rune{lo, hi})
	}
	p.pos++
	return &expr{op: opClass, ranges: normal(ranges, negated)}, nil
}

// normal sorts and joins ranges, and inverts them when negated.
func normal(ranges [][2]rune, negated bool) []rune {
	sort.Slice(ranges, func(i, j int) bool { return ranges[i][0] < ranges[j][0] })
	var joined []rune
	for _, r := range ranges {
		if n := len(joined); n > 0 && r[0] <= joined[n-1]+1 {
			joined[n-1] = max(joined[n-1], r[1])
			continue
		}
		joined = append(joined, r[0], r[1])
	}
	if !negated {
		return joined
	}
	var out []rune
	next := rune(0)
	for i := 0; i < len(joined); i += 2 {
		if joined[i] > next {
			out = append(out, next, joined[i]-1)
		}
		next = joined[i+1] + 1
	}
	if next <= unicode.MaxRune {
		out = append(out, next, unicode.MaxRune)
	}
	return out
}

// char reads a character of a literal or class that began at start.
func (p *parser) char(start int, closing string) (rune, error) {
	if p.pos >= len(p.src) {
		return 0, p.errorAt(start, "no closing %s", closing)
	}
	r, n := utf8.DecodeRuneInString(p.src[p.pos:])
	p.pos += n
	if r != '\\' {
		return r, nil
	}
	at := p.pos - 1
	c := p.peek()
	p.pos++
	switch c {
	case 'x':
		return p.hex(at, 2)
	case 'u':
		return p.hex(at, 4)
	case 'U':
		return p.hex(at, 8)
	case 't':
		return '\t', nil
	case 'r':
		return '\r', nil
	case 'n':
		return '\n', nil
	case '\\', '"', '[', ']', '-', '^':
		return rune(c), nil
	}
	return 0, p.errorAt(at, "unknown escape")
}

func (p *parser) hex(at, digits int) (rune, error) {
	v := rune(0)
	for range digits {
		c := p.peek()
		i := strings.IndexByte("0123456789abcdef", c|0x20)
		if i < 0 || c == 0 {
			return 0, p.errorAt(at, "expected %d hex digits", digits)
		}
		if v = v<<4 | rune(i); v > unicode.MaxRune {
			return 0, p.errorAt(at, "no such code point")
		}
		p.pos++
	}
	return v, nil
}
