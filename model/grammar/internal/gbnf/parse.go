package gbnf

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/seed64708441/ember/model/grammar/internal/machine"
)

type parser struct {
	src   string
	pos   int
	depth int
	rules []*rule
	ids   map[string]int
}

// parse reads a grammar. Every rule that is referred to is defined, by it or as one of the holes, and no hole by it.
func parse(src string, holes map[string]machine.NodeID) (*parser, error) {
	p := &parser{src: src, ids: map[string]int{}}
	if len(src) > maxSource {
		return nil, &Error{Message: fmt.Sprintf("%d bytes, at most %d are read", len(src), maxSource)}
	}
	if !utf8.ValidString(src) {
		return nil, &Error{Message: "not UTF-8"}
	}
	p.space(true)
	for p.pos < len(p.src) {
		if err := p.rule(); err != nil {
			return nil, err
		}
	}
	for _, r := range p.rules {
		_, hole := holes[r.name]
		switch {
		case hole && r.body != nil:
			return nil, p.errorAt(r.at, "rule %q is given, and defined here", r.name)
		case hole: // stands for texts that are not empty
			r.hole, r.body = true, &expr{op: opClass, ranges: []rune{0, unicode.MaxRune}}
		case r.body == nil:
			return nil, p.errorAt(r.at, "rule %q is not defined", r.name)
		}
	}
	return p, nil
}

func (p *parser) errorAt(pos int, format string, args ...any) error {
	before, err := p.src[:pos], fmt.Errorf(format, args...)
	return &Error{
		Line:    1 + strings.Count(before, "\n"),
		Column:  pos - strings.LastIndexByte(before, '\n'),
		Message: err.Error(),
		Err:     errors.Unwrap(err),
	}
}

func (p *parser) peek() byte {
	if p.pos < len(p.src) {
		return p.src[p.pos]
	}
	return 0
}

// space skips blanks and comments, and line ends where they mean nothing.
func (p *parser) space(lines bool) {
	for p.pos < len(p.src) {
		switch c := p.src[p.pos]; {
		case c == ' ' || c == '\t' || lines && (c == '\n' || c == '\r'):
			p.pos++
		case c == '#':
			for p.pos < len(p.src) && p.src[p.pos] != '\n' && p.src[p.pos] != '\r' {
				p.pos++
			}
		default:
			return
		}
	}
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_'
}

func (p *parser) name() (string, error) {
	start := p.pos
	for isWord(p.peek()) {
		p.pos++
	}
	if p.pos == start {
		return "", p.errorAt(p.pos, "expected a rule name")
	}
	return p.src[start:p.pos], nil
}

func (p *parser) ref(name string, at int) (int, error) {
	id, ok := p.ids[name]
	if !ok {
		if len(p.rules) >= maxRules {
			return 0, p.errorAt(at, "more than %d rules", maxRules)
		}
		id = len(p.rules)
		p.ids[name] = id
		p.rules = append(p.rules, &rule{name: name, at: at})
	}
	return id, nil
}

// rule reads name ::= alternatives.
func (p *parser) rule() error {
	at := p.pos
	name, err := p.name()
	if err != nil {
		return err
	}
	id, err := p.ref(name, at)
	if err != nil {
		return err
	}
	if p.rules[id].body != nil {
		return p.errorAt(at, "rule %q is defined twice", name)
	}
	p.space(false)
	if !strings.HasPrefix(p.src[p.pos:], "::=") {
		return p.errorAt(p.pos, "expected ::= after %q", name)
	}
	p.pos += 3
	p.space(true)
	body, err := p.alternatives(false)
	if err != nil {
		return err
	}
	p.rules[id].body = body
	if c := p.peek(); c != 0 && c != '\n' && c != '\r' {
		return p.errorAt(p.pos, "expected the end of the rule, found %q", c)
	}
	p.space(true)
	return nil
}

func (p *parser) alternatives(nested bool) (*expr, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, p.errorAt(p.pos, "more than %d nested groups", maxDepth)
	}
	defer func() { p.depth-- }()
	var kids []*expr
	for {
		k, err := p.sequence(nested)
		if err != nil {
			return nil, err
		}
		kids = append(kids, k)
		p.space(nested)
		if p.peek() != '|' {
			break
		}
		p.pos++
		p.space(true)
	}
	if len(kids) == 1 {
		return kids[0], nil
	}
	return &expr{op: opAlt, kids: kids}, nil
}

func (p *parser) sequence(nested bool) (*expr, error) {
	var kids []*expr
	for {
		k, err := p.item(nested)
		if err != nil {
			return nil, err
		}
		if k == nil {
			break
		}
		if k, err = p.postfix(k); err != nil {
			return nil, err
		}
		kids = append(kids, k)
		p.space(nested)
	}
	if len(kids) == 1 {
		return kids[0], nil
	}
	return &expr{op: opSeq, kids: kids}, nil
}

// item reads one element, or nil at the end of a sequence.
func (p *parser) item(nested bool) (*expr, error) {
	switch c := p.peek(); {
	case c == '"':
		return p.literal()
	case c == '[':
		return p.class()
	case c == '.':
		p.pos++
		return &expr{op: opClass, ranges: []rune{0, unicode.MaxRune}}, nil
	case c == '(':
		p.pos++
		p.space(true)
		e, err := p.alternatives(true)
		if err != nil {
			return nil, err
		}
		if p.peek() != ')' {
			return nil, p.errorAt(p.pos, "expected )")
		}
		p.pos++
		return e, nil
	case isWord(c):
		at := p.pos
		name, err := p.name()
		if err != nil {
			return nil, err
		}
		id, err := p.ref(name, at)
		if err != nil {
			return nil, err
		}
		return &expr{op: opRule, rule: id}, nil
	}
	return nil, nil
}

func (p *parser) postfix(e *expr) (*expr, error) {
	for {
		p.space(false)
		r := &expr{op: opRepeat, kids: []*expr{e}, max: -1}
		switch p.peek() {
		case '*':
		case '+':
			r.min = 1
		case '?':
			r.max = 1
		case '{':
			if err := p.bounds(r); err != nil {
				return nil, err
			}
		default:
			return e, nil
		}
		p.pos++
		e = r
	}
}

// bounds reads {n}, {n,}, {n,m} or {,m} up to the closing brace.
func (p *parser) bounds(r *expr) error {
	at := p.pos
	p.pos++
	p.space(false)
	lo, hasLo, err := p.number()
	if err != nil {
		return err
	}
	r.min, r.max = lo, lo
	p.space(false)
	hasHi := true
	if p.peek() == ',' {
		p.pos++
		p.space(false)
		if r.max, hasHi, err = p.number(); err != nil {
			return err
		}
		if !hasHi {
			r.max = -1
		}
		p.space(false)
		hasHi = hasHi || hasLo
	} else {
		hasHi = hasLo
	}
	if p.peek() != '}' || !hasHi {
		return p.errorAt(at, "expected {n}, {n,}, {,m} or {n,m}")
	}
	if r.max >= 0 && r.min > r.max {
		return p.errorAt(at, "repetition from %d to %d", r.min, r.max)
	}
	return nil
}

func (p *parser) number() (n int, ok bool, err error) {
	at := p.pos
	for c := p.peek(); c >= '0' && c <= '9'; c = p.peek() {
		if n = 10*n + int(c-'0'); n > maxRepeat {
			return 0, false, p.errorAt(at, "more than %d repetitions", maxRepeat)
		}
		p.pos++
	}
	return n, p.pos > at, nil
}
