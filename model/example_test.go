package model_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/seed64708441/ember/model"
	"github.com/seed64708441/ember/model/testmodel"
	"github.com/seed64708441/ember/tokenize"
)

// openWired opens the model that looks up facts, and some facts for it. Programs open a file with model.Open.
func openWired() (*model.Model, *testmodel.WiredModel, string, error) {
	w, err := testmodel.Wired(testmodel.WiredConfig{})
	if err != nil {
		return nil, nil, "", err
	}
	b, err := w.Bytes()
	if err != nil {
		return nil, nil, "", err
	}
	var facts strings.Builder
	for i := range 20 {
		facts.WriteString(w.Fact(i, i))
	}
	m, err := model.OpenReader(context.Background(), bytes.NewReader(b), int64(len(b)), model.Config{})
	return m, w, facts.String(), err
}

func ExampleSession_Generate() {
	m, _, facts, err := openWired()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer m.Close()
	s, err := m.NewSession(model.SessionConfig{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	for ev, err := range s.Generate(context.Background(), model.Request{Prompt: facts + " Ben", MaxTokens: 10}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%q", ev.Text)
		if ev.Finish != model.FinishNone {
			fmt.Printf(" ended by %v after %d tokens\n", ev.Finish, ev.Usage.Generated)
		}
	}
	// Output: " Lima"".""" ended by end after 3 tokens
}

// A fork shares the history that is computed. Each goes its own way.
func ExampleSession_Fork() {
	m, w, facts, err := openWired()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer m.Close()
	s, err := m.NewSession(model.SessionConfig{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	ctx := context.Background()
	if _, _, err := s.Complete(ctx, model.Request{Prompt: facts, MaxTokens: 1}); err != nil {
		fmt.Println(err)
		return
	}
	f, err := s.Fork()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer f.Close()
	later := facts + w.Fact(1, 7) // the fork learns something else about Ben
	for _, q := range []struct {
		name   string
		s      *model.Session
		prompt string
	}{{"original", s, facts + " Ben"}, {"fork", f, later + " Ben"}} {
		text, last, err := q.s.Complete(ctx, model.Request{Prompt: q.prompt, MaxTokens: 1})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%s:%s (%d tokens computed)\n", q.name, text, last.Usage.Prefilled)
	}
	// Output:
	// original: Lima (1 tokens computed)
	// fork: Berlin (4 tokens computed)
}

// Score tells how probable a text is: here, that the model expects what it looked up.
func ExampleSession_Score() {
	m, _, facts, err := openWired()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer m.Close()
	s, err := m.NewSession(model.SessionConfig{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	n, err := m.CountTokens(context.Background(), model.Request{Prompt: facts})
	if err != nil {
		fmt.Println(err)
		return
	}
	ids, err := m.Tokenizer().Encode(nil, facts+" Ben Lima.", tokenize.EncodeOptions{AddSpecial: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	scores, err := s.Score(context.Background(), ids)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("after the facts: ln p of %q is %.1f, of %q %.1f\n", " Lima", scores[n+1], ".", scores[n+2])
	// Output: after the facts: ln p of " Lima" is -0.0, of "." -0.0
}
