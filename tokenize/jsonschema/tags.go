package jsonschema

import (
	"encoding/json"
	"fmt"
	"math/big"
	"reflect"
	"strings"
)

// kinds says what type a keyword of the tag jsonschema is about.
var kinds = map[string]string{
	"minimum": "number", "maximum": "number", "exclusiveMinimum": "number", "exclusiveMaximum": "number", "multipleOf": "number",
	"minLength": "string", "maxLength": "string", "pattern": "string", "format": "string",
	"minItems": "array", "maxItems": "array", "uniqueItems": "array",
	"minProperties": "object", "maxProperties": "object",
}

// tagged adds to the schema of a type what the tags of a field demand, and returns what they tell beside.
func tagged(n *node, t reflect.Type, tag reflect.StructTag, path string) (out, about *node, err error) {
	bad := func(format string, args ...any) error {
		return &TypeError{path, "tag jsonschema: " + fmt.Sprintf(format, args...)}
	}
	more, about := obj(), obj()
	if d := tag.Get("description"); d != "" {
		about.set("description", d)
	}
	var enum []any
	for _, part := range split(tag.Get("jsonschema")) {
		key, val, _ := strings.Cut(part, "=")
		kind := kinds[key]
		if has, ok := n.get("type").(string); ok && kind != "" && has != kind && !(has == "integer" && kind == "number") {
			return nil, nil, bad("%s is about values of the type %s, and the field is %s", key, kind, t)
		}
		switch {
		case key == "description" || key == "title":
			about.set(key, val)
		case key == "pattern" || key == "format":
			more.set(key, val)
		case key == "uniqueItems":
			more.set(key, true)
		case key == "enum":
			v, err := enumValue(t, val)
			if err != nil {
				return nil, nil, bad("enum=%q is not a value of %s", val, t)
			}
			enum = append(enum, v)
		case kind != "":
			x, ok := new(big.Rat).SetString(val)
			if !json.Valid([]byte(val)) || !ok {
				return nil, nil, bad("%s=%q is not a number", key, val)
			}
			if kind != "number" && (!x.IsInt() || x.Sign() < 0) {
				return nil, nil, bad("%s=%q is not a count", key, val)
			}
			more.set(key, json.Number(val))
		default:
			return nil, nil, bad("unknown key %q", key)
		}
	}
	if enum != nil {
		n.drop("minimum", "maximum", "format") // the bounds of the type, in which the values are
		more.set("enum", enum)
	}
	return merge(n, more), about, nil
}

// merge adds demands to a schema. Of two bounds the narrower one stays; where both say something else both hold.
func merge(n, more *node) *node {
	rest := obj()
	for i, k := range more.keys {
		old, v := n.get(k), more.vals[i]
		x, ok1 := new(big.Rat).SetString(fmt.Sprint(old))
		y, ok2 := new(big.Rat).SetString(fmt.Sprint(v))
		switch {
		case old == nil:
			n.set(k, v)
		case !ok1 || !ok2:
			rest.set(k, v)
		case strings.HasPrefix(k, "min") && y.Cmp(x) > 0, strings.HasPrefix(k, "max") && y.Cmp(x) < 0:
			n.set(k, v)
		}
	}
	if len(rest.keys) > 0 {
		n.set("allOf", []any{rest})
	}
	return n
}

// enumValue reads a value of a type: texts are written as they are, others as JSON.
func enumValue(t reflect.Type, s string) (any, error) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() == reflect.String || reflect.PointerTo(t).Implements(textUnmarshaler) {
		return s, nil
	}
	if err := json.Unmarshal([]byte(s), reflect.New(t).Interface()); err != nil {
		return nil, err
	}
	return json.RawMessage(s), nil
}

// split cuts a tag at its commas, except \,.
func split(tag string) []string {
	var out []string
	var b strings.Builder
	for i := 0; i < len(tag); i++ {
		switch {
		case tag[i] == '\\' && i+1 < len(tag) && tag[i+1] == ',':
			b.WriteByte(',')
			i++
		case tag[i] == ',':
			out = append(out, b.String())
			b.Reset()
		default:
			b.WriteByte(tag[i])
		}
	}
	if b.Len() > 0 || len(out) > 0 {
		out = append(out, b.String())
	}
	return out
}
