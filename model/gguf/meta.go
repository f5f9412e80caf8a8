package gguf

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Meta is the metadata of a file: keys and values in the order of the file. It may be used by several goroutines, and
// after the file is closed. Slices that it returns are shared and must not be changed.
type Meta struct {
	keys   []string
	values []Value
	sorted []int32 // indices into keys, ascending by key
}

// index sorts the keys and returns the index of one that occurs twice, or -1.
func (m *Meta) index() int {
	var dup int
	m.sorted, dup = sortNames(len(m.keys), func(i int) string { return m.keys[i] })
	return dup
}

// sortNames returns the indices 0..n-1 in ascending order of their names, and the greatest index whose name an earlier
// one has, or -1.
func sortNames(n int, name func(int) string) ([]int32, int) {
	idx := make([]int32, n)
	for i := range idx {
		idx[i] = int32(i)
	}
	slices.SortFunc(idx, func(a, b int32) int {
		if c := strings.Compare(name(int(a)), name(int(b))); c != 0 {
			return c
		}
		return int(a - b)
	})
	dup := -1
	for i := 1; i < n; i++ {
		if name(int(idx[i-1])) == name(int(idx[i])) {
			dup = max(dup, int(idx[i]))
		}
	}
	return idx, dup
}

// findName looks a name up in indices sorted by sortNames.
func findName(idx []int32, key string, name func(int) string) (int, bool) {
	p, ok := slices.BinarySearchFunc(idx, key, func(i int32, key string) int { return strings.Compare(name(int(i)), key) })
	if !ok {
		return 0, false
	}
	return int(idx[p]), true
}

// Keys returns the keys in the order of the file.
func (m *Meta) Keys() []string { return m.keys }

// Lookup returns the value of a key.
func (m *Meta) Lookup(key string) (Value, bool) {
	i, ok := findName(m.sorted, key, func(i int) string { return m.keys[i] })
	if !ok {
		return Value{}, false
	}
	return m.values[i], true
}

// String returns the string of a key. It may hold any bytes.
func (m *Meta) String(key string) (string, error) {
	v, err := m.get(key, "a string")
	if err != nil {
		return "", err
	}
	if s, ok := v.Text(); ok {
		return s, nil
	}
	return "", &KeyError{Key: key, Found: v.typeName(), Expected: "a string"}
}

// Bool returns the bool of a key.
func (m *Meta) Bool(key string) (bool, error) {
	v, err := m.get(key, "a bool")
	if err != nil {
		return false, err
	}
	if b, ok := v.Bool(); ok {
		return b, nil
	}
	return false, &KeyError{Key: key, Found: v.typeName(), Expected: "a bool"}
}

// Int returns the integer of a key, of any integer type, when it fits an int.
func (m *Meta) Int(key string) (int, error) {
	v, err := m.get(key, "an integer")
	if err != nil {
		return 0, err
	}
	if n, ok := v.Int(); ok {
		return n, nil
	}
	switch v.Kind() {
	case Uint64, Int64, Uint32:
		return 0, &KeyError{Key: key, Found: v.String(), Expected: fmt.Sprintf("an integer up to %d", math.MaxInt)}
	}
	return 0, &KeyError{Key: key, Found: v.typeName(), Expected: "an integer"}
}

// Float returns the float32 or float64 of a key. Integers are not floats.
func (m *Meta) Float(key string) (float64, error) {
	v, err := m.get(key, "a float")
	if err != nil {
		return 0, err
	}
	if x, ok := v.Float(); ok {
		return x, nil
	}
	return 0, &KeyError{Key: key, Found: v.typeName(), Expected: "a float"}
}

// Strings returns the array of strings of a key, shared. All strings of an array share one piece of memory.
func (m *Meta) Strings(key string) ([]string, error) {
	return shared[string](m, key, "an array of string")
}

// Bools returns the array of bools of a key, shared.
func (m *Meta) Bools(key string) ([]bool, error) { return shared[bool](m, key, "an array of bool") }

// Bytes returns the array of uint8 of a key, shared.
func (m *Meta) Bytes(key string) ([]byte, error) { return shared[byte](m, key, "an array of uint8") }

// Floats returns the array of floats of a key: shared when they are float32, rounded to float32 when they are float64.
func (m *Meta) Floats(key string) ([]float32, error) {
	if v, ok := m.Lookup(key); ok {
		if a, ok := v.x.([]float64); ok {
			out := make([]float32, len(a))
			for i, x := range a {
				out[i] = float32(x)
			}
			return out, nil
		}
	}
	return shared[float32](m, key, "an array of float32 or float64")
}

// Ints returns a copy of the array of integers of a key, of any integer type, when each fits an int.
func (m *Meta) Ints(key string) ([]int, error) {
	v, err := m.get(key, "an array of integers")
	if err != nil {
		return nil, err
	}
	switch a := v.x.(type) {
	case []uint8:
		return ints(key, a)
	case []int8:
		return ints(key, a)
	case []uint16:
		return ints(key, a)
	case []int16:
		return ints(key, a)
	case []uint32:
		return ints(key, a)
	case []int32:
		return ints(key, a)
	case []uint64:
		return ints(key, a)
	case []int64:
		return ints(key, a)
	}
	return nil, &KeyError{Key: key, Found: v.typeName(), Expected: "an array of integers"}
}

// ints converts integers of another size.
func ints[T uint8 | int8 | uint16 | int16 | uint32 | int32 | uint64 | int64](key string, a []T) ([]int, error) {
	out := make([]int, len(a))
	for i, x := range a {
		n := int(x)
		if T(n) != x || (n < 0) != (x < 0) {
			return nil, &KeyError{Key: key, Found: fmt.Sprintf("%d at index %d", x, i),
				Expected: fmt.Sprintf("integers up to %d", math.MaxInt)}
		}
		out[i] = n
	}
	return out, nil
}

// shared returns the slice that the value of a key holds.
func shared[T any](m *Meta, key, expected string) ([]T, error) {
	v, err := m.get(key, expected)
	if err != nil {
		return nil, err
	}
	if a, ok := v.x.([]T); ok {
		return a, nil
	}
	return nil, &KeyError{Key: key, Found: v.typeName(), Expected: expected}
}

// get returns the value of a key or says that it is missing.
func (m *Meta) get(key, expected string) (Value, error) {
	v, ok := m.Lookup(key)
	if !ok {
		return v, &KeyError{Key: key, Expected: expected}
	}
	return v, nil
}
