package tool_test

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/seed64708441/ember/tokenize/chat/tool"
)

// A Go function becomes a tool.
func ExampleNew() {
	type city struct {
		City string `json:"city" description:"name of the city"`
		Unit string `json:"unit,omitempty" jsonschema:"enum=celsius,enum=fahrenheit"`
	}
	weather, err := tool.New("get_weather", "Tells the weather.", func(_ context.Context, in city) (string, error) {
		return "sunny in " + in.City, nil
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(weather.Parameters))
	fmt.Println(weather.Call(context.Background(), json.RawMessage(`{"city": "Bern"}`)))
	// Output:
	// {"type":"object","properties":{"city":{"type":"string","description":"name of the city"},"unit":{"type":"string","enum":["celsius","fahrenheit"]}},"required":["city"],"additionalProperties":false}
	// sunny in Bern <nil>
}
