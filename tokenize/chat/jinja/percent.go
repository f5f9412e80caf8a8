package jinja

import (
	"math"
	"math/big"
	"strings"
	"unicode/utf8"
)

// percentFormat is the state of text % values.
type percentFormat struct {
	m     *machine
	b     builder
	src   string
	i     int
	args  []Value // the values, when they come one by one
	next  int
	dict  *Dict // the values by name
	whole Value // the operand
	mark  bool  // values are escaped for HTML
}

// percent is self % arg for the text s of self.
func (m *machine) percent(self Value, s string, arg Value) (Value, error) {
	p := &percentFormat{m: m, b: builder{m: m}, src: s, whole: arg, args: []Value{arg}}
	_, p.mark = self.(Markup)
	if t, ok := arg.(*Tuple); ok {
		p.args = t.items
	}
	p.dict, _ = arg.(*Dict)
	for p.i < len(s) {
		n := strings.IndexByte(s[p.i:], '%')
		if n < 0 {
			n = len(s) - p.i
		}
		if err := p.b.add(s[p.i : p.i+n]); err != nil {
			return nil, err
		}
		p.i += n
		if p.i == len(s) {
			break
		}
		p.i++
		if err := m.step(1); err != nil {
			return nil, err
		}
		if err := p.conversion(); err != nil {
			return nil, err
		}
	}
	switch arg.(type) {
	case *Dict, *List, *rangeValue, *undefined: // what Python takes for a mapping may be left over
	default:
		if p.next < len(p.args) {
			return nil, typeErrf("not all arguments converted during string formatting")
		}
	}
	t, err := p.b.done()
	return like(self, t), err
}

func (p *percentFormat) peek() byte {
	if p.i < len(p.src) {
		return p.src[p.i]
	}
	return 0
}

// value returns the next value.
func (p *percentFormat) value() (Value, error) {
	if p.next >= len(p.args) {
		return nil, typeErrf("not enough arguments for format string")
	}
	p.next++
	return p.args[p.next-1], nil
}

// conversion formats one value; the % is read.
func (p *percentFormat) conversion() error {
	var named Value
	if p.peek() == '(' {
		var err error
		if named, err = p.key(); err != nil {
			return err
		}
	}
	f, err := p.flags()
	if err != nil {
		return err
	}
	if strings.IndexByte("hlL", p.peek()) >= 0 && p.peek() != 0 {
		p.i++
	}
	f.verb = p.peek()
	if f.verb == 0 {
		return valueErrf("incomplete format")
	}
	p.i++
	if f.verb == '%' {
		return p.b.add("%")
	}
	v := named
	if v == nil {
		if v, err = p.value(); err != nil {
			return err
		}
	}
	s, err := p.format(v, f)
	if err != nil {
		return err
	}
	return p.b.add(s)
}

// key reads (name) and looks it up.
func (p *percentFormat) key() (Value, error) {
	start, depth := p.i+1, 0
	for ; p.i < len(p.src); p.i++ {
		switch p.src[p.i] {
		case '(':
			depth++
		case ')':
			depth--
		}
		if depth == 0 {
			break
		}
	}
	if p.i == len(p.src) {
		return nil, valueErrf("incomplete format key")
	}
	name := p.src[start:p.i]
	p.i++
	if p.dict == nil {
		return nil, typeErrf("format requires a mapping")
	}
	v, ok := p.dict.Get(name)
	if !ok {
		return nil, valueErrf("format: no key %q", clip(name))
	}
	return v, nil
}

// flags reads flags, width and precision.
func (p *percentFormat) flags() (f formatSpec, err error) {
	f.prec = -1
	for strings.IndexByte("-+ #0", p.peek()) >= 0 && p.peek() != 0 {
		switch c := p.peek(); c {
		case '-':
			f.align = '<'
		case '+':
			f.sign = '+'
		case ' ':
			if f.sign == 0 {
				f.sign = ' '
			}
		case '#':
			f.alt = true
		case '0':
			f.fill = "0"
		}
		p.i++
	}
	if f.width, err = p.size(0); err != nil {
		return f, err
	}
	if f.width < 0 {
		f.align, f.width = '<', -f.width
	}
	if p.peek() == '.' {
		p.i++
		if f.prec, err = p.size(0); err != nil {
			return f, err
		}
		f.prec = max(f.prec, 0)
	}
	if f.align == '<' {
		f.fill = ""
	} else if f.fill != "" {
		f.align = '='
	}
	return f, nil
}

// size reads a number or *.
func (p *percentFormat) size(missing int) (int, error) {
	if p.peek() == '*' {
		p.i++
		v, err := p.value()
		if err != nil {
			return 0, err
		}
		n, ok := asInt(v)
		if !ok || n > math.MaxInt32 || n < -math.MaxInt32 {
			return 0, typeErrf("* wants an int")
		}
		return int(n), nil
	}
	n := missing
	for isDigit(p.peek()) {
		if n = 10*n + int(p.peek()-'0'); n > math.MaxInt32 {
			return 0, valueErrf("width too big")
		}
		p.i++
	}
	return n, nil
}

func (p *percentFormat) format(v Value, f formatSpec) (string, error) {
	switch f.verb {
	case 's', 'r', 'a':
		return p.formatText(v, f)
	case 'c':
		return p.formatChar(v, f)
	case 'd', 'i', 'u', 'o', 'x', 'X':
		return p.formatInt(v, f)
	case 'e', 'E', 'f', 'F', 'g', 'G':
		x, ok, err := asFloat(v)
		if err != nil {
			return "", err
		}
		if !ok {
			if u, undef := v.(*undefined); undef {
				return "", u.use()
			}
			return "", typeErrf("%%%c: must be real number, not %s", f.verb, v.typeName())
		}
		if math.IsInf(x, 0) || math.IsNaN(x) {
			if f.align == '=' {
				f.align, f.fill = '>', ""
			}
		}
		return p.m.formatFloat(x, f)
	}
	return "", valueErrf("unsupported format character %q", f.verb)
}

func (p *percentFormat) formatText(v Value, f formatSpec) (s string, err error) {
	switch {
	case f.verb == 'a':
		return "", unsupportedf("the conversion %%a")
	case p.mark && f.verb == 's':
		s, err = p.m.escape(v)
	case f.verb == 's':
		s, err = p.m.str(v)
	default:
		if s, err = p.m.repr(v); p.mark {
			s = escapeHTML(s)
		}
	}
	if err != nil {
		return "", err
	}
	if f.prec >= 0 && f.prec < runeLen(s) {
		s = s[:byteOffset(s, f.prec)]
	}
	if f.align == '=' {
		f.align, f.fill = '>', ""
	}
	return p.m.padSpec(s, f, '>')
}

func (p *percentFormat) formatChar(v Value, f formatSpec) (string, error) {
	s, ok := text(v)
	if n, isInt := asInt(v); isInt {
		if n < 0 || n > utf8.MaxRune || !utf8.ValidRune(rune(n)) {
			return "", valueErrf("%%c: %d is no character", n)
		}
		s, ok = string(rune(n)), true
	}
	if !ok || runeLen(s) != 1 {
		return "", typeErrf("%%c requires int or char")
	}
	if f.align == '=' {
		f.align, f.fill = '>', ""
	}
	return p.m.padSpec(s, f, '>')
}

func (p *percentFormat) formatInt(v Value, f formatSpec) (string, error) {
	if x, ok := v.(Float); ok && strings.IndexByte("diu", f.verb) >= 0 {
		i, err := floatInt(float64(x))
		if err != nil {
			return "", err
		}
		v = i
	}
	b, ok := asBig(v)
	if !ok {
		if u, undef := v.(*undefined); undef {
			return "", u.use()
		}
		return "", typeErrf("%%%c: an integer or real number is required, not %s", f.verb, v.typeName())
	}
	if f.verb == 'i' || f.verb == 'u' {
		f.verb = 'd'
	}
	return p.m.formatInt(new(big.Int).Set(b), f)
}
