package jinja

// namespace is an object whose attributes set can change.
type namespace struct{ attrs *Dict }

func (*namespace) typeName() string { return "Namespace" }

// cycler is what cycler(...) returns.
type cycler struct {
	items []Value
	pos   int
}

func (*cycler) typeName() string { return "Cycler" }

func (c *cycler) attr(name string) (Value, bool, error) {
	switch name {
	case "current":
		return c.items[c.pos], true, nil
	case "items":
		return NewTuple(c.items...), true, nil
	case "pos":
		return Int(c.pos), true, nil
	}
	return method(c, cyclerMethods, name)
}

var cyclerMethods = table(
	fn("next", "/", func(_ *machine, self Value, _ params) (Value, error) {
		c := self.(*cycler)
		v := c.items[c.pos]
		c.pos = (c.pos + 1) % len(c.items)
		return v, nil
	}),
	fn("reset", "/", func(_ *machine, self Value, _ params) (Value, error) {
		self.(*cycler).pos = 0
		return None{}, nil
	}),
)

// joiner is what joiner(...) returns: a function that gives nothing the first time and then the separator.
type joiner struct {
	sep  Value
	used bool
}

func (*joiner) typeName() string { return "Joiner" }

func (j *joiner) attr(name string) (Value, bool) {
	switch name {
	case "sep":
		return j.sep, true
	case "used":
		return Bool(j.used), true
	}
	return nil, false
}

func (j *joiner) call(a args) (Value, error) {
	if len(a.pos)+len(a.kw) > 0 {
		return nil, typeErrf("a joiner takes no arguments")
	}
	if !j.used {
		j.used = true
		return String(""), nil
	}
	return j.sep, nil
}

// loopMethods are loop.cycle and loop.changed.
var loopMethods = table(
	fn("cycle", "* /", func(_ *machine, self Value, p params) (Value, error) {
		if len(p.rest) == 0 {
			return nil, typeErrf("no items for cycling given")
		}
		return p.rest[self.(*loop).index0%len(p.rest)], nil
	}),
	fn("changed", "* /", func(m *machine, self Value, p params) (Value, error) {
		l := self.(*loop)
		now := NewTuple(p.rest...)
		if l.lastChanged != nil {
			eq, err := m.equal(l.lastChanged, now)
			if err != nil || eq {
				return Bool(false), err
			}
		}
		l.lastChanged = now
		return Bool(true), nil
	}),
)

// builtinGlobals returns a new map of the functions every template knows.
func builtinGlobals() map[string]Value {
	out := map[string]Value{}
	for _, b := range []*builtin{
		fn("range", "start stop? step? /", globalRange),
		fn("dict", "from? / **", makeDict),
		fn("namespace", "from? / **", func(m *machine, self Value, p params) (Value, error) {
			d, err := makeDict(m, self, p)
			if err != nil {
				return nil, err
			}
			return &namespace{d.(*Dict)}, nil
		}),
		fn("cycler", "* /", func(_ *machine, _ Value, p params) (Value, error) {
			if len(p.rest) == 0 {
				return nil, errf(KindRuntime, "cycler: at least one item has to be provided")
			}
			return &cycler{items: p.rest}, nil
		}),
		fn("joiner", "sep?", func(_ *machine, _ Value, p params) (Value, error) {
			if p.v[0] == nil {
				p.v[0] = String(", ")
			}
			return &joiner{sep: p.v[0]}, nil
		}),
	} {
		out[b.name] = &function{b}
	}
	return out
}

func globalRange(_ *machine, _ Value, p params) (Value, error) {
	n := [3]int64{0, 0, 1}
	for i, v := range p.v {
		if v == nil {
			continue
		}
		x, ok := asInt(v)
		if u, undef := v.(*undefined); undef {
			return nil, typeErrf("range: %v", u.use())
		}
		if !ok {
			return nil, typeErrf("range: argument %d is %s, want an int of 64 bits", i+1, v.typeName())
		}
		n[i] = x
	}
	if p.v[1] == nil {
		n[0], n[1] = 0, n[0]
	}
	if n[2] == 0 {
		return nil, valueErrf("range: step must not be zero")
	}
	r := newRange(n[0], n[1], n[2])
	if r.n < 0 || r.n > maxRange {
		return nil, &LimitError{What: "items of a range", Limit: maxRange}
	}
	return r, nil
}

// makeDict is dict(from, **kw).
func makeDict(m *machine, _ Value, p params) (Value, error) {
	d := NewDict()
	if p.v[0] != nil {
		if err := m.fillDict(d, p.v[0]); err != nil {
			return nil, err
		}
	}
	for _, k := range p.kw {
		if err := m.put(d, String(k.name), k.v); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// fillDict adds the items of a dict, or of a list of pairs.
func (m *machine) fillDict(d *Dict, from Value) error {
	if src, ok := from.(*Dict); ok {
		for i, k := range src.keys {
			if err := m.put(d, k, src.vals[i]); err != nil {
				return err
			}
		}
		return nil
	}
	if u, ok := from.(*undefined); ok {
		return u.use()
	}
	pairs, err := m.items(from)
	if err != nil {
		return err
	}
	for i, pair := range pairs {
		kv, err := m.items(pair)
		if err != nil {
			return err
		}
		if len(kv) != 2 {
			return valueErrf("dict: element %d has length %d, want 2", i, len(kv))
		}
		if err := m.put(d, kv[0], kv[1]); err != nil {
			return err
		}
	}
	return nil
}
