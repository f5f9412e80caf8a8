package jinja

import (
	"math/big"
	"strconv"
	"strings"
)

// formatSpec is a conversion of % or a format specification of str.format.
type formatSpec struct {
	fill  string // "" is a blank
	align byte   // < > ^ = or 0 for the default of the type
	sign  byte   // + - blank or 0
	alt   bool   // #
	group byte   // , or _ between thousands
	width int
	prec  int // -1: not given
	verb  byte
}

// pad brings text to the width.
func (m *machine) padSpec(s string, f formatSpec, align byte) (string, error) {
	if f.align != 0 {
		align = f.align
	}
	fill := f.fill
	if fill == "" {
		fill = " "
	}
	switch align {
	case '>', '=':
		return m.pad(s, f.width, fill, "rjust")
	case '^':
		n := f.width - runeLen(s)
		if n <= 0 {
			return s, nil
		}
		s, err := m.pad(s, runeLen(s)+n/2, fill, "rjust")
		if err != nil {
			return "", err
		}
		return m.pad(s, f.width, fill, "ljust")
	}
	return m.pad(s, f.width, fill, "ljust")
}

// number joins the sign, prefix and digits of a number; padding with align '=' goes between them.
func (m *machine) number(neg bool, prefix, digits string, f formatSpec) (string, error) {
	sign := ""
	switch {
	case neg:
		sign = "-"
	case f.sign == '+' || f.sign == ' ':
		sign = string(f.sign)
	}
	prefix = sign + prefix
	if f.align != '=' {
		return m.padSpec(prefix+digits, f, '>')
	}
	fill := f.fill
	if fill == "" {
		fill = " "
	}
	digits, err := m.pad(digits, f.width-len(prefix), fill, "rjust")
	return prefix + digits, err
}

// formatInt formats an integer with the verbs d, b, o, x, X, c and n.
func (m *machine) formatInt(b *big.Int, f formatSpec) (string, error) {
	base, prefix := 10, ""
	switch f.verb {
	case 'b':
		base, prefix = 2, "0b"
	case 'o':
		base, prefix = 8, "0o"
	case 'x':
		base, prefix = 16, "0x"
	case 'X':
		base, prefix = 16, "0X"
	}
	digits := new(big.Int).Abs(b).Text(base)
	if f.verb == 'X' {
		digits = strings.ToUpper(digits)
	}
	if f.prec > len(digits) { // only % has it
		var err error
		if digits, err = m.pad(digits, f.prec, "0", "rjust"); err != nil {
			return "", err
		}
	}
	if !f.alt {
		prefix = ""
	}
	return m.grouped(b.Sign() < 0, prefix, digits, f)
}

// grouped puts separators between groups of digits before the point, and zeros of padding count as digits.
func (m *machine) grouped(neg bool, prefix, digits string, f formatSpec) (string, error) {
	if f.group == 0 {
		return m.number(neg, prefix, digits, f)
	}
	if f.align == '=' && f.fill == "0" {
		return "", unsupportedf("a format with both zero padding and separators")
	}
	size := 3
	if f.verb == 'b' || f.verb == 'o' || f.verb == 'x' || f.verb == 'X' {
		size = 4
	}
	whole := len(digits)
	if i := strings.IndexFunc(digits, func(r rune) bool { return r == '.' || r == 'e' || r == 'E' || r == '%' }); i >= 0 && size == 3 {
		whole = i
	}
	var b strings.Builder
	for i := range whole {
		if i > 0 && (whole-i)%size == 0 {
			b.WriteByte(f.group)
		}
		b.WriteByte(digits[i])
	}
	return m.number(neg, prefix, b.String()+digits[whole:], f)
}

// formatFloat formats a float with the verbs e, E, f, F, g, G, % and, for none, the shortest form.
func (m *machine) formatFloat(x float64, f formatSpec) (string, error) {
	neg := x < 0 || x == 0 && 1/x < 0
	if neg {
		x = -x
	}
	prec := f.prec
	if prec < 0 {
		prec = 6
	}
	if err := m.fits(prec); err != nil {
		return "", err
	}
	if prec > 1000 {
		return "", unsupportedf("a precision above 1000")
	}
	verb := f.verb
	var s string
	switch verb {
	case 0:
		s = m.general(x, f)
	case 'f', 'F', 'e', 'E':
		s = strconv.FormatFloat(x, verb|0x20, prec, 64)
	case 'g', 'G', 'n':
		s = formatG(x, prec, f.alt)
	case '%':
		s = strconv.FormatFloat(x*100, 'f', prec, 64) + "%"
	}
	switch s {
	case "+Inf", "+Inf%":
		s = "inf" + s[4:]
	case "NaN", "NaN%":
		s = "nan" + s[3:]
	}
	if f.alt && !strings.Contains(s, ".") && verb != 'g' && verb != 'G' {
		return "", unsupportedf("the flag # for floats")
	}
	if verb == 'E' || verb == 'F' || verb == 'G' {
		s = strings.ToUpper(s)
	}
	return m.grouped(neg, "", s, f)
}

// general is the format without verb: like repr, or like g with at least one digit after the point. A number with as many
// digits before the point as the precision gets an exponent one digit earlier than with g.
func (m *machine) general(x float64, f formatSpec) string {
	if f.prec < 0 {
		return floatText(x)
	}
	s := formatG(x, f.prec, false)
	if strings.ContainsAny(s, ".enN") {
		return s
	}
	if len(s) < max(f.prec, 1) {
		return s + ".0"
	}
	e := strconv.FormatFloat(x, 'e', max(f.prec-1, 0), 64)
	digits, exp, _ := strings.Cut(e, "e")
	if strings.Contains(digits, ".") {
		digits = strings.TrimRight(strings.TrimRight(digits, "0"), ".")
	}
	return digits + "e" + exp
}

// formatG is C's %g: precision significant digits, no zeros at the end unless alt.
func formatG(x float64, prec int, alt bool) string {
	prec = max(prec, 1)
	e := strconv.FormatFloat(x, 'e', prec-1, 64)
	i := strings.IndexByte(e, 'e')
	if i < 0 {
		return e // inf, nan
	}
	exp, _ := strconv.Atoi(e[i+1:])
	digits, tail := e[:i], e[i:]
	if exp >= -4 && exp < prec {
		digits, tail = strconv.FormatFloat(x, 'f', prec-1-exp, 64), ""
	}
	if !alt && strings.Contains(digits, ".") {
		digits = strings.TrimRight(strings.TrimRight(digits, "0"), ".")
	}
	return digits + tail
}
