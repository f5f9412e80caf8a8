package jinja

import (
	"iter"
	"math"
	"strconv"
)

// Dict is a dict that keeps the order in which keys were first set. It must not change once a template has seen it.
// The zero value is an empty dict.
type Dict struct {
	keys, vals []Value
	index      map[hashKey]int
}

// NewDict returns an empty dict.
func NewDict() *Dict { return &Dict{index: map[hashKey]int{}} }

// Len returns the number of keys.
func (d *Dict) Len() int { return len(d.keys) }

// Get returns the value of a text key.
func (d *Dict) Get(key string) (Value, bool) {
	i, ok := d.index[hashKey{kind: hashText, s: key}]
	if !ok {
		return nil, false
	}
	return d.vals[i], true
}

// Set sets the value of a text key. A key that is already there keeps its place.
func (d *Dict) Set(key string, v Value) { d.set(hashKey{kind: hashText, s: key}, String(key), v) }

// All yields keys and values in order.
func (d *Dict) All() iter.Seq2[Value, Value] {
	return func(yield func(Value, Value) bool) {
		for i, k := range d.keys {
			if !yield(k, d.vals[i]) {
				return
			}
		}
	}
}

func (d *Dict) set(h hashKey, k, v Value) {
	if i, ok := d.index[h]; ok {
		d.vals[i] = v
		return
	}
	if d.index == nil {
		d.index = map[hashKey]int{}
	}
	d.index[h] = len(d.keys)
	d.keys = append(d.keys, k)
	d.vals = append(d.vals, v)
}

// hashKey is equal for values that are equal as keys in Python: 1, 1.0 and True are one key.
type hashKey struct {
	kind hashKind
	n    int64
	s    string
}

type hashKind uint8

const (
	hashNone hashKind = iota
	hashUndefined
	hashNumber
	hashFloat
	hashBig
	hashText
	hashTuple
)

// hash returns the key for v, or Python's error for a value that cannot be one.
func (m *machine) hash(v Value) (hashKey, error) {
	switch v := v.(type) {
	case String:
		return hashKey{kind: hashText, s: string(v)}, nil
	case Markup:
		return hashKey{kind: hashText, s: string(v)}, nil
	case Int:
		return hashKey{kind: hashNumber, n: int64(v)}, nil
	case Bool:
		return hashKey{kind: hashNumber, n: int64(boolInt(v))}, nil
	case Float:
		return hashFloatKey(float64(v)), nil
	case *bigInt:
		return hashKey{kind: hashBig, s: string(v.v.Append(nil, 16))}, nil
	case None:
		return hashKey{kind: hashNone}, nil
	case *undefined:
		return hashKey{kind: hashUndefined}, nil
	case *Tuple:
		return m.hashTuple(v)
	case *List, *Dict:
		return hashKey{}, typeErrf("unhashable type: '%s'", v.typeName())
	}
	return hashKey{}, unsupportedf("a %s as a key", v.typeName())
}

func hashFloatKey(f float64) hashKey {
	if i := int64(f); f >= -(1<<62) && f <= 1<<62 && float64(i) == f {
		return hashKey{kind: hashNumber, n: i}
	}
	return hashKey{kind: hashFloat, n: int64(math.Float64bits(f))}
}

func (m *machine) hashTuple(t *Tuple) (hashKey, error) {
	if err := m.enter(); err != nil {
		return hashKey{}, err
	}
	defer m.leave()
	var b []byte
	for _, x := range t.items {
		h, err := m.hash(x)
		if err != nil {
			return h, err
		}
		b = append(b, byte(h.kind))
		b = strconv.AppendInt(b, h.n, 16)
		b = append(b, ':')
		b = strconv.AppendInt(b, int64(len(h.s)), 16)
		b = append(b, ':')
		b = append(b, h.s...)
		if err := m.fits(len(b)); err != nil {
			return h, err
		}
	}
	return hashKey{kind: hashTuple, s: string(b)}, m.made(2 * len(b))
}

// lookup finds a key of any type; a key that cannot be hashed is an error.
func (m *machine) lookup(d *Dict, key Value) (Value, bool, error) {
	h, err := m.hash(key)
	if err != nil {
		return nil, false, err
	}
	i, ok := d.index[h]
	if !ok {
		return nil, false, nil
	}
	return d.vals[i], true, nil
}

// put sets a key of any type in a dict under construction and charges for it.
func (m *machine) put(d *Dict, k, v Value) error {
	h, err := m.hash(k)
	if err != nil {
		return err
	}
	if _, ok := d.index[h]; !ok {
		if err := m.made(96); err != nil {
			return err
		}
		if err := m.step(2); err != nil {
			return err
		}
	}
	d.set(h, k, v)
	return nil
}

// view is what dict.keys(), values() and items() return.
type view struct {
	d    *Dict
	kind viewKind
}

type viewKind string

const (
	viewKeys   viewKind = "dict_keys"
	viewValues viewKind = "dict_values"
	viewItems  viewKind = "dict_items"
)

func (v *view) typeName() string { return string(v.kind) }

// at returns item i as iteration gives it.
func (v *view) at(i int) Value {
	switch v.kind {
	case viewKeys:
		return v.d.keys[i]
	case viewValues:
		return v.d.vals[i]
	}
	return NewTuple(v.d.keys[i], v.d.vals[i])
}
