package schema

// hollow reports whether a formula is plainly satisfied by nothing. It looks a few levels deep; "no" may be wrong, "yes"
// may not. It serves to drop alternatives early; the machine finds all that cannot be completed later.
func (b *builder) hollow(f *formula, depth int) (bool, error) {
	if f.op == opFalse {
		return true, nil
	}
	if f.op == opTrue || f.op == opUnknown || depth > 3 {
		return false, nil
	}
	if b.steps++; b.steps > maxSteps {
		return false, nil
	}
	f, err := b.openAll(f)
	if err != nil {
		return false, err
	}
	if h, ok := b.hollows[f]; ok {
		return h, nil
	}
	result := true
	for t := range kinds {
		g, err := b.restrict(f, t)
		if err != nil {
			return false, err
		}
		empty, err := b.hollowFor(g, t, depth)
		if err != nil {
			return false, err
		}
		if !empty {
			result = false
			break
		}
	}
	if depth == 0 || !result {
		b.hollows[f] = result
	}
	return result, nil
}

// hollowFor is hollow for a formula restricted to one type.
func (b *builder) hollowFor(f *formula, t kind, depth int) (bool, error) {
	switch {
	case f.op == opFalse:
		return true, nil
	case f.op == opTrue || t <= kTrue:
		return false, nil
	case t == kNumber:
		d, err := b.numberDFA(f, false)
		if err != nil {
			return false, nil // said where it is needed
		}
		return d.Empty(), nil
	case t == kString:
		if lo, hi, ok := lengths(f); ok {
			return hi >= 0 && lo > hi, nil
		}
		d, err := b.stringDFA(f)
		if err != nil {
			return false, nil
		}
		return d.Empty(), nil
	}
	cs, err := b.dnf(f)
	if err != nil {
		return false, err
	}
	for _, c := range cs {
		empty, err := b.hollowConj(c, depth+1)
		if err != nil || !empty {
			return false, err
		}
	}
	return true, nil
}

// hollowConj looks for a required member or item that nothing satisfies.
func (b *builder) hollowConj(c conj, depth int) (bool, error) {
	for _, a := range c {
		var value *formula
		switch a.op {
		case aExists:
			name, ok := a.keys.single()
			if !ok {
				continue
			}
			value = b.and(a.child, memberFormula(b.interner, c, name))
		case aItems:
			if a.lo == 0 {
				continue
			}
			value = itemFormula(b.interner, c, 0)
			if a.hi >= 0 && a.lo > a.hi {
				return true, nil
			}
		default:
			continue
		}
		if empty, err := b.hollow(value, depth); err != nil || empty {
			return empty, err
		}
	}
	for i := range c {
		for j := range i {
			if excludes(c[i], c[j]) || excludes(c[j], c[i]) {
				return true, nil
			}
		}
	}
	// Items that must exist because an alternative says so.
	for _, a := range c {
		if a.op == aItems && a.lo > 1 {
			for i := 1; i < min(a.lo, 8); i++ {
				if empty, err := b.hollow(itemFormula(b.interner, c, i), depth); err != nil || empty {
					return empty, err
				}
			}
		}
	}
	return false, nil
}

// memberFormula returns what a conjunction says about the member of a name. Languages are taken to hold it only where
// they do.
func memberFormula(in *interner, c conj, name string) *formula {
	var kids []*formula
	for _, a := range c {
		if a.op == aMembers && a.keys.has(name, true, matches(name)) {
			kids = append(kids, a.child)
		}
	}
	return in.and(kids...)
}

// itemFormula returns what a conjunction says about an item.
func itemFormula(in *interner, c conj, i int) *formula {
	var kids []*formula
	for _, a := range c {
		if a.op == aItem && a.at == i || a.op == aRest && a.at <= i {
			kids = append(kids, a.child)
		}
	}
	return in.and(kids...)
}
