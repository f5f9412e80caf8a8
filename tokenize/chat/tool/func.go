package tool

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"reflect"

	"github.com/seed64708441/ember/tokenize/jsonschema"
)

// Func is a tool that is a Go function.
type Func struct {
	Def
	call func(ctx context.Context, arguments json.RawMessage) (string, error)
}

// New returns the tool for a function. In is a struct, or a map with text keys: its fields are the parameters; see
// package jsonschema for types and tags. What the function returns is given to the model: a text as it is, another value as JSON.
func New[In, Out any](name, description string, f func(context.Context, In) (Out, error)) (*Func, error) {
	if f == nil {
		return nil, fmt.Errorf("tool: %s: the function is nil", name)
	}
	if k := reflect.TypeFor[In]().Kind(); k != reflect.Struct && k != reflect.Map {
		return nil, fmt.Errorf("tool: %s: the function takes %v, want a struct or map", name, reflect.TypeFor[In]())
	}
	schema, err := jsonschema.For[In]()
	if err != nil {
		return nil, fmt.Errorf("tool: %s: %w", name, err)
	}
	t := &Func{Def: Def{Name: name, Description: description, Parameters: schema}}
	if err := t.Validate(); err != nil {
		return nil, err
	}
	t.call = func(ctx context.Context, arguments json.RawMessage) (string, error) {
		var in In
		d := json.NewDecoder(bytes.NewReader(arguments))
		d.DisallowUnknownFields()
		if err := d.Decode(&in); err != nil {
			return "", fmt.Errorf("tool: %s: arguments: %w", name, err)
		}
		if _, err := d.Token(); err != io.EOF {
			return "", fmt.Errorf("tool: %s: arguments: text after the object", name)
		}
		out, err := f(ctx, in)
		if err != nil {
			return "", fmt.Errorf("tool: %s: %w", name, err)
		}
		if s, ok := any(out).(string); ok {
			return s, nil
		}
		text, err := json.Marshal(out)
		if err != nil {
			return "", fmt.Errorf("tool: %s: result: %w", name, err)
		}
		return string(text), nil
	}
	return t, nil
}

// Call runs the function with the arguments of a call and returns the text for the model. Errors are those of decoding, or
// wrap that of the function. It may be called by several goroutines if the function may.
func (f *Func) Call(ctx context.Context, arguments json.RawMessage) (string, error) {
	if f.call == nil {
		return "", fmt.Errorf("tool: %s has no function", f.Name)
	}
	return f.call(ctx, arguments)
}
