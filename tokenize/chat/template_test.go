package chat

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed64708441/ember/tokenize/chat/jinja"
)

const chatML = `{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}{% endfor %}` +
	`{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}`

func mustParse(t testing.TB, source string) *Template {
	t.Helper()
	tmpl, err := Parse(source, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return tmpl
}

func TestVariables(t *testing.T) {
	source := "{{ bos_token }}|{{ eos_token }}|{{ tools }}|{{ documents }}|{{ add_generation_prompt }}|{{ enable_thinking }}|" +
		"{{ list }}|{{ map }}|{{ raw|tojson }}|{{ nope is defined }}|{{ strftime_now('%d %B %Y') }}"
	doc, err := JSON([]byte(`{"t": 1}`))
	if err != nil {
		t.Fatal(err)
	}
	got, err := mustParse(t, source).Render(context.Background(), Input{
		BOS: "<s>", EOS: "</s>", Documents: []Value{doc}, Now: time.Date(2026, 2, 3, 0, 0, 0, 0, time.UTC),
		Extra: map[string]any{
			"enable_thinking": false, "list": []any{1, "a", nil, 2.5}, "map": map[string]int{"b": 1, "a": 2},
			"raw": jsonRaw(`{"z":1,"a":[]}`),
		},
	})
	want := `<s>|</s>|None|[{'t': 1}]|False|False|[1, 'a', None, 2.5]|{'a': 2, 'b': 1}|{"z": 1, "a": []}|False|03 February 2026`
	if err != nil || got != want {
		t.Errorf("\n got %s, error %v\nwant %s", got, err, want)
	}
	for _, in := range []Input{
		{Extra: map[string]any{"messages": 1}},
		{Extra: map[string]any{"x": struct{}{}}},
		{Extra: map[string]any{"x": map[int]int{}}},
		{Tools: []Value{nil}},
	} {
		if _, err := mustParse(t, source).Render(context.Background(), in); err == nil {
			t.Errorf("%+v: got no error", in)
		}
	}
}

func jsonRaw(s string) Value {
	v, err := JSON([]byte(s))
	if err != nil {
		return nil
	}
	return v
}

func TestErrors(t *testing.T) {
	_, err := mustParse(t, "{% if messages|length == 0 %}\n{{ raise_exception('no messages') }}{% endif %}").
		Render(context.Background(), Input{})
	var raised *RaisedError
	var e *jinja.Error
	if !errors.As(err, &raised) || raised.Message != "no messages" || !errors.As(err, &e) || e.Line != 2 {
		t.Errorf("got error %v, want the template's own on line 2", err)
	}
	if _, err := Parse("a\n\n{% if %}", Options{}); !errors.As(err, &e) || e.Line != 3 || e.Kind != jinja.KindSyntax {
		t.Errorf("got error %v, want a syntax error on line 3", err)
	}
	for _, tag := range []string{"include 'a'", "import 'a' as b", "from 'a' import b", "extends 'a'", "block a"} {
		if _, err := Parse("{% "+tag+" %}", Options{}); !errors.Is(err, jinja.ErrUnsupported) {
			t.Errorf("%s: got error %v, want one that wraps ErrUnsupported", tag, err)
		}
	}
	_, err = mustParse(t, "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}").Render(context.Background(), Input{})
	var limit *LimitError
	if !errors.Is(err, ErrLimit) || !errors.As(err, &limit) {
		t.Errorf("got error %v, want a LimitError", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := mustParse(t, chatML).Render(ctx, Input{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v, want Canceled", err)
	}
}

// TestConcurrent renders one template in many goroutines; the race detector watches.
func TestConcurrent(t *testing.T) {
	tmpl := mustParse(t, "{% set ns = namespace(n=0) %}{% for m in messages %}{% set ns.n = ns.n + m.content|length %}{% endfor %}{{ ns.n }}")
	tools := []Value{jsonRaw(`{"type": "function"}`)}
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			for range 20 {
				got, err := tmpl.Render(context.Background(), Input{Messages: []Message{User(strings.Repeat("x", i))}, Tools: tools})
				if want := fmt.Sprint(i); err != nil || got != want {
					t.Errorf("got %q, error %v, want %q", got, err, want)
				}
			}
		})
	}
	wg.Wait()
}

// TestLongConversation checks that the default limits grow with the conversation: here a template that compares every
// message with every other and builds its text by addition.
func TestLongConversation(t *testing.T) {
	tmpl := mustParse(t, `{% set ns = namespace(text='') %}{% for m in messages %}{% set ns.last = true %}`+
		`{% for x in messages[loop.index0:] %}{% if x.role == 'user' %}{% set ns.last = false %}{% endif %}{% endfor %}`+
		`{% set ns.text = ns.text + m.content %}{% endfor %}{{ ns.text|length }}`)
	var in Input
	for range 150 {
		in.Messages = append(in.Messages, User(strings.Repeat("u", 1000)), Assistant(strings.Repeat("a", 1000)))
	}
	got, err := tmpl.Render(context.Background(), in)
	if err != nil || got != "300000" {
		t.Errorf("got %q, error %v, want 300000", got, err)
	}
	in.Messages = []Message{User(strings.Repeat("long ", 4<<20))}
	text, err := mustParse(t, chatML).Render(context.Background(), in)
	if err != nil || len(text) < 20<<20 {
		t.Errorf("got %d bytes, error %v, want 20 MiB", len(text), err)
	}
}

func BenchmarkRender(b *testing.B) {
	tmpl := mustParse(b, chatML)
	in := Input{Messages: []Message{System("Be brief."), User("Hello!"), Assistant("Hi."), User("Bye.")}, AddGenerationPrompt: true}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := tmpl.Render(context.Background(), in); err != nil {
			b.Fatal(err)
		}
	}
}
