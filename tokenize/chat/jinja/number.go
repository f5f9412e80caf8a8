package jinja

import (
	"math"
	"math/big"
	"strconv"
	"strings"
)

// normInt returns the integer in the smallest type that holds it. b is kept.
func normInt(b *big.Int) Value {
	if b.IsInt64() {
		return Int(b.Int64())
	}
	return &bigInt{b}
}

func boolInt(b Bool) Int {
	if b {
		return 1
	}
	return 0
}

// asInt returns v as an integer when it is one; a bool is one.
func asInt(v Value) (int64, bool) {
	switch v := v.(type) {
	case Int:
		return int64(v), true
	case Bool:
		return int64(boolInt(v)), true
	}
	return 0, false
}

// asBig returns v as an integer of any size when it is one.
func asBig(v Value) (*big.Int, bool) {
	if b, ok := v.(*bigInt); ok {
		return b.v, true
	}
	if i, ok := asInt(v); ok {
		return big.NewInt(i), true
	}
	return nil, false
}

// asFloat returns v as a float when it is a number. An integer that no float can hold is reported as an error.
func asFloat(v Value) (f float64, ok bool, err error) {
	switch v := v.(type) {
	case Float:
		return float64(v), true, nil
	case *bigInt:
		f, _ := new(big.Float).SetInt(v.v).Float64()
		if math.IsInf(f, 0) {
			return 0, true, errf(KindArithmetic, "int too large to convert to float")
		}
		return f, true, nil
	}
	i, ok := asInt(v)
	return float64(i), ok, nil
}

func isNumber(v Value) bool {
	switch v.(type) {
	case Int, Bool, Float, *bigInt:
		return true
	}
	return false
}

// floatText is Python's repr of a float.
func floatText(f float64) string {
	switch {
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	case math.IsNaN(f):
		return "nan"
	}
	if a := math.Abs(f); a != 0 && (a < 1e-4 || a >= 1e16) {
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.ContainsRune(s, '.') {
		s += ".0"
	}
	return s
}

// parsePyInt reads text as Python's int(text, base) does: blanks around it, a sign, underscores between digits, and for the
// bases 2, 8, 16 and 0 their prefix.
func parsePyInt(s string, base int) (Value, bool) {
	s = strings.TrimFunc(s, isSpace)
	neg := false
	if s != "" && (s[0] == '+' || s[0] == '-') {
		neg, s = s[0] == '-', s[1:]
	}
	s, base, ok := intPrefix(s, base)
	if !ok {
		return nil, false
	}
	if s == "" || s[0] == '_' || s[len(s)-1] == '_' || strings.Contains(s, "__") || len(s) > maxIntBits/4 {
		return nil, false
	}
	s = strings.ReplaceAll(decimalDigits(s), "_", "")
	if s[0] == '+' || s[0] == '-' {
		return nil, false
	}
	b, ok := new(big.Int).SetString(s, base)
	if !ok {
		return nil, false
	}
	if neg {
		b.Neg(b)
	}
	return normInt(b), true
}

// intPrefix removes 0x, 0o or 0b where the base allows it.
func intPrefix(s string, base int) (string, int, bool) {
	if len(s) > 2 && s[0] == '0' {
		of := map[byte]int{'x': 16, 'o': 8, 'b': 2}[s[1]|0x20]
		if of != 0 && (base == of || base == 0) {
			return strings.TrimPrefix(s[2:], "_"), of, true
		}
	}
	if base == 0 {
		zero := strings.Trim(s, "0_") == ""
		return s, 10, s != "" && (s[0] != '0' || zero)
	}
	return s, base, base >= 2 && base <= 36
}

// decimalDigits writes the decimal digits of other scripts in ASCII, which int() and float() accept.
func decimalDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if d, ok := decimalDigit(r); ok {
			return '0' + rune(d)
		}
		return r
	}, s)
}

// parsePyFloat reads text as Python's float(text) does.
func parsePyFloat(s string) (float64, bool) {
	s = decimalDigits(strings.TrimFunc(s, isSpace))
	for i := range len(s) {
		if s[i] == '_' && (i == 0 || i == len(s)-1 || !isDigit(s[i-1]) || !isDigit(s[i+1])) {
			return 0, false
		}
	}
	s = strings.ReplaceAll(s, "_", "")
	switch strings.ToLower(strings.TrimLeft(s, "+-")) {
	case "inf", "infinity", "nan":
		f, err := strconv.ParseFloat(s, 64)
		return f, err == nil
	}
	if strings.ContainsAny(s, "xXpPiInN") {
		return 0, false
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil && !math.IsInf(f, 0) {
		return 0, false
	}
	return f, true
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// floatInt cuts the fraction off a float.
func floatInt(f float64) (Value, error) {
	switch {
	case math.IsNaN(f):
		return nil, valueErrf("cannot convert float NaN to integer")
	case math.IsInf(f, 0):
		return nil, errf(KindArithmetic, "cannot convert float infinity to integer")
	}
	if f > -1<<62 && f < 1<<62 {
		return Int(int64(f)), nil
	}
	b, _ := big.NewFloat(f).Int(nil)
	return normInt(b), nil
}
