package jinja

import (
	"math"
	"math/big"
	"strings"
)

// binary is Python's left op right.
func (m *machine) binary(op string, left, right Value) (Value, error) {
	for _, v := range []Value{left, right} {
		if u, ok := v.(*undefined); ok {
			if _, isText := text(left); isText && op == "%" {
				break // formatting, which prints it
			}
			return nil, u.use()
		}
	}
	if isNumber(left) && isNumber(right) {
		return m.arith(op, left, right)
	}
	switch op {
	case "+":
		if v, ok, err := m.concat(left, right); ok || err != nil {
			return v, err
		}
	case "*":
		if n, ok := asInt(right); ok {
			if v, ok, err := m.repeat(left, n); ok || err != nil {
				return v, err
			}
		}
		if n, ok := asInt(left); ok {
			if v, ok, err := m.repeat(right, n); ok || err != nil {
				return v, err
			}
		}
	case "%":
		if s, ok := text(left); ok {
			return m.percent(left, s, right)
		}
	}
	return nil, typeErrf("unsupported operand type(s) for %s: '%s' and '%s'", op, left.typeName(), right.typeName())
}

// concat is + of texts, lists and tuples.
func (m *machine) concat(left, right Value) (Value, bool, error) {
	a, aText := text(left)
	b, bText := text(right)
	switch {
	case aText && bText:
		_, aMark := left.(Markup)
		_, bMark := right.(Markup)
		if err := m.made(len(a) + len(b)); err != nil {
			return nil, false, err
		}
		if !aMark && !bMark {
			return String(a + b), true, nil
		}
		if !aMark {
			a = escapeHTML(a)
		}
		if !bMark {
			b = escapeHTML(b)
		}
		return Markup(a + b), true, m.made(len(a) + len(b))
	case aText || bText:
		return nil, false, nil
	}
	x, ok1 := sequence(left)
	y, ok2 := sequence(right)
	if !ok1 || !ok2 || left.typeName() != right.typeName() {
		return nil, false, nil
	}
	if err := m.madeItems(len(x) + len(y)); err != nil {
		return nil, false, err
	}
	return m.sameSequence(left, append(append(make([]Value, 0, len(x)+len(y)), x...), y...)), true, nil
}

// sameSequence returns items as a list or tuple, as v is.
func (m *machine) sameSequence(v Value, items []Value) Value {
	if _, ok := v.(*Tuple); ok {
		return NewTuple(items...)
	}
	return NewList(items...)
}

// repeat is text * n and list * n.
func (m *machine) repeat(v Value, n int64) (Value, bool, error) {
	n = max(n, 0)
	if s, ok := text(v); ok {
		if s == "" {
			n = 0
		} else if n > int64(m.lim.ValueBytes/len(s)) {
			return nil, false, m.fits(m.lim.ValueBytes + 1)
		}
		if err := m.made(len(s) * int(n)); err != nil {
			return nil, false, err
		}
		return like(v, strings.Repeat(s, int(n))), true, nil
	}
	items, ok := sequence(v)
	if !ok {
		return nil, false, nil
	}
	if len(items) == 0 {
		n = 0
	} else if n > int64(m.lim.ValueBytes/len(items)) {
		return nil, false, m.fits(m.lim.ValueBytes + 1)
	}
	if err := m.madeItems(len(items) * int(n)); err != nil {
		return nil, false, err
	}
	out := make([]Value, 0, len(items)*int(n))
	for range n {
		out = append(out, items...)
	}
	return m.sameSequence(v, out), true, nil
}

// sign is +v and -v.
func (m *machine) sign(v Value, minus bool) (Value, error) {
	if u, ok := v.(*undefined); ok {
		return nil, u.use()
	}
	if f, ok := v.(Float); ok {
		if minus {
			return -f, nil
		}
		return f, nil
	}
	b, ok := asBig(v)
	if !ok {
		return nil, typeErrf("bad operand type for unary sign: '%s'", v.typeName())
	}
	if minus {
		b = new(big.Int).Neg(b)
	}
	return normInt(b), nil
}

// arith is an operator between numbers.
func (m *machine) arith(op string, left, right Value) (Value, error) {
	_, f1 := left.(Float)
	_, f2 := right.(Float)
	if f1 || f2 {
		a, _, err := asFloat(left)
		if err != nil {
			return nil, err
		}
		b, _, err := asFloat(right)
		if err != nil {
			return nil, err
		}
		return floatArith(op, a, b)
	}
	a, ok1 := asInt(left)
	b, ok2 := asInt(right)
	const small = 1 << 31
	if ok1 && ok2 && a > -small && a < small && b > -small && b < small {
		if v, ok := smallArith(op, a, b); ok {
			return v, nil
		}
	}
	x, _ := asBig(left)
	y, _ := asBig(right)
	return m.bigArith(op, x, y)
}

// smallArith computes what cannot overflow.
func smallArith(op string, a, b int64) (Value, bool) {
	switch op {
	case "+":
		return Int(a + b), true
	case "-":
		return Int(a - b), true
	case "*":
		return Int(a * b), true
	}
	if b == 0 {
		return nil, false
	}
	q, r := a/b, a%b
	if r != 0 && (r < 0) != (b < 0) {
		q, r = q-1, r+b
	}
	switch op {
	case "//":
		return Int(q), true
	case "%":
		return Int(r), true
	case "/":
		return Float(float64(a) / float64(b)), true
	}
	return nil, false
}

func (m *machine) bigArith(op string, a, b *big.Int) (Value, error) {
	if err := m.work(a.BitLen() + b.BitLen()); err != nil {
		return nil, err
	}
	r := new(big.Int)
	switch op {
	case "+":
		r.Add(a, b)
	case "-":
		r.Sub(a, b)
	case "*":
		r.Mul(a, b)
	case "**":
		return m.power(a, b)
	default:
		if b.Sign() == 0 {
			return nil, errf(KindArithmetic, "division by zero")
		}
		if op == "/" {
			f, _ := new(big.Rat).SetFrac(a, b).Float64()
			if math.IsInf(f, 0) {
				return nil, errf(KindArithmetic, "integer division result too large for a float")
			}
			return Float(f), nil
		}
		q, rem := new(big.Int).QuoRem(a, b, new(big.Int))
		if rem.Sign() != 0 && (rem.Sign() < 0) != (b.Sign() < 0) {
			q.Sub(q, big.NewInt(1))
			rem.Add(rem, b)
		}
		r = q
		if op == "%" {
			r = rem
		}
	}
	return m.checkInt(r)
}

// checkInt bounds the size of an integer.
func (m *machine) checkInt(b *big.Int) (Value, error) {
	if b.BitLen() > maxIntBits {
		return nil, &LimitError{What: "integer bits", Limit: maxIntBits}
	}
	return normInt(b), m.made(b.BitLen() / 8)
}

func (m *machine) power(a, b *big.Int) (Value, error) {
	if b.Sign() < 0 {
		x, _ := new(big.Float).SetInt(a).Float64()
		y, _ := new(big.Float).SetInt(b).Float64()
		return floatArith("**", x, y)
	}
	if a.BitLen() > 1 {
		if !b.IsInt64() || b.Int64() > maxIntBits || int64(a.BitLen()-1)*b.Int64() > maxIntBits {
			return nil, &LimitError{What: "integer bits", Limit: maxIntBits}
		}
	} else if b.Sign() > 0 { // -1, 0 or 1: only whether the exponent is odd matters
		b = big.NewInt(2 - int64(b.Bit(0)))
	}
	return m.checkInt(new(big.Int).Exp(a, b, nil))
}
