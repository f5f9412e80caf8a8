package model

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"

	"github.com/seed64708441/ember/tokenize/jsonschema"
)

// ErrIncomplete says that an answer ended before the value asked for was complete: at Request.MaxTokens, at the end of the
// context, or by a stop text.
var ErrIncomplete = errors.New("model: the answer is not complete")

// GenerateAs completes a request with the JSON of a T, and returns it decoded. The answer is held to the schema of T while
// it is generated (see package jsonschema for the types and tags), after reasoning where the model reasons. With
// Request.Tools the model may call tools instead, which is an [*CallsError] with the calls. Further errors are those of
// Generate and ErrIncomplete, which may wrap a CallsError with the calls that were complete. With an error the value is what of it was complete.
func GenerateAs[T any](ctx context.Context, s *Session, r Request) (v T, err error) {
	for p, err := range StreamAs[T](ctx, s, r) {
		if err != nil {
			return v, err
		}
		v = p.Value
	}
	return v, nil
}

// Partial is a T of which some parts are there: the members and items that are complete so far.
type Partial[T any] struct {
	Value T
	// Done says that the value is complete.
	Done bool
	// Usage counts tokens and time when it is.
	Usage Usage
}

// CallsError says that the model called tools instead of giving a value.
type CallsError struct{ Calls []ToolCall }

// Error counts the calls.
func (e *CallsError) Error() string {
	return fmt.Sprintf("model: the answer is %d calls of tools and no value", len(e.Calls))
}

// StreamAs is GenerateAs that yields the value as it grows: whenever a member or item has become complete, and at last the
// whole.
func StreamAs[T any](ctx context.Context, s *Session, r Request) iter.Seq2[Partial[T], error] {
	return func(yield func(Partial[T], error) bool) {
		if err := streamAs(ctx, s, r, yield); err != nil {
			yield(Partial[T]{}, err)
		}
	}
}

func streamAs[T any](ctx context.Context, s *Session, r Request, yield func(Partial[T], error) bool) (err error) {
	if r.Schema != nil || r.Grammar != nil {
		return errors.New("model: Request.Schema or Grammar is given where the type says what the answer is")
	}
	if r.Schema, err = jsonschema.For[T](); err != nil {
		return err
	}
	var doc partialJSON
	var calls []ToolCall
	for ev, err := range s.Generate(ctx, r) {
		switch {
		case err != nil:
			return err
		case ev.Kind == EventCall:
			calls = append(calls, ev.Call)
		case ev.Kind == EventText && doc.add(ev.Text) && ev.Finish == FinishNone:
			var v T
			if json.Unmarshal(doc.closed(), &v) == nil && !yield(Partial[T]{Value: v}, nil) {
				return nil
			}
		}
		if ev.Finish == FinishNone {
			continue
		}
		var v T
		err := json.Unmarshal(doc.text, &v)
		switch ended := ev.Finish == FinishEOG; {
		case len(calls) > 0 && ended:
			return &CallsError{calls}
		case len(calls) > 0:
			return fmt.Errorf("%w: ended by %v after %d tokens: %w", ErrIncomplete, ev.Finish, ev.Usage.Generated, &CallsError{calls})
		case !ended && (err != nil || doc.inWord): // further digits could have come
			return fmt.Errorf("%w: ended by %v after %d tokens", ErrIncomplete, ev.Finish, ev.Usage.Generated)
		case err != nil:
			return fmt.Errorf("model: answer of %d bytes: %w", len(doc.text), err)
		}
		yield(Partial[T]{Value: v, Done: true, Usage: ev.Usage}, nil)
	}
	return nil
}
