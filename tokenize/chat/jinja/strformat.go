package jinja

import (
	"math"
	"strconv"
	"strings"
)

// formatter is the state of text.format(...).
type formatter struct {
	m    *machine
	args params
	auto int // number of the next {}
	mode int // 1: fields are numbered automatically, 2: by hand
}

// formatMethod is str.format. Fields reach attributes and items the way templates do.
func formatMethod(m *machine, self Value, p params) (Value, error) {
	if _, mark := self.(Markup); mark {
		return nil, unsupportedf("the method format of Markup")
	}
	f := &formatter{m: m, args: p}
	s, err := f.expand(selfText(self), 0)
	return String(s), err
}

// expand replaces the fields of s; level 1 is inside the format specification of another field.
func (f *formatter) expand(s string, level int) (string, error) {
	if level > 1 {
		return "", valueErrf("format: fields nested too deeply")
	}
	b := &builder{m: f.m}
	for s != "" {
		i := strings.IndexAny(s, "{}")
		if i < 0 {
			i = len(s)
		}
		if err := b.add(s[:i]); err != nil {
			return "", err
		}
		if err := f.m.step(1); err != nil {
			return "", err
		}
		if s = s[i:]; s == "" {
			break
		}
		if len(s) > 1 && s[0] == s[1] {
			b.b = append(b.b, s[0])
			s = s[2:]
			continue
		}
		if s[0] == '}' {
			return "", valueErrf("format: single '}'")
		}
		end := fieldEnd(s)
		if end < 0 {
			return "", valueErrf("format: expected '}' before end of string")
		}
		t, err := f.field(s[1:end], level)
		if err == nil {
			err = b.add(t)
		}
		if err != nil {
			return "", err
		}
		s = s[end+1:]
	}
	return b.done()
}

// fieldEnd returns the offset of the bracket that closes the one at the start of s, or -1.
func fieldEnd(s string) int {
	depth := 0
	for i := range len(s) {
		switch s[i] {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// field formats "name!conversion:spec".
func (f *formatter) field(s string, level int) (string, error) {
	name, spec, conv := s, "", ""
	if i := strings.IndexAny(s, "!:"); i >= 0 {
		name, spec = s[:i], s[i+1:]
		if s[i] == '!' {
			conv, spec, _ = strings.Cut(spec, ":")
			if conv != "s" && conv != "r" {
				return "", valueErrf("format: conversion %q, want s or r", clip(conv))
			}
		}
	}
	v, err := f.lookup(name)
	if err != nil {
		return "", err
	}
	if strings.ContainsAny(spec, "{}") {
		if spec, err = f.expand(spec, level+1); err != nil {
			return "", err
		}
	}
	switch conv {
	case "s":
		v, err = f.m.soft(v)
	case "r":
		var t string
		t, err = f.m.repr(v)
		v = String(t)
	}
	if err != nil {
		return "", err
	}
	return f.m.formatValue(v, spec)
}

// lookup finds the value of "name.attribute[item]".
func (f *formatter) lookup(name string) (Value, error) {
	end := strings.IndexAny(name, ".[")
	if end < 0 {
		end = len(name)
	}
	v, err := f.argument(name[:end])
	for rest := name[end:]; rest != "" && err == nil; {
		if rest[0] == '.' {
			n := strings.IndexAny(rest[1:], ".[")
			if n < 0 {
				n = len(rest) - 1
			}
			v, err = f.m.getAttr(v, rest[1:1+n])
			rest = rest[1+n:]
			continue
		}
		n := strings.IndexByte(rest, ']')
		if rest[0] != '[' || n < 2 {
			return nil, valueErrf("format: field %q", clip(name))
		}
		var key Value = String(rest[1:n])
		if i, bad := strconv.Atoi(rest[1:n]); bad == nil && i >= 0 {
			key = Int(i)
		}
		v, err = f.m.getItem(v, key)
		rest = rest[n+1:]
	}
	return v, err
}

// argument returns a positional or keyword argument.
func (f *formatter) argument(name string) (Value, error) {
	i, err := strconv.Atoi(name)
	mode := 2
	if name == "" {
		i, err, mode = f.auto, nil, 1
		f.auto++
	}
	if err == nil {
		if f.mode != 0 && f.mode != mode {
			return nil, valueErrf("format: automatic and manual numbering of fields")
		}
		f.mode = mode
		if i < 0 || i >= len(f.args.rest) {
			return nil, valueErrf("format: no positional argument %d", i)
		}
		return f.args.rest[i], nil
	}
	for _, k := range f.args.kw {
		if k.name == name {
			return k.v, nil
		}
	}
	return nil, valueErrf("format: no argument %q", clip(name))
}

// formatValue is Python's format(v, spec).
func (m *machine) formatValue(v Value, spec string) (string, error) {
	if spec == "" {
		return m.str(v)
	}
	f, err := parseSpec(spec)
	if err != nil {
		return "", err
	}
	if s, ok := text(v); ok {
		return m.formatTextSpec(s, f, spec)
	}
	_, isBool := v.(Bool)
	b, isInt := asBig(v)
	x, isFloat, err := asFloat(v)
	if _, asF := v.(Float); isInt && !asF && strings.IndexByte("eEfFgG%", f.verb) < 0 || isBool && f.verb == 0 {
		if f.verb == 'c' || f.verb == 'n' || f.prec >= 0 || f.group != 0 && f.verb != 0 && f.verb != 'd' && f.group == ',' {
			return "", unsupportedf("the format %q for integers", clip(spec))
		}
		return m.formatInt(b, f)
	}
	switch {
	case !isFloat:
		return "", typeErrf("unsupported format string passed to %s.__format__", v.typeName())
	case err != nil:
		return "", err
	case f.verb != 0 && strings.IndexByte("eEfFgG%", f.verb) < 0:
		return "", valueErrf("unknown format code %q for float", f.verb)
	}
	return m.formatFloat(x, f)
}

func (m *machine) formatTextSpec(s string, f formatSpec, spec string) (string, error) {
	if f.sign != 0 || f.alt || f.group != 0 || f.align == '=' || f.verb != 0 && f.verb != 's' {
		return "", valueErrf("format %q is not for text", clip(spec))
	}
	if f.prec >= 0 && f.prec < runeLen(s) {
		s = s[:byteOffset(s, f.prec)]
	}
	return m.padSpec(s, f, '<')
}

// parseSpec reads [[fill]align][sign][#][0][width][group][.precision][verb].
func parseSpec(s string) (formatSpec, error) {
	f := formatSpec{prec: -1}
	bad := valueErrf("format: invalid specification %q", clip(s))
	isAlign := func(t string) bool { return t != "" && strings.IndexByte("<>^=", t[0]) >= 0 }
	if n := byteOffset(s, 1); isAlign(s[n:]) {
		f.fill, f.align, s = s[:n], s[n], s[n+1:]
	} else if isAlign(s) {
		f.align, s = s[0], s[1:]
	}
	take := func(set string) byte {
		if s == "" || strings.IndexByte(set, s[0]) < 0 {
			return 0
		}
		c := s[0]
		s = s[1:]
		return c
	}
	number := func() int {
		n := 0
		for c := take("0123456789"); c != 0; c = take("0123456789") {
			n = min(10*n+int(c-'0'), math.MaxInt32)
		}
		return n
	}
	f.sign = take("+- ")
	f.alt = take("#") != 0
	if s != "" && s[0] == '0' {
		if f.align == 0 {
			f.align = '='
		}
		if f.fill == "" {
			f.fill = "0"
		}
	}
	f.width = number()
	f.group = take(",_")
	if take(".") != 0 {
		if s == "" || !isDigit(s[0]) {
			return f, bad
		}
		f.prec = number()
	}
	f.verb = take("bcdeEfFgGnosxX%")
	if s != "" {
		return f, bad
	}
	return f, nil
}
