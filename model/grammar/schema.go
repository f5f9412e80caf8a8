package grammar

import (
	"fmt"

	"github.com/seed64708441/ember/model/grammar/internal/schema"
)

// Options say how a JSON Schema is read. The zero value is meant for output that a program decodes afterwards; the fields
// widen or narrow the language.
type Options struct {
	// Exact admits every document the schema does, as far as that can be decided: members in any order, integers spelled
	// 1.0, numbers of any length (an exponent of up to three digits, where numbers are not compared), leap seconds, up to
	// 1024 characters of white space between tokens. Without it members come in the order of the schema, further ones
	// after them; integers are spelled plainly; numbers have at most 19 digits before and 17 after the point and two in
	// the exponent, so that they fit a float64 (more where the schema has longer numbers); white space between tokens is
	// nothing, one space, or a line feed with up to 32 spaces or tabs.
	Exact bool

	// AnyOrder admits members in any order.
	AnyOrder bool

	// Compact admits no white space between tokens.
	Compact bool

	// ClosedObjects forbids further members where a schema lists properties and does not say what others may be.
	ClosedObjects bool

	// FormatAnnotation makes format say nothing, as the specification has it by default. Without it formats are enforced,
	// and unknown ones refused.
	FormatAnnotation bool

	// Validate lets keywords pass that cannot be enforced. Output may then be invalid: check it with Grammar.Validate.
	Validate bool

	// Documents holds other schemas that references lead to, by URI. Nothing is fetched.
	Documents map[string][]byte
}

// An UnsupportedError names a keyword of a schema that cannot be enforced, and where it stands.
type UnsupportedError = schema.UnsupportedError

// An InvalidSchemaError says where a document is not a JSON Schema.
type InvalidSchemaError = schema.InvalidError

// FromJSONSchema makes the grammar of the JSON documents that a schema of draft 2020-12 admits. Keys appear at most once
// in an object. A schema that admits nothing gives ErrEmpty.
func FromJSONSchema(doc []byte, opt Options) (*Grammar, error) {
	r, err := schema.Compile(doc, opt.internal())
	if err != nil {
		return nil, fmt.Errorf("grammar: %w", err)
	}
	g := &Grammar{prog: r.Program, schema: doc, options: opt}
	for _, u := range r.Skipped {
		g.unenforced = append(g.unenforced, *u)
	}
	return g, nil
}

// Unenforced returns the keywords that were left to Validate because of Options.Validate.
func (g *Grammar) Unenforced() []UnsupportedError { return g.unenforced }

// A Violation says where a document breaks its schema.
type Violation = schema.Violation

// Validate checks a whole document against the schema the grammar was made from. It returns nil, a *Violation, or why the
// document cannot be read. Keywords that this package does not know at all (an unknown format, a lookahead in a
// pattern) are not checked either: see Unenforced. A grammar that was not made from a schema has nothing to check.
func (g *Grammar) Validate(doc []byte) error {
	if g.schema == nil {
		return nil
	}
	v, err := schema.NewValidator(g.schema, g.options.internal())
	if err == nil {
		err = v.Validate(doc)
	}
	if err != nil {
		return fmt.Errorf("grammar: %w", err)
	}
	return nil
}

func (o Options) internal() schema.Options {
	return schema.Options{Exact: o.Exact, AnyOrder: o.AnyOrder, Compact: o.Compact, ClosedObjects: o.ClosedObjects,
		FormatAnnotation: o.FormatAnnotation, Validate: o.Validate, Documents: o.Documents}
}
