package grammar

import (
	"fmt"
	"reflect"

	"github.com/seed64708441/ember/tokenize/jsonschema"
)

// FromReflectType makes the grammar of the schema that jsonschema.Of gives. See there for the tags of fields, and for
// types that describe themselves; an error may be a [*jsonschema.TypeError].
func FromReflectType(t reflect.Type, opt Options) (*Grammar, error) {
	doc, err := jsonschema.Of(t)
	if err != nil {
		return nil, fmt.Errorf("grammar: %w", err)
	}
	return FromJSONSchema(doc, opt)
}

// FromType makes the grammar of the JSON documents that decode into a T.
func FromType[T any](opt Options) (*Grammar, error) {
	return FromReflectType(reflect.TypeFor[T](), opt)
}
