package jinja

import (
	"strconv"
	"unicode/utf8"
)

// iterator yields values one by one. After the end it stays at the end.
type iterator interface {
	next(m *machine) (v Value, ok bool, err error)
}

// generator is an iterator as a value: it can be consumed once and has no length, like Python's.
type generator struct {
	name string // Python's name of the type
	it   iterator
}

func (g *generator) typeName() string { return g.name }

// lazy makes a generator of a function that yields the next value.
func lazy(next func(m *machine) (Value, bool, error)) Value {
	return &generator{"generator", iterFunc(next)}
}

type iterFunc func(m *machine) (Value, bool, error)

func (f iterFunc) next(m *machine) (Value, bool, error) { return f(m) }

type sliceIter struct {
	items []Value
	back  bool
}

func (s *sliceIter) next(*machine) (Value, bool, error) {
	n := len(s.items)
	if n == 0 {
		return nil, false, nil
	}
	i := 0
	if s.back {
		i = n - 1
		defer func() { s.items = s.items[:i] }()
	} else {
		defer func() { s.items = s.items[1:] }()
	}
	return s.items[i], true, nil
}

// indexIter yields at(0), at(1) ... at(n-1).
type indexIter struct {
	i, n int
	at   func(i int) Value
}

func (x *indexIter) next(*machine) (Value, bool, error) {
	if x.i >= x.n {
		return nil, false, nil
	}
	x.i++
	return x.at(x.i - 1), true, nil
}

// charIter yields the code points of a text.
type charIter struct {
	s string
}

func (c *charIter) next(*machine) (Value, bool, error) {
	if c.s == "" {
		return nil, false, nil
	}
	_, n := utf8.DecodeRuneInString(c.s)
	v := String(c.s[:n]) // iterating over Markup gives plain text
	c.s = c.s[n:]
	return v, true, nil
}

// rangeValue is what range() returns.
type rangeValue struct{ start, stop, step, n int64 }

func (*rangeValue) typeName() string { return "range" }

func (r *rangeValue) at(i int) Value { return Int(r.start + int64(i)*r.step) }

// String is Python's repr.
func (r *rangeValue) String() string {
	s := "range(" + strconv.FormatInt(r.start, 10) + ", " + strconv.FormatInt(r.stop, 10)
	if r.step != 1 {
		s += ", " + strconv.FormatInt(r.step, 10)
	}
	return s + ")"
}

// iterate is Python's iter(v).
func (m *machine) iterate(v Value) (iterator, error) {
	it, ok := m.tryIterate(v)
	if !ok {
		return nil, typeErrf("'%s' object is not iterable", v.typeName())
	}
	return &counted{it}, nil
}

// counted charges a step for every item, and a level of depth while it is made: generators can be made of generators.
type counted struct{ it iterator }

func (c *counted) next(m *machine) (Value, bool, error) {
	if err := m.enter(); err != nil {
		return nil, false, err
	}
	v, ok, err := c.it.next(m)
	m.leave()
	return v, ok, err
}

// tryIterate reports false for a value that Python cannot iterate over.
func (m *machine) tryIterate(v Value) (iterator, bool) {
	if items, ok := sequence(v); ok {
		return &sliceIter{items: items}, true
	}
	switch v := v.(type) {
	case *Dict:
		return &indexIter{n: len(v.keys), at: func(i int) Value { return v.keys[i] }}, true
	case String:
		return &charIter{s: string(v)}, true
	case Markup:
		return &charIter{s: string(v)}, true
	case *view:
		return &indexIter{n: v.d.Len(), at: v.at}, true
	case *rangeValue:
		return &indexIter{n: int(v.n), at: v.at}, true
	case *generator:
		return v.it, true
	case *undefined:
		return &sliceIter{}, true
	case *loop:
		return iterFunc(func(m *machine) (Value, bool, error) {
			x, ok, err := v.advance(m)
			return NewTuple(x, v), ok, err
		}), true
	}
	return nil, false
}

// backward is Python's reversed(v), and false where it does not work.
func (m *machine) backward(v Value) (Value, bool) {
	if items, ok := sequence(v); ok {
		name := "list_reverseiterator"
		if _, tuple := v.(*Tuple); tuple {
			name = "reversed"
		}
		return &generator{name, &sliceIter{items: items, back: true}}, true
	}
	mirror := func(n int, at func(int) Value) Value {
		return &generator{"reversed", &indexIter{n: n, at: func(i int) Value { return at(n - 1 - i) }}}
	}
	switch v := v.(type) {
	case *Dict:
		return mirror(v.Len(), func(i int) Value { return v.keys[i] }), true
	case *view:
		return mirror(v.d.Len(), v.at), true
	case *rangeValue:
		return mirror(int(v.n), v.at), true
	case *undefined:
		return &generator{"reversed", &sliceIter{}}, true
	case String, Markup:
		s, _ := text(v)
		return &generator{"reversed", iterFunc(func(*machine) (Value, bool, error) {
			_, n := utf8.DecodeLastRuneInString(s)
			c := s[len(s)-n:]
			s = s[:len(s)-n]
			return String(c), c != "", nil
		})}, true
	}
	return nil, false
}

// len is Python's len(v), and false for a value without length.
func (m *machine) len(v Value) (int, bool) {
	if s, ok := text(v); ok {
		return runeLen(s), true
	}
	if items, ok := sequence(v); ok {
		return len(items), true
	}
	switch v := v.(type) {
	case *Dict:
		return v.Len(), true
	case *view:
		return v.d.Len(), true
	case *rangeValue:
		return int(v.n), true
	case *undefined:
		return 0, true
	}
	return 0, false
}

// truth is Python's bool(v).
func (m *machine) truth(v Value) (bool, error) {
	switch v := v.(type) {
	case Bool:
		return bool(v), nil
	case String:
		return v != "", nil
	case Markup:
		return v != "", nil
	case Int:
		return v != 0, nil
	case Float:
		return v != 0, nil
	case None:
		return false, nil
	case *loop:
		n, err := v.length(m)
		return n > 0, err
	}
	n, ok := m.len(v)
	return !ok || n > 0, nil
}

// drain collects what an iterator still yields.
func (m *machine) drain(it iterator) ([]Value, error) {
	var out []Value
	for {
		v, ok, err := it.next(m)
		if err != nil {
			return nil, err
		}
		if !ok {
			return out, nil
		}
		if len(out)&1023 == 0 {
			if err := m.madeItems(1024); err != nil {
				return nil, err
			}
			if err := m.fits(16 * len(out)); err != nil {
				return nil, err
			}
		}
		if err := m.step(1); err != nil {
			return nil, err
		}
		out = append(out, v)
	}
}

// items is Python's list(v). The result is not changed by callers.
func (m *machine) items(v Value) ([]Value, error) {
	if items, ok := sequence(v); ok {
		return items, m.step(len(items))
	}
	it, err := m.iterate(v)
	if err != nil {
		return nil, err
	}
	return m.drain(it)
}
