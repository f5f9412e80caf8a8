package gguf

import (
	"fmt"
	"math"
	"strconv"
)

// Kind is the type of a metadata value. The numbers are those of the format.
type Kind uint8

// The kinds of values.
const (
	Uint8   Kind = 0
	Int8    Kind = 1
	Uint16  Kind = 2
	Int16   Kind = 3
	Uint32  Kind = 4
	Int32   Kind = 5
	Float32 Kind = 6
	Bool    Kind = 7
	String  Kind = 8
	Array   Kind = 9
	Uint64  Kind = 10
	Int64   Kind = 11
	Float64 Kind = 12
)

// kinds has one row per kind: its name and the bytes of one value, at least.
var kinds = [...]struct {
	name  string
	bytes int
}{
	Uint8: {"uint8", 1}, Int8: {"int8", 1}, Uint16: {"uint16", 2}, Int16: {"int16", 2},
	Uint32: {"uint32", 4}, Int32: {"int32", 4}, Uint64: {"uint64", 8}, Int64: {"int64", 8},
	Float32: {"float32", 4}, Float64: {"float64", 8}, Bool: {"bool", 1}, String: {"string", 8}, Array: {"array", 12},
}

// Valid reports whether k is one of the kinds above.
func (k Kind) Valid() bool { return int(k) < len(kinds) }

// String returns the name of the kind, for instance "uint32".
func (k Kind) String() string {
	if !k.Valid() {
		return "Kind(" + strconv.Itoa(int(k)) + ")"
	}
	return kinds[k].name
}

// Value is one metadata value. Arrays are shared, not copied: what Any returns must not be changed. The zero Value is
// the uint8 0.
type Value struct {
	kind, elem Kind
	bits       uint64 // integers sign-extended; floats by their bits; bool 0 or 1
	ref        any    // string, or a slice of the element's Go type
}

// Kind returns the type of the value.
func (v Value) Kind() Kind { return v.kind }

// Elem returns the type of the elements of an array, and the kind itself for other values.
func (v Value) Elem() Kind {
	if v.kind == Array {
		return v.elem
	}
	return v.kind
}

// Len returns the number of elements of an array, and 1 for other values.
func (v Value) Len() int {
	switch a := v.ref.(type) {
	case []uint8:
		return len(a)
	case []int8:
		return len(a)
	case []uint16:
		return len(a)
	case []int16:
		return len(a)
	case []uint32:
		return len(a)
	case []int32:
		return len(a)
	case []uint64:
		return len(a)
	case []int64:
		return len(a)
	case []float32:
		return len(a)
	case []float64:
		return len(a)
	case []bool:
		return len(a)
	case []string:
		return len(a)
	}
	return 1
}

// Any returns the value as the Go type of its kind: uint8 to int64, float32, float64, bool, string, or a slice of one
// of these, which is shared and must not be changed.
func (v Value) Any() any {
	switch v.kind {
	case Uint8:
		return uint8(v.bits)
	case Int8:
		return int8(v.bits)
	case Uint16:
		return uint16(v.bits)
	case Int16:
		return int16(v.bits)
	case Uint32:
		return uint32(v.bits)
	case Int32:
		return int32(v.bits)
	case Uint64:
		return v.bits
	case Int64:
		return int64(v.bits)
	case Float32:
		return math.Float32frombits(uint32(v.bits))
	case Float64:
		return math.Float64frombits(v.bits)
	case Bool:
		return v.bits != 0
	}
	return v.ref
}

// Int returns an integer of any kind, and false for other values and where it does not fit an int.
func (v Value) Int() (int, bool) {
	switch v.kind {
	case Uint8, Uint16, Uint32, Uint64:
		return int(v.bits), v.bits <= math.MaxInt
	case Int8, Int16, Int32, Int64:
		n := int64(v.bits)
		return int(n), int64(int(n)) == n
	}
	return 0, false
}

// Float returns a float32 or float64, and false for other values.
func (v Value) Float() (float64, bool) {
	switch v.kind {
	case Float32:
		return float64(math.Float32frombits(uint32(v.bits))), true
	case Float64:
		return math.Float64frombits(v.bits), true
	}
	return 0, false
}

// Bool returns a bool, and false, false for other values.
func (v Value) Bool() (value, ok bool) { return v.kind == Bool && v.bits != 0, v.kind == Bool }

// Text returns a string, which may hold any bytes, and false for other values.
func (v Value) Text() (string, bool) {
	s, ok := v.ref.(string)
	return s, ok
}

// String describes the value for people: scalars in full, strings cut when they are long, arrays by length and type.
func (v Value) String() string {
	switch v.kind {
	case String:
		s, _ := v.Text()
		return "string " + quote(s)
	case Array:
		return fmt.Sprintf("array of %d %v", v.Len(), v.elem)
	}
	return fmt.Sprintf("%v %v", v.kind, v.Any())
}

// typeName describes the type for error messages.
func (v Value) typeName() string {
	if v.kind == Array {
		return "array of " + v.elem.String()
	}
	return v.kind.String()
}
