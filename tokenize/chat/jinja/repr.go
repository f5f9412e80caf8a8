package jinja

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// builder collects text under the limit for one value.
type builder struct {
	m *machine
	b []byte
}

func (b *builder) add(s string) error {
	b.b = append(b.b, s...)
	return b.m.fits(len(b.b))
}

// done charges for the text and returns it.
func (b *builder) done() (string, error) {
	if err := b.m.made(len(b.b)); err != nil {
		return "", err
	}
	return string(b.b), nil
}

// str is Python's str(v).
func (m *machine) str(v Value) (string, error) {
	if s, ok := text(v); ok {
		return s, nil
	}
	if _, ok := v.(*undefined); ok {
		return "", nil
	}
	if isScalar(v) {
		return scalarText(v), nil
	}
	return m.repr(v)
}

// repr is Python's repr(v).
func (m *machine) repr(v Value) (string, error) {
	b := &builder{m: m}
	if err := b.repr(v); err != nil {
		return "", err
	}
	return b.done()
}

func isScalar(v Value) bool {
	_, none := v.(None)
	return none || isNumber(v)
}

// scalarText is the text of None and of numbers.
func scalarText(v Value) string {
	switch v := v.(type) {
	case None:
		return "None"
	case Bool:
		if v {
			return "True"
		}
		return "False"
	case Int:
		return strconv.FormatInt(int64(v), 10)
	case *bigInt:
		return v.v.String()
	case Float:
		return floatText(float64(v))
	}
	return ""
}

func (b *builder) repr(v Value) error {
	if err := b.m.enter(); err != nil {
		return err
	}
	defer b.m.leave()
	switch v := v.(type) {
	case String:
		return b.reprText(string(v), "", "")
	case Markup:
		return b.reprText(string(v), "Markup(", ")")
	case *undefined:
		return b.add("Undefined")
	case *List:
		return b.reprItems("[", v.items, "]")
	case *Tuple:
		if len(v.items) == 1 {
			return b.reprItems("(", v.items, ",)")
		}
		return b.reprItems("(", v.items, ")")
	case *Dict:
		return b.reprDict(v)
	case *view:
		return b.reprView(v)
	case *rangeValue:
		return b.add(v.String())
	case *namespace:
		if err := b.add("<Namespace "); err != nil {
			return err
		}
		if err := b.reprDict(v.attrs); err != nil {
			return err
		}
		return b.add(">")
	case *macro:
		return b.add("<Macro " + v.reprName() + ">")
	case *loop:
		return b.reprLoop(v)
	}
	if isScalar(v) {
		return b.add(scalarText(v))
	}
	return unsupportedf("printing a %s, whose text in Python holds a memory address", v.typeName())
}

func (b *builder) reprText(s, before, after string) error {
	if err := b.m.step(len(s) >> 4); err != nil {
		return err
	}
	if err := b.m.made(4 * len(s)); err != nil { // the escapes of a character are up to four times as long
		return err
	}
	return b.add(before + reprString(s) + after)
}

func (b *builder) reprItems(open string, items []Value, end string) error {
	if err := b.add(open); err != nil {
		return err
	}
	for i, x := range items {
		if i > 0 {
			b.b = append(b.b, ", "...)
		}
		if err := b.repr(x); err != nil {
			return err
		}
	}
	return b.add(end)
}

func (b *builder) reprDict(d *Dict) error {
	if err := b.add("{"); err != nil {
		return err
	}
	for i, k := range d.keys {
		if i > 0 {
			b.b = append(b.b, ", "...)
		}
		if err := b.repr(k); err != nil {
			return err
		}
		b.b = append(b.b, ": "...)
		if err := b.repr(d.vals[i]); err != nil {
			return err
		}
	}
	return b.add("}")
}

func (b *builder) reprView(v *view) error {
	items := make([]Value, v.d.Len())
	for i := range items {
		items[i] = v.at(i)
	}
	if err := b.m.made(16 * len(items)); err != nil {
		return err
	}
	return b.reprItems(string(v.kind)+"([", items, "])")
}

func (b *builder) reprLoop(l *loop) error {
	n, err := l.length(b.m)
	if err != nil {
		return err
	}
	return b.add("<LoopContext " + strconv.Itoa(l.index0+1) + "/" + strconv.Itoa(n) + ">")
}

// reprString is Python's repr of a text.
func reprString(s string) string {
	quote := byte('\'')
	if strings.ContainsRune(s, '\'') && !strings.ContainsRune(s, '"') {
		quote = '"'
	}
	b := make([]byte, 0, len(s)+2)
	b = append(b, quote)
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == rune(quote) || r == '\\':
			b = append(b, '\\', byte(r))
		case r == '\n':
			b = append(b, `\n`...)
		case r == '\r':
			b = append(b, `\r`...)
		case r == '\t':
			b = append(b, `\t`...)
		case r == utf8.RuneError && n == 1, unicode.IsPrint(r):
			b = append(b, s[i:i+n]...)
		default:
			b = appendEscape(b, r)
		}
		i += n
	}
	return string(append(b, quote))
}

// appendEscape writes a character that is not printable as Python's repr does.
func appendEscape(b []byte, r rune) []byte {
	const hex = "0123456789abcdef"
	digits := 8
	switch {
	case r < 0x100:
		b, digits = append(b, `\x`...), 2
	case r < 0x10000:
		b, digits = append(b, `\u`...), 4
	default:
		b = append(b, `\U`...)
	}
	for d := digits - 1; d >= 0; d-- {
		b = append(b, hex[r>>(4*d)&15])
	}
	return b
}
