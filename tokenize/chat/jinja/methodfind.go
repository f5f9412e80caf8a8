package jinja

import (
	"strings"
	"unicode/utf8"
)

// window returns s[start:end] as find and startswith take it, and how many code points come before. It is not ok when start
// is behind the end of s.
func (m *machine) window(s string, p params, name string) (sub string, before int, ok bool, err error) {
	if !p.present(1) && !p.present(2) {
		return s, 0, true, m.work(len(s))
	}
	n := runeLen(s)
	var parts [3]Value
	parts[2] = None{}
	for i := range 2 {
		parts[i] = None{}
		if p.present(i + 1) {
			parts[i] = p.v[i+1]
		}
	}
	r, err := sliceRange(parts, n)
	if err != nil {
		return "", 0, false, typeErrf("%s: start and end must be integers or None", name)
	}
	if start, _ := asInt(parts[0]); start > int64(n) {
		return "", 0, false, nil
	}
	if r.stop < r.start {
		return "", 0, false, nil
	}
	from := byteOffset(s, int(r.start))
	to := from + byteOffset(s[from:], int(r.n))
	return s[from:to], int(r.start), true, m.work(len(s))
}

func affix(has func(s, x string) bool) func(*machine, Value, params) (Value, error) {
	return func(m *machine, self Value, p params) (Value, error) {
		s, _, ok, err := m.window(selfText(self), p, "startswith")
		if err != nil {
			return nil, err
		}
		list := []Value{p.v[0]}
		if t, isTuple := p.v[0].(*Tuple); isTuple {
			list = t.items
		}
		for _, v := range list {
			x, isText := text(v)
			if !isText {
				return nil, typeErrf("startswith, endswith: want a str or a tuple of str, not %s", v.typeName())
			}
			if err := m.work(len(x)); err != nil {
				return nil, err
			}
			if ok && has(s, x) {
				return Bool(true), nil
			}
		}
		return Bool(false), nil
	}
}

func search(name string, find func(s, x string) int, must bool) func(*machine, Value, params) (Value, error) {
	return func(m *machine, self Value, p params) (Value, error) {
		x, err := p.textArg(name, 0)
		if err != nil {
			return nil, err
		}
		s, before, ok, err := m.window(selfText(self), p, name)
		if err != nil {
			return nil, err
		}
		i := -1
		if ok {
			i = find(s, x)
		}
		if i >= 0 {
			return Int(before + utf8.RuneCountInString(s[:i])), nil
		}
		if must {
			return nil, valueErrf("%s: substring not found", name)
		}
		return Int(-1), nil
	}
}

func countMethod(m *machine, self Value, p params) (Value, error) {
	x, err := p.textArg("count", 0)
	if err != nil {
		return nil, err
	}
	s, _, ok, err := m.window(selfText(self), p, "count")
	if err != nil || !ok {
		return Int(0), err
	}
	return Int(strings.Count(s, x)), nil
}

func partition(find func(s, x string) int, right bool) func(*machine, Value, params) (Value, error) {
	return func(m *machine, self Value, p params) (Value, error) {
		s := selfText(self)
		sep, err := p.textArg("partition", 0)
		if err != nil {
			return nil, err
		}
		if sep == "" {
			return nil, valueErrf("partition: empty separator")
		}
		parts := []string{s, "", ""}
		if right {
			parts = []string{"", "", s}
		}
		if i := find(s, sep); i >= 0 {
			parts = []string{s[:i], sep, s[i+len(sep):]}
		}
		return NewTuple(like(self, parts[0]), like(self, parts[1]), like(self, parts[2])), m.work(len(s))
	}
}
