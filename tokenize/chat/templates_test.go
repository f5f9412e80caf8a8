package chat

import (
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed64708441/ember/tensor/tensortest"
	"github.com/seed64708441/ember/tokenize"
	"github.com/seed64708441/ember/tokenize/chat/jinja"
)

// TestTemplates walks the recorded chat data. Every file must be of a kind that is run here, so that a file dropped in is
// run or fails the test.
func TestTemplates(t *testing.T) {
	root := tensortest.Path(t, "chat")
	var c tensortest.Counts
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		dir, name := filepath.Split(filepath.ToSlash(rel))
		switch {
		case dir == "templates/" && strings.HasSuffix(name, ".jinja"):
			// run by conversations, below
		case dir == "" && (name == "conversations.json" || isExpected(name)):
			// read by conversations, below
		case dir == "" && strings.HasSuffix(name, ".jsonl"):
			t.Run(name, func(t *testing.T) { snippets(t, &c, path) })
		case dir == "" && strings.HasSuffix(name, "_cases.json"):
			t.Run(name, func(t *testing.T) { llamaCpp(t, &c, path) })
		case strings.HasPrefix(dir, "mistral-common/") && mistralText.MatchString(name):
			t.Run(rel, func(t *testing.T) { mistral(t, &c, path) })
		case strings.HasPrefix(dir, "mistral-common/") && (name == "sample.json" || mistralTokens.MatchString(name)):
			// the request and the ids are read for the text
		default:
			t.Errorf("%s: no test runs this kind of file", rel)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	conversations(t, &c, root)
	c.Report(t)
}

func isExpected(name string) bool {
	return strings.HasPrefix(name, "expected") && strings.HasSuffix(name, ".jsonl")
}

// conversations renders every template with every conversation.
func conversations(t *testing.T, c *tensortest.Counts, root string) {
	type file struct {
		Now    string                  `json:"now"`
		Common map[string]string       `json:"common"`
		Cases  map[string]conversation `json:"cases"`
	}
	type line struct {
		Template, Case string
		want
	}
	conv := readJSON[file](t, filepath.Join(root, "conversations.json"))
	now, err := time.Parse("2006-01-02T15:04:05", conv.Now)
	if err != nil {
		t.Fatal(err)
	}
	expected := map[[2]string]want{}
	for _, path := range tensortest.Glob(t, "chat", "expected*.jsonl") {
		for _, l := range readLines[line](t, path) {
			expected[[2]string{l.Template, l.Case}] = l.want
		}
	}
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
	for id := range expected {
		t.Errorf("expected.jsonl has a line for %v, which is not there", id)
	}
}

// snippets renders a file of templates that come with their variables.
func snippets(t *testing.T, c *tensortest.Counts, path string) {
	type line struct {
		Name     string          `json:"name"`
		Template string          `json:"template"`
		Context  json.RawMessage `json:"context"`
		want
	}
	for _, l := range readLines[line](t, path) {
		c.Case(t, l.Name, func(t *testing.T) {
			got, err := renderSnippet(l.Template, l.Context)
			l.check(t, got, err)
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

// llamaCpp renders the templates of llama.cpp's own test.
func llamaCpp(t *testing.T, c *tensortest.Counts, path string) {
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
	f := readJSON[file](t, path)
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
}

var (
	mistralText   = regexp.MustCompile(`^text_(v\d+)\.txt$`)
	mistralTokens = regexp.MustCompile(`^tokens_(v\d+)\.json$`)
)

// mistral renders a recorded request of mistral-common with the template of that version under testdata and compares it
// with the recorded text, in which SentencePiece has written spaces as ▁ and line feeds as <0x0A>.
func mistral(t *testing.T, c *tensortest.Counts, path string) {
	version := mistralText.FindStringSubmatch(filepath.Base(path))[1]
	c.Case(t, version, func(t *testing.T) {
		source, err := os.ReadFile(filepath.Join("testdata", "mistral-"+version+".jinja"))
		if err != nil {
			t.Fatal(err)
		}
		recorded, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.NewReplacer("▁", " ", "<0x0A>", "\n").Replace(string(recorded))
		got, err := mustParse(t, string(source)).Render(context.Background(), mistralRequest(t, filepath.Dir(path)))
		want{Output: &text}.check(t, got, err)
		checkTokens(t, got, filepath.Join(filepath.Dir(path), "tokens_"+version+".json"), version)
	})
}

// checkTokens compares the ids of a rendered text with recorded ones. The spaces that SentencePiece puts before a text are
// already in it.
func checkTokens(t *testing.T, text, path, version string) {
	t.Helper()
	model, err := os.ReadFile(tensortest.Glob(t, "tokenizers", "spm", "*.model."+version)[0])
	if err != nil {
		t.Fatal(err)
	}
	config, err := tokenize.ConfigFromSentencePiece(model)
	if err != nil {
		t.Fatal(err)
	}
	config.AddSpacePrefix = false
	tok, err := tokenize.New(config)
	if err != nil {
		t.Fatal(err)
	}
	got, err := tok.Encode(nil, text, tokenize.EncodeOptions{ParseSpecial: true})
	if err != nil {
		t.Fatal(err)
	}
	if want := readJSON[struct{ Tokens []int32 }](t, path).Tokens; !slices.Equal(got, want) {
		t.Errorf("%s:\n got %v\nwant %v", path, got, want)
	}
}

// mistralRequest reads a request. What is JSON in a text there becomes a value: arguments, and results of tools.
func mistralRequest(t *testing.T, dir string) Input {
	r := readJSON[struct {
		Messages []Message
		Tools    json.RawMessage
	}](t, filepath.Join(dir, "sample.json"))
	messages, err := WithObjectArguments(r.Messages)
	if err != nil {
		t.Fatal(err)
	}
	in := Input{Messages: messages, BOS: "<s>", EOS: "</s>"}
	for i := range in.Messages {
		m := &in.Messages[i]
		if v, err := JSON([]byte(m.Content.Text())); m.Role == "tool" && err == nil {
			m.Content = Null()
			m.Extra = append(m.Extra, Field{"result", v})
		}
	}
	if r.Tools != nil {
		if in.Tools, err = list(r.Tools); err != nil {
			t.Fatal(err)
		}
	}
	return in
}
