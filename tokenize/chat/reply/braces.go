package reply

import (
	"encoding/json"
	"fmt"
	"strings"
)

// spelled returns a JSON word as the syntax writes it.
func (b *builder) spelled(word string) string {
	if b.syntax == Pythonic {
		word = map[string]string{"null": "None", "true": "True", "false": "False"}[word]
	}
	return quote(word)
}

// textQuote is what stands on both sides of a text.
func (b *builder) textQuote() string {
	if b.syntax == Pythonic {
		return `"`
	}
	return layouts[b.syntax].quote
}

// braces returns the expression for arguments in Gemma's or Python's form.
func (b *builder) braces() string { return b.braceValue(b.root, "", 0) }

// braceValue returns the expression for a value in Gemma's form.
func (b *builder) braceValue(raw json.RawMessage, path string, depth int) string {
	if b.err != nil {
		return `""`
	}
	if depth > maxNesting/2 {
		return b.refuse(path, "properties", "nested too deeply")
	}
	n := b.node(raw)
	var ref string
	if n.read("$ref", &ref) {
		return b.braceRef(n, ref, path)
	}
	if len(n.keys) == 0 {
		if string(raw) == "false" {
			return b.refuse(path, "false", "no value is possible")
		}
		return b.anyValue()
	}
	var values []json.RawMessage
	if v, ok := n.vals["const"]; ok {
		values = []json.RawMessage{v}
	}
	if n.read("enum", &values) || values != nil {
		b.keywords(n, path, "enum", "const")
		var out []string
		for _, v := range values {
			out = append(out, b.braceLiteral(v, path))
		}
		return "(" + strings.Join(out, " | ") + ")"
	}
	for _, key := range []string{"anyOf", "oneOf"} {
		var list []json.RawMessage
		if n.read(key, &list) {
			b.keywords(n, path, key)
			return b.braceChoice(list, key, path, depth)
		}
	}
	return b.braceTyped(n, path, depth)
}

// braceRef makes a rule for a definition, once.
func (b *builder) braceRef(n *node, ref, path string) string {
	b.keywords(n, path, "$ref")
	if b.direct[ref] {
		return b.refuse(path, "$ref", "it means itself")
	}
	if name, ok := b.refs[ref]; ok {
		return name
	}
	name := fmt.Sprintf("%s-%d", b.fresh("ref"), len(b.refs))
	b.refs[ref] = name
	if b.direct == nil {
		b.direct = map[string]bool{}
	}
	b.direct[ref] = true
	b.rule(name, b.braceValue(b.target(ref, path), path, 0))
	delete(b.direct, ref)
	return name
}

// inside makes a value that has something before it, so that it may hold what it is part of.
func (b *builder) inside(raw json.RawMessage, path string, depth int) string {
	outer := b.direct
	b.direct = nil
	expr := b.braceValue(raw, path, depth)
	b.direct = outer
	return expr
}

func (b *builder) braceChoice(list []json.RawMessage, key, path string, depth int) string {
	var out []string
	var seen typeSet
	for i, raw := range list {
		types := b.at(raw).types()
		if key == "oneOf" && seen&types != 0 {
			b.refuse(path, key, "two of the schemas allow the same type")
		}
		seen |= types
		out = append(out, b.braceValue(raw, fmt.Sprintf("%s/%s/%d", path, key, i), depth+1))
	}
	return "(" + strings.Join(out, " | ") + ")"
}

// braceTyped returns the expression for a schema with types.
func (b *builder) braceTyped(n *node, path string, depth int) string {
	var name string
	var names []string
	switch {
	case n.read("type", &name):
		names = []string{name}
	case !n.read("type", &names):
		b.keywords(n, path)
		return b.anyValue()
	}
	if len(names) > 1 {
		b.keywords(n, path) // with one type it is clear what a keyword is about
	}
	var out []string
	for _, name := range names {
		out = append(out, b.braceType(name, n, path, depth))
	}
	return "(" + strings.Join(out, " | ") + ")"
}

func (b *builder) braceType(name string, n *node, path string, depth int) string {
	q := b.textQuote()
	switch name {
	case "null":
		return b.spelled("null")
	case "boolean":
		b.keywords(n, path)
		return b.spelled("true") + " | " + b.spelled("false")
	case "integer":
		b.keywords(n, path, "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "format")
		return b.integers(n, path)
	case "number":
		b.keywords(n, path, "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "format")
		expr := b.integers(n, path) // with bounds: whole numbers only
		if expr == anyInteger {
			expr += ` ("." [0-9]{1,6})?`
		}
		return expr
	case "string":
		return quote(q) + " (" + b.textOf(n, path, q) + ") " + quote(q)
	case "array":
		return b.braceArray(n, path, depth)
	case "object":
		return b.braceObject(n, path, depth)
	}
	return b.refuse(path, "type", fmt.Sprintf("%.80q is not known", name))
}

func (b *builder) braceArray(n *node, path string, depth int) string {
	b.keywords(n, path, "items", "minItems", "maxItems")
	item := b.anyValue()
	if raw, ok := n.vals["items"]; ok {
		item = b.inside(raw, path+"/items", depth+1)
	}
	low, high := 0, -1
	n.read("minItems", &low)
	n.read("maxItems", &high)
	if low < 0 || low > maxPattern || high > maxPattern || high >= 0 && high < low {
		return b.refuse(path, "minItems", fmt.Sprintf("want 0 to %d", maxPattern))
	}
	rule := b.fresh("item")
	b.rule(rule, item)
	more := fmt.Sprintf(`("," %s){%d,}`, rule, max(low-1, 0))
	if high > 0 {
		more = fmt.Sprintf(`("," %s){%d,%d}`, rule, max(low-1, 0), high-1)
	}
	expr := rule + " " + more
	switch {
	case high == 0:
		expr = ""
	case low == 0:
		expr = "(" + expr + ")?"
	}
	return `"[" ` + expr + ` "]"`
}

// braceObject returns the expression for an object. Properties come in the order of the schema. The arguments of a call of
// Python's are one with other brackets.
func (b *builder) braceObject(n *node, path string, depth int) string {
	b.keywords(n, path, "properties", "required", "additionalProperties")
	props, required := b.properties(n, path)
	key := func(name string) string { return quote(name + ":") }
	open, shut, comma := `"{"`, `"}"`, `","`
	switch {
	case b.syntax == Pythonic && path == "":
		key = func(name string) string { return quote(name + "=") }
		open, shut, comma = `"("`, `")"`, `", "`
	case b.syntax == Pythonic:
		key = func(name string) string { return quote(quoteJSON(name) + ": ") }
		comma = `", "`
	}
	if len(props.keys) == 0 {
		raw, ok := n.vals["additionalProperties"]
		if ok && string(raw) == "false" || path == "" {
			return open + " " + shut
		}
		value := b.anyValue()
		if ok {
			value = b.inside(raw, path+"/additionalProperties", depth+1)
		}
		rule := b.fresh("member")
		b.rule(rule, b.anyKey()+" "+value)
		return fmt.Sprintf(`"{" (%[1]s ("," %[1]s){0,8})? "}"`, rule)
	}
	// first-i derives the properties from i on when none is there yet, rest-i when there are some.
	base := b.fresh("object")
	rest := func(i int) string { return fmt.Sprintf("%s-rest-%d", base, i) }
	first := func(i int) string { return fmt.Sprintf("%s-first-%d", base, i) }
	b.rule(rest(len(props.keys)), `""`)
	b.rule(first(len(props.keys)), `""`)
	for i, name := range props.keys {
		at := path + "/properties/" + name
		if name == "" || strings.ContainsAny(name, "{}[](),:=<\"'\n") || strings.Trim(name, space) != name {
			b.refuse(at, "properties", "the name cannot be written")
		}
		member := fmt.Sprintf("%s-member-%d", base, i)
		b.rule(member, key(name)+" ("+b.inside(props.vals[name], at, depth+1)+")")
		if required[name] {
			b.rule(rest(i), fmt.Sprintf(`%s %s %s`, comma, member, rest(i+1)))
			b.rule(first(i), fmt.Sprintf(`%s %s`, member, rest(i+1)))
		} else {
			b.rule(rest(i), fmt.Sprintf(`(%s %s)? %s`, comma, member, rest(i+1)))
			b.rule(first(i), fmt.Sprintf(`%s %s | %s`, member, rest(i+1), first(i+1)))
		}
	}
	return open + " " + first(0) + " " + shut
}
