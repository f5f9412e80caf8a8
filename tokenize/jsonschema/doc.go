// Package jsonschema writes the JSON Schema of a Go type: of the documents that encoding/json decodes into it without losing
// anything. Generation into Go values, grammars of Go types and tools that are Go functions all use it.
//
//	type Order struct {
//		Item  string   `json:"item" description:"name in the catalogue, without the brand"`
//		Size  string   `json:"size" jsonschema:"enum=small,enum=large"`
//		Count int      `json:"count" jsonschema:"minimum=1,maximum=20"`
//		Gift  *Gift    `json:"gift"`           // or null
//		Notes []string `json:"notes,omitempty"` // may be left out
//	}
//	schema, err := jsonschema.For[Order]()
//
// # Types
//
// Booleans, numbers, texts, slices, arrays, maps, structs, pointers (the value or null), any and json.RawMessage (any value),
// json.Number, big.Int, []byte (base64), time.Time (date-time); any text for other types with an UnmarshalText. Keys of maps
// are texts, whole numbers, or what an UnmarshalText reads. Whole numbers have the bounds of their type. Objects of structs
// forbid further members. A type with an UnmarshalJSON must be a [Describer]. Others are a [TypeError].
//
// Structs stand where they are used. Types that occur inside themselves, and all structs where the schema would become very
// long, are definitions under $defs.
//
// # Tags
//
// Names, omitempty, omitzero, string and "-" follow the tag json, and embedded structs Go's rules for names that hide others. A
// field is required unless it has omitempty or omitzero. The tag description describes a field, and the tag jsonschema is a
// list of keywords for it, in which a comma inside a value is written \, :
//
//	enum=V               one of the values allowed; may stand several times
//	minimum=N, maximum=N, exclusiveMinimum=N, exclusiveMaximum=N, multipleOf=N
//	minLength=N, maxLength=N, pattern=RE, format=NAME
//	minItems=N, maxItems=N, uniqueItems
//	minProperties=N, maxProperties=N
//	title=TEXT, description=TEXT
//
// On a pointer they are about the value, and null stays allowed. Keywords for another type than that of the field are errors.
//
// The package imports only the standard library.
package jsonschema
