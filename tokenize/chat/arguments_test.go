package chat

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/seed64708441/ember/tensor/tensortest"
)

// TestTextArguments asks every recorded template.
func TestTextArguments(t *testing.T) {
	want := map[string]bool{
		"meetkai-functionary-medium-v3.1.2025-02.jinja": true,
		"meetkai-functionary-medium-v3.2.jinja":         true,
		"Qwen3.5-4B.jinja":                              false,
		"qwen3.jinja":                                   false,
		"google-gemma-4-31B-it.jinja":                   false,
		"mistralai-Mistral-Nemo-Instruct-2407.jinja":    false,
		"deepseek-ai-DeepSeek-V3.1.jinja":               false,
		"mistralrs-chatml.jinja":                        false,
	}
	for _, path := range tensortest.Glob(t, "chat", "templates", "*.jinja") {
		source, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(path)
		got := mustParse(t, string(source)).TextArguments(context.Background())
		if got {
			t.Logf("%s wants text", name)
		}
		if w, ok := want[name]; ok && got != w {
			t.Errorf("%s: got %t, want %t", name, got, w)
		}
	}
}

func TestWithArguments(t *testing.T) {
	var m Message
	const text = `{"role": "assistant", "content": null, "tool_calls": [{"id": "c", "function": {"name": "f", "arguments": "{\"z\": 1, \"a\": \"ä\"}"}}]}`
	const object = `{"role": "assistant", "content": null, "tool_calls": [{"id": "c", "function": {"name": "f", "arguments": {"z": 1, "a": "ä"}}}]}`
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatal(err)
	}
	objects, err := WithObjectArguments([]Message{m, User("x")})
	if err != nil {
		t.Fatal(err)
	}
	if got := show(t, objects[0]); got != object {
		t.Errorf("\n got %s\nwant %s", got, object)
	}
	if got := show(t, m); got != text {
		t.Errorf("the message given became %s", got)
	}
	texts, err := WithTextArguments(objects)
	if err != nil {
		t.Fatal(err)
	}
	if got := show(t, texts[0]); got != text {
		t.Errorf("\n got %s\nwant %s", got, text)
	}
	m.ToolCalls = []Value{ToolCall("", "f", jsonRaw(`"no JSON"`))}
	if _, err := WithObjectArguments([]Message{m}); err == nil {
		t.Error("arguments that are not JSON: got no error")
	}
}
