package jinja

func (x *filterExpr) eval(m *machine, f *frame) (Value, error) {
	if x.f == nil {
		return nil, noFilter(x.name, x.line)
	}
	v, err := m.eval(x.x, f)
	if err != nil {
		return nil, err
	}
	return x.apply(m, v, f)
}

func (x *filterExpr) apply(m *machine, v Value, f *frame) (Value, error) {
	if x.f == nil {
		return nil, noFilter(x.name, x.line)
	}
	a, err := m.evalArgs(&x.args, f)
	if err != nil {
		return nil, err
	}
	v, err = x.f.call(m, v, a)
	return v, at(err, x.line)
}

func (x *testExpr) eval(m *machine, f *frame) (Value, error) {
	if x.t == nil {
		return nil, noTest(x.name, x.line)
	}
	v, err := m.eval(x.x, f)
	if err != nil {
		return nil, err
	}
	a, err := m.evalArgs(&x.args, f)
	if err != nil {
		return nil, err
	}
	yes, err := x.t.call(m, v, a)
	return Bool(yes), at(err, x.line)
}

func (x *callExpr) eval(m *machine, f *frame) (Value, error) { return x.call(m, f, nil) }

// call makes the call, with the block of a call statement if there is one.
func (x *callExpr) call(m *machine, f *frame, block *macro) (Value, error) {
	fn, err := m.eval(x.fn, f)
	if err != nil {
		return nil, err
	}
	a, err := m.evalArgs(&x.args, f)
	if err != nil {
		return nil, err
	}
	if block != nil {
		a.kw = append(a.kw, kwarg{"caller", block})
	}
	v, err := m.call(fn, a)
	return v, at(err, x.line)
}

// evalArgs evaluates the arguments of a call.
func (m *machine) evalArgs(c *callArgs, f *frame) (a args, err error) {
	if c.pos != nil {
		if a.pos, err = m.evalAll(c.pos, f); err != nil {
			return a, err
		}
	}
	if c.star != nil {
		v, err := m.eval(c.star, f)
		if err != nil {
			return a, err
		}
		items, err := m.items(v)
		if err != nil {
			return a, err
		}
		a.pos = append(a.pos, items...)
	}
	for i, x := range c.kw {
		v, err := m.eval(x, f)
		if err != nil {
			return a, err
		}
		a.kw = append(a.kw, kwarg{c.names[i], v})
	}
	if c.dstar != nil {
		err = m.spread(c.dstar, f, &a)
	}
	return a, err
}

// spread adds the arguments of **x.
func (m *machine) spread(x expr, f *frame, a *args) error {
	v, err := m.eval(x, f)
	if err != nil {
		return err
	}
	d, ok := v.(*Dict)
	if !ok {
		return typeErrf("argument after ** must be a mapping, not %s", v.typeName())
	}
	if err := m.madeItems(2 * d.Len()); err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, k := range a.kw {
		seen[k.name] = true
	}
	for i, k := range d.keys {
		name, ok := text(k)
		if !ok {
			return typeErrf("keywords must be strings, not %s", k.typeName())
		}
		if seen[name] {
			return typeErrf("got multiple values for keyword argument %q", clip(name))
		}
		seen[name] = true
		a.kw = append(a.kw, kwarg{name, d.vals[i]})
	}
	return nil
}
