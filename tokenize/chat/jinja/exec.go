package jinja

func (s textStmt) exec(m *machine, _ *frame) (control, error) {
	return ctlNone, m.write(string(s))
}

func (s *outputStmt) exec(m *machine, f *frame) (control, error) {
	for i, x := range s.parts {
		v, err := m.eval(x, f)
		if err != nil {
			return ctlNone, at(err, s.lines[i])
		}
		t, err := m.str(v)
		if err == nil {
			err = m.write(t)
		}
		if err != nil {
			return ctlNone, at(err, s.lines[i])
		}
	}
	return ctlNone, nil
}

func (s *ifStmt) exec(m *machine, f *frame) (control, error) {
	for i, test := range s.tests {
		v, err := m.eval(test, f)
		if err != nil {
			return ctlNone, at(err, s.line)
		}
		yes, err := m.truth(v)
		if err != nil {
			return ctlNone, at(err, s.line)
		}
		if yes {
			return m.run(s.bodies[i], f)
		}
	}
	if s.els != nil {
		return m.run(s.els, f)
	}
	return ctlNone, nil
}

func (s *loopControlStmt) exec(*machine, *frame) (control, error) { return s.ctl, nil }

func (s *setStmt) exec(m *machine, f *frame) (control, error) {
	if err := m.checkNamespaces(s.target, f); err != nil {
		return ctlNone, at(err, s.line)
	}
	v, err := m.eval(s.value, f)
	if err == nil {
		err = m.assign(s.target, v, f)
	}
	return ctlNone, at(err, s.line)
}

// checkNamespaces refuses a target ns.attr where ns is no namespace, before anything is evaluated.
func (m *machine) checkNamespaces(target expr, f *frame) error {
	switch t := target.(type) {
	case *nsExpr:
		if _, ok := f.at(t.ns.up).vars[t.ns.slot].(*namespace); !ok {
			return errf(KindRuntime, "cannot set attribute %q of %q, which is no namespace", t.attr, t.ns.name)
		}
	case *seqExpr:
		for _, x := range t.items {
			if err := m.checkNamespaces(x, f); err != nil {
				return err
			}
		}
	}
	return nil
}

// assign sets a name, the attribute of a namespace, or unpacks the value into a tuple of targets.
func (m *machine) assign(target expr, v Value, f *frame) error {
	switch t := target.(type) {
	case *nameExpr:
		f.at(t.up).vars[t.slot] = v
		return nil
	case *nsExpr:
		if ns, ok := f.at(t.ns.up).vars[t.ns.slot].(*namespace); ok {
			return m.put(ns.attrs, String(t.attr), v)
		}
		return errf(KindRuntime, "%q is no namespace", t.ns.name)
	case *seqExpr:
		return m.unpack(t.items, v, f)
	}
	return errf(KindRuntime, "cannot assign to this expression")
}

func (m *machine) unpack(targets []expr, v Value, f *frame) error {
	it, err := m.iterate(v)
	if err != nil {
		return err
	}
	vals := make([]Value, 0, len(targets))
	for {
		x, ok, err := it.next(m)
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		if len(vals) == len(targets) {
			return valueErrf("too many values to unpack (expected %d)", len(targets))
		}
		vals = append(vals, x)
	}
	if len(vals) < len(targets) {
		return valueErrf("not enough values to unpack (expected %d, got %d)", len(targets), len(vals))
	}
	for i, t := range targets {
		if err := m.assign(t, vals[i], f); err != nil {
			return err
		}
	}
	return nil
}

func (s *setBlockStmt) exec(m *machine, f *frame) (control, error) {
	if err := m.checkNamespaces(s.target, f); err != nil {
		return ctlNone, at(err, s.line)
	}
	v, ctl, err := m.filtered(s.filter, s.body, s.frame, f)
	if err == nil && ctl == ctlNone {
		err = m.assign(s.target, v, f)
	}
	return ctl, at(err, s.line)
}

func (s *filterBlockStmt) exec(m *machine, f *frame) (control, error) {
	v, ctl, err := m.filtered(s.filter, s.body, s.frame, f)
	if err != nil || ctl != ctlNone {
		return ctl, at(err, s.line)
	}
	t, err := m.str(v)
	if err == nil {
		err = m.write(t)
	}
	return ctlNone, at(err, s.line)
}

// filtered runs a block in a scope of its own and passes its output through the filters, if there are any.
func (m *machine) filtered(filter expr, body []stmt, sc *scope, up *frame) (Value, control, error) {
	in, err := m.frame(sc, up)
	if err != nil {
		return nil, ctlNone, err
	}
	t, ctl, err := m.capture(body, in)
	if err != nil || ctl != ctlNone || filter == nil {
		return String(t), ctl, err
	}
	v, err := m.evalFilters(filter, String(t), in)
	return v, ctlNone, err
}

// evalFilters is eval of a chain of filters whose first input is v.
func (m *machine) evalFilters(x expr, v Value, f *frame) (Value, error) {
	fx, ok := x.(*filterExpr)
	if !ok {
		return nil, errf(KindRuntime, "expected a filter")
	}
	if fx.x != nil {
		var err error
		if v, err = m.evalFilters(fx.x, v, f); err != nil {
			return nil, err
		}
	}
	return fx.apply(m, v, f)
}

func (s *withStmt) exec(m *machine, f *frame) (control, error) {
	in, err := m.frame(s.frame, f)
	if err != nil {
		return ctlNone, at(err, s.line)
	}
	for i, t := range s.targets {
		v, err := m.eval(s.values[i], f)
		if err == nil {
			err = m.assign(t, v, in)
		}
		if err != nil {
			return ctlNone, at(err, s.line)
		}
	}
	return m.run(s.body, in)
}

func (s *macroStmt) exec(m *machine, f *frame) (control, error) {
	return ctlNone, m.assign(s.target, &macro{s.def, f}, f)
}

func (s *callBlockStmt) exec(m *machine, f *frame) (control, error) {
	block := &macro{s.def, f}
	var v Value
	var err error
	if s.call == nil {
		v, err = block.call(m, args{})
	} else {
		v, err = s.call.call(m, f, block)
	}
	if err == nil {
		var t string
		if t, err = m.str(v); err == nil {
			err = m.write(t)
		}
	}
	return ctlNone, at(err, s.line)
}
