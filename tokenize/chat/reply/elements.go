package reply

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// parameters returns the expression for the parameters of a call as elements: open, name, middle, value, end. A middle with
// string="S" says whether the value is a text.
func (b *builder) parameters(open, middle, end string) string {
	n := b.node(b.root)
	b.keywords(n, "", "properties", "required", "additionalProperties")
	props, required := b.properties(n, "")
	var out strings.Builder
	for i, name := range props.keys {
		path := "/properties/" + name
		if strings.ContainsAny(name, "<>\"\n") || name == "" || len(name) > maxCapture/2 || strings.Trim(name, space) != name {
			b.refuse(path, "properties", "the name of a parameter cannot be written")
		}
		expr := b.element(open+name, middle, end, props.vals[name], path)
		rule := fmt.Sprintf("%s-%d", b.fresh("parameter"), i)
		b.rule(rule, expr)
		out.WriteString(" " + rule)
		if !required[name] {
			out.WriteString("?")
		}
	}
	return out.String()
}

// properties returns the properties of an object schema and which are required.
func (b *builder) properties(n *node, path string) (*node, map[string]bool) {
	props := b.node(n.vals["properties"])
	var names []string
	n.read("required", &names)
	required := map[string]bool{}
	for _, name := range names {
		if _, ok := props.vals[name]; !ok {
			b.refuse(path, "required", fmt.Sprintf("%.80q is not among the properties", name))
		}
		required[name] = true
	}
	return props, required
}

// element returns the expression for one parameter.
func (b *builder) element(open, middle, end string, raw json.RawMessage, path string) string {
	if b.syntax == GLM { // line feeds may be left out
		return quote(open+"</arg_key>") + ` "\n"? "<arg_value>" ` + b.elementValue(raw, path, "</arg_value>") + ` "</arg_value>" "\n"?`
	}
	types := b.at(raw).types()
	isText := `true`
	if types&typeString == 0 {
		isText = "false"
	}
	middle = strings.Replace(middle, `string="S"`, `string="`+isText+`"`, 1)
	return quote(open+middle) + " " + b.elementValue(raw, path, strings.Trim(end, "\n")) + " " + quote(end)
}

// elementValue returns the expression for the value of a parameter.
func (b *builder) elementValue(raw json.RawMessage, path, end string) string {
	types := b.at(raw).types()
	if types&typeString == 0 {
		return b.hole(b.standalone(raw, path))
	}
	n := b.resolve(raw, path)
	if types == typeString {
		return b.textOf(n, path, end)
	}
	// Other types may be there too: what looks like one of their values would be read as such.
	if _, ok := n.vals["enum"]; ok {
		b.keywords(n, path, "enum")
		return b.mixedEnum(n, path, end)
	}
	b.mixed(n, path, 0)
	expr := `[A-EG-MO-SU-Za-eg-mo-su-z] ` + b.without(end)
	if types&typeNull != 0 && b.syntax != DSML {
		expr = `"null" | ` + expr
	}
	return "(" + expr + ")"
}

// mixed refuses demands on texts in a schema that allows other types too.
func (b *builder) mixed(n *node, path string, depth int) {
	if depth > 8 {
		b.refuse(path, "anyOf", "nested too deeply")
	}
	if b.err != nil {
		return
	}
	b.keywords(n, path, "anyOf", "oneOf", "items", "properties", "minimum", "maximum")
	for _, key := range []string{"anyOf", "oneOf"} {
		var list []json.RawMessage
		n.read(key, &list)
		for i, raw := range list {
			if m := b.resolve(raw, path); b.at(raw).types()&typeString != 0 {
				b.mixed(m, fmt.Sprintf("%s/%s/%d", path, key, i), depth+1)
			}
		}
	}
}

// mixedEnum lists values of several types.
func (b *builder) mixedEnum(n *node, path, end string) string {
	var values []json.RawMessage
	n.read("enum", &values)
	var out []string
	for _, v := range values {
		text := string(v)
		var s string
		if json.Unmarshal(v, &s) == nil && v[0] == '"' {
			text = s
			if got, ok := convert(s, allTypes); !ok || got != quoteJSON(s) || strings.Contains(s, end) {
				b.refuse(path, "enum", fmt.Sprintf("the text %.80q would be read as another value", s))
			}
		} else if b.syntax == DSML {
			b.refuse(path, "enum", "values of several types")
		}
		out = append(out, quote(text))
	}
	return "(" + strings.Join(out, " | ") + ")"
}

// at returns a part of the schema of the tool.
func (b *builder) at(raw json.RawMessage) *schema {
	var v any
	if raw != nil && json.Unmarshal(raw, &v) != nil {
		return b.schema.at(nil)
	}
	return b.schema.at(v)
}

// resolve decodes a part of a schema and follows its reference.
func (b *builder) resolve(raw json.RawMessage, path string) *node {
	n := b.node(raw)
	for range 16 {
		var ref string
		if !n.read("$ref", &ref) {
			return n
		}
		b.keywords(n, path, "$ref")
		n = b.node(b.target(ref, path))
	}
	b.refuse(path, "$ref", "a chain of references")
	return n
}

// target returns the part of the schema that a reference means.
func (b *builder) target(ref, path string) json.RawMessage {
	raw := b.root
	if !strings.HasPrefix(ref, "#") {
		b.refuse(path, "$ref", "not within the schema")
		return nil
	}
	for _, key := range strings.Split(strings.TrimPrefix(ref[1:], "/"), "/") {
		if key == "" {
			continue
		}
		next, ok := b.node(raw).vals[strings.NewReplacer("~1", "/", "~0", "~").Replace(key)]
		if !ok {
			b.refuse(path, "$ref", fmt.Sprintf("%.80q is not there", ref))
			return nil
		}
		raw = next
	}
	return raw
}

// standalone returns a part of a schema with the definitions that it may refer to.
func (b *builder) standalone(raw json.RawMessage, path string) json.RawMessage {
	n := b.node(raw)
	if len(n.keys) == 0 {
		return raw
	}
	var out strings.Builder
	root := b.node(b.root)
	out.WriteByte('{')
	for _, key := range []string{"$defs", "definitions"} {
		if v, ok := root.vals[key]; ok && !slices.Contains(n.keys, key) {
			fmt.Fprintf(&out, "%q:%s,", key, v)
		}
	}
	if strings.Contains(string(raw), `"$ref"`) {
		for _, ref := range references(raw, nil) {
			if !strings.HasPrefix(ref, "#/$defs/") && !strings.HasPrefix(ref, "#/definitions/") {
				b.refuse(path, "$ref", "it means something outside of $defs")
			}
		}
	}
	out.WriteString(strings.TrimPrefix(strings.TrimLeft(string(raw), space), "{"))
	return json.RawMessage(out.String())
}

// references lists the values of $ref in a value.
func references(raw json.RawMessage, out []string) []string {
	var v any
	if json.Unmarshal(raw, &v) != nil {
		return out
	}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if ref, ok := v["$ref"].(string); ok {
				out = append(out, ref)
			}
			for _, x := range v {
				walk(x)
			}
		case []any:
			for _, x := range v {
				walk(x)
			}
		}
	}
	walk(v)
	return out
}
