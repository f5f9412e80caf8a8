// Package schema turns JSON Schema (draft 2020-12) into programs. A schema becomes a formula over atoms, each about one
// type of value; per type the formula is brought into a form the machine can run: automata for numbers and strings,
// alternatives of members and items for objects and arrays. See RATIONALE.md of package grammar.
package schema

import (
	"fmt"
)

// An UnsupportedError says that a schema uses a keyword in a way that cannot be enforced while a document is written.
type UnsupportedError struct {
	Keyword string
	Pointer string // JSON Pointer of the schema that has the keyword, from the root of its document
	Reason  string
}

func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("json schema: %s at %q is not supported: %s", e.Keyword, e.Pointer, e.Reason)
}

// An InvalidError says that a document is not a JSON Schema.
type InvalidError struct {
	Keyword string
	Pointer string
	Message string
}

func (e *InvalidError) Error() string {
	if e.Keyword == "" {
		return fmt.Sprintf("json schema: at %q: %s", e.Pointer, e.Message)
	}
	return fmt.Sprintf("json schema: %s at %q: %s", e.Keyword, e.Pointer, e.Message)
}

// Options say how a schema is read. The zero value is meant for output that a program decodes afterwards.
type Options struct {
	Exact            bool
	Validate         bool
	AnyOrder         bool
	FormatAnnotation bool
	ClosedObjects    bool
	Compact          bool
	Documents        map[string][]byte

	leaveUnique bool // uniqueItems is left to validation
}
