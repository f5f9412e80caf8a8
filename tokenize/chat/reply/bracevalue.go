package reply

import (
	"encoding/json"
	"fmt"
	"strings"
)

// anyKey returns the expression for a key with what stands between it and its value.
func (b *builder) anyKey() string {
	const name = `[a-zA-Z_] [a-zA-Z0-9_]{0,30}`
	if b.syntax == Pythonic {
		return `"\"" ` + name + ` "\": "`
	}
	return name + ` ":"`
}

// anyValue returns the rule of any value, a few levels deep.
func (b *builder) anyValue() string {
	if b.any != "" {
		return b.any
	}
	b.any = "any"
	q := b.textQuote()
	b.rule("any-0", fmt.Sprintf(`%s | %s | %s | %s | %s %s %s`, b.spelled("null"), b.spelled("true"), b.spelled("false"), anyInteger,
		quote(q), b.without(q), quote(q)))
	b.rule("any-key", b.anyKey())
	for i := 1; i <= 3; i++ {
		name, inner := fmt.Sprintf("any-%d", i), fmt.Sprintf("any-%d", i-1)
		if i == 3 {
			name = "any"
		}
		b.rule(name, fmt.Sprintf(`any-0 | "[" (%[1]s ("," %[1]s)*)? "]" | "{" (any-key %[1]s ("," any-key %[1]s)*)? "}"`, inner))
	}
	return b.any
}

// braceLiteral writes a JSON value in Gemma's or Python's form.
func (b *builder) braceLiteral(raw json.RawMessage, path string) string {
	q := b.textQuote()
	var walk func(v any) string
	walk = func(v any) string {
		switch v := v.(type) {
		case string:
			if b.syntax == Pythonic {
				return quoteJSON(v)
			}
			if strings.Contains(v, q) {
				b.refuse(path, "enum", fmt.Sprintf("%.80q holds a quote", v))
			}
			return q + v + q
		case []any:
			var out []string
			for _, x := range v {
				out = append(out, walk(x))
			}
			return "[" + strings.Join(out, ",") + "]"
		case map[string]any:
			var out []string
			for k, x := range v {
				key := walk(k)
				out = append(out, key+":"+walk(x))
			}
			return "{" + strings.Join(out, ",") + "}"
		case json.Number:
			return v.String()
		case nil, bool:
			if b.syntax == Pythonic {
				return map[any]string{nil: "None", true: "True", false: "False"}[v]
			}
		}
		text, err := json.Marshal(v)
		if err != nil {
			b.refuse(path, "enum", "not JSON")
		}
		return string(text)
	}
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		b.refuse(path, "enum", "not JSON")
	}
	return quote(walk(v))
}
