package model

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/seed64708441/ember/model/grammar"
	"github.com/seed64708441/ember/tensor/tensortest"
	"github.com/seed64708441/ember/tokenize"
	"github.com/seed64708441/ember/tokenize/chat"
	"github.com/seed64708441/ember/tokenize/chat/reply"
	"github.com/seed64708441/ember/tokenize/chat/tool"
)

const harmonyTemplate = `{% for m in messages %}<|start|>{{ m.role }}<|message|>{{ m.content }}<|end|>{% endfor %}{{ tools|tojson if tools }}` +
	`<|start|>assistant{# <|channel|> #}`

var harmonyMarks = []string{"<|start|>", "<|end|>", "<|message|>", "<|channel|>", "<|constrain|>", "<|return|>", "<|call|>", "analysis", "commentary", "final"}

// turnForm is what a turn of gpt-oss looks like; its last group is the answer.
var turnForm = regexp.MustCompile(`(?s)^(?:<\|channel\|>(?:analysis|commentary)<\|message\|>.*?<\|end\|><\|start\|>assistant)*` +
	`<\|channel\|>final(?: ?<\|constrain\|>json)?<\|message\|>(.*)$`)

// written returns what a session has generated since the prompt had n tokens, marks included.
func written(t *testing.T, s *Session, n int) string {
	t.Helper()
	text := ""
	for _, id := range s.tokens[n:] {
		if !s.m.tok.IsEOG(id) {
			text += s.m.marked(id)
		}
	}
	return text
}

// harmonyModels are models whose marks are tokens, and one that writes them letter by letter.
func harmonyModels(t *testing.T) []*Model {
	return []*Model{openTemplate(t, harmonyTemplate, harmonyMarks...), openTemplate(t, harmonyTemplate)}
}

// TestHarmonyAnswer holds answers of a model with channels: only the message in the final channel is held to the type or
// grammar, and all headers are well formed.
func TestHarmonyAnswer(t *testing.T) {
	g, err := grammar.FromRegexp("(yes|no)!")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range harmonyModels(t) {
		s, err := m.NewSession(SessionConfig{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		hot, thoughts := 1.0, 0
		for seed := range uint64(8) {
			r := Request{Messages: []chat.Message{chat.User("x")}, Temperature: &hot, Seed: seed + 1, ThinkTokens: 8, MaxTokens: 4000}
			r.Sampling.LogitBias = map[int32]float32{m.tok.ID(`"`): 4}
			n, err := m.CountTokens(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			v, err := GenerateAs[invoice](t.Context(), s, r)
			if err != nil || v.Number < 1 || v.Number > 999 || len(v.Items) < 1 {
				t.Fatalf("seed %d: %+v, %v", seed, v, err)
			}
			if text := written(t, s, n); !turnForm.MatchString(text) {
				t.Fatalf("%q is no turn", text)
			}
			r.Grammar = g
			text, thought := "", ""
			for ev, err := range s.Generate(t.Context(), r) {
				if err != nil {
					t.Fatal(err)
				}
				if ev.Kind == EventReasoning {
					thought += ev.Text
				} else {
					text += ev.Text
				}
			}
			if text != "yes!" && text != "no!" || strings.Contains(thought, "<|") {
				t.Errorf("answer %q, reasoning %q", text, thought)
			}
			if thought != "" {
				thoughts++
			}
		}
		if thoughts == 0 || thoughts == 8 {
			t.Errorf("%d of 8 answers with reasoning, want some", thoughts)
		}
	}
}

// TestHarmonyTools lets a model with channels reason, answer or call.
func TestHarmonyTools(t *testing.T) {
	def := toolSchemas(3)[2]
	schema, err := grammar.FromJSONSchema(def.Schema(), grammar.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range harmonyModels(t) {
		s, err := m.NewSession(SessionConfig{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		hot, seen := 1.0, map[string]int{}
		for seed := range uint64(48) {
			r := Request{Messages: []chat.Message{chat.User("x")}, Temperature: &hot, Seed: seed + 1, ThinkTokens: 5, MaxTokens: 200, Tools: []tool.Def{def}}
			r.Sampling.LogitBias = map[int32]float32{m.tok.ID(`"`): 4}
			if end := m.tok.ID("<|end|>"); end >= 0 {
				r.Sampling.LogitBias[end] = 5
			}
			r.ToolChoice.Required = seed%3 == 0
			if seed%3 == 1 {
				r.Schema = json.RawMessage(`{"enum":[true,{"a":1}]}`)
			}
			var got reply.Reply
			var last Event
			for ev, err := range s.Generate(t.Context(), r) {
				if err != nil {
					t.Fatal(err)
				}
				switch ev.Kind {
				case EventText:
					got.Text += ev.Text
				case EventReasoning:
					got.Reasoning += ev.Text
				case EventCall:
					got.Calls = append(got.Calls, reply.Call{Name: ev.Call.Name, Arguments: ev.Call.Arguments})
				case EventCallFailed:
					if ev.Finish == FinishNone {
						t.Errorf("call failed: %v", ev.CallError)
					}
				}
				last = ev
			}
			if last.Finish != FinishEOG {
				seen["cut"]++
				continue
			}
			if got.Reasoning != "" {
				seen["thought"]++
			}
			for _, c := range got.Calls {
				seen["call"]++
				if c.Name != def.Name || schema.Validate(c.Arguments) != nil {
					t.Errorf("call of %s with %s", c.Name, c.Arguments)
				}
			}
			if len(got.Calls) > 0 {
				continue
			}
			seen["answer"]++
			if text := strings.Join(strings.Fields(got.Text), ""); r.ToolChoice.Required || r.Schema != nil && text != "true" && text != `{"a":1}` {
				t.Errorf("answer %q, reasoning %q", got.Text, got.Reasoning)
			}
		}
		if len(seen) < 3 || seen["call"] == 0 || seen["answer"] == 0 || seen["thought"] == 0 {
			t.Errorf("seen %v, want calls, answers and reasoning", seen)
		}
	}
}

// TestHarmonyWithoutTools checks that channels are read where there are no tools, and that a call that reasoning only
// speaks of is none.
func TestHarmonyWithoutTools(t *testing.T) {
	m := harmonyModels(t)[0]
	r := &Request{Messages: []chat.Message{chat.User("x")}}
	var a answer
	if err := a.init(m, r, m.replyFormat(r), "<|start|>assistant"); err != nil {
		t.Fatal(err)
	}
	a.write("<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final<|message|>yes")
	a.end()
	if len(a.events) != 2 || a.events[0].Kind != EventReasoning || a.events[0].Text != "hm" || a.events[1].Text != "yes" {
		t.Errorf("got %+v", a.events)
	}
	r.Tools = toolSchemas(1)
	k, err := m.newConstraint(r, m.replyFormat(r), "<|start|>assistant", false)
	if err != nil {
		t.Fatal(err)
	}
	ids, err := m.tok.Encode(nil, "<|channel|>analysis<|message|>I write to=functions.x<|end|><|start|>assistant<|channel|>final<|message|>yes",
		tokenize.EncodeOptions{ParseSpecial: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		if err := k.accept(id); err != nil {
			t.Fatalf("%q: %v", m.marked(id), err)
		}
	}
	for _, prompt := range []string{"<|start|>assistant<|channel|>final<|message|>", "<|start|>assistant<|channel|>analysis<|message|>so", "nothing"} {
		r = &Request{Messages: r.Messages, Schema: json.RawMessage(`{"enum":[true]}`)}
		k, err := m.newConstraint(r, m.replyFormat(r), prompt, false)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := k.accepts("true"), strings.HasSuffix(prompt, "final<|message|>"); got != want && !strings.Contains(prompt, "analysis") {
			t.Errorf("after %q the value may come: %v", prompt, got)
		}
		if got, want := k.accepts("<|end|><|start|>assistant"), strings.Contains(prompt, "analysis"); got != want {
			t.Errorf("after %q reasoning may end: %v", prompt, got)
		}
	}
}

// TestMarkOfLetters lets a model whose vocabulary has no token for the marks reason before a value.
func TestMarkOfLetters(t *testing.T) {
	m := openTemplate(t, strings.Replace(thinkTemplate, "<think>\n{#", "{#", 1))
	g, err := grammar.FromRegexp("<t?|<thin|y")
	if err != nil {
		t.Fatal(err)
	}
	r := &Request{Messages: []chat.Message{chat.User("x")}, Grammar: g}
	for text, want := range map[string]bool{"y": true, "<t": true, "<thin": true, "<think>": false, "<think>hm</think>\n<t": true, "<think>hm</think>\n\ny": true, "<think>hm</think><thin": true} {
		k, err := m.newConstraint(r, m.replyFormat(r), "", false)
		if err != nil {
			t.Fatal(err)
		}
		ids, err := m.tok.Encode(nil, text, tokenize.EncodeOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range ids {
			if mask := k.allowed(); mask != nil && mask[id/64]>>(id%64)&1 == 0 || !k.fits(id) {
				t.Fatalf("%q: %q is not allowed", text, m.marked(id))
			}
			if err := k.accept(id); err != nil {
				t.Fatalf("%q: %v", text, err)
			}
		}
		if got := k.phase != phaseFree && k.st.Done(); got != want {
			t.Errorf("%q is an answer: %v", text, got)
		}
		if k.phase != phaseFree && k.accepts("hink>") {
			t.Errorf("after %q reasoning may begin", text)
		}
	}
}

// TestLineAnswer holds the answer of a model that writes its recipient first.
func TestLineAnswer(t *testing.T) {
	m := openTemplate(t, "{% for m in messages %}{{ m.content }}{% endfor %}>>>{# >>>all #}")
	s, err := m.NewSession(SessionConfig{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	r := Request{Messages: []chat.Message{chat.User("x")}, Schema: json.RawMessage(`{"enum":["a b"]}`)}
	for range 2 {
		text, last, err := s.Complete(t.Context(), r)
		if err != nil || last.Finish != FinishEOG || text != `"a b"` {
			t.Errorf("%q, %v, %v", text, last.Finish, err)
		}
		if all := written(t, s, 4); !strings.HasSuffix(all, "all\n\"a b\"") {
			t.Errorf("the session has %q", all)
		}
		r.Tools, r.ToolChoice.Name = toolSchemas(1), "tool_0"
		r.Sampling.LogitBias = map[int32]float32{m.tok.ID("a"): 90}
	}
}

// TestHarmonyReasoningBeforeCall checks that what a model thought before a call is there after the call, as its template
// writes it.
func TestHarmonyReasoningBeforeCall(t *testing.T) {
	source, err := os.ReadFile(tensortest.Path(t, "chat", "templates", "openai-gpt-oss-120b.jinja"))
	if err != nil {
		t.Fatal(err)
	}
	m := openTemplate(t, string(source), harmonyMarks...)
	said := reply.Reply{Reasoning: "I must look", Calls: []reply.Call{{ID: "a", Name: "tool_0", Arguments: json.RawMessage(`{}`)}}}
	for _, text := range []string{"", "Let me look."} {
		said.Text = text
		message, err := said.Message()
		if err != nil {
			t.Fatal(err)
		}
		r := &Request{Messages: []chat.Message{chat.User("x"), message, chat.Tool("a", "tool_0", "1")}}
		got, err := m.render(t.Context(), r)
		want := "<|start|>assistant<|channel|>analysis<|message|>" + said.Reasoning
		if err != nil || strings.Contains(got, want) != (text == "") || len(r.Messages[1].Extra) > 0 {
			t.Errorf("text %q: %v\n%s", text, err, got)
		}
	}
}
