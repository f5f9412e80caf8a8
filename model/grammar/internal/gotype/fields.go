package gotype

import (
	"encoding/json"
	"fmt"
	"net/url"
	"reflect"
	"sort"
	"strconv"
	"strings"
)

// escape makes a name fit for the fragment of a reference.
func escape(name string) string {
	return url.PathEscape(strings.ReplaceAll(strings.ReplaceAll(name, "~", "~0"), "/", "~1"))
}

// field is a member of a struct, perhaps of one embedded in it.
type field struct {
	name     string
	tagged   bool
	optional bool
	quoted   bool
	index    []int
	f        reflect.StructField
}

// fields returns the fields encoding/json decodes into, in order.
func fields(t reflect.Type) []field {
	var all []field
	type level struct {
		t     reflect.Type
		index []int
	}
	visited := map[reflect.Type]bool{}
	for now := []level{{t, nil}}; len(now) > 0; {
		var next []level
		for _, l := range now {
			if visited[l.t] {
				continue
			}
			visited[l.t] = true
			for i := range l.t.NumField() {
				f := l.t.Field(i)
				index := append(append([]int(nil), l.index...), i)
				tag := f.Tag.Get("json")
				if tag == "-" {
					continue
				}
				name, opts, _ := strings.Cut(tag, ",")
				ft := f.Type
				if ft.Kind() == reflect.Pointer && ft.Name() == "" {
					ft = ft.Elem()
				}
				if f.Anonymous && name == "" && ft.Kind() == reflect.Struct {
					if f.IsExported() || f.Type.Kind() != reflect.Pointer {
						next = append(next, level{ft, index})
					}
					continue
				}
				if !f.IsExported() {
					continue
				}
				fd := field{name: name, tagged: name != "", index: index, f: f}
				if name == "" {
					fd.name = f.Name
				}
				for _, o := range strings.Split(opts, ",") {
					fd.optional = fd.optional || o == "omitempty" || o == "omitzero"
					fd.quoted = fd.quoted || o == "string"
				}
				all = append(all, fd)
			}
		}
		now = next
	}
	return dominant(all)
}

// dominant keeps one field for each name, as Go does: the least nested, then the tagged; none when that leaves several.
func dominant(all []field) []field {
	byName := map[string][]field{}
	for _, f := range all {
		byName[f.name] = append(byName[f.name], f)
	}
	var out []field
	for _, fs := range byName {
		sort.SliceStable(fs, func(i, j int) bool {
			if len(fs[i].index) != len(fs[j].index) {
				return len(fs[i].index) < len(fs[j].index)
			}
			return fs[i].tagged && !fs[j].tagged
		})
		if len(fs) > 1 && len(fs[0].index) == len(fs[1].index) && fs[0].tagged == fs[1].tagged {
			continue
		}
		out = append(out, fs[0])
	}
	sort.Slice(out, func(i, j int) bool { return less(out[i].index, out[j].index) })
	return out
}

func less(a, b []int) bool {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return a[i] < b[i]
		}
	}
	return len(a) < len(b)
}

func (w *writer) structType(t reflect.Type, path string) (*node, error) {
	props := &node{}
	required := []any{}
	for _, f := range fields(t) {
		at := path + "." + f.f.Name
		n, err := w.of(f.f.Type, at)
		if err != nil {
			return nil, err
		}
		if f.quoted {
			n = quoted(n, f.f.Type)
		}
		if n, err = tagged(n, f.f, at); err != nil {
			return nil, err
		}
		props.set(f.name, n)
		if !f.optional {
			required = append(required, f.name)
		}
	}
	return obj("type", "object", "properties", props, "required", required, "additionalProperties", false), nil
}

// quoted is the schema under the option string: scalars are written inside a string.
func quoted(n *node, t reflect.Type) *node {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch k := t.Kind(); {
	case k == reflect.Bool:
		return obj("type", "string", "enum", []any{"true", "false"})
	case k >= reflect.Int && k <= reflect.Int64:
		return obj("type", "string", "pattern", keyPattern("-?", t.Bits()))
	case k >= reflect.Uint && k <= reflect.Uintptr:
		return obj("type", "string", "pattern", keyPattern("", t.Bits()))
	case k == reflect.Float32 || k == reflect.Float64:
		return obj("type", "string", "pattern", `^-?(0|[1-9][0-9]{0,15})(\.[0-9]{1,15})?$`)
	case k == reflect.String:
		return obj("type", "string", "pattern", `^"[^"\\\x00-\x1f]*"$`)
	}
	return n
}

// tagged adds what the tags description and jsonschema say. The latter is a list of key=value; a comma in a value is
// written \,.
func tagged(n *node, f reflect.StructField, path string) (*node, error) {
	tag := f.Tag.Get("jsonschema")
	desc := f.Tag.Get("description")
	if tag == "" && desc == "" {
		return n, nil
	}
	out := obj()
	if desc != "" {
		out.set("description", desc)
	}
	var enum []any
	for _, part := range split(tag) {
		key, val, _ := strings.Cut(part, "=")
		switch key {
		case "description", "title", "pattern", "format":
			out.set(key, val)
		case "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "minItems", "maxItems",
			"minProperties", "maxProperties":
			if _, err := strconv.ParseFloat(val, 64); err != nil || !json.Valid([]byte(val)) {
				return nil, &Error{path, fmt.Sprintf("tag jsonschema: %s=%q is not a number", key, val)}
			}
			out.set(key, json.Number(val))
		case "uniqueItems":
			out.set(key, true)
		case "enum":
			v, err := enumValue(f.Type, val)
			if err != nil {
				return nil, &Error{path, err.Error()}
			}
			enum = append(enum, v)
		default:
			return nil, &Error{path, fmt.Sprintf("tag jsonschema: unknown key %q", key)}
		}
	}
	if enum != nil {
		if f.Type.Kind() == reflect.Pointer {
			enum = append(enum, nil)
		}
		out.set("enum", enum)
	}
	return merge(n, out), nil
}

// merge adds members to a schema; where it has them already both hold.
func merge(n, more *node) *node {
	for _, k := range more.keys {
		if n.get(k) != nil {
			return obj("allOf", []any{n, more})
		}
	}
	for i, k := range more.keys {
		n.set(k, more.vals[i])
	}
	return n
}

func enumValue(t reflect.Type, s string) (any, error) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() == reflect.String {
		return s, nil
	}
	if !json.Valid([]byte(s)) {
		return nil, fmt.Errorf("tag jsonschema: enum=%q is not a value of %s", s, t)
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
