package jinja

import (
	"cmp"
	"math"
	"math/big"
	"strings"
)

// compare is Python's left op right for a comparison or membership test.
func (m *machine) compare(op string, left, right Value) (bool, error) {
	switch op {
	case "==":
		return m.equal(left, right)
	case "!=":
		eq, err := m.equal(left, right)
		return !eq, err
	case "in":
		return m.contains(right, left)
	case "not in":
		in, err := m.contains(right, left)
		return !in, err
	}
	return m.ordered(op, left, right)
}

// equal is Python's a == b.
func (m *machine) equal(a, b Value) (bool, error) {
	if s, ok := text(a); ok {
		t, ok := text(b)
		if !ok || len(s) != len(t) {
			return false, nil
		}
		return s == t, m.work(len(s))
	}
	if isNumber(a) {
		if !isNumber(b) {
			return false, nil
		}
		c, ok := compareNumbers(a, b)
		return ok && c == 0, nil
	}
	switch a := a.(type) {
	case None:
		_, ok := b.(None)
		return ok, nil
	case *undefined:
		_, ok := b.(*undefined)
		return ok, nil
	case *List, *Tuple:
		return m.equalItems(a, b)
	case *Dict:
		return m.equalDicts(a, b)
	case *view:
		if _, ok := b.(*view); ok && a != b {
			return false, unsupportedf("comparing two %s", a.typeName())
		}
	case *rangeValue:
		r, ok := b.(*rangeValue)
		return ok && a.n == r.n && (a.n == 0 || a.start == r.start && (a.n == 1 || a.step == r.step)), nil
	case *bound:
		o, ok := b.(*bound)
		return ok && a.recv == o.recv && a.f == o.f, nil
	}
	return a == b, nil
}

func (m *machine) equalItems(a, b Value) (bool, error) {
	x, _ := sequence(a)
	y, ok := sequence(b)
	if !ok || len(x) != len(y) || a.typeName() != b.typeName() {
		return false, nil
	}
	if err := m.enter(); err != nil {
		return false, err
	}
	defer m.leave()
	for i := range x {
		if err := m.step(1); err != nil {
			return false, err
		}
		if eq, err := m.equal(x[i], y[i]); !eq || err != nil {
			return false, err
		}
	}
	return true, nil
}

func (m *machine) equalDicts(a *Dict, other Value) (bool, error) {
	b, ok := other.(*Dict)
	if !ok || a.Len() != b.Len() {
		return false, nil
	}
	if err := m.enter(); err != nil {
		return false, err
	}
	defer m.leave()
	for i, k := range a.keys {
		if err := m.step(1); err != nil {
			return false, err
		}
		v, ok, err := m.lookup(b, k)
		if err != nil || !ok {
			return false, err
		}
		if eq, err := m.equal(a.vals[i], v); !eq || err != nil {
			return false, err
		}
	}
	return true, nil
}

// compareNumbers orders two numbers exactly; it is not ok when one is not a number in the sense of floats.
func compareNumbers(a, b Value) (int, bool) {
	x, f1 := a.(Float)
	y, f2 := b.(Float)
	switch {
	case f1 && math.IsNaN(float64(x)) || f2 && math.IsNaN(float64(y)):
		return 0, false
	case f1 && f2:
		return cmp.Compare(x, y), true
	case f1:
		return compareFloatInt(float64(x), b), true
	case f2:
		return -compareFloatInt(float64(y), a), true
	}
	i, ok1 := asInt(a)
	j, ok2 := asInt(b)
	if ok1 && ok2 {
		return cmp.Compare(i, j), true
	}
	p, _ := asBig(a)
	q, _ := asBig(b)
	return p.Cmp(q), true
}

func compareFloatInt(f float64, i Value) int {
	if math.IsInf(f, 0) {
		return int(math.Copysign(1, f))
	}
	b, _ := asBig(i)
	return big.NewFloat(f).Cmp(new(big.Float).SetInt(b))
}

// ordered is < <= > >=.
func (m *machine) ordered(op string, a, b Value) (bool, error) {
	c, ok, err := m.order(a, b, op)
	if err != nil || !ok {
		return false, err
	}
	switch op {
	case "<":
		return c < 0, nil
	case "<=":
		return c <= 0, nil
	case ">":
		return c > 0, nil
	}
	return c >= 0, nil
}

// less is Python's a < b.
func (m *machine) less(a, b Value) (bool, error) { return m.ordered("<", a, b) }

// order compares two values. ok is false where every comparison is false, as with NaN.
func (m *machine) order(a, b Value, op string) (c int, ok bool, err error) {
	for _, v := range []Value{a, b} {
		if u, ok := v.(*undefined); ok {
			return 0, false, u.use()
		}
	}
	if isNumber(a) && isNumber(b) {
		c, ok = compareNumbers(a, b)
		return c, ok, nil
	}
	s, ok1 := text(a)
	t, ok2 := text(b)
	if ok1 && ok2 {
		return strings.Compare(s, t), true, m.work(min(len(s), len(t)))
	}
	x, ok1 := sequence(a)
	y, ok2 := sequence(b)
	if ok1 && ok2 && a.typeName() == b.typeName() {
		return m.orderItems(x, y, op)
	}
	return 0, false, typeErrf("'%s' not supported between instances of '%s' and '%s'", op, a.typeName(), b.typeName())
}

// orderItems compares lists by their first items that are not equal.
func (m *machine) orderItems(x, y []Value, op string) (int, bool, error) {
	if err := m.enter(); err != nil {
		return 0, false, err
	}
	defer m.leave()
	for i := 0; i < len(x) && i < len(y); i++ {
		eq, err := m.equal(x[i], y[i])
		if err != nil {
			return 0, false, err
		}
		if !eq {
			return m.order(x[i], y[i], op)
		}
		if err := m.step(1); err != nil {
			return 0, false, err
		}
	}
	return cmp.Compare(len(x), len(y)), true, nil
}

// contains is Python's v in set.
func (m *machine) contains(set, v Value) (bool, error) {
	if s, ok := text(set); ok {
		t, ok := text(v)
		if !ok {
			return false, typeErrf("'in <string>' requires string as left operand, not %s", v.typeName())
		}
		return strings.Contains(s, t), m.work(len(s))
	}
	switch c := set.(type) {
	case *Dict:
		_, ok, err := m.lookup(c, v)
		return ok, err
	case *view:
		if c.kind == viewKeys {
			_, ok, err := m.lookup(c.d, v)
			return ok, err
		}
	}
	it, err := m.iterate(set)
	if err != nil {
		return false, typeErrf("argument of type '%s' is not iterable", set.typeName())
	}
	for {
		x, ok, err := it.next(m)
		if err != nil || !ok {
			return false, err
		}
		if eq, err := m.equal(x, v); eq || err != nil {
			return eq, err
		}
	}
}
