// Package tool describes tools to models: by a JSON Schema, by the type of their arguments, or by a Go function.
//
//	weather, err := tool.New("get_weather", "Tells the weather of a city.",
//		func(ctx context.Context, in struct {
//			City string `json:"city" description:"name of the city"`
//			Unit string `json:"unit,omitempty" jsonschema:"enum=celsius,enum=fahrenheit"`
//		}) (Weather, error) { ... })
//	tools, err := tool.Values([]tool.Def{weather.Def}) // for chat.Input.Tools
//	result, err := weather.Call(ctx, arguments)        // for chat.Tool
//
// The package imports only the packages of chat templates beside it and tokenize/jsonschema, and runs nothing but the functions it was given.
package tool
