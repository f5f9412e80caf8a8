package jsonschema

import (
	"reflect"
	"sort"
	"strings"
)

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
		times := map[reflect.Type]int{} // at this level
		for _, l := range now {
			times[l.t]++
		}
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
				if times[l.t] > 1 { // embedded twice: neither field counts
					all = append(all, fd)
				}
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

// structure returns the schema of the objects that are decoded into a struct.
func (w *writer) structure(t reflect.Type, path string) (*node, error) {
	props := &node{}
	required := []string{}
	for _, f := range fields(t) {
		at := path + "." + f.f.Name
		n, err := w.field(f, at)
		if err != nil {
			return nil, err
		}
		props.set(f.name, n)
		if !f.optional {
			required = append(required, f.name)
		}
	}
	out := obj("type", "object", "properties", props)
	if len(required) > 0 {
		out.set("required", required)
	}
	return out.set("additionalProperties", false), nil
}

// field returns the schema of a field with what its tags say. Those of a pointer are about what it points to.
func (w *writer) field(f field, path string) (*node, error) {
	t := f.f.Type
	pointer := t.Kind() == reflect.Pointer && t.Name() == ""
	if pointer {
		t = t.Elem()
	}
	n, err := w.of(t, path)
	if err != nil {
		return nil, err
	}
	if f.quoted {
		n = quoted(n, t)
	}
	n, about, err := tagged(n, t, f.f.Tag, path)
	if err != nil {
		return nil, err
	}
	if pointer {
		n = nullable(n)
	}
	for i, k := range about.keys {
		n.set(k, about.vals[i])
	}
	return n, nil
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
