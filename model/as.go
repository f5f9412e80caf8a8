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
// Generate and ErrIncomplete, which may wrap a CallsError with the calls that were complete.
func GenerateAs[T any](ctx context.Context, s *Session, r Request) (v T, err error) {
	p, err := streamAs[T](ctx, s, r, nil)
	return p.Value, err
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
		p, err := streamAs(ctx, s, r, func(v T) bool { return yield(Partial[T]{Value: v}, nil) })
		if err != nil || p.Done {
			yield(p, err)
		}
	}
}

// streamAs returns the value when it is complete. It gives grown, where that is not nil, what is there whenever it is more;
// when that returns false there is neither value nor error.
func streamAs[T any](ctx context.Context, s *Session, r Request, grown func(T) bool) (p Partial[T], err error) {
	if r.Schema != nil || r.Grammar != nil {
		return p, errors.New("model: Request.Schema or Grammar is given where the type says what the answer is")
	}
	if r.Schema, err = jsonschema.For[T](); err != nil {
		return p, err
	}
	var doc partialJSON
	var calls []ToolCall
	var last Event
	for ev, err := range s.Generate(ctx, r) {
		switch {
		case err != nil:
			return p, err
		case ev.Kind == EventCall:
			calls = append(calls, ev.Call)
		case ev.Kind == EventText && doc.add(ev.Text) && grown != nil && ev.Finish == FinishNone:
			var v T
			if json.Unmarshal(doc.closed(), &v) == nil && !grown(v) {
				return p, nil
			}
		}
		last = ev
	}
	var v T
	err = json.Unmarshal(doc.text, &v)
	switch ended := last.Finish == FinishEOG; {
	case len(calls) > 0 && ended:
		return p, &CallsError{calls}
	case len(calls) > 0:
		return p, fmt.Errorf("%w: ended by %v after %d tokens: %w", ErrIncomplete, last.Finish, last.Usage.Generated, &CallsError{calls})
	case !ended && (err != nil || doc.inWord): // further digits could have come
		return p, fmt.Errorf("%w: ended by %v after %d tokens", ErrIncomplete, last.Finish, last.Usage.Generated)
	case err != nil:
		return p, fmt.Errorf("model: answer of %d bytes: %w", len(doc.text), err)
	}
	return Partial[T]{Value: v, Done: true, Usage: last.Usage}, nil
}
