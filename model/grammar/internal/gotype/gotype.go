// Package gotype writes the JSON Schema of a Go type: the documents that encoding/json decodes into it.
package gotype

import (
	"encoding"
	"encoding/json"
	"fmt"
	"math/big"
	"reflect"
	"strconv"
	"time"
)

// A Describer has a schema of its own, called on a zero value. References inside it start at an $id of its own. Types with a
// json.Unmarshaler need one, as nobody else knows what they read.
type Describer interface {
	JSONSchema() []byte
}

// An Error says which type or field has no schema.
type Error struct {
	Path    string // from the root type, as Order.Lines[].Price
	Message string
}

func (e *Error) Error() string { return fmt.Sprintf("go type %s: %s", e.Path, e.Message) }

// node is a schema: members in order.
type node struct {
	keys []string
	vals []any
}

func obj(pairs ...any) *node {
	n := &node{}
	for i := 0; i < len(pairs); i += 2 {
		n.set(pairs[i].(string), pairs[i+1])
	}
	return n
}

func (n *node) set(key string, val any) *node {
	for i, k := range n.keys {
		if k == key {
			n.vals[i] = val
			return n
		}
	}
	n.keys = append(n.keys, key)
	n.vals = append(n.vals, val)
	return n
}

func (n *node) get(key string) any {
	for i, k := range n.keys {
		if k == key {
			return n.vals[i]
		}
	}
	return nil
}

// MarshalJSON writes the members in order.
func (n *node) MarshalJSON() ([]byte, error) {
	out := []byte{'{'}
	for i, k := range n.keys {
		if i > 0 {
			out = append(out, ',')
		}
		key, err := json.Marshal(k)
		if err != nil {
			return nil, err
		}
		val, err := json.Marshal(n.vals[i])
		if err != nil {
			return nil, err
		}
		out = append(append(append(out, key...), ':'), val...)
	}
	return append(out, '}'), nil
}

// writer collects the definitions of struct types.
type writer struct {
	names map[reflect.Type]string
	taken map[string]bool
	defs  *node
	depth int
}

// maxDepth bounds nested types without a name.
const maxDepth = 100

// Schema returns the schema of a type.
func Schema(t reflect.Type) ([]byte, error) {
	if t == nil {
		return nil, &Error{"nil", "no type"}
	}
	w := &writer{names: map[reflect.Type]string{}, taken: map[string]bool{}, defs: &node{}}
	root, err := w.of(t, t.String())
	if err != nil {
		return nil, err
	}
	if len(w.defs.keys) > 0 {
		root.set("$defs", w.defs)
	}
	return json.Marshal(root)
}

var (
	describer       = reflect.TypeFor[Describer]()
	jsonUnmarshaler = reflect.TypeFor[json.Unmarshaler]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// special are types whose documents are known.
func special(t reflect.Type) *node {
	switch t {
	case reflect.TypeFor[time.Time]():
		return obj("type", "string", "format", "date-time")
	case reflect.TypeFor[json.RawMessage](), reflect.TypeFor[any]():
		return obj()
	case reflect.TypeFor[json.Number]():
		return obj("type", "number")
	case reflect.TypeFor[big.Int]():
		return obj("type", "integer")
	}
	return nil
}

// of returns the schema of a type.
func (w *writer) of(t reflect.Type, path string) (*node, error) {
	if w.depth++; w.depth > maxDepth {
		return nil, &Error{path, "types nest too deeply"}
	}
	defer func() { w.depth-- }()
	if n := special(t); n != nil {
		return n, nil
	}
	if t.Kind() == reflect.Pointer {
		n, err := w.of(t.Elem(), path)
		if err != nil {
			return nil, err
		}
		return obj("anyOf", []any{n, obj("type", "null")}), nil
	}
	if n, err := described(t, path); n != nil || err != nil {
		return n, err
	}
	return w.plain(t, path)
}

// described handles types that read JSON or text themselves.
func described(t reflect.Type, path string) (*node, error) {
	p := reflect.PointerTo(t)
	switch {
	case t.Kind() == reflect.Interface:
		return nil, &Error{path, "an interface with methods cannot be decoded into"}
	case p.Implements(describer):
		raw := reflect.New(t).Interface().(Describer).JSONSchema()
		if !json.Valid(raw) {
			return nil, &Error{path, "JSONSchema is not JSON"}
		}
		return obj("allOf", []any{json.RawMessage(raw)}), nil
	case p.Implements(jsonUnmarshaler):
		return nil, &Error{path, "it has UnmarshalJSON, so it needs JSONSchema() []byte to say what it reads"}
	case p.Implements(textUnmarshaler):
		return obj("type", "string"), nil
	}
	return nil, nil
}

func (w *writer) plain(t reflect.Type, path string) (*node, error) {
	switch t.Kind() {
	case reflect.Bool:
		return obj("type", "boolean"), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		lo := new(big.Int).Lsh(big.NewInt(-1), uint(t.Bits()-1))
		hi := new(big.Int).Not(lo)
		return obj("type", "integer", "minimum", json.Number(lo.String()), "maximum", json.Number(hi.String())), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		hi := new(big.Int).Lsh(big.NewInt(1), uint(t.Bits()))
		return obj("type", "integer", "minimum", 0, "maximum", json.Number(hi.Sub(hi, big.NewInt(1)).String())), nil
	case reflect.Float32:
		return obj("type", "number", "minimum", json.Number("-3.4e38"), "maximum", json.Number("3.4e38")), nil
	case reflect.Float64:
		return obj("type", "number"), nil
	case reflect.String:
		return obj("type", "string"), nil
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 && !reflect.PointerTo(t.Elem()).Implements(jsonUnmarshaler) && !reflect.PointerTo(t.Elem()).Implements(textUnmarshaler) {
			return obj("type", "string", "pattern", `^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$`), nil
		}
		n, err := w.of(t.Elem(), path+"[]")
		return obj("type", "array", "items", n), err
	case reflect.Array:
		n, err := w.of(t.Elem(), path+"[]")
		return obj("type", "array", "items", n, "minItems", t.Len(), "maxItems", t.Len()), err
	case reflect.Map:
		return w.mapping(t, path)
	case reflect.Struct:
		return w.structRef(t, path)
	}
	return nil, &Error{path, t.Kind().String() + " has no JSON form"}
}

func (w *writer) mapping(t reflect.Type, path string) (*node, error) {
	n := obj("type", "object")
	switch k := t.Key(); {
	case k.Kind() == reflect.String || reflect.PointerTo(k).Implements(textUnmarshaler):
	case k.Kind() >= reflect.Int && k.Kind() <= reflect.Int64:
		n.set("propertyNames", obj("pattern", keyPattern("-?", k.Bits())))
	case k.Kind() >= reflect.Uint && k.Kind() <= reflect.Uintptr:
		n.set("propertyNames", obj("pattern", keyPattern("", k.Bits())))
	default:
		return nil, &Error{path, "map keys of type " + k.String() + " have no JSON form"}
	}
	v, err := w.of(t.Elem(), path+"[]")
	return n.set("additionalProperties", v), err
}

// keyPattern returns whole numbers that surely fit.
func keyPattern(sign string, bits int) string {
	digits := map[int]int{8: 2, 16: 4, 32: 9, 64: 18}[bits]
	return fmt.Sprintf("^(0|%s[1-9][0-9]{0,%d})$", sign, digits-1)
}

// structRef returns a reference to the definition of a struct type, which is written once.
func (w *writer) structRef(t reflect.Type, path string) (*node, error) {
	name, ok := w.names[t]
	if !ok {
		name = t.Name()
		if name == "" {
			name = "struct"
		}
		for base, i := name, 2; w.taken[name]; i++ {
			name = base + strconv.Itoa(i)
		}
		w.names[t], w.taken[name] = name, true
		place := &node{}
		w.defs.set(name, place)
		n, err := w.structType(t, path)
		if err != nil {
			return nil, err
		}
		*place = *n
	}
	ref, _ := json.Marshal("#/$defs/" + escape(name))
	return obj("$ref", json.RawMessage(ref)), nil
}
