package jsonschema_test

import (
	"fmt"

	"github.com/seed64708441/ember/tokenize/jsonschema"
)

// Tags say what a type alone does not.
func ExampleFor() {
	type order struct {
		Item  string  `json:"item" description:"name in the catalogue, without the brand"`
		Size  string  `json:"size" jsonschema:"enum=small,enum=large"`
		Count uint8   `json:"count" jsonschema:"minimum=1,maximum=20"`
		Note  *string `json:"note,omitempty"`
	}
	schema, err := jsonschema.For[order]()
	fmt.Println(string(schema), err)
	// Output:
	// {"type":"object","properties":{"item":{"type":"string","description":"name in the catalogue, without the brand"},"size":{"type":"string","enum":["small","large"]},"count":{"type":"integer","minimum":1,"maximum":20},"note":{"anyOf":[{"type":"string"},{"type":"null"}]}},"required":["item","size","count"],"additionalProperties":false} <nil>
}
