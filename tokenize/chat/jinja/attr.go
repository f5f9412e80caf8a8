package jinja

import (
	"slices"
	"strings"
)

// getAttr is v.name: an attribute of the Python object, else the item of that name.
func (m *machine) getAttr(v Value, name string) (Value, error) {
	if u, ok := v.(*undefined); ok {
		return nil, u.use()
	}
	x, ok, err := m.attribute(v, name)
	if ok || err != nil {
		return x, err
	}
	if d, ok := v.(*Dict); ok {
		if x, ok := d.Get(name); ok {
			return x, nil
		}
	}
	if strings.HasPrefix(name, "__") && strings.HasSuffix(name, "__") {
		return &undefined{name: name, obj: v, unsafe: true}, nil
	}
	return &undefined{name: name, obj: v}, nil
}

// getItem is v[arg]: an item, else the attribute of that name.
func (m *machine) getItem(v, arg Value) (Value, error) {
	if u, ok := v.(*undefined); ok {
		return nil, u.use()
	}
	x, ok, err := m.item(v, arg)
	if ok || err != nil {
		return x, err
	}
	name, ok := text(arg)
	if !ok {
		return &undefined{elem: arg, obj: v}, nil
	}
	x, ok, err = m.attribute(v, name)
	if ok || err != nil {
		return x, err
	}
	return &undefined{name: name, obj: v}, nil
}

// item returns v[arg] of a dict, list, tuple, text or range.
func (m *machine) item(v, arg Value) (Value, bool, error) {
	if d, ok := v.(*Dict); ok {
		h, err := m.hash(arg)
		if err != nil {
			return nil, false, nil // a key that cannot be is not there
		}
		i, ok := d.index[h]
		if !ok {
			return nil, false, nil
		}
		return d.vals[i], true, nil
	}
	i, ok := asInt(arg)
	if !ok {
		return nil, false, nil
	}
	if items, ok := sequence(v); ok {
		if i, ok := wrap(i, len(items)); ok {
			return items[i], true, nil
		}
		return nil, false, nil
	}
	if s, ok := text(v); ok {
		if err := m.work(len(s)); err != nil {
			return nil, false, err
		}
		i, ok := wrap(i, runeLen(s))
		if !ok {
			return nil, false, nil
		}
		from := byteOffset(s, i)
		return like(v, s[from:from+byteOffset(s[from:], 1)]), true, nil
	}
	if r, ok := v.(*rangeValue); ok {
		if i, ok := wrap(i, int(r.n)); ok {
			return r.at(i), true, nil
		}
	}
	return nil, false, nil
}

// wrap turns an index that may count from the end into one from the start.
func wrap(i int64, n int) (int, bool) {
	if i < 0 {
		i += int64(n)
	}
	return int(i), i >= 0 && i < int64(n)
}

// mutators are the methods that the sandbox hides because they change lists and dicts.
func mutator(v Value, name string) bool {
	switch v.(type) {
	case *List:
		return slices.Contains([]string{"append", "clear", "pop", "reverse", "insert", "sort", "extend", "remove"}, name)
	case *Dict:
		return slices.Contains([]string{"clear", "pop", "popitem", "setdefault", "update"}, name)
	}
	return false
}

// attribute returns what Python's getattr(v, name) finds.
func (m *machine) attribute(v Value, name string) (Value, bool, error) {
	if mutator(v, name) {
		return &undefined{name: name, obj: v, unsafe: true}, true, nil
	}
	switch v := v.(type) {
	case String, Markup:
		if name == "format" {
			return &bound{v, fn("format", "* **", formatMethod)}, true, nil
		}
		return method(v, strMethods, name)
	case *List:
		return method(v, listMethods, name)
	case *Tuple:
		if i := slices.Index(v.names, name); i >= 0 {
			return v.items[i], true, nil
		}
		return method(v, listMethods, name) // copy is not a tuple's, see listMethods
	case *Dict:
		return method(v, dictMethods, name)
	case *namespace:
		x, ok := v.attrs.Get(name)
		if ok && strings.HasPrefix(name, "_") {
			x = &undefined{name: name, obj: v, unsafe: true}
		}
		return x, ok, nil
	case *loop:
		return v.attr(m, name)
	case *macro:
		x, ok := v.attr(name)
		return x, ok, nil
	case *cycler:
		return v.attr(name)
	case *joiner:
		x, ok := v.attr(name)
		return x, ok, nil
	}
	if unsupportedAttr(v, name) {
		return nil, false, unsupportedf("the attribute %s of %s", name, v.typeName())
	}
	return nil, false, nil
}

// unsupportedAttr says whether a Python object of this type has an attribute that this package does not know.
func unsupportedAttr(v Value, name string) bool {
	list := ""
	switch v.(type) {
	case Int, *bigInt, Bool:
		list = "real imag numerator denominator conjugate bit_length bit_count to_bytes from_bytes as_integer_ratio is_integer"
	case Float:
		list = "real imag conjugate as_integer_ratio is_integer hex fromhex"
	case *rangeValue:
		list = "start stop step count index"
	case *view:
		list = "mapping isdisjoint"
	case *generator:
		list = "send throw close gi_code gi_frame gi_running gi_yieldfrom gi_suspended"
	}
	return slices.Contains(strings.Fields(list), name)
}

// method returns the method of that name bound to v.
func method(v Value, table map[string]*builtin, name string) (Value, bool, error) {
	f, ok := table[name]
	if !ok {
		return nil, false, nil
	}
	if _, tuple := v.(*Tuple); tuple && name == "copy" {
		return nil, false, nil
	}
	return &bound{v, f}, true, nil
}

// slice is v[start:stop:step], where parts may be None.
func (m *machine) slice(v Value, parts [3]Value) (Value, error) {
	if u, ok := v.(*undefined); ok {
		return nil, u.use()
	}
	items, isSeq := sequence(v)
	s, isText := text(v)
	if !isSeq && !isText {
		if _, ok := v.(*rangeValue); ok {
			return nil, unsupportedf("a slice of a range")
		}
		return nil, typeErrf("'%s' object cannot be sliced", v.typeName())
	}
	n := len(items)
	if isText {
		if err := m.work(len(s)); err != nil {
			return nil, err
		}
		n = runeLen(s)
	}
	at, err := sliceRange(parts, n)
	if err != nil {
		return nil, err
	}
	if isText {
		return m.sliceText(v, s, at)
	}
	if err := m.madeItems(int(at.n)); err != nil {
		return nil, err
	}
	out := make([]Value, at.n)
	for i := range out {
		out[i] = items[at.start+int64(i)*at.step]
	}
	return m.sameSequence(v, out), nil
}

// sliceText cuts text; at counts code points.
func (m *machine) sliceText(v Value, s string, at *rangeValue) (Value, error) {
	if at.n == 0 {
		return like(v, ""), nil
	}
	if at.step == 1 {
		from := byteOffset(s, int(at.start))
		to := from + byteOffset(s[from:], int(at.n))
		return like(v, s[from:to]), m.work(to - from)
	}
	if err := m.madeItems(len(s)); err != nil {
		return nil, err
	}
	cs := chars(s)
	var b strings.Builder
	for i := range at.n {
		b.WriteString(cs[at.start+i*at.step])
	}
	return like(v, b.String()), m.made(b.Len())
}

// sliceRange is Python's slice.indices.
func sliceRange(parts [3]Value, n int) (*rangeValue, error) {
	var idx [3]int64
	var given [3]bool
	for i, p := range parts {
		if _, none := p.(None); none {
			continue
		}
		v, ok := asInt(p)
		if b, big := p.(*bigInt); big {
			v, ok = int64(b.v.Sign())*(1<<62), true
		}
		if !ok {
			return nil, typeErrf("slice indices must be integers or None")
		}
		idx[i], given[i] = v, true
	}
	step := int64(1)
	if given[2] {
		step = max(idx[2], -(1 << 62))
	}
	if step == 0 {
		return nil, valueErrf("slice step cannot be zero")
	}
	low, high := int64(0), int64(n)
	if step < 0 {
		low, high = -1, int64(n)-1
	}
	bound := func(i int, missing int64) int64 {
		if !given[i] {
			return missing
		}
		v := idx[i]
		if v < 0 {
			v += int64(n)
		}
		return min(max(v, low), high)
	}
	start, stop := bound(0, low), bound(1, high)
	if step < 0 {
		start, stop = bound(0, high), bound(1, low)
	}
	return newRange(start, stop, step), nil
}

// newRange returns the range; its length fits in an int64 where start and stop are not extreme.
func newRange(start, stop, step int64) *rangeValue {
	r := &rangeValue{start: start, stop: stop, step: step}
	if step > 0 && start < stop {
		r.n = int64((uint64(stop)-uint64(start)-1)/uint64(step)) + 1
	} else if step < 0 && start > stop {
		r.n = int64((uint64(start)-uint64(stop)-1)/(-uint64(step))) + 1
	}
	return r
}
