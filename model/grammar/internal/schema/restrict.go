package schema

// openAll replaces the references at the top of a formula by what they stand for.
func (b *builder) openAll(f *formula) (*formula, error) {
	switch f.op {
	case opRef:
		g, err := b.open(f.ref)
		if err != nil {
			return nil, err
		}
		if g, err = b.openAll(g); err != nil {
			return nil, err
		}
		if f.neg {
			g = b.not(g)
		}
		return g, nil
	case opAnd, opOr, opOne:
		kids := make([]*formula, len(f.kids))
		for i, k := range f.kids {
			g, err := b.openAll(k)
			if err != nil {
				return nil, err
			}
			kids[i] = g
		}
		switch {
		case f.op == opAnd:
			return b.and(kids...), nil
		case f.op == opOr:
			return b.or(kids...), nil
		}
		g := b.one(kids)
		if f.neg {
			g = b.not(g)
		}
		return g, nil
	}
	return f, nil
}

// restrict returns what a formula says about values of one type. Atoms about other types and opUnknown are true.
func (b *builder) restrict(f *formula, t kind) (*formula, error) {
	switch f.op {
	case opUnknown:
		return b.yes, nil
	case opAtom:
		a := f.atom
		if a.op == aType {
			return b.bool(a.types>>t&1 != 0 != f.neg), nil
		}
		if a.about() != t {
			return b.bool(!f.neg), nil
		}
		return f, nil
	case opAnd, opOr, opOne:
		kids := make([]*formula, len(f.kids))
		for i, k := range f.kids {
			g, err := b.restrict(k, t)
			if err != nil {
				return nil, err
			}
			kids[i] = g
		}
		switch {
		case f.op == opAnd:
			return b.and(kids...), nil
		case f.op == opOr:
			return b.or(kids...), nil
		}
		return b.exactlyOne(kids, f.neg, t)
	}
	return f, nil
}

// exactlyOne writes out "exactly one of kids", or its negation, for values of one type. Kids that exclude each other, as
// the variants of a tagged union do, need no negation, which would multiply the alternatives.
func (b *builder) exactlyOne(kids []*formula, neg bool, t kind) (*formula, error) {
	var some []*formula
	for _, k := range kids {
		if k.op != opFalse {
			some = append(some, k)
		}
	}
	overlap := make([][]bool, len(some))
	for i := range some {
		overlap[i] = make([]bool, len(some))
	}
	for i := range some {
		for j := range i {
			empty, err := b.hollowFor(b.and(some[i], some[j]), t, 0)
			if err != nil {
				return nil, err
			}
			overlap[i][j], overlap[j][i] = !empty, !empty
		}
	}
	var out []*formula
	if !neg {
		for i, f := range some {
			for j, g := range some {
				if overlap[i][j] {
					f = b.and(f, b.not(g))
				}
			}
			out = append(out, f)
		}
		return b.or(out...), nil
	}
	none := b.yes
	for i, f := range some {
		none = b.and(none, b.not(f))
		for j := range i {
			if overlap[i][j] {
				out = append(out, b.and(f, some[j]))
			}
		}
	}
	return b.or(append(out, none)...), nil
}
