package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/seed64708441/ember/model"
	"github.com/seed64708441/ember/model/testmodel"
)

// facts is how many facts the built-in demonstration tells the model.
const facts = 40

// lookUp shows what the engine does without a file: it opens a transformer of two layers, whose weights are set by hand so
// that it looks facts up in its context, tells it some, and asks for them. With a prompt it completes that instead.
func lookUp(ctx context.Context, o options, out, log io.Writer) error {
	w, err := testmodel.Wired(testmodel.WiredConfig{})
	if err != nil {
		return err
	}
	b, err := w.Bytes()
	if err != nil {
		return err
	}
	m, err := model.OpenReader(ctx, bytes.NewReader(b), int64(len(b)), model.Config{Threads: o.threads})
	if err != nil {
		return err
	}
	if o.prompt != "" {
		o.raw = true // the model knows no conversation
		err = generate(ctx, m, o, out, log)
	} else {
		err = ask(ctx, m, w, out)
	}
	return errors.Join(err, m.Close())
}

// ask tells facts and asks for some of them. The session keeps the facts in its cache: a question costs a few tokens.
func ask(ctx context.Context, m *model.Model, w *testmodel.WiredModel, out io.Writer) error {
	s, err := m.NewSession(model.SessionConfig{})
	if err != nil {
		return err
	}
	defer s.Close()
	var text strings.Builder
	for i := range facts {
		text.WriteString(w.Fact(i, i*7%len(w.Values)))
	}
	context := text.String()
	fmt.Fprintln(out, "No -model is given: a tiny transformer, built in memory as a GGUF file, looks facts up.")
	fmt.Fprintf(out, "It is told %d facts:%s ...%s\n", facts, context[:strings.Index(context, ".")+1], w.Fact(facts-1, (facts-1)*7%len(w.Values)))
	right, asked := 0, 0
	for i := 0; i < facts; i += 9 {
		r := model.Request{Prompt: context + " " + w.Keys[i], MaxTokens: 8}
		answer, last, err := s.Complete(ctx, r)
		if err != nil {
			return err
		}
		want := " " + w.Values[i*7%len(w.Values)] + "."
		asked++
		if answer == want {
			right++
		}
		fmt.Fprintf(out, "  %-8s ->%-10s (%d tokens reused, %d computed)\n", w.Keys[i], answer, last.Usage.Reused, last.Usage.Prefilled)
	}
	fmt.Fprintf(out, "%d of %d answers are right. Now try: go run ./examples/generate -model FILE.gguf -prompt \"Hello!\"\n", right, asked)
	if right != asked {
		return fmt.Errorf("%d answers are wrong", asked-right)
	}
	return nil
}
