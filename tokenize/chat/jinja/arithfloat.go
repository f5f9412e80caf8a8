package jinja

import "math"

func floatArith(op string, a, b float64) (Value, error) {
	switch op {
	case "+":
		return Float(a + b), nil
	case "-":
		return Float(a - b), nil
	case "*":
		return Float(a * b), nil
	case "**":
		return floatPower(a, b)
	}
	if b == 0 {
		return nil, errf(KindArithmetic, "float division by zero")
	}
	if op == "/" {
		return Float(a / b), nil
	}
	mod := math.Mod(a, b)
	div := (a - mod) / b
	if mod != 0 {
		if (b < 0) != (mod < 0) {
			mod += b
			div--
		}
	} else {
		mod = math.Copysign(0, b)
	}
	if op == "%" {
		return Float(mod), nil
	}
	if div == 0 {
		return Float(math.Copysign(0, a/b)), nil
	}
	floor := math.Floor(div)
	if div-floor > 0.5 {
		floor++
	}
	return Float(floor), nil
}

func floatPower(a, b float64) (Value, error) {
	switch {
	case a == 0 && b < 0:
		return nil, errf(KindArithmetic, "0.0 cannot be raised to a negative power")
	case a < 0 && b != math.Floor(b) && !math.IsInf(b, 0):
		return nil, unsupportedf("a negative number to a fractional power, which is complex")
	}
	r := math.Pow(a, b)
	if math.IsInf(r, 0) && !math.IsInf(a, 0) && !math.IsInf(b, 0) {
		return nil, errf(KindArithmetic, "result of ** too large")
	}
	return Float(r), nil
}
