package model

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed64708441/ember/model/grammar"
	"github.com/seed64708441/ember/tensor/tensortest"
	"github.com/seed64708441/ember/tokenize/chat"
	"github.com/seed64708441/ember/tokenize/chat/reply"
	"github.com/seed64708441/ember/tokenize/chat/tool"
)

const familySchema = `{"type":"object","properties":{"a":{"enum":["x","yy"]},"b":{"type":"boolean"}},"required":["a","b"],"additionalProperties":false}`

// TestFamilies asks models with the recorded chat templates, one of each way to write reasoning and calls, for values and
// calls, with a budget of thinking: whatever is complete is valid.
func TestFamilies(t *testing.T) {
	files, err := filepath.Glob(tensortest.Path(t, "chat", "templates") + "/*")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	complete := 0
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		f := reply.Detect(string(source))
		kind := fmt.Sprint(f.Calls, f.Think)
		if seen[kind] {
			continue
		}
		seen[kind] = true
		t.Run(filepath.Base(file), func(t *testing.T) {
			var marks []string
			for _, m := range []string{f.Think.Open, f.Think.Close} {
				if m != "" {
					marks = append(marks, m)
				}
			}
			if len(seen)%3 == 0 { // marks of letters, else as tokens
				marks = nil
			}
			complete += family(t, openTemplate(t, string(source), marks...), f)
		})
	}
	if len(seen) < 20 || complete < len(seen) {
		t.Errorf("%d kinds, %d complete answers", len(seen), complete)
	}
}

// family makes requests of a model. It returns how many answers were complete.
func family(t *testing.T, m *Model, f reply.Format) (complete int) {
	t.Helper()
	s, err := m.NewSession(SessionConfig{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	def := toolSchemas(2)[1]
	hot := 1.0
	for seed := range uint64(4) {
		r := Request{Messages: []chat.Message{chat.User("x")}, Temperature: &hot, Seed: seed + 1, ThinkTokens: int(seed) * 2, MaxTokens: 150}
		r.Sampling.LogitBias = map[int32]float32{m.tok.ID(`"`): 4, m.tok.ID("<"): 3}
		if seed%4 > 0 && f.Calls != reply.NoCalls {
			r.Tools = []tool.Def{def}
			r.ToolChoice.Required = seed%4 == 1
		}
		if seed%4 == 0 || seed%4 == 2 {
			r.Schema = json.RawMessage(familySchema)
		}
		if n, err := m.CountTokens(t.Context(), r); err == nil && n > 800 {
			continue // some templates tell a long story about tools
		}
		said, last, err := s.Reply(t.Context(), r)
		if err != nil && strings.HasPrefix(err.Error(), "chat: template") {
			continue // some templates want tools, or descriptions of parameters
		}
		if err != nil {
			t.Fatalf("%v: %v", f.Calls, err)
		}
		if last.Finish != FinishEOG {
			continue
		}
		complete++
		valid(t, &r, said)
		if t.Failed() {
			t.Fatalf("%v, tools %v, required %v, schema %s: %+v", f, len(r.Tools), r.ToolChoice.Required, r.Schema, said)
		}
	}
	return complete
}

// valid checks a complete reply against its request.
func valid(t *testing.T, r *Request, said reply.Reply) {
	t.Helper()
	check := func(schema, text []byte) {
		g, err := grammar.FromJSONSchema(schema, grammar.Options{})
		if err == nil {
			err = g.Validate(text)
		}
		if err != nil {
			t.Error(err)
		}
	}
	for _, c := range said.Calls {
		check(r.Tools[0].Schema(), c.Arguments)
	}
	switch {
	case len(said.Errors) > 0 && (r.ToolChoice.Required || r.Schema != nil):
		t.Error(said.Errors[0])
	case r.ToolChoice.Required && (len(said.Calls) == 0 || strings.TrimSpace(said.Text) != ""):
		t.Error("not calls alone")
	case r.Schema != nil && len(said.Calls) == 0:
		check(r.Schema, []byte(said.Text))
	case r.Schema != nil && strings.TrimSpace(said.Text) != "":
		t.Error("text beside calls")
	}
}
