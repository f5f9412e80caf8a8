package chat

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed64708441/ember/tensor/tensortest"
	"github.com/seed64708441/ember/tokenize/chat/jinja"
)

// want is what Jinja2 made of a case: a text, or an error of any wording.
type want struct {
	Output *string `json:"output"`
	Error  *string `json:"error"`
}

func (w want) check(t *testing.T, got string, err error) {
	t.Helper()
	switch {
	case w.Output == nil && w.Error == nil:
		t.Fatal("the case has neither output nor error")
	case w.Error != nil:
		if err == nil {
			t.Errorf("got %q, want an error like %q", got, *w.Error)
		}
	case err != nil:
		t.Errorf("got error %v, want %q", err, *w.Output)
	case got != *w.Output:
		t.Errorf("%s", firstDifference(got, *w.Output))
	}
}

func firstDifference(got, want string) string {
	i := 0
	for i < len(got) && i < len(want) && got[i] == want[i] {
		i++
	}
	show := func(s string) string {
		b, _ := json.Marshal(s[max(0, i-60):min(len(s), i+60)])
		return string(b)
	}
	return fmt.Sprintf("output differs at byte %d\n got %s\nwant %s", i, show(got), show(want))
}

// readLines decodes every line of a .jsonl file.
func readLines[T any](t *testing.T, path string) []T {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []T
	s := bufio.NewScanner(f)
	s.Buffer(nil, 16<<20)
	for s.Scan() {
		var x T
		if err := json.Unmarshal(s.Bytes(), &x); err != nil {
			t.Fatalf("%s line %d: %v", path, len(out)+1, err)
		}
		out = append(out, x)
	}
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

func readJSON[T any](t *testing.T, path string) (x T) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &x); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return x
}

// conversation is a case of conversations.json; keys without field are variables of the template.
type conversation map[string]json.RawMessage

func (c conversation) input(t *testing.T, common map[string]string, now time.Time) Input {
	t.Helper()
	in := Input{Now: now, Extra: map[string]any{}}
	for name, text := range common {
		switch name {
		case "bos_token":
			in.BOS = text
		case "eos_token":
			in.EOS = text
		default:
			in.Extra[name] = text
		}
	}
	for name, raw := range c {
		var err error
		switch name {
		case "messages":
			err = json.Unmarshal(raw, &in.Messages)
		case "add_generation_prompt":
			err = json.Unmarshal(raw, &in.AddGenerationPrompt)
		case "tools":
			in.Tools, err = list(raw)
		case "documents":
			in.Documents, err = list(raw)
		default:
			in.Extra[name] = raw
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	return in
}

func list(raw []byte) ([]Value, error) {
	v, err := JSON(raw)
	if err != nil {
		return nil, err
	}
	l, ok := v.(*jinja.List)
	if !ok {
		return nil, nil
	}
	out := make([]Value, l.Len())
	for i := range out {
		out[i] = l.At(i)
	}
	return out, nil
}

// TestTemplates renders every template of the corpus with every conversation.
func TestTemplates(t *testing.T) {
	dir := tensortest.Path(t, "chat")
	type file struct {
		Now    string                  `json:"now"`
		Common map[string]string       `json:"common"`
		Cases  map[string]conversation `json:"cases"`
	}
	type line struct {
		Template, Case string
		want
	}
	conv := readJSON[file](t, filepath.Join(dir, "conversations.json"))
	now, err := time.Parse("2006-01-02T15:04:05", conv.Now)
	if err != nil {
		t.Fatal(err)
	}
	expected := map[[2]string]want{}
	for _, l := range readLines[line](t, filepath.Join(dir, "expected.jsonl")) {
		expected[[2]string{l.Template, l.Case}] = l.want
	}
	var c tensortest.Counts
	for _, path := range tensortest.Glob(t, "chat", "templates", "*.jinja") {
		name := filepath.Base(path)
		source, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		tmpl, parseErr := Parse(string(source), Options{})
		for id, conversation := range conv.Cases {
			c.Case(t, name+"/"+id, func(t *testing.T) {
				w, ok := expected[[2]string{name, id}]
				if !ok {
					t.Fatal("expected.jsonl has no line for this case")
				}
				delete(expected, [2]string{name, id})
				if parseErr != nil {
					w.check(t, "", parseErr)
					return
				}
				got, err := tmpl.Render(context.Background(), conversation.input(t, conv.Common, now))
				w.check(t, got, err)
			})
		}
	}
	c.Report(t)
	for id := range expected {
		t.Errorf("expected.jsonl has a line for %v, which is not there", id)
	}
}

// TestSnippets renders the files of templates that come with their variables.
func TestSnippets(t *testing.T) {
	type line struct {
		Name     string          `json:"name"`
		Template string          `json:"template"`
		Context  json.RawMessage `json:"context"`
		want
	}
	for _, path := range tensortest.Glob(t, "chat", "*_*.jsonl") {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".jsonl"), func(t *testing.T) {
			var c tensortest.Counts
			for _, l := range readLines[line](t, path) {
				c.Case(t, l.Name, func(t *testing.T) {
					got, err := renderSnippet(l.Template, l.Context)
					l.check(t, got, err)
				})
			}
			c.Report(t)
		})
	}
}

func renderSnippet(source string, variables []byte) (string, error) {
	t, err := Parse(source, Options{})
	if err != nil {
		return "", err
	}
	v, err := JSON(variables)
	if err != nil {
		return "", err
	}
	return t.render(context.Background(), v.(*jinja.Dict), time.Date(2025, 7, 10, 12, 0, 0, 0, time.UTC))
}

// TestLlamaCpp renders the templates of llama.cpp's own test.
func TestLlamaCpp(t *testing.T) {
	type file struct {
		Messages []Message
		Cases    []struct {
			Name     string `json:"name"`
			Template string `json:"template"`
			BOS      string `json:"bos_token"`
			EOS      string `json:"eos_token"`
			Jinja2   want   `json:"jinja2"`
		}
	}
	f := readJSON[file](t, tensortest.Path(t, "chat", "llama_cpp_chat_template_cases.json"))
	var c tensortest.Counts
	for _, x := range f.Cases {
		c.Case(t, x.Name, func(t *testing.T) {
			tmpl, err := Parse(x.Template, Options{})
			got := ""
			if err == nil {
				got, err = tmpl.Render(context.Background(), Input{
					Messages: f.Messages, AddGenerationPrompt: true, BOS: x.BOS, EOS: x.EOS,
				})
			}
			x.Jinja2.check(t, got, err)
		})
	}
	c.Report(t)
}
