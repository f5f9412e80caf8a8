package jinja

// filter is a row of the table of filters.
type filter = builtin

// test is a row of the table of tests.
type test struct {
	name string
	sig  signature
	fn   func(m *machine, v Value, a params) (bool, error)
}

func (t *test) call(m *machine, v Value, a args) (bool, error) {
	b := builtin{name: t.name, sig: t.sig}
	p, err := b.bind(a)
	if err != nil {
		return false, err
	}
	if err := m.step(1); err != nil {
		return false, err
	}
	return t.fn(m, v, p)
}

// filterByName returns the filter, or nil.
func filterByName(name string) *filter {
	for _, t := range []map[string]*filter{textFilters, seqFilters, numberFilters} {
		if f := t[name]; f != nil {
			return f
		}
	}
	return mapFilter(name)
}

// testByName returns the test, or nil.
func testByName(name string) *test {
	switch name {
	case "filter":
		return &test{name, sig("/"), func(_ *machine, v Value, _ params) (bool, error) {
			s, ok := text(v)
			return ok && filterByName(s) != nil, nil
		}}
	case "test":
		return &test{name, sig("/"), func(_ *machine, v Value, _ params) (bool, error) {
			s, ok := text(v)
			return ok && testByName(s) != nil, nil
		}}
	}
	return tests[name]
}

func noFilter(name string, line int) error {
	return &Error{Line: line, Kind: KindRuntime, Msg: "no filter named " + clip(name)}
}

func noTest(name string, line int) error {
	return &Error{Line: line, Kind: KindRuntime, Msg: "no test named " + clip(name)}
}

// refusedFilter is a filter that Jinja2 has and this package does not.
func refusedFilter(name string) *filter {
	return fn(name, "* **", func(*machine, Value, params) (Value, error) {
		return nil, unsupportedf("the filter %s", name)
	})
}
