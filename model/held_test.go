package model

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/seed64708441/ember/model/grammar"
	"github.com/seed64708441/ember/tokenize"
	"github.com/seed64708441/ember/tokenize/chat"
	"github.com/seed64708441/ember/tokenize/chat/tool"
)

// TestIgnoredEndInGrammar checks that IgnoreEOG goes on in a grammar that may end, and ends where it must.
func TestIgnoredEndInGrammar(t *testing.T) {
	s := openSession(t)
	for _, c := range []struct {
		regexp string
		n      int
		finish Finish
	}{{"[a-f]*", 20, FinishLength}, {"[a-f]{0,5}", 0, FinishEOG}} {
		g, err := grammar.FromRegexp(c.regexp)
		if err != nil {
			t.Fatal(err)
		}
		r := Request{Prompt: "x", Grammar: g, MaxTokens: 20, IgnoreEOG: true}
		r.Sampling.LogitBias = map[int32]float32{}
		for id := range int32(s.m.tok.Vocab()) {
			if s.m.tok.IsEOG(id) {
				r.Sampling.LogitBias[id] = 90
			}
		}
		text, last, err := s.Complete(t.Context(), r)
		if err != nil || last.Finish != c.finish || len(text) < c.n || strings.Trim(text, "abcdef") != "" {
			t.Errorf("%s: %q, %v, %v", c.regexp, text, last.Finish, err)
		}
	}
}

// TestThinkBeforeCall lets the model open its reasoning itself: what looks like a call in it is none.
func TestThinkBeforeCall(t *testing.T) {
	m := openTemplate(t, thinkTemplate, "<think>", "</think>", "<|im_end|>")
	def := tool.Def{Name: "f", Parameters: json.RawMessage(`{"type":"object","properties":{},"additionalProperties":false}`)}
	r := &Request{Messages: []chat.Message{chat.User("x")}, Tools: []tool.Def{def}}
	k, err := m.newConstraint(r, m.replyFormat(r), "", false)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		text     string
		want     phase
		thinking bool
	}{{"<think>I could write <tool_call> now", phaseFree, true}, {"</think>\n\n", phaseFree, false}, {"<tool_call>", phaseHeld, false}} {
		ids, err := m.tok.Encode(nil, c.text, tokenize.EncodeOptions{ParseSpecial: true})
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range ids {
			if err := k.accept(id); err != nil {
				t.Fatal(err)
			}
		}
		if k.phase != c.want || k.marks.thinking != c.thinking {
			t.Fatalf("phase %d after %q, want %d", k.phase, c.text, c.want)
		}
	}
}

// TestGrammarsMadeTogether makes a grammar while another is being made.
func TestGrammarsMadeTogether(t *testing.T) {
	m := openTemplate(t, "x")
	g, err := grammar.FromRegexp("a")
	if err != nil {
		t.Fatal(err)
	}
	made := make(chan error, 1)
	_, err = m.compiled(grammarKey{text: "slow"}, func() (*grammar.Grammar, error) {
		go func() {
			_, err := m.compiled(grammarKey{text: "quick"}, func() (*grammar.Grammar, error) { return g, nil })
			made <- err
		}()
		select {
		case err := <-made:
			return g, err
		case <-time.After(10 * time.Second):
			return nil, errors.New("one grammar waits for another")
		}
	})
	if err != nil {
		t.Error(err)
	}
	for _, key := range []string{"slow", "quick"} {
		if m.grammars.find(grammarKey{text: key}) == nil {
			t.Errorf("grammar %q is not kept", key)
		}
	}
}
