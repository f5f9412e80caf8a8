package tool

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"
)

// SchemaOf returns the JSON Schema of the JSON texts that encoding/json decodes into a T without losing anything.
//
// Fields have their names from the tag json; those without omitempty or omitzero are required. The tag description
// describes a field, the tag enum lists the values of a text or number field, separated by commas. Objects allow no other
// properties. A type that occurs inside itself becomes a definition under $defs.
//
// Booleans, numbers, texts, slices, arrays, maps with text keys, structs, pointers (the value or null), time.Time, types
// that are a text by encoding.TextUnmarshaler, json.RawMessage and any are allowed; other types are an error that names
// the place.
func SchemaOf[T any]() (json.RawMessage, error) { return schemaOf(reflect.TypeFor[T]()) }

func schemaOf(t reflect.Type) (json.RawMessage, error) {
	g := &generator{names: map[reflect.Type]string{}}
	g.count(t, map[reflect.Type]bool{})
	root, err := g.schema(t, t.String())
	if err != nil {
		return nil, err
	}
	if len(g.defs) > 0 {
		root = append(root, member{"$defs", g.defs})
	}
	return json.Marshal(root)
}

// object is a JSON object whose keys keep their order.
type object []member

type member struct {
	name  string
	value any
}

// MarshalJSON writes the members in order.
func (o object) MarshalJSON() ([]byte, error) {
	out := []byte{'{'}
	for i, m := range o {
		if i > 0 {
			out = append(out, ',')
		}
		name, err := json.Marshal(m.name)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(m.value)
		if err != nil {
			return nil, err
		}
		out = append(append(append(out, name...), ':'), value...)
	}
	return append(out, '}'), nil
}

// generator makes schemas of types.
type generator struct {
	names map[reflect.Type]string // of the types that occur inside themselves
	defs  object
	depth int
}

// maxDepth bounds types inside types, which are endless where a slice or map holds itself.
const maxDepth = 50

var (
	timeType      = reflect.TypeFor[time.Time]()
	rawType       = reflect.TypeFor[json.RawMessage]()
	textType      = reflect.TypeFor[encoding.TextUnmarshaler]()
	unmarshalType = reflect.TypeFor[json.Unmarshaler]()
)

// count finds the structs that occur inside themselves.
func (g *generator) count(t reflect.Type, open map[reflect.Type]bool) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		if t.Name() == "" || !open[t] {
			open[t] = true
			g.count(t.Elem(), open)
			delete(open, t)
		}
	case reflect.Struct:
		if t == timeType {
			return
		}
		if open[t] {
			if g.names[t] == "" {
				g.names[t] = fmt.Sprintf("%s%d", strings.ToLower(t.Name()), len(g.names))
			}
			return
		}
		open[t] = true
		for i := range t.NumField() {
			g.count(t.Field(i).Type, open)
		}
		delete(open, t)
	}
}

func (g *generator) schema(t reflect.Type, path string) (object, error) {
	if g.depth++; g.depth > maxDepth {
		return nil, fmt.Errorf("tool: %.80s: types are nested deeper than %d", path, maxDepth)
	}
	defer func() { g.depth-- }()
	switch {
	case t == timeType:
		return object{{"type", "string"}, {"format", "date-time"}}, nil
	case t == rawType:
		return object{}, nil
	case t.Kind() != reflect.Pointer && reflect.PointerTo(t).Implements(textType):
		return object{{"type", "string"}}, nil
	case t.Kind() != reflect.Pointer && reflect.PointerTo(t).Implements(unmarshalType):
		return nil, fmt.Errorf("tool: %s: %v decodes itself: its schema is not known", path, t)
	}
	switch t.Kind() {
	case reflect.Bool:
		return object{{"type", "boolean"}}, nil
	case reflect.Int, reflect.Int64:
		return object{{"type", "integer"}}, nil
	case reflect.Int8, reflect.Int16, reflect.Int32:
		high := int64(1)<<(t.Bits()-1) - 1
		return object{{"type", "integer"}, {"minimum", -high - 1}, {"maximum", high}}, nil
	case reflect.Uint, reflect.Uint64, reflect.Uintptr:
		return object{{"type", "integer"}, {"minimum", 0}}, nil
	case reflect.Uint8, reflect.Uint16, reflect.Uint32:
		return object{{"type", "integer"}, {"minimum", 0}, {"maximum", uint64(1)<<t.Bits() - 1}}, nil
	case reflect.Float32, reflect.Float64:
		return object{{"type", "number"}}, nil
	case reflect.String:
		return object{{"type", "string"}}, nil
	case reflect.Interface:
		if t.NumMethod() == 0 {
			return object{}, nil
		}
	case reflect.Pointer:
		return g.pointer(t, path)
	case reflect.Slice, reflect.Array:
		return g.list(t, path)
	case reflect.Map:
		return g.mapping(t, path)
	case reflect.Struct:
		return g.structure(t, path)
	}
	return nil, fmt.Errorf("tool: %s: %v cannot be decoded from JSON", path, t)
}

func (g *generator) pointer(t reflect.Type, path string) (object, error) {
	s, err := g.schema(t.Elem(), path)
	if err != nil {
		return nil, err
	}
	return object{{"anyOf", []object{s, {{"type", "null"}}}}}, nil
}

func (g *generator) list(t reflect.Type, path string) (object, error) {
	if t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8 {
		return object{{"type", "string"}, {"contentEncoding", "base64"}, {"pattern", "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"}}, nil
	}
	items, err := g.schema(t.Elem(), path+"[]")
	if err != nil {
		return nil, err
	}
	s := object{{"type", "array"}, {"items", items}}
	if t.Kind() == reflect.Array {
		s = append(s, member{"minItems", t.Len()}, member{"maxItems", t.Len()})
	}
	return s, nil
}

func (g *generator) mapping(t reflect.Type, path string) (object, error) {
	if t.Key().Kind() != reflect.String {
		return nil, fmt.Errorf("tool: %s: keys are %v, want texts", path, t.Key())
	}
	values, err := g.schema(t.Elem(), path+"[]")
	if err != nil {
		return nil, err
	}
	return object{{"type", "object"}, {"additionalProperties", values}}, nil
}

// structure returns the schema of a struct, or a reference to it.
func (g *generator) structure(t reflect.Type, path string) (object, error) {
	name := g.names[t]
	if name == "" {
		return g.fields(t, path)
	}
	for _, d := range g.defs {
		if d.name == name {
			return object{{"$ref", "#/$defs/" + name}}, nil
		}
	}
	at := len(g.defs)
	g.defs = append(g.defs, member{name: name})
	s, err := g.fields(t, path)
	if err != nil {
		return nil, err
	}
	g.defs[at].value = s
	return object{{"$ref", "#/$defs/" + name}}, nil
}

func (g *generator) fields(t reflect.Type, path string) (object, error) {
	props, required := object{}, []string{}
	if err := g.collect(t, path, &props, &required); err != nil {
		return nil, err
	}
	s := object{{"type", "object"}, {"properties", props}}
	if len(required) > 0 {
		s = append(s, member{"required", required})
	}
	return append(s, member{"additionalProperties", false}), nil
}

// collect adds the fields of a struct; those of an embedded struct without a name are its own.
func (g *generator) collect(t reflect.Type, path string, props *object, required *[]string) error {
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" && options == "" {
			continue
		}
		if f.Anonymous && name == "" && f.Type.Kind() == reflect.Struct {
			if err := g.collect(f.Type, path+"."+f.Name, props, required); err != nil {
				return err
			}
			continue
		}
		if !f.IsExported() {
			continue
		}
		if name == "" {
			name = f.Name
		}
		at := path + "." + f.Name
		for _, p := range *props {
			if p.name == name {
				return fmt.Errorf("tool: %s: two fields are called %q", at, name)
			}
		}
		if strings.Contains(","+options+",", ",string,") {
			return fmt.Errorf("tool: %s: the option string of the tag json", at)
		}
		s, err := g.field(f, at)
		if err != nil {
			return err
		}
		*props = append(*props, member{name, s})
		if !strings.Contains(options, "omitempty") && !strings.Contains(options, "omitzero") {
			*required = append(*required, name)
		}
	}
	return nil
}

// field returns the schema of a field with what its tags say.
func (g *generator) field(f reflect.StructField, path string) (object, error) {
	s, err := g.schema(f.Type, path)
	if err != nil {
		return nil, err
	}
	if list, ok := f.Tag.Lookup("enum"); ok {
		values, err := enumValues(f.Type, list)
		if err != nil {
			return nil, fmt.Errorf("tool: %s: enum: %w", path, err)
		}
		s = object{{"type", s[0].value}, {"enum", values}}
	}
	if d := f.Tag.Get("description"); d != "" {
		s = append(s, member{"description", d})
	}
	return s, nil
}

// enumValues reads the values of the tag enum as the type of the field.
func enumValues(t reflect.Type, list string) ([]any, error) {
	var out []any
	for _, text := range strings.Split(list, ",") {
		if t.Kind() == reflect.String {
			out = append(out, text)
			continue
		}
		switch t.Kind() {
		case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8, reflect.Uint16,
			reflect.Uint32, reflect.Uint64, reflect.Float32, reflect.Float64:
		default:
			return nil, fmt.Errorf("the field is %v, want a text or number", t)
		}
		if err := json.Unmarshal([]byte(text), reflect.New(t).Interface()); err != nil {
			return nil, err
		}
		out = append(out, json.RawMessage(text))
	}
	return out, nil
}
