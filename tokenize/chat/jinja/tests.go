package jinja

import "math/big"

// tests are the tests of Jinja2 by name; filter and test are in testByName.
var tests = func() map[string]*test {
	t := map[string]*test{}
	add := func(spec string, f func(m *machine, v Value, p params) (bool, error), names ...string) {
		for _, name := range names {
			t[name] = &test{name, sig(spec), f}
		}
	}
	is := func(name string, f func(v Value) bool) {
		add("/", func(_ *machine, v Value, _ params) (bool, error) { return f(v), nil }, name)
	}
	is("defined", func(v Value) bool { _, ok := v.(*undefined); return !ok })
	is("undefined", func(v Value) bool { _, ok := v.(*undefined); return ok })
	is("none", func(v Value) bool { _, ok := v.(None); return ok })
	is("boolean", func(v Value) bool { _, ok := v.(Bool); return ok })
	is("true", func(v Value) bool { return v == Bool(true) })
	is("false", func(v Value) bool { return v == Bool(false) })
	is("integer", isInteger)
	is("float", func(v Value) bool { _, ok := v.(Float); return ok })
	is("number", isNumber)
	is("string", func(v Value) bool { _, ok := text(v); return ok })
	is("mapping", func(v Value) bool { _, ok := v.(*Dict); return ok })
	is("escaped", func(v Value) bool { _, ok := v.(Markup); return ok })
	is("callable", isCallable)
	add("/", func(m *machine, v Value, _ params) (bool, error) { return isSequence(m, v), nil }, "sequence")
	add("/", func(m *machine, v Value, _ params) (bool, error) {
		_, ok := m.tryIterate(v)
		return ok, nil
	}, "iterable")
	add("/", strTest(isLowerText), "lower")
	add("/", strTest(isUpperText), "upper")
	add("/", func(m *machine, v Value, _ params) (bool, error) { return m.remainder(v, Int(2), Int(1)) }, "odd")
	add("/", func(m *machine, v Value, _ params) (bool, error) { return m.remainder(v, Int(2), Int(0)) }, "even")
	add("num", func(m *machine, v Value, p params) (bool, error) { return m.remainder(v, p.v[0], Int(0)) }, "divisibleby")
	add("seq", func(m *machine, v Value, p params) (bool, error) { return m.contains(p.v[0], v) }, "in")
	add("other", func(_ *machine, v Value, p params) (bool, error) { return same(v, p.v[0]) }, "sameas")
	compare := func(op string, names ...string) {
		add("other /", func(m *machine, v Value, p params) (bool, error) { return m.compare(op, v, p.v[0]) }, names...)
	}
	compare("==", "==", "eq", "equalto")
	compare("!=", "!=", "ne")
	compare("<", "<", "lt", "lessthan")
	compare("<=", "<=", "le")
	compare(">", ">", "gt", "greaterthan")
	compare(">=", ">=", "ge")
	return t
}()

func isInteger(v Value) bool {
	switch v.(type) {
	case Int, *bigInt:
		return true
	}
	return false
}

func isCallable(v Value) bool {
	switch v.(type) {
	case *macro, *bound, *function, *undefined, *loop, *joiner:
		return true
	}
	return false
}

// isSequence asks for a length and items by index.
func isSequence(m *machine, v Value) bool {
	if _, ok := v.(*view); ok {
		return false
	}
	_, ok := m.len(v)
	return ok
}

func strTest(f func(string) bool) func(*machine, Value, params) (bool, error) {
	return func(m *machine, v Value, _ params) (bool, error) {
		s, err := m.str(v)
		return f(s), err
	}
}

// remainder says whether v % n == want.
func (m *machine) remainder(v, n, want Value) (bool, error) {
	r, err := m.binary("%", v, n)
	if err != nil {
		return false, err
	}
	return m.equal(r, want)
}

// same is Python's a is b, where the answer does not depend on how Python stores values.
func same(a, b Value) (bool, error) {
	switch x := a.(type) {
	case None, Bool:
		return a == b, nil
	case Int:
		y, ok := b.(Int)
		if !ok || x != y || x >= -5 && x <= 256 {
			return ok && x == y, nil
		}
		return false, unsupportedf("sameas of two large numbers")
	case Float, *bigInt, String, Markup:
		if a.typeName() != b.typeName() {
			return false, nil
		}
		if p, ok := a.(*bigInt); ok {
			if q, ok := b.(*bigInt); ok && (*big.Int).Cmp(p.v, q.v) != 0 {
				return false, nil
			}
		} else if a != b {
			return false, nil
		}
		return false, unsupportedf("sameas of two equal values of type %s", a.typeName())
	}
	return a == b, nil
}
