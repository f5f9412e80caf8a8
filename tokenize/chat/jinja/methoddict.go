package jinja

// dictMethods are the methods of dict that do not change it.
var dictMethods = table(
	fn("get", "key default? /", func(m *machine, self Value, p params) (Value, error) {
		v, ok, err := m.lookup(self.(*Dict), p.v[0])
		switch {
		case err != nil:
			return nil, err
		case ok:
			return v, nil
		case p.v[1] != nil:
			return p.v[1], nil
		}
		return None{}, nil
	}),
	fn("keys", "/", dictView(viewKeys)),
	fn("values", "/", dictView(viewValues)),
	fn("items", "/", dictView(viewItems)),
	fn("copy", "/", func(_ *machine, self Value, _ params) (Value, error) { return self, nil }), // nothing can change either
	refused("fromkeys"),
)

func dictView(kind viewKind) func(*machine, Value, params) (Value, error) {
	return func(_ *machine, self Value, _ params) (Value, error) { return &view{self.(*Dict), kind}, nil }
}

// listMethods are the methods of list and tuple that do not change it; a tuple has no copy.
var listMethods = table(
	fn("copy", "/", func(_ *machine, self Value, _ params) (Value, error) { return self, nil }),
	fn("count", "value /", func(m *machine, self Value, p params) (Value, error) {
		items, _ := sequence(self)
		n := 0
		for _, x := range items {
			eq, err := m.equal(x, p.v[0])
			if err == nil {
				err = m.step(1)
			}
			if err != nil {
				return nil, err
			}
			if eq {
				n++
			}
		}
		return Int(n), nil
	}),
	fn("index", "value start? stop? /", func(m *machine, self Value, p params) (Value, error) {
		items, _ := sequence(self)
		parts := [3]Value{None{}, None{}, None{}}
		for i := range 2 {
			if p.v[i+1] != nil {
				parts[i] = p.v[i+1]
			}
		}
		r, err := sliceRange(parts, len(items))
		if err != nil {
			return nil, err
		}
		for i := r.start; i < r.stop; i++ {
			eq, err := m.equal(items[i], p.v[0])
			if err == nil {
				err = m.step(1)
			}
			if err != nil {
				return nil, err
			}
			if eq {
				return Int(i), nil
			}
		}
		return nil, valueErrf("index: %s is not in the list", shortRepr(p.v[0]))
	}),
)
