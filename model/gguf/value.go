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

// kindOf returns the kind of a Go value and that of its elements, and false when the format has none for it.
func kindOf(x any) (kind, elem Kind, ok bool) {
	switch x.(type) {
	case uint8:
		return Uint8, Uint8, true
	case int8:
		return Int8, Int8, true
	case uint16:
		return Uint16, Uint16, true
	case int16:
		return Int16, Int16, true
	case uint32:
		return Uint32, Uint32, true
	case int32:
		return Int32, Int32, true
	case uint64:
		return Uint64, Uint64, true
	case int64:
		return Int64, Int64, true
	case float32:
		return Float32, Float32, true
	case float64:
		return Float64, Float64, true
	case bool:
		return Bool, Bool, true
	case string:
		return String, String, true
	case []uint8:
		return Array, Uint8, true
	case []int8:
		return Array, Int8, true
	case []uint16:
		return Array, Uint16, true
	case []int16:
		return Array, Int16, true
	case []uint32:
		return Array, Uint32, true
	case []int32:
		return Array, Int32, true
	case []uint64:
		return Array, Uint64, true
	case []int64:
		return Array, Int64, true
	case []float32:
		return Array, Float32, true
	case []float64:
		return Array, Float64, true
	case []bool:
		return Array, Bool, true
	case []string:
		return Array, String, true
	}
	return 0, 0, false
}

// Value is one metadata value. Arrays are shared, not copied: what Any returns must not be changed. A Value comes from
// Meta.Lookup; the zero Value holds nothing, and its Any is nil.
type Value struct {
	x any // of a type that kindOf knows
}

// Any returns the value as the Go type of its kind: uint8 to int64, float32, float64, bool, string, or a slice of one
// of these, which is shared and must not be changed.
func (v Value) Any() any { return v.x }

// Kind returns the type of the value.
func (v Value) Kind() Kind {
	k, _, _ := kindOf(v.x)
	return k
}

// Elem returns the type of the elements of an array, and the kind itself for other values.
func (v Value) Elem() Kind {
	_, k, _ := kindOf(v.x)
	return k
}

// Len returns the number of elements of an array, and 1 for other values.
func (v Value) Len() int {
	switch a := v.x.(type) {
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

// Int returns an integer of any kind, and false for other values and where it does not fit an int.
func (v Value) Int() (int, bool) {
	switch x := v.x.(type) {
	case uint8:
		return int(x), true
	case int8:
		return int(x), true
	case uint16:
		return int(x), true
	case int16:
		return int(x), true
	case uint32:
		return int(x), uint64(x) <= math.MaxInt
	case int32:
		return int(x), true
	case uint64:
		return int(x), x <= math.MaxInt
	case int64:
		return int(x), int64(int(x)) == x
	}
	return 0, false
}

// Float returns a float32 or float64, and false for other values.
func (v Value) Float() (float64, bool) {
	switch x := v.x.(type) {
	case float32:
		return float64(x), true
	case float64:
		return x, true
	}
	return 0, false
}

// Bool returns a bool, and false, false for other values.
func (v Value) Bool() (value, ok bool) {
	value, ok = v.x.(bool)
	return value, ok
}

// Text returns a string, which may hold any bytes, and false for other values.
func (v Value) Text() (string, bool) {
	s, ok := v.x.(string)
	return s, ok
}

// String describes the value for people: scalars in full, strings cut when they are long, arrays by length and type.
func (v Value) String() string {
	kind, elem, ok := kindOf(v.x)
	switch {
	case !ok:
		return "nothing"
	case kind == String:
		s, _ := v.Text()
		return "string " + quote(s)
	case kind == Array:
		return fmt.Sprintf("array of %d %v", v.Len(), elem)
	}
	return fmt.Sprintf("%v %v", kind, v.x)
}

// typeName describes the type for error messages.
func (v Value) typeName() string {
	kind, elem, _ := kindOf(v.x)
	if kind == Array {
		return "array of " + elem.String()
	}
	return kind.String()
}
