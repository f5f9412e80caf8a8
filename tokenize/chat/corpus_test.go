package chat

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"testing"
	"time"

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
