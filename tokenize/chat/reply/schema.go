package reply

import (
	"encoding/json"
	"slices"
	"strings"
)

// typeSet is a set of JSON types.
type typeSet uint8

const (
	typeNull typeSet = 1 << iota
	typeBool
	typeNumber
	typeString
	typeArray
	typeObject
	allTypes = typeNull | typeBool | typeNumber | typeString | typeArray | typeObject
)

// schema is a JSON Schema, or a place in one.
type schema struct {
	root any
	node any
}

func parseSchema(raw json.RawMessage) (*schema, error) {
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		return nil, err
	}
	return &schema{v, v}, nil
}

func (s *schema) at(node any) *schema { return &schema{s.root, node} }

// resolved follows references inside the document, a few levels deep.
func (s *schema) resolved() *schema {
	for range 16 {
		m, _ := s.node.(map[string]any)
		ref, ok := m["$ref"].(string)
		if !ok || !strings.HasPrefix(ref, "#") {
			return s
		}
		node := s.root
		for _, key := range strings.Split(strings.TrimPrefix(ref[1:], "/"), "/") {
			if key == "" {
				continue
			}
			m, _ := node.(map[string]any)
			node = m[strings.NewReplacer("~1", "/", "~0", "~").Replace(key)]
		}
		s = s.at(node)
	}
	return s
}

// property returns the schema of a property, or one that allows everything.
func (s *schema) property(name string) *schema {
	m, _ := s.resolved().node.(map[string]any)
	properties, _ := m["properties"].(map[string]any)
	if node, ok := properties[name]; ok {
		return s.at(node)
	}
	return s.at(m["additionalProperties"])
}

// types returns the types that a value may have.
func (s *schema) types() typeSet {
	left := 1000
	return s.typesWithin(&left)
}

// typesWithin looks at so many schemas at most: one that refers to itself again and again allows everything.
func (s *schema) typesWithin(left *int) typeSet {
	m, ok := s.resolved().node.(map[string]any)
	*left--
	if !ok || *left < 0 {
		return allTypes
	}
	out := allTypes
	if t := namedTypes(m["type"]); t != 0 {
		out &= t
	}
	if values, ok := m["enum"].([]any); ok {
		out &= typesOf(values)
	}
	if v, ok := m["const"]; ok {
		out &= typesOf([]any{v})
	}
	for _, key := range []string{"anyOf", "oneOf"} {
		if list, ok := m[key].([]any); ok {
			var any typeSet
			for _, node := range list {
				any |= s.at(node).typesWithin(left)
			}
			out &= any
		}
	}
	if list, ok := m["allOf"].([]any); ok {
		for _, node := range list {
			out &= s.at(node).typesWithin(left)
		}
	}
	return out
}

// namedTypes returns the types of the keyword type, 0 where it says nothing.
func namedTypes(v any) typeSet {
	switch v := v.(type) {
	case string:
		return map[string]typeSet{"null": typeNull, "boolean": typeBool, "integer": typeNumber, "number": typeNumber,
			"string": typeString, "array": typeArray, "object": typeObject}[v]
	case []any:
		var out typeSet
		for _, name := range v {
			out |= namedTypes(name)
		}
		return out
	}
	return 0
}

func typesOf(values []any) typeSet {
	var out typeSet
	for _, v := range values {
		switch v.(type) {
		case nil:
			out |= typeNull
		case bool:
			out |= typeBool
		case float64:
			out |= typeNumber
		case string:
			out |= typeString
		case []any:
			out |= typeArray
		case map[string]any:
			out |= typeObject
		}
	}
	return out
}

// typeOfJSON returns the type of a valid JSON text without white space around it.
func typeOfJSON(s string) typeSet {
	i := slices.IndexFunc([]byte(`n"{[tf`), func(c byte) bool { return s[0] == c })
	if i < 0 {
		return typeNumber
	}
	return [...]typeSet{typeNull, typeString, typeObject, typeArray, typeBool, typeBool}[i]
}
