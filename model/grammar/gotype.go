package grammar

import (
	"fmt"
	"reflect"

	"github.com/seed64708441/ember/model/grammar/internal/gotype"
)

// A Describer is a type with a JSON Schema of its own, which is asked for on a zero value. References inside the schema must
// start at an $id of its own. Types with an UnmarshalJSON need one.
type Describer = gotype.Describer

// A TypeError says which Go type or field has no JSON Schema.
type TypeError = gotype.Error

// SchemaFor returns the JSON Schema of a Go type: documents that encoding/json decodes into it. Field names, omitempty,
// omitzero, string and "-" follow the tag json. A field is required unless it has omitempty or omitzero; pointers admit
// null; further members are forbidden; integers have the bounds of their type. The tag description describes a
// field, and the tag jsonschema adds keywords to it:
//
//	Size string `json:"size" jsonschema:"enum=small,enum=large" description:"of the shirt"`
//
// Its keys are enum, minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf, minLength, maxLength, pattern, format,
// minItems, maxItems, uniqueItems, minProperties, maxProperties, title and description; a comma in a value is written \,.
// What other types than those of encoding/json read (TextUnmarshaler) is any string.
func SchemaFor(t reflect.Type) ([]byte, error) {
	doc, err := gotype.Schema(t)
	if err != nil {
		return nil, fmt.Errorf("grammar: %w", err)
	}
	return doc, nil
}

// FromReflectType makes the grammar of SchemaFor.
func FromReflectType(t reflect.Type, opt Options) (*Grammar, error) {
	doc, err := SchemaFor(t)
	if err != nil {
		return nil, err
	}
	return FromJSONSchema(doc, opt)
}

// FromType makes the grammar of the JSON documents that decode into a T, see SchemaFor.
func FromType[T any](opt Options) (*Grammar, error) {
	return FromReflectType(reflect.TypeFor[T](), opt)
}
