package jinja

func (x *constExpr) eval(*machine, *frame) (Value, error) { return x.v, nil }

func (x *nameExpr) eval(_ *machine, f *frame) (Value, error) {
	if v := f.at(x.up).vars[x.slot]; v != nil {
		return v, nil
	}
	return &undefined{name: x.name}, nil
}

func (x *nsExpr) eval(*machine, *frame) (Value, error) {
	return nil, errf(KindRuntime, "the target %s.%s has no value", x.ns.name, x.attr)
}

func (m *machine) evalAll(list []expr, f *frame) ([]Value, error) {
	if err := m.madeItems(len(list)); err != nil {
		return nil, err
	}
	out := make([]Value, len(list))
	for i, x := range list {
		v, err := m.eval(x, f)
		if err != nil {
			return nil, err
		}
		out[i] = v
	}
	return out, nil
}

func (x *seqExpr) eval(m *machine, f *frame) (Value, error) {
	items, err := m.evalAll(x.items, f)
	if x.tuple {
		return NewTuple(items...), err
	}
	return NewList(items...), err
}

func (x *dictExpr) eval(m *machine, f *frame) (Value, error) {
	d := NewDict()
	for i := range x.keys {
		k, err := m.eval(x.keys[i], f)
		if err != nil {
			return nil, err
		}
		v, err := m.eval(x.vals[i], f)
		if err != nil {
			return nil, err
		}
		if err := m.put(d, k, v); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// test evaluates an expression to true or false.
func (m *machine) test(x expr, f *frame) (bool, error) {
	v, err := m.eval(x, f)
	if err != nil {
		return false, err
	}
	return m.truth(v)
}

func (x *condExpr) eval(m *machine, f *frame) (Value, error) {
	yes, err := m.test(x.test, f)
	switch {
	case err != nil:
		return nil, at(err, x.line)
	case yes:
		return m.eval(x.then, f)
	case x.els != nil:
		return m.eval(x.els, f)
	}
	return &undefined{hint: "the inline if was false and has no else"}, nil
}

func (x *logicExpr) eval(m *machine, f *frame) (Value, error) {
	v, err := m.eval(x.left, f)
	if err != nil {
		return nil, err
	}
	yes, err := m.truth(v)
	if err != nil || yes == x.or {
		return v, err
	}
	return m.eval(x.right, f)
}

func (x *notExpr) eval(m *machine, f *frame) (Value, error) {
	yes, err := m.test(x.x, f)
	return Bool(!yes), err
}

func (x *compareExpr) eval(m *machine, f *frame) (Value, error) {
	left, err := m.eval(x.first, f)
	if err != nil {
		return nil, err
	}
	yes := true
	for _, op := range x.ops {
		right, err := m.eval(op.x, f)
		if err != nil {
			return nil, err
		}
		if yes, err = m.compare(op.op, left, right); err != nil {
			return nil, at(err, x.line)
		}
		if !yes {
			break
		}
		left = right
	}
	return Bool(yes), nil
}

func (x *binExpr) eval(m *machine, f *frame) (Value, error) {
	left, err := m.eval(x.left, f)
	if err != nil {
		return nil, err
	}
	right, err := m.eval(x.right, f)
	if err != nil {
		return nil, err
	}
	v, err := m.binary(x.op, left, right)
	return v, at(err, x.line)
}

func (x *concatExpr) eval(m *machine, f *frame) (Value, error) {
	vals, err := m.evalAll(x.parts, f)
	if err != nil {
		return nil, err
	}
	b := &builder{m: m}
	for _, v := range vals {
		s, err := m.str(v)
		if err == nil {
			err = b.add(s)
		}
		if err != nil {
			return nil, at(err, x.line)
		}
	}
	s, err := b.done()
	return String(s), at(err, x.line)
}

func (x *signExpr) eval(m *machine, f *frame) (Value, error) {
	v, err := m.eval(x.x, f)
	if err != nil {
		return nil, err
	}
	v, err = m.sign(v, x.minus)
	return v, at(err, x.line)
}

func (x *attrExpr) eval(m *machine, f *frame) (Value, error) {
	v, err := m.eval(x.x, f)
	if err != nil {
		return nil, err
	}
	v, err = m.getAttr(v, x.name)
	return v, at(err, x.line)
}

func (x *itemExpr) eval(m *machine, f *frame) (Value, error) {
	v, err := m.eval(x.x, f)
	if err != nil {
		return nil, err
	}
	arg, err := m.eval(x.arg, f)
	if err != nil {
		return nil, err
	}
	v, err = m.getItem(v, arg)
	return v, at(err, x.line)
}

func (x *sliceExpr) eval(m *machine, f *frame) (Value, error) {
	v, err := m.eval(x.x, f)
	if err != nil {
		return nil, err
	}
	var parts [3]Value
	for i, p := range []expr{x.start, x.stop, x.step} {
		parts[i] = None{}
		if p == nil {
			continue
		}
		if parts[i], err = m.eval(p, f); err != nil {
			return nil, err
		}
	}
	v, err = m.slice(v, parts)
	return v, at(err, x.line)
}
