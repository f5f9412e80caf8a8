package jinja

// mapFilter returns the filters that call other filters and tests by name, or nil. It is a function and not a table because
// they can call each other.
func mapFilter(name string) *filter {
	switch name {
	case "map":
		return fn(name, "* **", mapItems)
	case "select":
		return fn(name, "* **", selectItems(false, true))
	case "reject":
		return fn(name, "* **", selectItems(false, false))
	case "selectattr":
		return fn(name, "* **", selectItems(true, true))
	case "rejectattr":
		return fn(name, "* **", selectItems(true, false))
	}
	return nil
}

// lazyEach yields what f makes of the items of v; f drops an item by returning nil. Everything, the reading of the arguments
// by prepare included, happens when the first item is asked for, and not at all where v is false.
func lazyEach(v Value, prepare func(m *machine) (func(m *machine, x Value) (Value, error), error)) Value {
	var it iterator
	var f func(m *machine, x Value) (Value, error)
	start := func(m *machine) error {
		it = &sliceIter{}
		yes, err := m.truth(v)
		if err != nil || !yes {
			return err
		}
		if f, err = prepare(m); err != nil {
			return err
		}
		src, err := m.iterate(v)
		if err == nil {
			it = src
		}
		return err
	}
	return lazy(func(m *machine) (Value, bool, error) {
		if it == nil {
			if err := start(m); err != nil {
				return nil, false, err
			}
		}
		for {
			x, ok, err := it.next(m)
			if err != nil || !ok {
				return nil, false, err
			}
			y, err := f(m, x)
			if err != nil || y != nil {
				return y, err == nil, err
			}
		}
	})
}

func mapItems(_ *machine, v Value, p params) (Value, error) {
	return lazyEach(v, func(m *machine) (func(*machine, Value) (Value, error), error) {
		if len(p.rest) == 0 {
			return mapAttribute(m, p.kw)
		}
		name, ok := text(p.rest[0])
		if !ok {
			return nil, typeErrf("map: the name of the filter is %s, want a str", p.rest[0].typeName())
		}
		f := filterByName(name)
		if f == nil {
			return nil, noFilter(name, 0)
		}
		a := args{p.rest[1:], p.kw}
		return func(m *machine, x Value) (Value, error) { return f.call(m, x, a) }, nil
	}), nil
}

// mapAttribute is map(attribute=..., default=...).
func mapAttribute(m *machine, kw []kwarg) (func(*machine, Value) (Value, error), error) {
	var attribute, missing Value
	for _, k := range kw {
		switch k.name {
		case "attribute":
			attribute = k.v
		case "default":
			missing = k.v
		default:
			return nil, valueErrf("map: unexpected keyword argument %q", clip(k.name))
		}
	}
	if attribute == nil {
		return nil, valueErrf("map: misses the name of a filter or attribute=")
	}
	get := m.getter(attribute, false, missing)
	return func(_ *machine, x Value) (Value, error) { return get(x) }, nil
}

// selectItems keeps the items for which a test holds, or does not; with attr the test is about an attribute.
func selectItems(attr, want bool) func(*machine, Value, params) (Value, error) {
	return func(_ *machine, v Value, p params) (Value, error) {
		return lazyEach(v, func(m *machine) (func(*machine, Value) (Value, error), error) {
			get := func(x Value) (Value, error) { return x, nil }
			rest := p.rest
			if attr {
				if len(rest) == 0 {
					return nil, valueErrf("selectattr, rejectattr: misses the name of the attribute")
				}
				get = m.getter(rest[0], false, nil)
				rest = rest[1:]
			}
			is, err := itemTest(rest, p.kw)
			if err != nil {
				return nil, err
			}
			return func(m *machine, x Value) (Value, error) {
				y, err := get(x)
				if err != nil {
					return nil, err
				}
				yes, err := is(m, y)
				if err != nil || yes != want {
					return nil, err
				}
				return x, nil
			}, nil
		}), nil
	}
}

// itemTest returns the test named by the first argument, or the truth of the item.
func itemTest(rest []Value, kw []kwarg) (func(*machine, Value) (bool, error), error) {
	if len(rest) == 0 {
		return (*machine).truth, nil
	}
	name, ok := text(rest[0])
	if !ok {
		return nil, typeErrf("the name of a test is %s, want a str", rest[0].typeName())
	}
	t := testByName(name)
	if t == nil {
		return nil, noTest(name, 0)
	}
	a := args{rest[1:], kw}
	return func(m *machine, x Value) (bool, error) { return t.call(m, x, a) }, nil
}
