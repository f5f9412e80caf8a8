package schema

import (
	"fmt"

	"github.com/seed64708441/ember/model/grammar/internal/dfa"
)

// regular evaluates a formula about numbers or strings with the operations of automata.
func (b *builder) regular(f *formula, universe *dfa.DFA, leaf func(*formula) (*dfa.DFA, error)) (*dfa.DFA, error) {
	switch f.op {
	case opTrue:
		return universe, nil
	case opFalse:
		return &dfa.DFA{}, nil
	case opAtom:
		d, err := leaf(f)
		if err != nil {
			return nil, err
		}
		return dfa.And(universe, d)
	}
	var parts []*dfa.DFA
	kids := f.kids
	if f.op == opOr {
		words, rest := constants(kids)
		if len(words) > 1 {
			d, err := dfa.Words(words)
			if err == nil {
				d, err = dfa.Combine([]*dfa.DFA{universe, d}, both)
			}
			if err != nil {
				return nil, err
			}
			parts, kids = append(parts, d), rest
		}
	}
	for _, k := range kids {
		d, err := b.regular(k, universe, leaf)
		if err != nil {
			return nil, err
		}
		parts = append(parts, d)
	}
	if f.op == opOr {
		return dfa.Or(parts...)
	}
	out := parts[0]
	for _, d := range parts[1:] {
		var err error
		if out, err = dfa.And(out, d); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func both(l []int32) int32 {
	if l[0] != dfa.NoLabel && l[1] != dfa.NoLabel {
		return 0
	}
	return dfa.NoLabel
}

// constants splits off the string constants of a list.
func constants(kids []*formula) (words []string, rest []*formula) {
	for _, k := range kids {
		if k.op == opAtom && k.atom.op == aConst && !k.neg {
			words = append(words, k.atom.text)
		} else {
			rest = append(rest, k)
		}
	}
	return words, rest
}

// numberDFA returns the spellings of the numbers that satisfy f, which is restricted to numbers. shortest asks for one
// spelling per value.
func (b *builder) numberDFA(f *formula, shortest bool) (*dfa.DFA, error) {
	key := fmt.Sprintf("number %d %v", f.id, shortest)
	if d, ok := b.dfas[key]; ok {
		return d, nil
	}
	base := b.numberBase(f)
	universe, err := b.regexp(base)
	if err != nil {
		return nil, err
	}
	d, err := b.regular(f, universe, b.numberLeaf)
	if err == nil && shortest {
		var s *dfa.DFA
		if s, err = b.regexp(shortestPlain); err == nil {
			d, err = dfa.And(d, s)
		}
	}
	if err != nil {
		return nil, err
	}
	b.dfas[key] = d
	return d, nil
}

// numberBase returns the spellings from which f chooses. Numbers that must be compared have no exponent: the size of a
// number with an exponent is not regular.
func (b *builder) numberBase(f *formula) string {
	free := f.op == opTrue || f.op == opFalse
	switch {
	case b.opt.Exact && free:
		return anyNumber
	case b.opt.Exact:
		return anyPlain
	}
	digits, frac := 18, 17 // after the first digit: as many as an int64 has, and as tell float64 apart
	b.numbers(f, func(n number) {
		digits = max(digits, len(n.int)+1)
		frac = max(frac, len(n.frac))
	})
	if free {
		return fmt.Sprintf(boundedNumber, digits, frac)
	}
	return fmt.Sprintf(boundedPlain, min(digits, 1000), min(frac, 1000))
}

func (b *builder) numbers(f *formula, use func(number)) {
	if f.op == opAtom {
		use(f.atom.num)
	}
	for _, k := range f.kids {
		b.numbers(k, use)
	}
}

func (b *builder) regexp(expr string) (*dfa.DFA, error) {
	if d, ok := b.dfas["regexp "+expr]; ok {
		return d, nil
	}
	d, err := dfa.Regexp(expr)
	if err == nil {
		b.dfas["regexp "+expr] = d
	}
	return d, err
}

// numberLeaf returns the spellings for which an atom or its negation holds. Negation is of the value: 2.0 is never "not
// an integer", even where integers are only written as 2.
func (b *builder) numberLeaf(f *formula) (*dfa.DFA, error) {
	a := f.atom
	switch a.op {
	case aInteger:
		if !f.neg && !b.opt.Exact {
			return b.regexp(plainInteger)
		}
		d, err := b.regexp(anyInteger)
		if err == nil && f.neg {
			var all *dfa.DFA
			if all, err = b.regexp(anyPlain); err == nil {
				d, err = dfa.Minus(all, d)
			}
		}
		return d, err
	case aCompare:
		if a.sign == signEqual && !f.neg && !b.opt.Exact {
			return dfa.Words([]string{a.num.String()})
		}
		signs := a.sign
		if f.neg {
			signs ^= signBelow | signEqual | signAbove
		}
		return compare(a.num, signs)
	}
	d, err := multiple(a.num)
	if err == nil && f.neg {
		var all *dfa.DFA
		if all, err = b.regexp(anyPlain); err == nil {
			d, err = dfa.Minus(all, d)
		}
	}
	return d, err
}

// strings returns the language of the strings that satisfy f.
func (b *builder) strings(f *formula) (*dfa.DFA, error) {
	f, err := b.openAll(f)
	if err == nil {
		f, err = b.restrict(f, kString)
	}
	if err != nil {
		return nil, err
	}
	return b.stringDFA(f)
}

func (b *builder) stringDFA(f *formula) (*dfa.DFA, error) {
	key := fmt.Sprintf("string %d", f.id)
	if d, ok := b.dfas[key]; ok {
		return d, nil
	}
	d, err := b.regular(f, dfa.Any(), stringLeaf)
	if err != nil {
		return nil, err
	}
	b.dfas[key] = d
	return d, nil
}

func stringLeaf(f *formula) (*dfa.DFA, error) {
	a := f.atom
	var d *dfa.DFA
	var err error
	switch a.op {
	case aLength:
		d, err = dfa.Lengths(a.lo, a.hi)
	case aConst:
		d, err = dfa.Words([]string{a.text})
	default:
		d = a.lang
	}
	if err == nil && f.neg {
		d, err = dfa.Minus(dfa.Any(), d)
	}
	return d, err
}

// lengths returns the bounds of a formula that only bounds the length of a string.
func lengths(f *formula) (lo, hi int, ok bool) {
	switch {
	case f.op == opTrue:
		return 0, -1, true
	case f.op == opAtom && f.atom.op == aLength && !f.neg:
		return f.atom.lo, f.atom.hi, true
	case f.op == opAtom && f.atom.op == aLength && f.atom.lo == 0:
		return f.atom.hi + 1, -1, true
	case f.op == opAtom && f.atom.op == aLength && f.atom.hi < 0:
		return 0, f.atom.lo - 1, true
	case f.op == opAnd:
		hi = -1
		for _, k := range f.kids {
			l, h, ok := lengths(k)
			if !ok {
				return 0, 0, false
			}
			lo = max(lo, l)
			if h >= 0 && (hi < 0 || h < hi) {
				hi = h
			}
		}
		return lo, hi, true
	}
	return 0, 0, false
}
