package tool

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/seed64708441/ember/tokenize/chat"
)

type node struct {
	Name string  `json:"name"`
	Next *node   `json:"next,omitempty"`
	Kids []*node `json:"kids,omitempty"`
}

func TestFunc(t *testing.T) {
	type in struct {
		A int `json:"a"`
		B int `json:"b,omitempty"`
	}
	errOdd := errors.New("odd")
	f, err := New("add", "Adds.", func(_ context.Context, x in) (map[string]int, error) {
		if x.A%2 == 1 {
			return nil, errOdd
		}
		return map[string]int{"sum": x.A + x.B}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := f.Call(context.Background(), json.RawMessage(`{"a": 2, "b": 3}`)); got != `{"sum":5}` || err != nil {
		t.Errorf("got %s, error %v", got, err)
	}
	if _, err := f.Call(context.Background(), json.RawMessage(`{"a": 1}`)); !errors.Is(err, errOdd) {
		t.Errorf("got error %v, want that of the function", err)
	}
	for _, args := range []string{`{"a": "x"}`, `{"c": 1}`, `{} x`, `[]`, ``} {
		if _, err := f.Call(context.Background(), json.RawMessage(args)); err == nil {
			t.Errorf("%s: got no error", args)
		}
	}
	s, err := New("say", "", func(context.Context, struct{}) (string, error) { return "a text", nil })
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.Call(context.Background(), json.RawMessage(`{}`)); got != "a text" || err != nil {
		t.Errorf("got %s, error %v", got, err)
	}
	if _, err := New("x", "", func(context.Context, int) (int, error) { return 0, nil }); err == nil {
		t.Error("a number as arguments: got no error")
	}
	inside, err := New("x", "", func(_ context.Context, n node) (string, error) { return n.Next.Kids[0].Name, nil })
	if err != nil {
		t.Fatalf("a type inside itself: %v", err)
	}
	if got, err := inside.Call(context.Background(), json.RawMessage(`{"name":"a","next":{"name":"b","kids":[{"name":"c"}]}}`)); got != "c" || err != nil {
		t.Errorf("got %s, error %v", got, err)
	}
	if _, err := New("x", "", func(context.Context, struct{ F func() }) (int, error) { return 0, nil }); err == nil || !strings.Contains(err.Error(), ".F") {
		t.Errorf("a function as an argument: got error %v, want one that names the field", err)
	}
	if _, err := New[struct{}, int]("x", "", nil); err == nil {
		t.Error("nil: got no error")
	}
	if _, err := (&Func{}).Call(context.Background(), nil); err == nil {
		t.Error("no function: got no error")
	}
}

func TestDef(t *testing.T) {
	d := Def{Name: "f", Description: "does", Parameters: json.RawMessage(`{"type": "object", "properties": {"z": {}, "a": {}}}`)}
	v, err := d.Value()
	if err != nil {
		t.Fatal(err)
	}
	tmpl, err := chat.Parse("{{ tools|tojson }}", chat.Options{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := tmpl.Render(context.Background(), chat.Input{Tools: []chat.Value{v}})
	want := `[{"type": "function", "function": {"name": "f", "description": "does", "parameters": {"type": "object", "properties": {"z": {}, "a": {}}}}}]`
	if err != nil || got != want {
		t.Errorf("\n got %s, error %v\nwant %s", got, err, want)
	}
	for _, d := range []Def{{}, {Name: "a b"}, {Name: "1"}, {Name: strings.Repeat("a", 65)}, {Name: "f", Parameters: json.RawMessage(`{`)},
		{Name: "f", Parameters: json.RawMessage(`{"type": "array"}`)}, {Name: "f", Parameters: json.RawMessage(`[]`)}} {
		if _, err := d.Value(); err == nil {
			t.Errorf("%+v: got no error", d)
		}
	}
	if _, err := Values([]Def{d, d}); err == nil {
		t.Error("two tools of one name: got no error")
	}
}
