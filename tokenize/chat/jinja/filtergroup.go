package jinja

func uniqueFilter(m *machine, v Value, p params) (Value, error) {
	exact, err := p.boolArg(m, 0, false)
	if err != nil {
		return nil, err
	}
	get := m.getter(p.v[1], !exact, nil)
	seen := map[hashKey]bool{}
	var it iterator
	return lazy(func(m *machine) (_ Value, _ bool, err error) {
		if it == nil {
			if it, err = m.iterate(v); err != nil {
				return nil, false, err
			}
		}
		for {
			x, ok, err := it.next(m)
			if err != nil || !ok {
				return nil, false, err
			}
			key, err := get(x)
			if err != nil {
				return nil, false, err
			}
			h, err := m.hash(key)
			if err == nil {
				err = m.made(64)
			}
			if err != nil {
				return nil, false, err
			}
			if !seen[h] {
				seen[h] = true
				return x, true, nil
			}
		}
	}), nil
}

// extreme is min and max.
func extreme(largest bool) func(*machine, Value, params) (Value, error) {
	return func(m *machine, v Value, p params) (Value, error) {
		exact, err := p.boolArg(m, 0, false)
		if err != nil {
			return nil, err
		}
		get := m.getter(p.v[1], !exact, nil)
		it, err := m.iterate(v)
		if err != nil {
			return nil, err
		}
		var best, bestKey Value
		for {
			x, ok, err := it.next(m)
			if err != nil {
				return nil, err
			}
			if !ok {
				break
			}
			key, err := get(x)
			if err != nil {
				return nil, err
			}
			better := best == nil
			if !better && largest {
				better, err = m.less(bestKey, key)
			} else if !better {
				better, err = m.less(key, bestKey)
			}
			if err != nil {
				return nil, err
			}
			if better {
				best, bestKey = x, key
			}
		}
		if best == nil {
			return &undefined{hint: "No aggregated item, sequence was empty."}, nil
		}
		return best, nil
	}
}

// groupBy returns pairs (grouper, list) of the items sorted by an attribute.
func groupBy(m *machine, v Value, p params) (Value, error) {
	exact, err := p.boolArg(m, 2, false)
	if err != nil {
		return nil, err
	}
	get := m.getter(p.v[0], !exact, p.v[1])
	items, err := m.items(v)
	if err != nil {
		return nil, err
	}
	keys, err := m.keys(items, get)
	if err != nil {
		return nil, err
	}
	if items, err = m.sortBy(items, keys, false); err != nil {
		return nil, err
	}
	out := NewList()
	var last Value
	for from, i := 0, 0; i <= len(items); i++ {
		var key Value
		if i < len(items) {
			if key, err = get(items[i]); err != nil {
				return nil, err
			}
			if i == from {
				last = key
				continue
			}
			same, err := m.equal(last, key)
			if err != nil {
				return nil, err
			}
			if same {
				continue
			}
		}
		if i == 0 {
			break
		}
		group := items[from:i:i]
		if !exact {
			if last, err = m.getter(p.v[0], false, p.v[1])(group[0]); err != nil {
				return nil, err
			}
		}
		if err := m.made(128); err != nil {
			return nil, err
		}
		out.items = append(out.items, &Tuple{items: []Value{last, NewList(group...)}, names: []string{"grouper", "list"}})
		from, last = i, key
	}
	return out, nil
}

func batchFilter(m *machine, v Value, p params) (Value, error) {
	size, err := p.intArg("batch", 0, 0)
	if err != nil {
		return nil, err
	}
	var it iterator
	var next []Value
	return lazy(func(m *machine) (_ Value, _ bool, err error) {
		if it == nil {
			if it, err = m.iterate(v); err != nil {
				return nil, false, err
			}
		}
		row := next
		next = nil
		for {
			x, ok, err := it.next(m)
			if err != nil {
				return nil, false, err
			}
			if !ok {
				break
			}
			if err := m.made(32); err != nil {
				return nil, false, err
			}
			if len(row) == size {
				next = []Value{x}
				return NewList(row...), true, nil
			}
			row = append(row, x)
		}
		if len(row) == 0 {
			return nil, false, nil
		}
		row, err = m.fill(row, size-len(row), p)
		return NewList(row...), true, err
	}), nil
}

// fill adds n times the argument fill_with, if it is given.
func (m *machine) fill(row []Value, n int, p params) ([]Value, error) {
	if !p.present(1) || n <= 0 {
		return row, nil
	}
	if err := m.madeItems(n); err != nil {
		return nil, err
	}
	for range n {
		row = append(row, p.v[1])
	}
	return row, nil
}

// sliceFilter yields the items in a number of lists of nearly equal length.
func sliceFilter(_ *machine, v Value, p params) (Value, error) {
	slices, err := p.intArg("slice", 0, 0)
	if err != nil {
		return nil, err
	}
	if slices == 0 {
		return nil, errf(KindArithmetic, "slice: number of slices is 0")
	}
	var items []Value
	i, from := -1, 0
	return lazy(func(m *machine) (_ Value, _ bool, err error) {
		if i < 0 {
			if items, err = m.items(v); err != nil {
				return nil, false, err
			}
			i = 0
		}
		if i >= slices {
			return nil, false, nil
		}
		n := len(items) / slices
		extra := i < len(items)%slices
		if extra {
			n++
		}
		row := append([]Value(nil), items[from:from+n]...)
		if err := m.madeItems(n); err != nil {
			return nil, false, err
		}
		from += n
		i++
		if !extra {
			row, err = m.fill(row, 1, p)
		}
		return NewList(row...), true, err
	}), nil
}
