package reply

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

// gbnf is a grammar in the form that deriving needs.
type gbnf struct {
	rules  map[string]expr
	height map[string]int // of the lowest derivation of a rule
	hole   func(n int, r *rand.Rand) string
}

// expr is a set of alternatives, each a sequence.
type expr [][]item

type item struct {
	lit      string
	class    []rune // pairs
	negated  bool
	ref      string
	group    expr
	min, max int
}

// parseGBNF reads what Grammar writes: one rule a line.
func parseGBNF(t *testing.T, text string) *gbnf {
	t.Helper()
	g := &gbnf{rules: map[string]expr{}}
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		name, rest, ok := strings.Cut(line, " ::= ")
		if !ok {
			t.Fatalf("not a rule: %q", line)
		}
		if _, twice := g.rules[name]; twice {
			t.Fatalf("rule %s is there twice", name)
		}
		s := &gbnfScan{s: rest}
		e := s.alternatives()
		if s.bad || s.skip() != 0 {
			t.Fatalf("rule %s: cannot read %q at %q", name, rest, s.s)
		}
		g.rules[name] = e
	}
	g.measure()
	return g
}

type gbnfScan struct {
	s   string
	bad bool
}

func (s *gbnfScan) skip() byte {
	s.s = strings.TrimLeft(s.s, " ")
	if s.s == "" {
		return 0
	}
	return s.s[0]
}

func (s *gbnfScan) alternatives() expr {
	out := expr{nil}
	for {
		switch c := s.skip(); {
		case c == '|':
			s.s = s.s[1:]
			out = append(out, nil)
		case c == 0 || c == ')' || s.bad:
			return out
		default:
			out[len(out)-1] = append(out[len(out)-1], s.item())
		}
	}
}

func (s *gbnfScan) item() item {
	it := item{min: 1, max: 1}
	switch c := s.s[0]; {
	case c == '"':
		end := 1
		for end < len(s.s) && s.s[end] != '"' {
			if s.s[end] == '\\' {
				end++
			}
			end++
		}
		lit, err := strconv.Unquote(s.s[:min(end+1, len(s.s))])
		s.bad = s.bad || err != nil
		it.lit, s.s = lit, s.s[min(end+1, len(s.s)):]
	case c == '[':
		s.s = s.s[1:]
		it.class, it.negated = s.class()
	case c == '(':
		s.s = s.s[1:]
		it.group = s.alternatives()
		if s.skip() != ')' {
			s.bad = true
			return it
		}
		s.s = s.s[1:]
	default:
		n := strings.IndexFunc(s.s, func(r rune) bool { return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789-", r) })
		if n < 0 {
			n = len(s.s)
		}
		if n == 0 {
			s.bad = true
			return it
		}
		it.ref, s.s = s.s[:n], s.s[n:]
	}
	s.repeat(&it)
	return it
}

func (s *gbnfScan) repeat(it *item) {
	if s.s == "" {
		return
	}
	switch s.s[0] {
	case '*':
		it.min, it.max = 0, math.MaxInt32
	case '+':
		it.max = math.MaxInt32
	case '?':
		it.min = 0
	case '{':
		inner, rest, _ := strings.Cut(s.s[1:], "}")
		lo, hi, two := strings.Cut(inner, ",")
		var err error
		if it.min, err = strconv.Atoi(lo); err != nil {
			s.bad = true
		}
		if it.max = it.min; two {
			if it.max = math.MaxInt32; hi != "" {
				if it.max, err = strconv.Atoi(hi); err != nil {
					s.bad = true
				}
			}
		}
		s.s = rest
		return
	default:
		return
	}
	s.s = s.s[1:]
}

func (s *gbnfScan) class() (out []rune, negated bool) {
	if strings.HasPrefix(s.s, "^") {
		negated, s.s = true, s.s[1:]
	}
	char := func() rune {
		if s.s == "" {
			s.bad = true
			return 0
		}
		if s.s[0] == '\\' && len(s.s) > 1 && strings.IndexByte(`][`, s.s[1]) >= 0 {
			r := rune(s.s[1])
			s.s = s.s[2:]
			return r
		}
		r, _, rest, err := strconv.UnquoteChar(s.s, 0)
		s.bad = s.bad || err != nil
		s.s = rest
		return r
	}
	for !s.bad && !strings.HasPrefix(s.s, "]") {
		lo := char()
		hi := lo
		if strings.HasPrefix(s.s, "-") && !strings.HasPrefix(s.s, "-]") {
			s.s = s.s[1:]
			hi = char()
		}
		out = append(out, lo, hi)
	}
	if s.s != "" {
		s.s = s.s[1:]
	}
	return out, negated
}

// measure finds for every rule how deep its lowest derivation is.
func (g *gbnf) measure() {
	g.height = map[string]int{}
	for changed := true; changed; {
		changed = false
		for name, e := range g.rules {
			if _, done := g.height[name]; done {
				continue
			}
			if h, ok := g.lowest(e); ok {
				g.height[name], changed = h+1, true
			}
		}
	}
}

func (g *gbnf) lowest(e expr) (int, bool) {
	best := -1
	for _, seq := range e {
		if h, ok := g.lowestSequence(seq); ok && (best < 0 || h < best) {
			best = h
		}
	}
	return best, best >= 0
}

func (g *gbnf) lowestSequence(seq []item) (int, bool) {
	h := 0
	for _, it := range seq {
		switch {
		case it.min == 0:
		case it.ref != "" && !strings.HasPrefix(it.ref, "schema-"):
			x, ok := g.height[it.ref]
			if !ok {
				return 0, false
			}
			h = max(h, x)
		case it.group != nil:
			x, ok := g.lowest(it.group)
			if !ok {
				return 0, false
			}
			h = max(h, x)
		}
	}
	return h, true
}

// derive makes a random text of a rule. Below a depth it takes the shortest way.
func (g *gbnf) derive(r *rand.Rand, name string) string {
	var b strings.Builder
	g.rule(&b, r, name, 0)
	return b.String()
}

func (g *gbnf) rule(b *strings.Builder, r *rand.Rand, name string, depth int) {
	if n, ok := strings.CutPrefix(name, "schema-"); ok {
		i, err := strconv.Atoi(n)
		if err != nil {
			panic(name)
		}
		b.WriteString(g.hole(i, r))
		return
	}
	e, ok := g.rules[name]
	if !ok {
		panic(fmt.Sprintf("no rule %q", name))
	}
	g.expr(b, r, e, depth+1)
}

func (g *gbnf) expr(b *strings.Builder, r *rand.Rand, e expr, depth int) {
	seq := e[r.IntN(len(e))]
	if depth > 40 || b.Len() > 2000 {
		best := math.MaxInt
		for _, s := range e {
			if h, ok := g.lowestSequence(s); ok && h < best {
				best, seq = h, s
			}
		}
	}
	for _, it := range seq {
		n := it.min
		if it.max > n && depth <= 40 && b.Len() <= 2000 {
			n += r.IntN(min(it.max-n, 4) + 1)
		}
		for range n {
			switch {
			case it.ref != "":
				g.rule(b, r, it.ref, depth)
			case it.group != nil:
				g.expr(b, r, it.group, depth+1)
			case it.class != nil:
				b.WriteRune(pick(r, it))
			default:
				b.WriteString(it.lit)
			}
		}
	}
}

// pick returns a character of a class; of a negated one often a nasty one.
func pick(r *rand.Rand, it item) rune {
	if !it.negated {
		i := 2 * r.IntN(len(it.class)/2)
		return it.class[i] + rune(r.IntN(int(it.class[i+1]-it.class[i])+1))
	}
	const nasty = "<>/|\\\"'{}[]()=: \n\tabcenprtu_0159-.,äß世🙂\x01\u2028｜▁"
	all := []rune(nasty)
	for {
		c := all[r.IntN(len(all))]
		in := false
		for i := 0; i < len(it.class); i += 2 {
			in = in || it.class[i] <= c && c <= it.class[i+1]
		}
		if !in {
			return c
		}
	}
}
