package jinja

import (
	"math/big"
)

// Value is a value of the template language. The set of types is closed; see the package comment.
type Value interface {
	typeName() string // as Python calls the type
}

// None is Python's None and JSON's null.
type None struct{}

// Bool is true or false. It counts as 1 or 0 in arithmetic, as in Python.
type Bool bool

// Int is an integer of at most 64 bits. Larger ones exist in templates and in JSON, with a type of their own.
type Int int64

// Float is a 64-bit floating-point number.
type Float float64

// String is text. Templates count and cut it in code points.
type String string

// Markup is text marked by the filters safe or escape: text added to it is HTML-escaped, as MarkupSafe does.
type Markup string

// bigInt is an integer outside int64. Its value is never changed.
type bigInt struct{ v *big.Int }

// List is a list. It must not change once a template has seen it.
type List struct{ items []Value }

// Tuple is a list that templates write with parentheses.
type Tuple struct {
	items []Value
	names []string // names of the items as attributes, for groupby
}

// NewList returns a list of the items, which it keeps.
func NewList(items ...Value) *List { return &List{items} }

// Len returns the number of items.
func (l *List) Len() int { return len(l.items) }

// At returns item i.
func (l *List) At(i int) Value { return l.items[i] }

// NewTuple returns a tuple of the items, which it keeps.
func NewTuple(items ...Value) *Tuple { return &Tuple{items: items} }

func (None) typeName() string    { return "NoneType" }
func (Bool) typeName() string    { return "bool" }
func (Int) typeName() string     { return "int" }
func (*bigInt) typeName() string { return "int" }
func (Float) typeName() string   { return "float" }
func (String) typeName() string  { return "str" }
func (Markup) typeName() string  { return "Markup" }
func (*List) typeName() string   { return "list" }
func (*Tuple) typeName() string  { return "tuple" }
func (*Dict) typeName() string   { return "dict" }

// undefined is what a missing name, key or attribute gives. It prints as nothing, is false and empty, and any other use of
// it is an error.
type undefined struct {
	hint   string // the whole message, or
	name   string // the name that is missing,
	obj    Value  // in this object (nil: in the template's variables)
	elem   Value  // the missing key, where it is not a name
	unsafe bool   // the attribute exists, but the sandbox hides it
}

func (*undefined) typeName() string { return "Undefined" }

// use is the error for any use of the value that is not allowed.
func (u *undefined) use() error {
	switch {
	case u.unsafe:
		return errf(KindSecurity, "attribute %q of %s may not be used by templates", u.name, u.obj.typeName())
	case u.hint != "":
		return errf(KindUndefined, "%s", u.hint)
	case u.obj == nil:
		return errf(KindUndefined, "%q is undefined", u.name)
	case u.elem != nil:
		return errf(KindUndefined, "%s object has no element %s", u.obj.typeName(), shortRepr(u.elem))
	}
	return errf(KindUndefined, "%s object has no attribute %q", u.obj.typeName(), u.name)
}

// shortRepr shows a key in an error.
func shortRepr(v Value) string {
	switch v := v.(type) {
	case String:
		return reprString(clip(string(v)))
	case Int, Float, Bool, None:
		return scalarText(v)
	}
	return "of type " + v.typeName()
}

// clip shortens text for an error.
func clip(s string) string {
	const most = 80
	if len(s) <= most {
		return s
	}
	return s[:byteOffset(s, most/4)] + "..."
}

// text returns the string in v, plain or marked.
func text(v Value) (string, bool) {
	switch v := v.(type) {
	case String:
		return string(v), true
	case Markup:
		return string(v), true
	}
	return "", false
}

// like returns s with the mark of v.
func like(v Value, s string) Value {
	if _, ok := v.(Markup); ok {
		return Markup(s)
	}
	return String(s)
}

// sequence returns the items of a list or tuple.
func sequence(v Value) ([]Value, bool) {
	switch v := v.(type) {
	case *List:
		return v.items, true
	case *Tuple:
		return v.items, true
	}
	return nil, false
}
