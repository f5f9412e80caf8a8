package tool

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/seed64708441/ember/tokenize/chat"
	"github.com/seed64708441/ember/tokenize/chat/jinja"
)

// Def tells a model about a tool.
type Def struct {
	Name        string          // 1 to 64 letters, digits, underscores, dots and hyphens; beginning with a letter or underscore
	Description string          // what it is for, in words the model reads
	Parameters  json.RawMessage // JSON Schema of the arguments, an object; empty: the tool takes none
}

const (
	maxName   = 64
	maxSchema = 1 << 20 // bytes of Parameters
	none      = `{"type":"object","properties":{}}`
)

// Schema returns Parameters, or the schema of an object without properties.
func (d Def) Schema() json.RawMessage {
	if len(bytes.TrimSpace(d.Parameters)) == 0 {
		return json.RawMessage(none)
	}
	return d.Parameters
}

// Validate lists every problem of the definition in one error.
func (d Def) Validate() error {
	var errs []error
	if !validName(d.Name) {
		errs = append(errs, fmt.Errorf("tool: name %.80q, want 1 to %d letters, digits, '_', '.' and '-', a letter or '_' first", d.Name, maxName))
	}
	if len(d.Parameters) > maxSchema {
		errs = append(errs, fmt.Errorf("tool: %s: parameters have %d bytes, want at most %d", d.Name, len(d.Parameters), maxSchema))
	} else {
		var schema struct {
			Type any `json:"type"`
		}
		if err := json.Unmarshal(d.Schema(), &schema); err != nil {
			errs = append(errs, fmt.Errorf("tool: %s: parameters: %w", d.Name, err))
		} else if schema.Type != "object" {
			errs = append(errs, fmt.Errorf(`tool: %s: parameters have the type %v, want "object"`, d.Name, schema.Type))
		}
	}
	return errors.Join(errs...)
}

// Value returns the definition as templates see it, {"type": "function", "function": {...}}, for chat.Input.Tools. The
// order of the keys of the schema is kept.
func (d Def) Value() (chat.Value, error) {
	if err := d.Validate(); err != nil {
		return nil, err
	}
	schema, err := chat.JSON(d.Schema())
	if err != nil {
		return nil, fmt.Errorf("tool: %s: parameters: %w", d.Name, err)
	}
	f := jinja.NewDict()
	f.Set("name", jinja.String(d.Name))
	f.Set("description", jinja.String(d.Description))
	f.Set("parameters", schema)
	v := jinja.NewDict()
	v.Set("type", jinja.String("function"))
	v.Set("function", f)
	return v, nil
}

// Values returns the definitions for chat.Input.Tools. Two of one name are an error.
func Values(defs []Def) ([]chat.Value, error) {
	var out []chat.Value
	seen := map[string]bool{}
	for _, d := range defs {
		v, err := d.Value()
		if err != nil {
			return nil, err
		}
		if seen[d.Name] {
			return nil, fmt.Errorf("tool: two tools are called %q", d.Name)
		}
		seen[d.Name] = true
		out = append(out, v)
	}
	return out, nil
}

func validName(s string) bool {
	if s == "" || len(s) > maxName {
		return false
	}
	for i := range len(s) {
		c := s[i]
		letter := 'a' <= c|0x20 && c|0x20 <= 'z' || c == '_'
		if !letter && (i == 0 || !('0' <= c && c <= '9' || c == '.' || c == '-')) {
			return false
		}
	}
	return true
}
