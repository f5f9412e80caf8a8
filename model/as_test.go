package model

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/seed64708441/ember/tokenize/chat"
	"github.com/seed64708441/ember/tokenize/chat/reply"
	"github.com/seed64708441/ember/tokenize/chat/tool"
	"github.com/seed64708441/ember/tokenize/jsonschema"
)

// openThinking opens a session of a model that reasons and calls, and a request whose texts and lists end.
func openThinking(t *testing.T, c SessionConfig) (*Session, Request) {
	t.Helper()
	m := openTemplate(t, thinkTemplate, "<think>", "</think>", "<|im_end|>", "<tool_call>", "</tool_call>")
	s, err := m.NewSession(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	hot := 1.0
	r := Request{Messages: []chat.Message{chat.User("x")}, Temperature: &hot, Seed: 1, ThinkTokens: 5, MaxTokens: 3000}
	r.Sampling.LogitBias = map[int32]float32{m.tok.ID(`"`): 4, m.tok.ID("]"): 3, m.tok.ID("}"): 3}
	return s, r
}

type branch struct {
	Name string             `json:"name" jsonschema:"maxLength=5"`
	Kids []branch           `json:"kids" jsonschema:"maxItems=2"`
	Size map[string]float32 `json:"size,omitempty" jsonschema:"maxProperties=1"`
}

// TestAsTypes generates values of several types; the same seed gives the same value.
func TestAsTypes(t *testing.T) {
	s, r := openThinking(t, SessionConfig{ContextTokens: 3500})
	asType[int8](t, s, r)
	asType[bool](t, s, r)
	asType[string](t, s, r)
	asType[[2]uint8](t, s, r)
	asType[map[string]bool](t, s, r)
	asType[branch](t, s, r)
	asType[*invoice](t, s, r)
}

func asType[T any](t *testing.T, s *Session, r Request) {
	t.Helper()
	different := map[string]bool{}
	for seed := range uint64(6) {
		r.Seed = seed + 1
		v, err := GenerateAs[T](t.Context(), s, r)
		if errors.Is(err, ErrIncomplete) {
			continue
		}
		r.Speculate = Speculation{Tokens: 4}
		again, err2 := GenerateAs[T](t.Context(), s, r)
		r.Speculate = Speculation{}
		if err != nil || err2 != nil || !reflect.DeepEqual(v, again) {
			t.Errorf("%T: %+v, %v; again %+v, %v", v, v, err, again, err2)
		}
		different[fmt.Sprintf("%+v", v)] = true
	}
	if len(different) == 0 {
		t.Errorf("%v: no value", reflect.TypeFor[T]())
	}
}

// TestAsEnds ends values before they are complete, in every way.
func TestAsEnds(t *testing.T) {
	s, r := openThinking(t, SessionConfig{ContextTokens: 400})
	incomplete := func(name, says string, err error) {
		t.Helper()
		if !errors.Is(err, ErrIncomplete) || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want ErrIncomplete that says %q", name, err, says)
		}
	}
	digits := r
	digits.ThinkTokens, digits.MaxTokens = 1, 10
	digits.Sampling.LogitBias = map[int32]float32{}
	for c := range 10 {
		digits.Sampling.LogitBias[s.m.tok.ID(fmt.Sprint(c))] = 90
	}
	_, err := GenerateAs[int](t.Context(), s, digits)
	incomplete("a number of which more digits could come", "length", err)
	letters := r
	letters.Sampling.LogitBias = map[int32]float32{s.m.tok.ID("a"): 90}
	letters.Stop = []string{"aaaa"}
	_, err = GenerateAs[string](t.Context(), s, letters)
	incomplete("a stop text", "stop", err)
	letters.Stop, letters.MaxTokens = nil, 0
	_, err = GenerateAs[string](t.Context(), s, letters)
	incomplete("the context", "context", err)
	letters.ThinkTokens, letters.MaxTokens = 0, 20
	_, err = GenerateAs[bool](t.Context(), s, letters)
	incomplete("reasoning without end", "length", err)

	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	why := errors.New("enough")
	n := 0
	for p, err := range StreamAs[invoice](ctx, s, r) {
		if n++; n == 1 {
			cancel(why)
		} else if !errors.Is(err, why) || p.Done {
			t.Errorf("after the cancel: %+v, %v", p, err)
		}
	}
	if n != 2 {
		t.Errorf("%d values and errors, want one of each", n)
	}
	if _, err := GenerateAs[invoice](ctx, s, r); !errors.Is(err, why) {
		t.Errorf("cancelled before: %v", err)
	}
	for range StreamAs[invoice](t.Context(), s, r) {
		break
	}
	if _, err := GenerateAs[bool](t.Context(), s, r); err != nil {
		t.Errorf("after a break: %v", err)
	}
}

// TestAsTools lets a model give a value or call tools, thinking first.
func TestAsTools(t *testing.T) {
	s, r := openThinking(t, SessionConfig{ContextTokens: 3500})
	r.Tools = toolSchemas(4)
	values, calls := 0, 0
	for seed := range uint64(16) {
		r.Seed = seed + 1
		r.ToolChoice.Required = seed%4 == 0
		if r.MaxTokens = 3000; seed%4 == 1 {
			r.MaxTokens = 60
		}
		_, err := GenerateAs[bool](t.Context(), s, r)
		var c *CallsError
		switch {
		case errors.As(err, &c):
			calls++
			if len(c.Calls) == 0 || c.Calls[0].ID == "" {
				t.Errorf("%+v", c)
			}
		case errors.Is(err, ErrIncomplete):
		case err != nil:
			t.Errorf("seed %d: %v", seed, err)
		case r.ToolChoice.Required:
			t.Error("a value where a call is required")
		default:
			values++
		}
	}
	if values == 0 || calls == 0 {
		t.Errorf("%d values, %d answers with calls, want both", values, calls)
	}
}

// TestToolLoop carries out calls of a Go function and goes on with their results.
func TestToolLoop(t *testing.T) {
	s, r := openThinking(t, SessionConfig{ContextTokens: 6000})
	type sum struct {
		A int `json:"a" jsonschema:"minimum=1,maximum=20" description:"a number"`
		B int `json:"b,omitempty" jsonschema:"enum=1,enum=2"`
	}
	ran := 0
	add, err := tool.New("add", "Adds.", func(_ context.Context, x sum) (int, error) {
		ran++
		if x.A < 1 || x.A > 20 || x.B < 0 || x.B > 2 {
			t.Errorf("called with %+v", x)
		}
		return x.A + x.B, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	r.Tools, r.ToolChoice = []tool.Def{add.Def}, reply.Choice{Required: true, Name: "add"}
	ids := map[string]bool{}
	for turn := range 3 {
		r.Seed = uint64(turn + 1)
		said, last, err := s.Reply(t.Context(), r)
		if err != nil || last.Finish != FinishEOG || len(said.Errors) > 0 || len(said.Calls) == 0 || said.Text != "" {
			t.Fatalf("turn %d: %+v, %v, %v", turn, said, last.Finish, err)
		}
		message, err := said.Message()
		if err != nil {
			t.Fatal(err)
		}
		r.Messages = append(r.Messages, message)
		for _, c := range said.Calls {
			if ids[c.ID] {
				t.Errorf("two calls have the id %s", c.ID)
			}
			ids[c.ID] = true
			result, err := add.Call(t.Context(), c.Arguments)
			if err != nil {
				t.Fatal(err)
			}
			r.Messages = append(r.Messages, chat.Tool(c.ID, c.Name, result))
		}
	}
	if ran != len(ids) {
		t.Errorf("%d calls, %d carried out", len(ids), ran)
	}
}

// TestAsMistakes makes mistakes in requests: each is an error that says what is wrong.
func TestAsMistakes(t *testing.T) {
	s, r := openThinking(t, SessionConfig{ContextTokens: 400})
	for _, c := range []struct {
		change func(r *Request)
		says   string
	}{
		{func(r *Request) { r.Schema = []byte(`{}`) }, "the type says"},
		{func(r *Request) { r.ToolChoice.Required = true }, "ToolChoice is given without Tools"},
		{func(r *Request) { r.Tools, r.ToolChoice.Name = toolSchemas(1), "x" }, `"x"`},
		{func(r *Request) { r.Tools = append(toolSchemas(1), toolSchemas(1)...) }, "two tools"},
		{func(r *Request) { r.Tools = []tool.Def{{Name: "a b"}} }, `"a b"`},
		{func(r *Request) {
			r.Tools = []tool.Def{{Name: "f", Parameters: []byte(`{"type":"object","minProperties":"x"}`)}}
		}, "minProperties"},
		{func(r *Request) { r.Messages, r.Prompt, r.Tools = nil, "x", toolSchemas(1) }, "without Messages"},
		{func(r *Request) { r.ThinkTokens = -1 }, "ThinkTokens"},
		{func(r *Request) { r.Stop = []string{""} }, "stop"},
	} {
		x := r
		c.change(&x)
		if _, err := GenerateAs[bool](t.Context(), s, x); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v, want an error that says %q", err, c.says)
		}
	}
	_, err := GenerateAs[struct{ F func() }](t.Context(), s, r)
	var te *jsonschema.TypeError
	if !errors.As(err, &te) {
		t.Errorf("a type without a schema: %v", err)
	}
	if _, _, err := s.Reply(t.Context(), Request{Messages: r.Messages, Schema: []byte(`{"type":"strin"}`), MaxTokens: 3}); err == nil || !strings.Contains(err.Error(), "strin") {
		t.Errorf("a schema with a mistake: %v", err)
	}
	if _, err := GenerateAs[bool](t.Context(), s, r); err != nil {
		t.Errorf("after all mistakes: %v", err)
	}
}
