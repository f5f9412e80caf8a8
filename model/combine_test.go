package model

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/seed64708441/ember/model/grammar"
	"github.com/seed64708441/ember/tokenize/chat"
	"github.com/seed64708441/ember/tokenize/chat/tool"
)

// combined returns a request that combines at random what can be combined.
func combined(t *testing.T, m *Model, rng *rand.Rand) Request {
	t.Helper()
	temperature := float64(rng.IntN(3)) / 2
	r := Request{
		Messages: []chat.Message{chat.User("aa")}, MaxTokens: rng.IntN(200), ThinkTokens: rng.IntN(9), Temperature: &temperature,
		Seed: rng.Uint64(), IgnoreEOG: rng.IntN(3) == 0, TopLogProbs: rng.IntN(3),
	}
	switch rng.IntN(4) {
	case 0:
		g, err := grammar.FromRegexp("[a-z]{3,9}(yes|no)!?")
		if err != nil {
			t.Fatal(err)
		}
		r.Grammar = g
	case 1:
		r.Schema = json.RawMessage(`{"type":"object","properties":{"a":{"enum":["x","yy"]},"b":{"type":"boolean"}},"required":["a","b"],"additionalProperties":false}`)
	default:
		r.Tools = []tool.Def{toolSchemas(2)[rng.IntN(2)]}
		r.ToolChoice.Required = rng.IntN(2) == 0
		if rng.IntN(3) == 0 {
			r.Schema = json.RawMessage(`{"enum":[true]}`)
		}
		r.Sampling.LogitBias = map[int32]float32{m.tok.ID(`"`): 4}
	}
	if rng.IntN(4) == 0 {
		r.Stop = []string{"q", "bc", "no"}
	}
	return r
}

// outcome is what a request gives.
type outcome struct {
	ids  []int32
	text string // of all kinds
	last Event
}

// outcome completes a request and checks what must hold after each, whatever happened.
func (s *Session) outcome(ctx context.Context, t *testing.T, r Request) (o outcome, err error) {
	t.Helper()
	for ev, e := range s.Generate(ctx, r) {
		if err = e; err != nil {
			break
		}
		if ev.Kind == EventCallFailed && ev.Finish == FinishNone {
			t.Errorf("call failed: %v", ev.CallError)
		}
		o.text += "|" + ev.Kind.String() + ev.Text + string(ev.Call.Arguments)
		o.last = ev
	}
	if s.seq.Len() > len(s.tokens) || len(s.tokens) > s.context || s.m.steps.choosing.Load() != 0 {
		t.Fatalf("%d positions, %d tokens, context %d, %d sessions choosing", s.seq.Len(), len(s.tokens), s.context, s.m.steps.choosing.Load())
	}
	o.ids = slices.Clone(s.tokens)
	return o, err
}

// TestCombinations runs requests that combine grammars, tools, stop texts, budgets and ends: in a used session, after a
// cancel, with guesses of both kinds, they give what they give in a fresh one.
func TestCombinations(t *testing.T) {
	for _, marks := range [][]string{{"<|im_end|>"}, {"<think>", "</think>", "<|im_end|>", "<tool_call>", "</tool_call>"}} {
		m := openTemplate(t, thinkTemplate, marks...)
		rng := rand.New(rand.NewPCG(7, 9))
		draft, err := m.NewSession(SessionConfig{})
		if err != nil {
			t.Fatal(err)
		}
		ends := map[Finish]int{}
		for range 40 {
			s, err := m.NewSession(SessionConfig{ContextTokens: 300 + rng.IntN(400)})
			if err != nil {
				t.Fatal(err)
			}
			ends[combine(t, s, draft, combined(t, m, rng), rng)]++
			s.Close()
		}
		draft.Close()
		if len(ends) < 4 {
			t.Errorf("ends %v, want each kind", ends)
		}
	}
}

func combine(t *testing.T, s, draft *Session, r Request, rng *rand.Rand) Finish {
	t.Helper()
	want, err := s.outcome(t.Context(), t, r)
	if errors.Is(err, ErrContextFull) {
		return FinishNone
	}
	if err != nil {
		t.Fatalf("%+v: %v", r, err)
	}
	if err := s.Rewind(rng.IntN(len(want.ids))); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rng.IntN(4000))*time.Microsecond)
	r.Speculate = Speculation{Tokens: 5, Draft: draft}
	if _, err := s.outcome(ctx, t, r); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	cancel()
	for _, sp := range []Speculation{{Tokens: 1 + rng.IntN(15)}, {Tokens: 1 + rng.IntN(15), Draft: draft}} {
		r.Speculate = sp
		got, err := s.outcome(t.Context(), t, r)
		if err != nil || !slices.Equal(got.ids, want.ids) || got.text != want.text || got.last.Finish != want.last.Finish {
			t.Errorf("guessing %d: %q, %v, %v; want %q, %v", sp.Tokens, got.text, got.last.Finish, err, want.text, want.last.Finish)
		}
	}
	return want.last.Finish
}
