package jinja

import (
	"sort"
	"strconv"
	"strings"
)

// getter returns a function for item.attribute, where attribute is a path with dots, an index or nil for the item itself.
// With fold the result is in lower case when it is text. missing, unless it is nil or None, stands for what is not there.
func (m *machine) getter(attribute Value, fold bool, missing Value) func(Value) (Value, error) {
	var parts []Value
	if s, ok := text(attribute); ok {
		for _, part := range strings.Split(s, ".") {
			n, err := strconv.Atoi(part)
			if err == nil && part[0] != '-' && part[0] != '+' {
				parts = append(parts, Int(n))
			} else {
				parts = append(parts, String(part))
			}
		}
	} else if _, none := attribute.(None); attribute != nil && !none {
		parts = []Value{attribute}
	}
	if _, none := missing.(None); none {
		missing = nil
	}
	return func(v Value) (Value, error) {
		for _, part := range parts {
			var err error
			if v, err = m.getItem(v, part); err != nil {
				return nil, err
			}
			if _, undef := v.(*undefined); undef && missing != nil {
				v = missing
			}
		}
		if s, ok := text(v); ok && fold {
			return like(v, lower(s)), m.made(3 * len(s))
		}
		return v, nil
	}
}

// sortBy sorts items by key, which has the same length, and keeps the order of equal ones.
func (m *machine) sortBy(items, key []Value, reverse bool) ([]Value, error) {
	if err := m.madeItems(3 * len(items)); err != nil {
		return nil, err
	}
	order := make([]int, len(items))
	for i := range order {
		order[i] = i
	}
	var failed error
	sort.SliceStable(order, func(i, j int) bool {
		if failed != nil {
			return false
		}
		a, b := key[order[i]], key[order[j]]
		if reverse {
			a, b = b, a
		}
		less, err := m.less(a, b)
		if err == nil {
			err = m.step(1)
		}
		if err != nil {
			failed = err
		}
		return less
	})
	out := make([]Value, len(items))
	for i, j := range order {
		out[i] = items[j]
	}
	return out, failed
}

// keys applies get to every item.
func (m *machine) keys(items []Value, get func(Value) (Value, error)) ([]Value, error) {
	if err := m.madeItems(len(items)); err != nil {
		return nil, err
	}
	out := make([]Value, len(items))
	for i, v := range items {
		var err error
		if out[i], err = get(v); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func dictSort(m *machine, v Value, p params) (Value, error) {
	d, ok := v.(*Dict)
	if !ok {
		if u, undef := v.(*undefined); undef {
			return nil, u.use()
		}
		return nil, typeErrf("dictsort: the value is %s, want a mapping", v.typeName())
	}
	exact, err := p.boolArg(m, 0, false)
	if err != nil {
		return nil, err
	}
	by := "key"
	if p.v[1] != nil {
		if by, err = p.textArg("dictsort", 1); err != nil {
			return nil, err
		}
	}
	keys := d.keys
	switch by {
	case "key":
	case "value":
		keys = d.vals
	default:
		return nil, valueErrf("dictsort: by is %q, want \"key\" or \"value\"", clip(by))
	}
	reverse, err := p.boolArg(m, 2, false)
	if err != nil {
		return nil, err
	}
	items, err := m.items(&view{d, viewItems})
	if err != nil {
		return nil, err
	}
	if keys, err = m.keys(keys, m.getter(nil, !exact, nil)); err != nil {
		return nil, err
	}
	items, err = m.sortBy(items, keys, reverse)
	return NewList(items...), err
}

func sortFilter(m *machine, v Value, p params) (Value, error) {
	reverse, err := p.boolArg(m, 0, false)
	if err != nil {
		return nil, err
	}
	exact, err := p.boolArg(m, 1, false)
	if err != nil {
		return nil, err
	}
	attrs := []Value{p.v[2]}
	if s, ok := text(p.v[2]); ok {
		attrs = nil
		for _, part := range strings.Split(s, ",") {
			attrs = append(attrs, String(part))
		}
	}
	get := make([]func(Value) (Value, error), len(attrs))
	for i, a := range attrs {
		get[i] = m.getter(a, !exact, nil)
	}
	items, err := m.items(v)
	if err != nil {
		return nil, err
	}
	keys, err := m.keys(items, func(x Value) (Value, error) {
		key := make([]Value, len(get))
		for i, g := range get {
			if key[i], err = g(x); err != nil {
				return nil, err
			}
		}
		return NewList(key...), m.madeItems(len(key))
	})
	if err != nil {
		return nil, err
	}
	items, err = m.sortBy(items, keys, reverse)
	return NewList(items...), err
}
