package jinja

import (
	"math"
	"math/big"
	"strconv"
	"strings"
)

// numberFilters are the filters that work on numbers.
var numberFilters = table(
	fn("abs", "/", func(m *machine, v Value, _ params) (Value, error) {
		if !isNumber(v) {
			return nil, typeErrf("bad operand type for abs(): '%s'", v.typeName())
		}
		neg, err := m.less(v, Int(0))
		if f, ok := v.(Float); ok {
			return Float(math.Abs(float64(f))), nil
		}
		if err != nil {
			return nil, err
		}
		return m.sign(v, neg)
	}),
	fn("int", "default? base?", intFilter),
	fn("float", "default?", floatFilter),
	fn("round", "precision? method?", roundFilter),
	fn("sum", "attribute? start?", sumFilter),
	fn("filesizeformat", "binary?", fileSize),
)

func intFilter(_ *machine, v Value, p params) (Value, error) {
	missing := p.v[0]
	if missing == nil {
		missing = Int(0)
	}
	base, err := p.intArg("int", 1, 10)
	if err != nil {
		return nil, err
	}
	if s, ok := text(v); ok {
		if n, ok := parsePyInt(s, base); ok {
			return n, nil
		}
		if len(s) > maxIntBits/4 && strings.Trim(s, "+-_0123456789") == "" {
			return nil, &LimitError{What: "integer bits", Limit: maxIntBits}
		}
		f, ok := parsePyFloat(s)
		if !ok || math.IsInf(f, 0) || math.IsNaN(f) {
			return missing, nil
		}
		return floatInt(f)
	}
	switch v := v.(type) {
	case Float:
		if math.IsNaN(float64(v)) {
			return missing, nil
		}
		return floatInt(float64(v))
	case *undefined:
		return nil, v.use()
	}
	if b, ok := asBig(v); ok {
		return normInt(b), nil
	}
	return missing, nil
}

func floatFilter(_ *machine, v Value, p params) (Value, error) {
	missing := p.v[0]
	if missing == nil {
		missing = Float(0)
	}
	if s, ok := text(v); ok {
		if f, ok := parsePyFloat(s); ok {
			return Float(f), nil
		}
		return missing, nil
	}
	if u, ok := v.(*undefined); ok {
		return nil, u.use()
	}
	f, ok, err := asFloat(v)
	if err != nil {
		return nil, err
	}
	if !ok {
		return missing, nil
	}
	return Float(f), nil
}

func roundFilter(m *machine, v Value, p params) (Value, error) {
	digits, err := p.intArg("round", 0, 0)
	if err != nil {
		return nil, err
	}
	how := "common"
	if p.v[1] != nil {
		if how, err = p.textArg("round", 1); err != nil {
			return nil, err
		}
	}
	if how != "common" && how != "ceil" && how != "floor" {
		return nil, valueErrf("round: method is %q, want common, ceil or floor", clip(how))
	}
	if u, ok := v.(*undefined); ok {
		return nil, u.use()
	}
	if !isNumber(v) {
		return nil, typeErrf("round: the value is %s, want a number", v.typeName())
	}
	if how != "common" {
		return m.roundTo(v, digits, how)
	}
	if f, ok := v.(Float); ok {
		return roundFloat(float64(f), digits), nil
	}
	b, _ := asBig(v)
	return m.roundInt(b, digits)
}

// roundTo is ceil or floor of v * 10**digits, divided by it again.
func (m *machine) roundTo(v Value, digits int, how string) (Value, error) {
	scale, err := m.binary("**", Int(10), Int(digits))
	if err != nil {
		return nil, err
	}
	if v, err = m.binary("*", v, scale); err != nil {
		return nil, err
	}
	if f, ok := v.(Float); ok {
		r := math.Floor(float64(f))
		if how == "ceil" {
			r = math.Ceil(float64(f))
		}
		if v, err = floatInt(r); err != nil {
			return nil, err
		}
	}
	return m.binary("/", v, scale)
}

// roundFloat rounds the exact decimal value of f to a number of digits after the point, halves to the even digit.
func roundFloat(f float64, digits int) Value {
	switch {
	case math.IsNaN(f) || math.IsInf(f, 0) || digits > 323:
		return Float(f)
	case digits < -308:
		return Float(math.Copysign(0, f))
	case digits >= 0:
		r, _ := strconv.ParseFloat(strconv.FormatFloat(f, 'f', digits, 64), 64)
		return Float(r)
	}
	scale := math.Pow(10, float64(-digits))
	return Float(math.RoundToEven(f/scale) * scale)
}

func (m *machine) roundInt(b *big.Int, digits int) (Value, error) {
	if digits >= 0 {
		return normInt(b), nil
	}
	if -digits > maxIntBits/3 {
		return Int(0), nil
	}
	unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(-digits)), nil)
	q, r := new(big.Int).DivMod(b, unit, new(big.Int))
	twice := new(big.Int).Lsh(r, 1)
	if c := twice.Cmp(unit); c > 0 || c == 0 && q.Bit(0) == 1 {
		q.Add(q, big.NewInt(1))
	}
	return m.checkInt(q.Mul(q, unit))
}

func sumFilter(m *machine, v Value, p params) (Value, error) {
	total := p.v[1]
	if total == nil {
		total = Int(0)
	}
	if _, ok := text(total); ok {
		return nil, typeErrf("sum: cannot sum strings")
	}
	get := m.getter(p.v[0], false, nil)
	it, err := m.iterate(v)
	if err != nil {
		return nil, err
	}
	for {
		x, ok, err := it.next(m)
		if err != nil || !ok {
			return total, err
		}
		if x, err = get(x); err != nil {
			return nil, err
		}
		if total, err = m.binary("+", total, x); err != nil {
			return nil, err
		}
	}
}

func fileSize(m *machine, v Value, p params) (Value, error) {
	n, ok, err := asFloat(v)
	if s, isText := text(v); isText {
		n, ok = parsePyFloat(s)
	}
	if err != nil || !ok {
		return nil, typeErrf("filesizeformat: the value is %s, want a number", v.typeName())
	}
	binary, err := p.boolArg(m, 0, false)
	if err != nil {
		return nil, err
	}
	base, units := 1000.0, []string{" kB", " MB", " GB", " TB", " PB", " EB", " ZB", " YB"}
	if binary {
		base, units = 1024, []string{" KiB", " MiB", " GiB", " TiB", " PiB", " EiB", " ZiB", " YiB"}
	}
	switch {
	case n == 1:
		return String("1 Byte"), nil
	case n < base:
		i, err := floatInt(n)
		if err != nil {
			return nil, err
		}
		return String(scalarText(i) + " Bytes"), nil
	}
	unit := base
	for i, name := range units {
		unit *= base
		if n < unit || i == len(units)-1 {
			return String(strconv.FormatFloat(base*n/unit, 'f', 1, 64) + name), nil
		}
	}
	return nil, errf(KindRuntime, "filesizeformat: no unit")
}
