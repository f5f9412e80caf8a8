package chat

import (
	"context"
	"fmt"

	"github.com/seed64708441/ember/tokenize/chat/jinja"
)

// TextArguments reports whether the template wants the arguments of tool calls as JSON text: it writes a conversation with
// a call where they are text, and refuses the same with an object. Most templates want objects, and some of those write
// text wrongly without an error, so objects are what to use otherwise.
func (t *Template) TextArguments(ctx context.Context) bool {
	object := jinja.NewDict()
	object.Set("a", jinja.Int(1))
	return !t.writesCall(ctx, object) && t.writesCall(ctx, jinja.String(`{"a": 1}`))
}

// writesCall tries conversations with a call, from the most usual form to those that few templates want.
func (t *Template) writesCall(ctx context.Context, arguments Value) bool {
	tool, err := JSON([]byte(`{"type": "function", "function": {"name": "probe", "description": "d", "parameters":
		{"type": "object", "properties": {"a": {"type": "integer", "description": "d"}}, "required": ["a"]}}}`))
	if err != nil {
		return false
	}
	for _, content := range []Content{Text(""), Null(), Text("t")} {
		call := Message{Role: "assistant", Content: content, ToolCalls: []Value{ToolCall("call00001", "probe", arguments)}}
		for _, tools := range [][]Value{{tool}, nil} {
			in := Input{Messages: []Message{User("u"), call, Tool("call00001", "probe", "1")}, Tools: tools}
			if _, err := t.Render(ctx, in); err == nil {
				return true
			}
		}
	}
	return false
}

// WithTextArguments returns the messages with the arguments of all tool calls as JSON text, for templates that want it, as
// tojson writes it. The messages given stay as they are. The error is that of a value that is not JSON.
func WithTextArguments(messages []Message) ([]Message, error) {
	write, err := Parse("{{ v|tojson }}", Options{})
	if err != nil {
		return nil, err
	}
	return withArguments(messages, func(v Value) (Value, error) {
		if _, isText := v.(jinja.String); isText {
			return v, nil
		}
		vars := jinja.NewDict()
		vars.Set("v", v)
		text, err := write.t.Render(context.Background(), vars)
		return jinja.String(text), err
	})
}

// WithObjectArguments returns the messages with the arguments of all tool calls as objects, as most templates want them.
// Interfaces in the style of OpenAI have them as JSON text. The messages given stay as they are. Text that is not JSON is
// an error.
func WithObjectArguments(messages []Message) ([]Message, error) {
	return withArguments(messages, func(v Value) (Value, error) {
		if text, isText := v.(jinja.String); isText {
			return JSON([]byte(text))
		}
		return v, nil
	})
}

func withArguments(messages []Message, change func(Value) (Value, error)) ([]Message, error) {
	out := make([]Message, len(messages))
	for i, m := range messages {
		out[i] = m
		if len(m.ToolCalls) == 0 {
			continue
		}
		out[i].ToolCalls = make([]Value, len(m.ToolCalls))
		for j, call := range m.ToolCalls {
			var err error
			if out[i].ToolCalls[j], err = changeArguments(call, change); err != nil {
				return nil, fmt.Errorf("chat: arguments of messages[%d].tool_calls[%d]: %w", i, j, err)
			}
		}
	}
	return out, nil
}

// changeArguments changes the arguments of a call, in "function" or in the call itself.
func changeArguments(call Value, change func(Value) (Value, error)) (Value, error) {
	d, ok := call.(*jinja.Dict)
	if !ok {
		return call, nil
	}
	out := jinja.NewDict()
	for k, v := range d.All() {
		name, ok := k.(jinja.String)
		if !ok {
			return call, nil
		}
		var err error
		switch name {
		case "function":
			v, err = changeArguments(v, change)
		case "arguments":
			v, err = change(v)
		}
		if err != nil {
			return nil, err
		}
		out.Set(string(name), v)
	}
	return out, nil
}
