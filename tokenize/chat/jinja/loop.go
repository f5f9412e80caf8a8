package jinja

// loop is the variable "loop" inside a for.
type loop struct {
	it     iterator
	src    Value // what is iterated over, to know its length
	index0 int
	depth0 int

	cur, prev   Value
	peeked      bool  // the item after the current one is known:
	after       Value // this, or nil at the end
	known       int   // length, -1 while it is not known
	lastChanged Value // of loop.changed

	recurse func(m *machine, src Value, depth int) (Value, error) // nil: not a recursive loop
}

func (*loop) typeName() string { return "LoopContext" }

// advance moves to the next item.
func (l *loop) advance(m *machine) (Value, bool, error) {
	v, err := l.peek(m)
	if err != nil || v == nil {
		return nil, false, err
	}
	l.peeked, l.after = false, nil
	l.index0++
	l.prev, l.cur = l.cur, v
	return v, true, nil
}

// peek returns the item after the current one, or nil at the end.
func (l *loop) peek(m *machine) (Value, error) {
	if l.peeked && l.after != nil {
		return l.after, nil
	}
	v, ok, err := l.it.next(m)
	if err != nil {
		return nil, err
	}
	if !ok {
		v = nil
	}
	l.peeked, l.after = true, v
	return v, nil
}

// length counts the items, for which it reads those of a generator.
func (l *loop) length(m *machine) (int, error) {
	if l.known >= 0 {
		return l.known, nil
	}
	if n, ok := m.len(l.src); ok {
		l.known = n
		return n, nil
	}
	rest, err := m.drain(l.it)
	if err != nil {
		return 0, err
	}
	l.it = &sliceIter{items: rest}
	l.known = len(rest) + l.index0 + 1
	if l.after != nil {
		l.known++
	}
	return l.known, nil
}

// attr returns loop.name.
func (l *loop) attr(m *machine, name string) (Value, bool, error) {
	switch name {
	case "index":
		return Int(l.index0 + 1), true, nil
	case "index0":
		return Int(l.index0), true, nil
	case "first":
		return Bool(l.index0 == 0), true, nil
	case "depth":
		return Int(l.depth0 + 1), true, nil
	case "depth0":
		return Int(l.depth0), true, nil
	case "length", "revindex", "revindex0":
		n, err := l.length(m)
		switch name {
		case "revindex":
			n -= l.index0
		case "revindex0":
			n -= l.index0 + 1
		}
		return Int(n), true, err
	case "last":
		v, err := l.peek(m)
		return Bool(v == nil), true, err
	case "nextitem":
		v, err := l.peek(m)
		if v == nil {
			v = &undefined{hint: "there is no next item"}
		}
		return v, true, err
	case "previtem":
		if l.index0 == 0 || l.prev == nil {
			return &undefined{hint: "there is no previous item"}, true, nil
		}
		return l.prev, true, nil
	case "cycle", "changed":
		return &bound{l, loopMethods[name]}, true, nil
	}
	return nil, false, nil
}

func (s *forStmt) exec(m *machine, f *frame) (control, error) {
	src, err := m.eval(s.iter, f)
	if err != nil {
		return ctlNone, at(err, s.line)
	}
	if !s.recursive {
		return s.iterate(m, f, src, 0, nil)
	}
	v, err := s.recurse(m, f, src, 0)
	if err == nil {
		err = m.write(string(v))
	}
	return ctlNone, at(err, s.line)
}

// recurse runs a recursive loop and returns its output.
func (s *forStmt) recurse(m *machine, f *frame, src Value, depth int) (String, error) {
	if err := m.enter(); err != nil {
		return "", err
	}
	defer m.leave()
	saved := m.out
	m.out = &buffer{most: m.lim.ValueBytes, what: "value bytes"}
	_, err := s.iterate(m, f, src, depth, func(m *machine, src Value, depth int) (Value, error) {
		return s.recurse(m, f, src, depth)
	})
	b := m.out.b
	m.out = saved
	return String(b), err
}

// iterate runs the loop over src.
func (s *forStmt) iterate(m *machine, f *frame, src Value, depth int, recurse func(*machine, Value, int) (Value, error)) (control, error) {
	it, err := m.iterate(src)
	if err != nil {
		return ctlNone, at(err, s.line)
	}
	if s.test != nil {
		it = &testIter{s: s, up: f, it: it}
		src = nil
	}
	l := &loop{it: it, src: src, index0: -1, depth0: depth, known: -1, recurse: recurse}
	whole := false // an iteration came to its end; continue does not count, as in Jinja2
	for {
		v, ok, err := l.advance(m)
		if err != nil {
			return ctlNone, at(err, s.line)
		}
		if !ok {
			break
		}
		in, err := m.frame(s.bodyFrame, f)
		if err != nil {
			return ctlNone, at(err, s.line)
		}
		if s.extended {
			in.vars[0] = l
		}
		if err := m.assign(s.target, v, in); err != nil {
			return ctlNone, at(err, s.line)
		}
		ctl, err := m.run(s.body, in)
		if err != nil {
			return ctlNone, err
		}
		if ctl == ctlBreak {
			break
		}
		whole = whole || ctl == ctlNone
	}
	if whole || s.els == nil {
		return ctlNone, nil
	}
	in, err := m.frame(s.elseFrame, f)
	if err != nil {
		return ctlNone, at(err, s.line)
	}
	return m.run(s.els, in)
}

// testIter yields the items for which the condition of a for holds.
type testIter struct {
	s  *forStmt
	up *frame
	it iterator
}

func (t *testIter) next(m *machine) (Value, bool, error) {
	for {
		v, ok, err := t.it.next(m)
		if err != nil || !ok {
			return nil, false, err
		}
		in, err := m.frame(t.s.testFrame, t.up)
		if err != nil {
			return nil, false, err
		}
		if err := m.assign(t.s.target, v, in); err != nil {
			return nil, false, err
		}
		c, err := m.eval(t.s.test, in)
		if err != nil {
			return nil, false, err
		}
		yes, err := m.truth(c)
		if err != nil {
			return nil, false, err
		}
		if yes {
			return v, true, nil
		}
	}
}
