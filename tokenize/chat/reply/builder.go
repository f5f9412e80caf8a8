package reply

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// builder makes the rules of a grammar. It keeps its first error.
type builder struct {
	syntax  Syntax
	tool    string
	root    json.RawMessage // schema of the tool
	schema  *schema         // the same
	text    strings.Builder
	rules   int
	schemas []json.RawMessage
	refs    map[string]string // rules of $ref, of this tool
	direct  map[string]bool   // references whose rules begin with what is being made
	free    map[string]string // rules of text without a literal
	any     string            // rule of any value in Gemma's form
	err     error
}

// maxRules bounds a grammar.
const maxRules = 1 << 14

func (b *builder) rule(name, expr string) {
	if b.rules++; b.rules > maxRules && b.err == nil {
		b.err = fmt.Errorf("reply: tool %s: the grammar has more than %d rules", b.tool, maxRules)
	}
	if b.err == nil {
		fmt.Fprintf(&b.text, "%s ::= %s\n", name, expr)
	}
}

// fresh returns a name for a rule.
func (b *builder) fresh(kind string) string { return fmt.Sprintf("%s-%d", kind, b.rules) }

// hole returns the name of the rule that derives the JSON texts of a schema.
func (b *builder) hole(schema json.RawMessage) string {
	b.schemas = append(b.schemas, schema)
	return fmt.Sprintf("schema-%d", len(b.schemas)-1)
}

func (b *builder) refuse(path, keyword, msg string) string {
	if b.err == nil {
		b.err = &UnsupportedError{Tool: b.tool, Path: path, Keyword: keyword, Msg: msg}
	}
	return `""`
}

// quote returns a GBNF literal, or nothing for nothing.
func quote(s string) string {
	if s == "" {
		return ""
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "\x00", `\x00`).Replace(s) + `"`
}

// node is an object of a schema with the order of its keys.
type node struct {
	keys []string
	vals map[string]json.RawMessage
}

// parseNode decodes an object. Other values, such as the schemas true and false, and nothing are a node without keys.
func parseNode(raw json.RawMessage) (*node, error) {
	n := &node{vals: map[string]json.RawMessage{}}
	if len(raw) == 0 {
		return n, nil
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return n, err
	}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, err
		}
		key, _ := t.(string)
		var v json.RawMessage
		if err := d.Decode(&v); err != nil {
			return nil, err
		}
		if _, twice := n.vals[key]; !twice {
			n.keys = append(n.keys, key)
		}
		n.vals[key] = v
	}
	return n, nil
}

// node decodes a part of a schema.
func (b *builder) node(raw json.RawMessage) *node {
	n, err := parseNode(raw)
	if err != nil && b.err == nil {
		b.err = fmt.Errorf("reply: tool %s: %w", b.tool, err)
	}
	if n == nil {
		n = &node{}
	}
	return n
}

// read decodes the value of a keyword. It reports false where there is none or it has another type.
func (n *node) read(key string, into any) bool {
	raw, ok := n.vals[key]
	return ok && json.Unmarshal(raw, into) == nil
}

// keywords refuses every keyword of a schema that is not known to be kept to.
func (b *builder) keywords(n *node, path string, known ...string) {
	for _, key := range n.keys {
		if !annotation[key] && !slices.Contains(known, key) {
			b.refuse(path, key, "this syntax of calls cannot keep to it")
		}
	}
}

// annotation are keywords that demand nothing.
var annotation = map[string]bool{"title": true, "description": true, "default": true, "examples": true, "example": true,
	"deprecated": true, "readOnly": true, "writeOnly": true, "$comment": true, "$schema": true, "$id": true, "$defs": true,
	"definitions": true, "type": true, "contentEncoding": true, "contentMediaType": true, "strict": true, "nullable": true}
