package schema

// maxAlternatives bounds the alternatives of one value.
const maxAlternatives = 512

// conj is a conjunction of atoms about arrays or objects, none negated.
type conj []*atom

// positive rewrites the negation of an atom about arrays or objects.
func (b *builder) positive(a *atom) (*formula, error) {
	switch a.op {
	case aItems, aSize:
		var out []*formula
		if a.lo > 0 {
			out = append(out, b.count(a.op, 0, a.lo-1))
		}
		if a.hi >= 0 {
			out = append(out, b.count(a.op, a.hi+1, -1))
		}
		return b.or(out...), nil
	case aItem:
		return b.and(b.count(aItems, a.at+1, -1), b.is(atom{op: aItem, at: a.at, child: b.not(a.child), where: a.where})), nil
	case aRest:
		return b.is(atom{op: aContains, at: a.at, child: b.not(a.child), lo: 1, hi: -1, where: a.where}), nil
	case aContains:
		var out []*formula
		if a.lo > 0 {
			out = append(out, b.is(atom{op: aContains, at: a.at, child: a.child, lo: 0, hi: a.lo - 1, where: a.where}))
		}
		if a.hi >= 0 {
			out = append(out, b.is(atom{op: aContains, at: a.at, child: a.child, lo: a.hi + 1, hi: -1, where: a.where}))
		}
		return b.or(out...), nil
	case aMembers:
		return b.is(atom{op: aExists, keys: a.keys, child: b.not(a.child), where: a.where}), nil
	case aExists:
		return b.is(atom{op: aMembers, keys: a.keys, child: b.not(a.child), where: a.where}), nil
	}
	return b.unsupported(a.where, "it stands under a negation (not, if, oneOf)")
}

// dnf returns the alternatives of a formula restricted to arrays or to objects.
func (b *builder) dnf(f *formula) ([]conj, error) {
	switch f.op {
	case opTrue, opUnknown:
		return []conj{nil}, nil
	case opFalse:
		return nil, nil
	case opAtom:
		if f.neg {
			g, err := b.positive(f.atom)
			if err != nil {
				return nil, err
			}
			return b.dnf(g)
		}
		if f.atom.op == aExists && f.atom.child.op == opFalse {
			return nil, nil
		}
		return []conj{{f.atom}}, nil
	case opOr:
		var out []conj
		for _, k := range f.kids {
			cs, err := b.dnf(k)
			if err != nil {
				return nil, err
			}
			if out = append(out, cs...); len(out) > 8*maxAlternatives {
				return nil, b.tooMany(f)
			}
		}
		if out = distinct(out); len(out) > maxAlternatives {
			return nil, b.tooMany(f)
		}
		return out, nil
	}
	out := []conj{nil}
	for _, k := range f.kids {
		cs, err := b.dnf(k)
		if err != nil {
			return nil, err
		}
		if len(out)*len(cs) > 8*maxAlternatives {
			return nil, b.tooMany(f)
		}
		var next []conj
		for _, a := range out {
			for _, c := range cs {
				if j, ok := b.merge(a, c); ok {
					next = append(next, j)
				}
			}
		}
		if out = distinct(next); len(out) > maxAlternatives {
			return nil, b.tooMany(f)
		}
	}
	return out, nil
}

func (b *builder) tooMany(f *formula) error {
	at := b.at
	if at.keyword == "" {
		at.keyword = "anyOf"
	}
	return &UnsupportedError{Keyword: at.keyword, Pointer: at.pointer, Reason: "too many combinations of alternatives"}
}

// merge joins two conjunctions. ok is false when they plainly exclude each other.
func (b *builder) merge(x, y conj) (conj, bool) {
	out := append(conj(nil), x...)
next:
	for _, a := range y {
		for _, old := range out {
			if old == a {
				continue next
			}
			if excludes(old, a) || excludes(a, old) {
				return nil, false
			}
		}
		out = append(out, a)
	}
	return out, true
}

// excludes reports whether two atoms cannot both hold, where that is easy to see.
func excludes(x, y *atom) bool {
	if x.op == y.op && (x.op == aItems || x.op == aSize) {
		return x.hi >= 0 && y.lo > x.hi || y.hi >= 0 && x.lo > y.hi
	}
	return x.op == aExists && y.op == aMembers && y.child.op == opFalse && x.keys == y.keys
}

// distinct drops alternatives that another one includes: fewer conditions admit more.
func distinct(cs []conj) []conj {
	var out []conj
	for i, c := range cs {
		covered := false
		for j, d := range cs {
			if i != j && subset(d, c) && (len(d) < len(c) || j < i) {
				covered = true
				break
			}
		}
		if !covered {
			out = append(out, c)
		}
	}
	return out
}

func subset(x, y conj) bool {
	if len(x) > len(y) {
		return false
	}
next:
	for _, a := range x {
		for _, c := range y {
			if a == c {
				continue next
			}
		}
		return false
	}
	return true
}
