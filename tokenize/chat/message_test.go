package chat

import (
	"context"
	"encoding/json"
	"testing"
)

// show renders {{ messages[0] | tojson }}.
func show(t *testing.T, m Message) string {
	t.Helper()
	tmpl, err := Parse("{{ messages[0]|tojson }}", Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := tmpl.Render(context.Background(), Input{Messages: []Message{m}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestMessageValue(t *testing.T) {
	args, err := JSON([]byte(`{"z": 1, "a": 2.0}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		m    Message
		want string
	}{
		{Message{}, `{}`},
		{System("s"), `{"role": "system", "content": "s"}`},
		{User(""), `{"role": "user", "content": ""}`},
		{Tool("c1", "f", "r"), `{"role": "tool", "content": "r", "name": "f", "tool_call_id": "c1"}`},
		{UserParts(TextPart("a"), ImagePart(), AudioPart(), Part{}),
			`{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "image"}, {"type": "audio"}, {"type": "text", "text": ""}]}`},
		{Message{Role: "assistant", Content: Null(), Reasoning: "hm", ToolCalls: []Value{ToolCall("c1", "f", args), ToolCall("", "g", nil)}},
			`{"role": "assistant", "content": null, "reasoning_content": "hm", "tool_calls": [` +
				`{"id": "c1", "type": "function", "function": {"name": "f", "arguments": {"z": 1, "a": 2.0}}}, ` +
				`{"type": "function", "function": {"name": "g", "arguments": {}}}]}`},
		{Message{Role: "user", Extra: []Field{{"x", args}, {"role", args}}}, `{"role": "user", "x": {"z": 1, "a": 2.0}}`},
	} {
		if got := show(t, c.m); got != c.want {
			t.Errorf("%+v\n got %s\nwant %s", c.m, got, c.want)
		}
	}
}

// TestMessageJSON decodes messages: every key is kept as it is, in its order.
func TestMessageJSON(t *testing.T) {
	for _, s := range []string{
		`{}`,
		`{"role": "user", "content": "x"}`,
		`{"content": "x", "role": "user"}`,
		`{"b": 1, "role": "tool", "a": {"z": 1, "y": 2}, "tool_call_id": "c", "content": null, "name": ""}`,
		`{"role": "assistant", "tool_calls": [{"name": "f", "arguments": {"b": 1, "a": 1}, "more": 1}], "content": ""}`,
		`{"role": "assistant", "tool_calls": [], "reasoning_content": "", "name": null, "tool_call_id": 5}`,
		`{"role": "assistant", "tool_calls": null, "reasoning_content": "r", "content": 5}`,
		`{"role": ["odd"], "content": ["text", {"type": "image", "image": "u"}, 3]}`,
		`{"role": "user", "content": {"type": "text"}}`,
		`{"role": "user", "content": [], "n": 123456789012345678901234567890, "f": 1e+20, "t": true}`,
	} {
		var m Message
		if err := json.Unmarshal([]byte(s), &m); err != nil {
			t.Errorf("%s: %v", s, err)
		} else if got := show(t, m); got != s {
			t.Errorf("\n got %s\nwant %s", got, s)
		}
	}
	var m Message
	if err := json.Unmarshal([]byte(`{"role": "user", "content": "x"}`), &m); err != nil {
		t.Fatal(err)
	}
	m.Content = Text("y") // a decoded message can be changed
	m.Name = "n"
	if got, want := show(t, m), `{"role": "user", "content": "y", "name": "n"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for _, s := range []string{`[]`, `"x"`, `5`} {
		if err := json.Unmarshal([]byte(s), &m); err == nil {
			t.Errorf("%s: got no error", s)
		}
	}
}

func TestContent(t *testing.T) {
	c := Parts(TextPart("a"), ImagePart(), TextPart("b"))
	if got := c.Text(); got != "ab" {
		t.Errorf("got text %q, want ab", got)
	}
	if p := c.Parts(); len(p) != 3 || p[1].Type() != "image" || p[2].Text() != "b" || p[0].Type() != "text" {
		t.Errorf("got parts %v", p)
	}
	if p := Text("x").Parts(); len(p) != 1 || p[0].Text() != "x" {
		t.Errorf("got parts %v of a text", p)
	}
	if v := (Content{}).Value(); v != nil {
		t.Errorf("got %v for no content, want nil", v)
	}
}
