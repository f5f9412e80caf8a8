package reply

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"regexp"
	"strings"
	"unicode/utf8"
)

// validate checks a value against the part of JSON Schema that the tests use.
func validate(s *schema, v any) error {
	s = s.resolved()
	m, ok := s.node.(map[string]any)
	if !ok {
		return nil
	}
	if t := namedTypes(m["type"]); t != 0 && typesOf([]any{v})&t == 0 {
		return fmt.Errorf("%v is not of type %v", v, m["type"])
	}
	if values, ok := m["enum"].([]any); ok && !containsValue(values, v) {
		return fmt.Errorf("%v is not one of %v", v, values)
	}
	if c, ok := m["const"]; ok && !reflect.DeepEqual(c, v) {
		return fmt.Errorf("%v is not %v", v, c)
	}
	if list, ok := m["anyOf"].([]any); ok {
		var err error
		for _, x := range list {
			if err = validate(s.at(x), v); err == nil {
				break
			}
		}
		if err != nil {
			return err
		}
	}
	switch v := v.(type) {
	case string:
		return validateText(m, v)
	case float64:
		return validateNumber(m, v)
	case []any:
		return validateArray(s, m, v)
	case map[string]any:
		return validateObject(s, m, v)
	}
	return nil
}

func containsValue(values []any, v any) bool {
	for _, x := range values {
		if reflect.DeepEqual(x, v) {
			return true
		}
	}
	return false
}

func validateText(m map[string]any, v string) error {
	n := float64(utf8.RuneCountInString(v))
	if low, ok := m["minLength"].(float64); ok && n < low {
		return fmt.Errorf("%q is shorter than %v", v, low)
	}
	if high, ok := m["maxLength"].(float64); ok && n > high {
		return fmt.Errorf("%q is longer than %v", v, high)
	}
	if p, ok := m["pattern"].(string); ok && !regexp.MustCompile(p).MatchString(v) {
		return fmt.Errorf("%q does not match %s", v, p)
	}
	if f, ok := m["format"].(string); ok && !regexp.MustCompile(formats[f]).MatchString(v) {
		return fmt.Errorf("%q is no %s", v, f)
	}
	return nil
}

func validateNumber(m map[string]any, v float64) error {
	if m["type"] == "integer" && v != float64(int64(v)) {
		return fmt.Errorf("%v is not whole", v)
	}
	for key, bad := range map[string]func(x float64) bool{
		"minimum": func(x float64) bool { return v < x }, "maximum": func(x float64) bool { return v > x },
		"exclusiveMinimum": func(x float64) bool { return v <= x }, "exclusiveMaximum": func(x float64) bool { return v >= x },
	} {
		if x, ok := m[key].(float64); ok && bad(x) {
			return fmt.Errorf("%v is outside of %s %v", v, key, x)
		}
	}
	return nil
}

func validateArray(s *schema, m map[string]any, v []any) error {
	if low, ok := m["minItems"].(float64); ok && float64(len(v)) < low {
		return fmt.Errorf("%d items, want %v", len(v), low)
	}
	if high, ok := m["maxItems"].(float64); ok && float64(len(v)) > high {
		return fmt.Errorf("%d items, want at most %v", len(v), high)
	}
	for _, x := range v {
		if err := validate(s.at(m["items"]), x); err != nil {
			return err
		}
	}
	return nil
}

func validateObject(s *schema, m map[string]any, v map[string]any) error {
	required, _ := m["required"].([]any)
	for _, name := range required {
		if _, ok := v[name.(string)]; !ok {
			return fmt.Errorf("%v has no %v", v, name)
		}
	}
	props, _ := m["properties"].(map[string]any)
	for name, x := range v {
		if _, known := props[name]; !known && m["additionalProperties"] == false {
			return fmt.Errorf("%v has %s", v, name)
		}
		if err := validate(s.property(name), x); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// nasty are texts that look like marks.
var nasty = []string{"", "a", "</tool_call>", "</parameter>", "<|tool_call_end|>", "<｜tool▁call▁end｜>", "\"}]", "'", "\\", "\n\n", "世界 🙂",
	"[TOOL_CALLS]", "<|call|>", "<|end|>", "</arg_value>", "```", "]", "}", "<think>", "null", "true", "5", "</function>", " x ",
	"<tool_call>", "<|\"|>", ">>>", "\x01", "functools[", "</think>"}

// instance makes a random JSON text that is valid for the schema. It stands for what a sampler makes of a hole.
func instance(s *schema, r *rand.Rand, depth int) string {
	s = s.resolved()
	m, _ := s.node.(map[string]any)
	if values, ok := m["enum"].([]any); ok {
		return encode(values[r.IntN(len(values))])
	}
	if v, ok := m["const"]; ok {
		return encode(v)
	}
	if list, ok := m["anyOf"].([]any); ok {
		return instance(s.at(list[r.IntN(len(list))]), r, depth)
	}
	names := []string{"null", "boolean", "integer", "string", "array", "object"}
	if name, ok := m["type"].(string); ok {
		names = []string{name}
	} else if list, ok := m["type"].([]any); ok {
		names = nil
		for _, x := range list {
			names = append(names, x.(string))
		}
	} else if depth > 2 {
		names = names[:4]
	}
	switch name := names[r.IntN(len(names))]; name {
	case "null":
		return "null"
	case "boolean":
		return []string{"true", "false"}[r.IntN(2)]
	case "integer", "number":
		return number(m, r, name)
	case "string":
		return textInstance(m, r)
	case "array":
		return arrayInstance(s, m, r, depth)
	}
	return objectInstance(s, m, r, depth)
}

func encode(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func number(m map[string]any, r *rand.Rand, name string) string {
	low, high := -1000.0, 1000.0
	if x, ok := m["minimum"].(float64); ok {
		low, high = x, max(high, x+10)
	}
	if x, ok := m["maximum"].(float64); ok {
		high, low = x, min(low, x)
		if y, ok := m["minimum"].(float64); ok {
			low = y
		}
	}
	v := low + float64(r.IntN(int(high-low)+1))
	if name == "number" && v+0.5 <= high && r.IntN(2) == 0 {
		v += 0.5
	}
	return encode(v)
}

func textInstance(m map[string]any, r *rand.Rand) string {
	p, ok := m["pattern"].(string)
	if f, isFormat := m["format"].(string); isFormat {
		p, ok = formats[f], true
	}
	if ok { // the builder's own patterns, which other tests check
		b := &builder{}
		g := &gbnf{rules: map[string]expr{"x": (&gbnfScan{s: b.pattern(p, "")}).alternatives()}}
		return quoteJSON(g.derive(r, "x"))
	}
	text := nasty[r.IntN(len(nasty))]
	if low, ok := m["minLength"].(float64); ok {
		text += strings.Repeat("ä", max(0, int(low)-utf8.RuneCountInString(text)))
	}
	if high, ok := m["maxLength"].(float64); ok {
		text = string([]rune(text)[:min(len([]rune(text)), int(high))])
	}
	return quoteJSON(text)
}

func arrayInstance(s *schema, m map[string]any, r *rand.Rand, depth int) string {
	n := r.IntN(3)
	if low, ok := m["minItems"].(float64); ok {
		n = max(n, int(low))
	}
	if high, ok := m["maxItems"].(float64); ok {
		n = min(n, int(high))
	}
	var out []string
	for range n {
		out = append(out, instance(s.at(m["items"]), r, depth+1))
	}
	return "[" + strings.Join(out, ",") + "]"
}

func objectInstance(s *schema, m map[string]any, r *rand.Rand, depth int) string {
	required := map[string]bool{}
	list, _ := m["required"].([]any)
	for _, name := range list {
		required[name.(string)] = true
	}
	props, _ := m["properties"].(map[string]any)
	var out []string
	for name, x := range props {
		if required[name] || depth < 5 && r.IntN(2) == 0 {
			out = append(out, quoteJSON(name)+": "+instance(s.at(x), r, depth+1))
		}
	}
	if m["additionalProperties"] != false && r.IntN(2) == 0 && depth < 4 {
		out = append(out, `"extra": `+instance(s.at(m["additionalProperties"]), r, depth+1))
	}
	return "{" + strings.Join(out, ", ") + "}"
}
