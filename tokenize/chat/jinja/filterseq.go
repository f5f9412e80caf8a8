package jinja

import "strings"

// seqFilters are the filters that work on lists and dicts without calling other filters or tests.
var seqFilters = table(
	fn("length", "/", lengthFilter),
	fn("count", "/", lengthFilter),
	fn("list", "/", func(m *machine, v Value, _ params) (Value, error) {
		items, err := m.items(v)
		return NewList(items...), err
	}),
	fn("first", "/", firstFilter),
	fn("last", "/", func(m *machine, v Value, _ params) (Value, error) {
		back, ok := m.backward(v)
		if !ok {
			return nil, typeErrf("last: '%s' object is not reversible", v.typeName())
		}
		return firstOf(m, back, "No last item, sequence was empty.")
	}),
	fn("reverse", "/", reverseFilter),
	fn("join", "d? attribute?", joinFilter),
	fn("default", "default_value? boolean?", defaultFilter),
	fn("d", "default_value? boolean?", defaultFilter),
	fn("attr", "name", attrFilter),
	fn("items", "/", itemsFilter),
	fn("dictsort", "case_sensitive? by? reverse?", dictSort),
	fn("sort", "reverse? case_sensitive? attribute?", sortFilter),
	fn("unique", "case_sensitive? attribute?", uniqueFilter),
	fn("min", "case_sensitive? attribute?", extreme(false)),
	fn("max", "case_sensitive? attribute?", extreme(true)),
	fn("groupby", "attribute default? case_sensitive?", groupBy),
	fn("batch", "linecount fill_with?", batchFilter),
	fn("slice", "slices fill_with?", sliceFilter),
)

func lengthFilter(m *machine, v Value, _ params) (Value, error) {
	if l, ok := v.(*loop); ok {
		n, err := l.length(m)
		return Int(n), err
	}
	n, ok := m.len(v)
	if !ok {
		return nil, typeErrf("object of type '%s' has no len()", v.typeName())
	}
	s, _ := text(v)
	return Int(n), m.work(len(s))
}

func firstFilter(m *machine, v Value, _ params) (Value, error) {
	return firstOf(m, v, "No first item, sequence was empty.")
}

func firstOf(m *machine, v Value, none string) (Value, error) {
	it, err := m.iterate(v)
	if err != nil {
		return nil, err
	}
	x, ok, err := it.next(m)
	if err == nil && !ok {
		x = &undefined{hint: none}
	}
	return x, err
}

func reverseFilter(m *machine, v Value, _ params) (Value, error) {
	if _, ok := text(v); ok {
		return m.slice(v, [3]Value{None{}, None{}, Int(-1)})
	}
	if back, ok := m.backward(v); ok {
		return back, nil
	}
	items, err := m.items(v)
	if err != nil {
		return nil, err
	}
	if err := m.madeItems(len(items)); err != nil {
		return nil, err
	}
	out := make([]Value, len(items))
	for i, x := range items {
		out[len(items)-1-i] = x
	}
	return NewList(out...), nil
}

func joinFilter(m *machine, v Value, p params) (Value, error) {
	sep := ""
	var err error
	if p.v[0] != nil {
		if sep, err = m.str(p.v[0]); err != nil {
			return nil, err
		}
	}
	get := m.getter(nil, false, nil)
	if p.present(1) {
		get = m.getter(p.v[1], false, nil)
	}
	it, err := m.iterate(v)
	if err != nil {
		return nil, err
	}
	b := &builder{m: m}
	for n := 0; ; n++ {
		x, ok, err := it.next(m)
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
		if x, err = get(x); err != nil {
			return nil, err
		}
		s, err := m.str(x)
		if err == nil && n > 0 {
			err = b.add(sep)
		}
		if err == nil {
			err = b.add(s)
		}
		if err != nil {
			return nil, err
		}
	}
	s, err := b.done()
	return String(s), err
}

func defaultFilter(m *machine, v Value, p params) (Value, error) {
	missing := p.v[0]
	if missing == nil {
		missing = String("")
	}
	if _, ok := v.(*undefined); ok {
		return missing, nil
	}
	empty, err := p.boolArg(m, 1, false)
	if err != nil || !empty {
		return v, err
	}
	if yes, err := m.truth(v); yes || err != nil {
		return v, err
	}
	return missing, nil
}

// attrFilter is v.name without looking at items.
func attrFilter(m *machine, v Value, p params) (Value, error) {
	name, err := p.textArg("attr", 0)
	if err != nil {
		return nil, err
	}
	if u, ok := v.(*undefined); ok {
		return nil, u.use()
	}
	x, ok, err := m.attribute(v, name)
	if err == nil && !ok {
		x = &undefined{name: name, obj: v, unsafe: strings.HasPrefix(name, "__")}
	}
	return x, err
}

// itemsFilter yields the items of a dict, and complains about other values only when it is asked for the first.
func itemsFilter(_ *machine, v Value, _ params) (Value, error) {
	var it iterator
	return lazy(func(m *machine) (Value, bool, error) {
		if it == nil {
			switch d := v.(type) {
			case *undefined:
				it = &sliceIter{}
			case *Dict:
				it = &indexIter{n: d.Len(), at: (&view{d, viewItems}).at}
			default:
				return nil, false, typeErrf("items: the value is %s, want a mapping", v.typeName())
			}
		}
		return it.next(m)
	}), nil
}
