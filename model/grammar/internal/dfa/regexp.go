package dfa

import (
	"fmt"
	"regexp/syntax"
	"sort"
	"unicode"
)

// Regexp compiles RE2 syntax to the automaton of the words that match as a whole. ^, $, \A, \z, \b and \B mean what they
// say, seen from the borders of the word.
func Regexp(expr string) (*DFA, error) {
	re, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return nil, err
	}
	return compile(re)
}

// Search compiles RE2 syntax to the automaton of the words in which the expression matches somewhere.
func Search(expr string) (*DFA, error) {
	re, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return nil, err
	}
	anything := func() *syntax.Regexp {
		return &syntax.Regexp{Op: syntax.OpStar, Sub: []*syntax.Regexp{{Op: syntax.OpAnyChar}}}
	}
	return compile(&syntax.Regexp{Op: syntax.OpConcat, Sub: []*syntax.Regexp{anything(), re, anything()}})
}

// look is what precedes or follows a place, as assertions see it.
type look uint8

const (
	lookOther look = iota
	lookWord
	lookNewline
	lookBorder // begin or end of the word
)

func lookAt(r rune) look {
	switch {
	case r == '\n':
		return lookNewline
	case syntax.IsWordChar(r):
		return lookWord
	}
	return lookOther
}

// holds reports whether an assertion is true between two places.
func holds(op syntax.EmptyOp, before, after look) bool {
	word := before == lookWord != (after == lookWord)
	return (op&syntax.EmptyBeginText == 0 || before == lookBorder) &&
		(op&syntax.EmptyEndText == 0 || after == lookBorder) &&
		(op&syntax.EmptyBeginLine == 0 || before == lookBorder || before == lookNewline) &&
		(op&syntax.EmptyEndLine == 0 || after == lookBorder || after == lookNewline) &&
		(op&syntax.EmptyWordBoundary == 0 || word) &&
		(op&syntax.EmptyNoWordBoundary == 0 || !word)
}

// subset turns a program of regexp/syntax into an automaton by the subset construction.
type subset struct {
	prog   *syntax.Prog
	ranges [][]rune // per instruction that reads: pairs of first and last
	looks  bool     // the program has assertions, so states remember what came before
	mark   []int
	gen    int
}

// maxWork bounds the steps of one construction.
const maxWork = 100_000_000

func compile(re *syntax.Regexp) (*DFA, error) {
	prog, err := syntax.Compile(re.Simplify())
	if err != nil {
		return nil, err
	}
	if len(prog.Inst) > MaxStates {
		return nil, ErrTooLarge
	}
	s := &subset{prog: prog, ranges: make([][]rune, len(prog.Inst)), mark: make([]int, len(prog.Inst))}
	cuts := s.read()
	return s.build(partition(cuts))
}

// read collects the ranges of code points of every instruction and returns where classes begin.
func (s *subset) read() []rune {
	var cuts []rune
	for i := range s.prog.Inst {
		in := &s.prog.Inst[i]
		switch in.Op {
		case syntax.InstRune, syntax.InstRune1:
			s.ranges[i] = runeRanges(in)
		case syntax.InstRuneAny:
			s.ranges[i] = []rune{0, unicode.MaxRune}
		case syntax.InstRuneAnyNotNL:
			s.ranges[i] = []rune{0, '\n' - 1, '\n' + 1, unicode.MaxRune}
		case syntax.InstEmptyWidth:
			s.looks = true
		}
		for j, r := range s.ranges[i] {
			cuts = append(cuts, r+rune(j&1))
		}
	}
	if s.looks { // the classes must not mix word characters, newlines and others
		cuts = append(cuts, '\n', '\n'+1, '0', '9'+1, 'A', 'Z'+1, '_', '_'+1, 'a', 'z'+1)
	}
	return cuts
}

func runeRanges(in *syntax.Inst) []rune {
	if len(in.Rune) != 1 {
		return in.Rune
	}
	r := in.Rune[0]
	out := []rune{r, r}
	if syntax.Flags(in.Arg)&syntax.FoldCase != 0 {
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			out = append(out, f, f)
		}
	}
	return out
}

type subsetState struct {
	pcs    []uint32
	before look
}

func (s *subset) build(bounds []rune) (*DFA, error) {
	d := &DFA{bounds: bounds}
	first := subsetState{[]uint32{uint32(s.prog.Start)}, lookBorder}
	ids := map[string]int32{first.key(): 0}
	states := []subsetState{first}
	work := 0
	for i := 0; i < len(states); i++ {
		st := states[i]
		ends := s.closure(st, lookBorder)
		d.label = append(d.label, yes(s.matches(ends)))
		closed := map[look][]uint32{}
		for _, r := range bounds {
			if isSurrogate(r) {
				d.next = append(d.next, Dead)
				continue
			}
			after := lookOther
			if s.looks {
				after = lookAt(r)
			}
			from, ok := closed[after]
			if !ok {
				from = s.closure(st, after)
				closed[after] = from
			}
			work += len(from) + 1
			to := s.step(from, r)
			if s.looks {
				to.before = after
			}
			if len(to.pcs) == 0 {
				d.next = append(d.next, Dead)
				continue
			}
			k := to.key()
			id, ok := ids[k]
			if !ok {
				id = int32(len(states))
				ids[k] = id
				states = append(states, to)
				work += len(to.pcs)
			}
			d.next = append(d.next, id)
		}
		if len(states) > MaxStates || len(d.next) > maxCells || work > maxWork {
			return nil, ErrTooLarge
		}
	}
	return d.reduced(), nil
}

func (st subsetState) key() string {
	b := make([]byte, 0, 4*len(st.pcs)+1)
	b = append(b, byte(st.before))
	for _, v := range st.pcs {
		b = append(b, byte(v), byte(v>>8), byte(v>>16), byte(v>>24))
	}
	return string(b)
}

// closure follows everything that reads nothing and returns the instructions that read or match.
func (s *subset) closure(st subsetState, after look) []uint32 {
	s.gen++
	var out []uint32
	stack := append([]uint32(nil), st.pcs...)
	for len(stack) > 0 {
		pc := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if s.mark[pc] == s.gen {
			continue
		}
		s.mark[pc] = s.gen
		in := &s.prog.Inst[pc]
		switch in.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			stack = append(stack, in.Out, in.Arg)
		case syntax.InstCapture, syntax.InstNop:
			stack = append(stack, in.Out)
		case syntax.InstEmptyWidth:
			if holds(syntax.EmptyOp(in.Arg), st.before, after) {
				stack = append(stack, in.Out)
			}
		case syntax.InstFail:
		default:
			out = append(out, pc)
		}
	}
	return out
}

func (s *subset) matches(pcs []uint32) bool {
	for _, pc := range pcs {
		if s.prog.Inst[pc].Op == syntax.InstMatch {
			return true
		}
	}
	return false
}

// step returns the instructions after those that read r, sorted.
func (s *subset) step(pcs []uint32, r rune) subsetState {
	s.gen++
	var out []uint32
	for _, pc := range pcs {
		if to := s.prog.Inst[pc].Out; inRanges(s.ranges[pc], r) && s.mark[to] != s.gen {
			s.mark[to] = s.gen
			out = append(out, to)
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i] < out[j] })
	return subsetState{pcs: out}
}

// Describe returns a short account of the size, for error messages and tests.
func (d *DFA) Describe() string {
	return fmt.Sprintf("%d states, %d classes", len(d.label), len(d.bounds))
}
