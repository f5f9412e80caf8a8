package pattern

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Errors of Compile.
var (
	ErrSyntax      = errors.New("syntax error")
	ErrUnsupported = errors.New("unsupported")
)

// node is a part of a parsed expression.
type node struct {
	op       op
	set      set     // opChar, opNext
	orEnd    bool    // opNext: the end of the text will do as well
	subs     []*node // opCat, opAlt; opRepeat has one
	min, max int     // opRepeat; max -1 is no limit
	lazy     bool    // opRepeat
}

type op uint8

const (
	opEmpty op = iota
	opChar     // one character of the set
	opNext     // nothing, if the next character is of the set
	opCat
	opAlt
	opRepeat
)

// Bounds that no tokenizer comes near.
const (
	maxExpr   = 1 << 14 // bytes
	maxDepth  = 100
	maxRepeat = 1000
)

type parser struct {
	expr  string
	pos   int
	depth int
	fold  bool // inside (?i:...)
}

func parse(expr string) (*node, error) {
	if !utf8.ValidString(expr) {
		return nil, fmt.Errorf("pattern: %w: not UTF-8", ErrSyntax)
	}
	if len(expr) > maxExpr {
		return nil, fmt.Errorf("pattern: %w: %d bytes, at most %d", ErrUnsupported, len(expr), maxExpr)
	}
	p := &parser{expr: expr}
	n, err := p.alternation()
	if err == nil && p.pos < len(p.expr) {
		err = p.syntax("unexpected %q", p.expr[p.pos:p.pos+1])
	}
	return n, err
}

func (p *parser) syntax(format string, args ...any) error {
	return fmt.Errorf("pattern: %w at byte %d of %.80q: %s", ErrSyntax, p.pos, p.expr, fmt.Sprintf(format, args...))
}

func (p *parser) unsupported(what string) error {
	return fmt.Errorf("pattern: %s at byte %d of %.80q: %w", what, p.pos, p.expr, ErrUnsupported)
}

func (p *parser) eat(s string) bool {
	if strings.HasPrefix(p.expr[p.pos:], s) {
		p.pos += len(s)
		return true
	}
	return false
}

// rune takes the next character, or returns 0 at the end.
func (p *parser) rune() rune {
	if p.pos == len(p.expr) {
		return 0
	}
	r, n := utf8.DecodeRuneInString(p.expr[p.pos:])
	p.pos += n
	return r
}

func (p *parser) alternation() (*node, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, p.unsupported("nesting this deep")
	}
	defer func() { p.depth-- }()
	alt := &node{op: opAlt}
	for {
		n, err := p.sequence()
		if err != nil {
			return nil, err
		}
		alt.subs = append(alt.subs, n)
		if !p.eat("|") {
			break
		}
	}
	if len(alt.subs) == 1 {
		return alt.subs[0], nil
	}
	return alt, nil
}

func (p *parser) sequence() (*node, error) {
	cat := &node{op: opCat}
	var possessive []int // places in cat
	fold := p.fold
	for p.pos < len(p.expr) && p.expr[p.pos] != '|' && p.expr[p.pos] != ')' {
		if p.eat("(?i)") { // to the end of the group
			p.fold = true
			continue
		}
		n, err := p.atom()
		if err != nil {
			return nil, err
		}
		n, poss, err := p.quantifiers(n)
		if err != nil {
			return nil, err
		}
		if poss {
			possessive = append(possessive, len(cat.subs))
		}
		cat.subs = append(cat.subs, n)
	}
	p.fold = fold
	for _, i := range possessive {
		rest := &node{op: opCat, subs: cat.subs[i+1:]}
		if atom := cat.subs[i].subs[0]; atom.op != opChar || !rest.nullable() && len(atom.set.intersect(rest.first())) > 0 {
			return nil, p.unsupported("a possessive quantifier that differs from a greedy one")
		}
	}
	return cat, nil
}

// quantifiers wraps n in those that follow.
func (p *parser) quantifiers(n *node) (_ *node, possessive bool, err error) {
	for {
		q := &node{op: opRepeat, subs: []*node{n}}
		switch {
		case p.eat("?"):
			q.min, q.max = 0, 1
		case p.eat("*"):
			q.min, q.max = 0, -1
		case p.eat("+"):
			q.min, q.max = 1, -1
		case p.pos < len(p.expr) && p.expr[p.pos] == '{':
			ok, err := p.counts(q)
			if err != nil {
				return nil, false, err
			}
			if !ok {
				return n, possessive, nil
			}
		default:
			return n, possessive, nil
		}
		if n.op == opNext || possessive {
			return nil, false, p.unsupported("a quantifier of this")
		}
		q.lazy = p.eat("?")
		if !q.lazy {
			possessive = p.eat("+")
		}
		n = q
	}
}

// counts reads {n}, {n,}, {,m} or {n,m}; other braces are characters.
func (p *parser) counts(q *node) (bool, error) {
	end := strings.IndexByte(p.expr[p.pos:], '}')
	if end < 0 {
		return false, nil
	}
	body := p.expr[p.pos+1 : p.pos+end]
	lo, hi, ranged := strings.Cut(body, ",")
	number := func(s string, missing int) (int, bool) {
		if s == "" {
			return missing, true
		}
		n := 0
		for _, c := range []byte(s) {
			if c < '0' || c > '9' {
				return 0, false
			}
			n = min(10*n+int(c-'0'), maxRepeat+1)
		}
		return n, true
	}
	var ok1, ok2 bool
	q.min, ok1 = number(lo, 0)
	q.max, ok2 = number(hi, -1)
	if !ranged {
		q.max, ok2 = q.min, lo != ""
	}
	if !ok1 || !ok2 || body == "," {
		return false, nil
	}
	if q.min > maxRepeat || q.max > maxRepeat || q.max >= 0 && q.max < q.min {
		return false, p.unsupported("{" + body + "}")
	}
	p.pos += end + 1
	return true, nil
}

func (p *parser) atom() (*node, error) {
	switch r := p.rune(); r {
	case '(':
		return p.group()
	case '[':
		s, err := p.class()
		return p.char(s), err
	case '.':
		return p.char(oneRune('\n').negate()), nil
	case '$': // the end of a line, as in Oniguruma
		return &node{op: opNext, set: oneRune('\n'), orEnd: true}, nil
	case '^':
		return nil, p.unsupported("^")
	case '*', '+', '?':
		return nil, p.syntax("nothing to repeat")
	case '\\':
		if p.eat("z") || p.eat("Z") {
			return &node{op: opNext, orEnd: true}, nil
		}
		for _, c := range []string{"b", "B", "A", "G", "K", "k", "g", "X", "R"} {
			if strings.HasPrefix(p.expr[p.pos:], c) {
				return nil, p.unsupported(`\` + c)
			}
		}
		s, err := p.escape()
		return p.char(s), err
	default:
		return p.char(oneRune(r)), nil
	}
}

func (p *parser) char(s set) *node {
	if p.fold {
		s = s.fold()
	}
	return &node{op: opChar, set: s}
}

// group reads what follows "(".
func (p *parser) group() (*node, error) {
	fold := p.fold
	look, negative := false, false
	switch {
	case p.eat("?:"):
	case p.eat("?i:"):
		p.fold = true
	case p.eat("?-i:"):
		p.fold = false
	case p.eat("?="):
		look = true
	case p.eat("?!"):
		look, negative = true, true
	case p.eat("?"):
		return nil, p.unsupported("(?" + firstRune(p.expr[p.pos:]))
	}
	n, err := p.alternation()
	p.fold = fold
	if err != nil {
		return nil, err
	}
	if !p.eat(")") {
		return nil, p.syntax("missing )")
	}
	if !look {
		return n, nil
	}
	for n.op == opCat && len(n.subs) == 1 {
		n = n.subs[0]
	}
	if n.op != opChar {
		return nil, p.unsupported("look-ahead for more than one character")
	}
	if negative {
		return &node{op: opNext, set: n.set.negate(), orEnd: true}, nil
	}
	return &node{op: opNext, set: n.set}, nil
}

func firstRune(s string) string {
	_, n := utf8.DecodeRuneInString(s)
	return s[:n]
}

// escape reads what follows a backslash, inside or outside a class.
func (p *parser) escape() (set, error) {
	switch r := p.rune(); r {
	case 's':
		return spaceSet, nil
	case 'S':
		return spaceSet.negate(), nil
	case 'd':
		return digitSet, nil
	case 'D':
		return digitSet.negate(), nil
	case 'w':
		return wordSet, nil
	case 'W':
		return wordSet.negate(), nil
	case 'n':
		return oneRune('\n'), nil
	case 'r':
		return oneRune('\r'), nil
	case 't':
		return oneRune('\t'), nil
	case 'f':
		return oneRune('\f'), nil
	case 'v':
		return oneRune('\v'), nil
	case 'x', 'u':
		return p.hex(r)
	case 'p', 'P':
		return p.property(r == 'P')
	case 0:
		return nil, p.syntax(`\ at the end`)
	default:
		if r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			return nil, p.unsupported(`\` + string(r))
		}
		return oneRune(r), nil
	}
}

// hex reads \xHH, \uHHHH, \x{H...} and \u{H...}.
func (p *parser) hex(kind rune) (set, error) {
	n := 2
	if kind == 'u' {
		n = 4
	}
	rest := p.expr[p.pos:]
	skip := 0
	if strings.HasPrefix(rest, "{") {
		end := strings.IndexByte(rest, '}')
		if end < 0 {
			return nil, p.syntax("missing }")
		}
		rest, n, skip = rest[1:], end-1, 2
	}
	if len(rest) < n || n < 1 || n > 8 {
		return nil, p.syntax("incomplete hexadecimal number")
	}
	r := rune(0)
	for _, c := range []byte(rest[:n]) {
		d := strings.IndexByte("0123456789abcdef", c|0x20)
		if d < 0 || c < '0' || r > unicode.MaxRune {
			return nil, p.syntax("bad hexadecimal number")
		}
		r = r<<4 | rune(d)
	}
	if r > unicode.MaxRune {
		return nil, p.syntax("bad hexadecimal number")
	}
	p.pos += n + skip
	return oneRune(r), nil
}

// property reads {Name}, {^Name} or a single letter.
func (p *parser) property(negated bool) (set, error) {
	name := string(p.rune())
	if name == "{" {
		end := strings.IndexByte(p.expr[p.pos:], '}')
		if end < 0 {
			return nil, p.syntax("missing }")
		}
		name = p.expr[p.pos : p.pos+end]
		p.pos += end + 1
	}
	if rest, ok := strings.CutPrefix(name, "^"); ok {
		name, negated = rest, !negated
	}
	s, ok := property(name)
	if !ok {
		return nil, p.unsupported(fmt.Sprintf(`\p{%.40s}`, name))
	}
	if negated {
		s = s.negate()
	}
	return s, nil
}

// class reads what follows "[".
func (p *parser) class() (set, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, p.unsupported("nesting this deep")
	}
	defer func() { p.depth-- }()
	negated := p.eat("^")
	var whole set // what stands left of &&
	intersect := false
	var s set
	for first := true; ; first = false {
		switch {
		case p.pos == len(p.expr):
			return nil, p.syntax("missing ]")
		case !first && p.eat("]"):
			if intersect {
				s = whole.intersect(s)
			}
			if negated {
				s = s.negate()
			}
			return s, nil
		case p.eat("&&"):
			if intersect {
				s = whole.intersect(s)
			}
			whole, intersect, s = s, true, nil
			continue
		case p.eat("[:"):
			return nil, p.unsupported("[:")
		case p.eat("["):
			inner, err := p.class()
			if err != nil {
				return nil, err
			}
			s = s.union(inner)
			continue
		}
		lo, err := p.classItem()
		if err != nil {
			return nil, err
		}
		if single(lo) && p.pos+1 < len(p.expr) && p.expr[p.pos] == '-' && p.expr[p.pos+1] != ']' {
			p.pos++
			hi, err := p.classItem()
			if err != nil {
				return nil, err
			}
			if !single(hi) || hi[0].lo < lo[0].lo {
				return nil, p.syntax("bad range in a class")
			}
			lo = set{{lo[0].lo, hi[0].lo}}
		}
		s = s.union(lo)
	}
}

func single(s set) bool { return len(s) == 1 && s[0].lo == s[0].hi }

func (p *parser) classItem() (set, error) {
	r := p.rune()
	if r == '\\' {
		return p.escape()
	}
	return oneRune(r), nil
}

// nullable reports whether a node can match the empty text, whatever follows.
func (n *node) nullable() bool {
	switch n.op {
	case opEmpty:
		return true
	case opCat:
		for _, s := range n.subs {
			if !s.nullable() {
				return false
			}
		}
		return true
	case opAlt:
		for _, s := range n.subs {
			if s.nullable() {
				return true
			}
		}
	case opRepeat:
		return n.min == 0 || n.subs[0].nullable()
	}
	return false
}

// first returns the characters a match may start with or look at.
func (n *node) first() set {
	switch n.op {
	case opChar, opNext:
		return n.set
	case opCat:
		var s set
		for _, sub := range n.subs {
			s = s.union(sub.first())
			if !sub.nullable() {
				break
			}
		}
		return s
	case opAlt:
		var s set
		for _, sub := range n.subs {
			s = s.union(sub.first())
		}
		return s
	case opRepeat:
		return n.subs[0].first()
	}
	return nil
}
