package chat

import (
	"context"
	"fmt"
	"time"

	"github.com/seed64708441/ember/tokenize/chat/jinja"
)

// Value is a value a template can see: text, number, list, ordered dict. See package jinja for the types; JSON and jinja.Of
// make values.
type Value = jinja.Value

// Limits bound what a template may use; the zero value has good defaults.
type Limits = jinja.Limits

// LimitError says which of the Limits a template exceeded. It wraps ErrLimit.
type LimitError = jinja.LimitError

// ErrLimit is wrapped by every LimitError.
var ErrLimit = jinja.ErrLimit

// JSON returns the value of a JSON text. Objects keep the order of their keys, which templates show.
func JSON(data []byte) (Value, error) { return jinja.DecodeJSON(data) }

// RaisedError is a conversation refused by the template, which called raise_exception.
type RaisedError struct{ Message string }

// Error returns the text "chat: template: " and the template's message.
func (e *RaisedError) Error() string { return "chat: template: " + e.Message }

// Options are given to Parse. The zero value works.
type Options struct {
	Limits Limits
}

// Template is a parsed chat template. It never changes and may be used by any number of goroutines at once.
type Template struct{ t *jinja.Template }

// Parse reads the source of a chat template, the value of tokenizer.chat_template or chat_template.jinja. Errors are those
// of jinja.Parse.
func Parse(source string, o Options) (*Template, error) {
	t, err := jinja.Parse(source, jinja.Options{
		Limits:  o.Limits,
		Globals: map[string]Value{"raise_exception": jinja.NewFunc("raise_exception", "message", raise)},
	})
	if err != nil {
		return nil, fmt.Errorf("chat: template: %w", err)
	}
	return &Template{t}, nil
}

func raise(a []Value) (Value, error) {
	switch v := a[0].(type) {
	case jinja.String:
		return nil, &RaisedError{string(v)}
	case jinja.Markup:
		return nil, &RaisedError{string(v)}
	}
	return nil, &RaisedError{"(no text)"}
}

// Input is what a template is rendered with.
type Input struct {
	Messages  []Message
	Tools     []Value // JSON objects, commonly of the form {"type":"function","function":{...}}; nil: none
	Documents []Value // JSON objects; nil: none

	AddGenerationPrompt bool   // the text ends where the answer of the assistant begins
	BOS, EOS            string // text of the tokens that begin and end a text

	Now time.Time // what strftime_now tells, in its own time zone; zero: the present time

	// Extra are further variables such as enable_thinking, converted by jinja.Of.
	Extra map[string]any
}

// Render returns the text of the conversation. The context bounds its time, besides the limits. Errors wrap *RaisedError,
// *LimitError, *jinja.Error or the error of the context.
func (t *Template) Render(ctx context.Context, in Input) (string, error) {
	vars, err := in.variables()
	if err != nil {
		return "", err
	}
	return t.render(ctx, vars, in.Now)
}

func (t *Template) render(ctx context.Context, vars *jinja.Dict, now time.Time) (string, error) {
	vars.Set("strftime_now", jinja.NewFunc("strftime_now", "format", func(a []Value) (Value, error) {
		format, ok := a[0].(jinja.String)
		if !ok {
			return nil, fmt.Errorf("strftime_now: the format is not text")
		}
		if now.IsZero() {
			now = time.Now()
		}
		s, err := strftime(now, string(format))
		return jinja.String(s), err
	}))
	s, err := t.t.Render(ctx, vars)
	if err != nil {
		return "", fmt.Errorf("chat: template: %w", err)
	}
	return s, nil
}

// variables are the names the template sees: those of apply_chat_template, and Extra.
func (in *Input) variables() (*jinja.Dict, error) {
	vars := jinja.NewDict()
	messages := make([]Value, len(in.Messages))
	for i := range in.Messages {
		messages[i] = in.Messages[i].Value()
	}
	vars.Set("messages", jinja.NewList(messages...))
	for _, list := range []struct {
		name  string
		items []Value
	}{{"tools", in.Tools}, {"documents", in.Documents}} {
		if list.items == nil {
			vars.Set(list.name, jinja.None{})
			continue
		}
		for i, v := range list.items {
			if v == nil {
				return nil, fmt.Errorf("chat: Input.%s[%d] is nil, want a value", list.name, i)
			}
		}
		vars.Set(list.name, jinja.NewList(list.items...))
	}
	vars.Set("add_generation_prompt", jinja.Bool(in.AddGenerationPrompt))
	for name := range in.Extra {
		if _, taken := vars.Get(name); taken {
			return nil, fmt.Errorf("chat: Input.Extra has %q, which Input sets itself", name)
		}
	}
	vars.Set("bos_token", jinja.String(in.BOS))
	vars.Set("eos_token", jinja.String(in.EOS))
	for name, x := range in.Extra {
		v, err := jinja.Of(x)
		if err != nil {
			return nil, fmt.Errorf("chat: Input.Extra[%q]: %w", name, err)
		}
		vars.Set(name, v)
	}
	return vars, nil
}
