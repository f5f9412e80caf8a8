package jsonschema

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// A Describer has a schema of its own, asked for on a zero value. References inside it must start at an $id of its own.
type Describer interface {
	JSONSchema() []byte
}

// A TypeError says which type or field has no schema.
type TypeError struct {
	Path    string // from the root type, as Order.Lines[].Price
	Message string
}

// Error returns the text "jsonschema: go type PATH: message".
func (e *TypeError) Error() string {
	return fmt.Sprintf("jsonschema: go type %s: %s", e.Path, e.Message)
}

// For returns the schema of T, an object. See the package comment for types and tags. Errors are a [*TypeError].
func For[T any]() (json.RawMessage, error) { return Of(reflect.TypeFor[T]()) }

// Of is For of a reflected type.
func Of(t reflect.Type) (json.RawMessage, error) {
	if t == nil {
		return nil, &TypeError{"nil", "no type"}
	}
	doc, err := (&writer{root: t}).document()
	if errors.Is(err, errLong) {
		doc, err = (&writer{root: t, shared: true}).document()
	}
	return doc, err
}

// errLong says that a schema with all structs in place is too long.
var errLong = errors.New("jsonschema: the schema is too long")

const (
	maxDepth = 100     // of types in types
	maxNodes = 1 << 12 // schemas in a schema with all structs in place
)

// writer makes the schema of a type.
type writer struct {
	root   reflect.Type
	shared bool // every struct is a definition
	names  map[reflect.Type]string
	defs   *node
	depth  int
	nodes  int
}

func (w *writer) document() (json.RawMessage, error) {
	w.names, w.defs = map[reflect.Type]string{}, &node{}
	w.cycles(w.root, map[reflect.Type]bool{})
	var n *node
	var err error
	if w.names[w.root] != "" || w.shared && w.root.Kind() == reflect.Struct {
		n, err = w.body(w.root, w.root.String()) // in place too: readers look for what is at the root
	} else {
		n, err = w.of(w.root, w.root.String())
	}
	if err != nil {
		return nil, err
	}
	if len(w.defs.keys) > 0 {
		n.set("$defs", w.defs)
	}
	return encode(n)
}

// cycles names types at which every type that occurs inside itself can be cut. done is false for types that are being looked
// into, true for others that were met.
func (w *writer) cycles(t reflect.Type, done map[reflect.Type]bool) {
	if finished, met := done[t]; met {
		if !finished && t.Name() != "" {
			w.name(t)
		}
		return
	}
	if t.Name() == "" && t.Kind() != reflect.Struct {
		if k := t.Kind(); k == reflect.Pointer || k == reflect.Slice || k == reflect.Array || k == reflect.Map {
			w.cycles(t.Elem(), done)
		}
		return
	}
	done[t] = false
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		w.cycles(t.Elem(), done)
	case reflect.Struct:
		if special(t) == nil {
			for _, f := range fields(t) {
				w.cycles(f.f.Type, done)
			}
		}
	}
	done[t] = true
}

// name returns the name of the definition of a type.
func (w *writer) name(t reflect.Type) string {
	if name := w.names[t]; name != "" {
		return name
	}
	base := strings.Map(plainRune, t.Name())
	if base == "" {
		base = "struct"
	}
	name := base
	for i := 2; w.taken(name); i++ {
		name = base + strconv.Itoa(i)
	}
	w.names[t] = name
	return name
}

// plainRune keeps what needs no escapes in a reference; names of generic types have more.
func plainRune(r rune) rune {
	if r == '.' || r == '-' || r == '_' || '0' <= r && r <= '9' || 'a' <= r|0x20 && r|0x20 <= 'z' {
		return r
	}
	return '_'
}

func (w *writer) taken(name string) bool {
	for _, n := range w.names {
		if n == name {
			return true
		}
	}
	return false
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

// of returns the schema of a type, or a reference to it.
func (w *writer) of(t reflect.Type, path string) (*node, error) {
	if n := special(t); n != nil {
		return n, nil
	}
	if w.names[t] == "" && !(w.shared && t.Kind() == reflect.Struct) {
		return w.body(t, path)
	}
	name := w.name(t)
	if w.defs.get(name) == nil {
		place := &node{}
		w.defs.set(name, place)
		n, err := w.body(t, path)
		if err != nil {
			return nil, err
		}
		*place = *n
	}
	return obj("$ref", "#/$defs/"+name), nil
}

// body returns the schema of a type itself.
func (w *writer) body(t reflect.Type, path string) (*node, error) {
	if w.nodes++; w.nodes > maxNodes && !w.shared {
		return nil, errLong
	}
	if w.depth++; w.depth > maxDepth {
		return nil, &TypeError{path, "types nest too deeply"}
	}
	defer func() { w.depth-- }()
	if n := special(t); n != nil {
		return n, nil
	}
	if t.Kind() == reflect.Pointer {
		n, err := w.of(t.Elem(), path)
		return nullable(n), err
	}
	if n, err := described(t, path); n != nil || err != nil {
		return n, err
	}
	return w.plain(t, path)
}

func nullable(n *node) *node { return obj("anyOf", []any{n, obj("type", "null")}) }

// described handles types that read JSON or text themselves.
func described(t reflect.Type, path string) (*node, error) {
	p := reflect.PointerTo(t)
	switch {
	case t.Kind() == reflect.Interface:
		return nil, &TypeError{path, "an interface with methods cannot be decoded into"}
	case p.Implements(describer):
		raw := reflect.New(t).Interface().(Describer).JSONSchema()
		if !json.Valid(raw) {
			return nil, &TypeError{path, "JSONSchema is not JSON"}
		}
		if n := parse(raw); n != nil {
			return n, nil
		}
		return obj("allOf", []any{json.RawMessage(raw)}), nil // true or false
	case p.Implements(jsonUnmarshaler):
		return nil, &TypeError{path, "it has UnmarshalJSON, so it needs JSONSchema() []byte to say what it reads"}
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
		if t.Bits() == 64 {
			return obj("type", "integer", "format", "int64"), nil // the bounds in one word
		}
		high := int64(1)<<(t.Bits()-1) - 1
		return obj("type", "integer", "minimum", -high-1, "maximum", high), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		if t.Bits() == 64 {
			return obj("type", "integer", "minimum", 0, "format", "uint64"), nil
		}
		return obj("type", "integer", "minimum", 0, "maximum", uint64(1)<<t.Bits()-1), nil
	case reflect.Float32:
		return obj("type", "number", "format", "float"), nil
	case reflect.Float64:
		return obj("type", "number"), nil
	case reflect.String:
		return obj("type", "string"), nil
	case reflect.Slice, reflect.Array:
		return w.list(t, path)
	case reflect.Map:
		return w.mapping(t, path)
	case reflect.Struct:
		return w.structure(t, path)
	}
	return nil, &TypeError{path, t.Kind().String() + " has no JSON form"}
}

func (w *writer) list(t reflect.Type, path string) (*node, error) {
	item := reflect.PointerTo(t.Elem())
	if t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8 && !item.Implements(jsonUnmarshaler) && !item.Implements(textUnmarshaler) {
		return obj("type", "string", "contentEncoding", "base64",
			"pattern", `^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$`), nil
	}
	n, err := w.of(t.Elem(), path+"[]")
	out := obj("type", "array", "items", n)
	if t.Kind() == reflect.Array {
		out.set("minItems", t.Len()).set("maxItems", t.Len())
	}
	return out, err
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
		return nil, &TypeError{path, "map keys of type " + k.String() + " have no JSON form"}
	}
	v, err := w.of(t.Elem(), path+"[]")
	return n.set("additionalProperties", v), err
}

// keyPattern returns whole numbers that surely fit.
func keyPattern(sign string, bits int) string {
	digits := map[int]int{8: 2, 16: 4, 32: 9, 64: 18}[bits]
	return fmt.Sprintf("^(0|%s[1-9][0-9]{0,%d})$", sign, digits-1)
}
