package model_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/seed64708441/ember/backend"
	"github.com/seed64708441/ember/model"
	"github.com/seed64708441/ember/tensor/mem"
	"github.com/seed64708441/ember/tokenize/chat"
)

// complete runs a request to its end.
func complete(t *testing.T, s *model.Session, r model.Request) (string, model.Event) {
	t.Helper()
	text, last, err := s.Complete(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return text, last
}

// history returns the tokens of a session.
func history(t *testing.T, s *model.Session) []int32 {
	t.Helper()
	ids, err := s.Tokens()
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

// TestPrefixReuse checks what is computed again when prompts have a common beginning, and that it changes no token.
func TestPrefixReuse(t *testing.T) {
	m := openShape(t, small(), model.Config{})
	s := newSession(t, m)
	defer s.Close()
	ids := tokens(100, 1)
	_, a := complete(t, s, model.Request{Tokens: ids, MaxTokens: 10, IgnoreEOG: true})
	if u := a.Usage; u.Reused != 0 || u.Prefilled != 100 || u.Generated != 10 {
		t.Errorf("first: %+v", u)
	}
	first := history(t, s)
	_, b := complete(t, s, model.Request{Tokens: ids, MaxTokens: 10, IgnoreEOG: true})
	if u := b.Usage; u.Reused != 99 || u.Prefilled != 1 {
		t.Errorf("the same prompt: %+v", u)
	}
	if !slices.Equal(history(t, s), first) {
		t.Error("the same prompt gives other tokens")
	}
	other := slices.Concat(ids[:60], tokens(50, 9))
	_, c := complete(t, s, model.Request{Tokens: other, MaxTokens: 10, IgnoreEOG: true})
	if u := c.Usage; u.Reused != 60 || u.Prefilled != 50 {
		t.Errorf("60 tokens in common: %+v", u)
	}
	if got := generate(t, m, model.Request{Tokens: other, MaxTokens: 10, IgnoreEOG: true}); !slices.Equal(got, history(t, s)[110:]) {
		t.Error("a prompt in a used session gives other tokens than in a fresh one")
	}
	before := history(t, s)
	_, d := complete(t, s, model.Request{Tokens: tokens(5, 3), Append: true, MaxTokens: 2, IgnoreEOG: true})
	if u := d.Usage; u.Reused != len(before)-1 || u.Prefilled != 6 { // the last token was chosen and not computed
		t.Errorf("appended: %+v after %d tokens", u, len(before))
	}
}

// TestContext checks requests that do not fit, and generation that fills the context.
func TestContext(t *testing.T) {
	m := openShape(t, small(), model.Config{ContextTokens: 64})
	s, err := m.NewSession(model.SessionConfig{ContextTokens: 50})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var full *model.ContextFullError
	_, _, err = s.Complete(t.Context(), model.Request{Tokens: tokens(50, 1)})
	if !errors.As(err, &full) || !errors.Is(err, model.ErrContextFull) || full.Needed != 51 || full.Available != 50 {
		t.Errorf("50 tokens in a context of 50: %v", err)
	}
	if n := len(history(t, s)); n != 0 {
		t.Errorf("a refused request left %d tokens", n)
	}
	_, last := complete(t, s, model.Request{Tokens: tokens(40, 1), IgnoreEOG: true})
	if last.Finish != model.FinishContext || last.Usage.Generated != 10 || len(history(t, s)) != 50 {
		t.Errorf("%v after %d tokens, %d in all", last.Finish, last.Usage.Generated, len(history(t, s)))
	}
	if err := s.Forward(t.Context(), tokens(1, 1), nil); !errors.Is(err, model.ErrContextFull) {
		t.Errorf("Forward in a full context: %v", err)
	}
	for _, n := range []int{-1, 65} {
		if _, err := m.NewSession(model.SessionConfig{ContextTokens: n}); err == nil {
			t.Errorf("a session of %d tokens is not refused", n)
		}
	}
}

// TestBusyClosed checks what a session answers while it is used, and after it or its model is closed.
func TestBusyClosed(t *testing.T) {
	m := loadShape(t, small(), model.Config{})
	s := newSession(t, m)
	n := 0
	for ev, err := range s.Generate(t.Context(), model.Request{Tokens: tokens(5, 1), MaxTokens: 20, IgnoreEOG: true, LogProbs: true}) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; ev.Finish != model.FinishNone {
			continue
		}
		_, e1 := s.Tokens()
		_, e2 := s.Fork()
		_, e3 := s.Score(t.Context(), tokens(3, 1))
		_, _, e4 := s.Complete(t.Context(), model.Request{Prompt: "x"})
		for i, err := range []error{e1, e2, e3, e4, s.Rewind(0)} {
			if !errors.Is(err, model.ErrSessionBusy) {
				t.Fatalf("call %d on a busy session: %v", i, err)
			}
		}
	}
	if n != 20 {
		t.Errorf("%d events, want 20", n)
	}
	var last error
	for _, err := range s.Generate(t.Context(), model.Request{Tokens: tokens(5, 1), IgnoreEOG: true, LogProbs: true}) {
		if last = err; err == nil {
			s.Close()
		}
	}
	if !errors.Is(last, model.ErrClosed) {
		t.Errorf("a session closed in its loop ends with %v", last)
	}
	if _, err := s.Tokens(); !errors.Is(err, model.ErrClosed) {
		t.Errorf("a closed session: %v", err)
	}
	s = newSession(t, m)
	for _, err := range s.Generate(t.Context(), model.Request{Tokens: tokens(5, 1), IgnoreEOG: true, LogProbs: true}) {
		if last = err; err == nil {
			if err := m.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	if !errors.Is(last, model.ErrClosed) {
		t.Errorf("a model closed in a loop ends it with %v", last)
	}
	if _, err := m.NewSession(model.SessionConfig{}); !errors.Is(err, model.ErrClosed) {
		t.Errorf("a session of a closed model: %v", err)
	}
	closeModel(t, m)
}

// TestBreak checks that a loop that is left early leaves the history it has shown.
func TestBreak(t *testing.T) {
	m := openShape(t, small(), model.Config{})
	s := newSession(t, m)
	defer s.Close()
	r := model.Request{Tokens: tokens(20, 1), MaxTokens: 30, IgnoreEOG: true, LogProbs: true}
	want := generate(t, m, r)
	var got []int32
	for ev, err := range s.Generate(t.Context(), r) {
		if err != nil {
			t.Fatal(err)
		}
		if got = append(got, ev.Token); len(got) == 7 {
			break
		}
	}
	if !slices.Equal(got, want[:7]) || !slices.Equal(history(t, s)[20:], want[:7]) {
		t.Errorf("events %v, history %v, want %v", got, history(t, s)[20:], want[:7])
	}
	complete(t, s, model.Request{Append: true, MaxTokens: 23, IgnoreEOG: true})
	if !slices.Equal(history(t, s)[20:], want) {
		t.Errorf("continued: %v, want %v", history(t, s)[20:], want)
	}
}

// TestMemoryLimit checks that the limit holds, and that a session that does not get memory says so and goes on.
func TestMemoryLimit(t *testing.T) {
	free := loadShape(t, small(), model.Config{})
	base := free.MemoryUsed()
	closeModel(t, free)
	if _, err := tryShape(t, model.Config{MemoryLimit: base / 2}); !errors.Is(err, mem.ErrLimit) {
		t.Errorf("half the memory: %v", err)
	}
	limit := base + 400_000
	m := openShape(t, small(), model.Config{MemoryLimit: limit})
	s := newSession(t, m)
	defer s.Close()
	ids := tokens(2000, 1)
	_, _, err := s.Complete(t.Context(), model.Request{Tokens: ids, MaxTokens: 1})
	if !errors.Is(err, backend.ErrCacheFull) || !errors.Is(err, mem.ErrLimit) {
		t.Errorf("2000 tokens: %v", err)
	}
	if n := m.MemoryUsed(); n > limit {
		t.Errorf("%d bytes in use, the limit is %d", n, limit)
	}
	complete(t, s, model.Request{Tokens: ids[:50], MaxTokens: 5, IgnoreEOG: true})
}

// TestStopAndText checks stop texts, usage and that the events put together are the decoded tokens.
func TestStopAndText(t *testing.T) {
	m := openShape(t, small(), model.Config{})
	s := newSession(t, m)
	defer s.Close()
	r := model.Request{Tokens: tokens(20, 4), MaxTokens: 60, IgnoreEOG: true}
	text, last := complete(t, s, r)
	if last.Finish != model.FinishLength || last.Usage.Generated != 60 {
		t.Errorf("%v after %d", last.Finish, last.Usage.Generated)
	}
	runes := []rune(strings.ToValidUTF8(text, ""))
	if len(runes) < 20 {
		t.Fatalf("text %q is too short for this test", text)
	}
	stop := string(runes[10:14])
	r.Stop = []string{"never found in any text", stop}
	cut, last := complete(t, s, r)
	if want := text[:strings.Index(text, stop)]; cut != want || last.Finish != model.FinishStop || last.Stop != stop {
		t.Errorf("stopped by %q (%v, %q): %q, want %q", stop, last.Finish, last.Stop, cut, want)
	}
}

// TestScore compares scores with the logits of Forward, with and without history.
func TestScore(t *testing.T) {
	m := openShape(t, small(), model.Config{})
	ids := tokens(40, 1)
	logits := logitsOf(t, m, ids, 40)
	for _, at := range []int{0, 1, 17} {
		s := newSession(t, m)
		if at > 0 {
			if err := s.Forward(t.Context(), ids[:at], func(int, []float32) error { return nil }); err != nil {
				t.Fatal(err)
			}
		}
		scores, err := s.Score(t.Context(), ids[at:])
		if err != nil || len(scores) != len(ids)-at {
			t.Fatalf("%d scores: %v", len(scores), err)
		}
		for i, got := range scores {
			if at+i == 0 {
				if !math.IsNaN(float64(got)) {
					t.Errorf("the first token of all has score %v", got)
				}
				continue
			}
			if want := logSoftmax(logits[at+i-1])[ids[at+i]]; math.Abs(float64(got)-want) > 1e-5 {
				t.Errorf("after %d tokens: score %d is %v, want %v", at, i, got, want)
			}
		}
		if !slices.Equal(history(t, s), ids) {
			t.Error("the history is not the scored tokens")
		}
		s.Close()
	}
}

// TestForwardError checks that an error of the callback ends Forward where it was.
func TestForwardError(t *testing.T) {
	m := openShape(t, small(), model.Config{})
	s := newSession(t, m)
	defer s.Close()
	stop := errors.New("stop")
	err := s.Forward(t.Context(), tokens(40, 1), func(i int, _ []float32) error {
		if i == 20 {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) || len(history(t, s)) != 21 {
		t.Errorf("%v after %d tokens", err, len(history(t, s)))
	}
	if err := s.Forward(t.Context(), []int32{0, -1}, nil); err == nil {
		t.Error("token -1 is not refused")
	}
}

// TestRequestErrors checks that wrong requests are refused with every problem named, before anything happens.
func TestRequestErrors(t *testing.T) {
	m := openShape(t, small(), model.Config{})
	s := newSession(t, m)
	defer s.Close()
	hot := -1.0
	bad := model.Request{
		Prompt: "x", Tokens: []int32{1}, Messages: []chat.Message{chat.User("y")}, Append: true, MaxTokens: -1,
		Temperature: &hot, Stop: []string{""}, TopLogProbs: -2, Speculate: model.Speculation{Tokens: 99},
	}
	_, _, err := s.Complete(t.Context(), bad)
	for _, part := range []string{"3 of them", "Append", "MaxTokens", "Temperature", "stop 0", "TopLogProbs", "Speculate.Tokens"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("the error does not name %s: %v", part, err)
		}
	}
	if _, _, err := s.Complete(t.Context(), model.Request{Tokens: []int32{300}}); err == nil {
		t.Error("a token outside the vocabulary is not refused")
	}
	if _, _, err := s.Complete(t.Context(), model.Request{Messages: []chat.Message{chat.User("y")}}); !errors.Is(err, model.ErrNoChatTemplate) {
		t.Errorf("messages without a template: %v", err)
	}
	if len(history(t, s)) != 0 {
		t.Error("a refused request left tokens")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := s.Complete(ctx, model.Request{Tokens: tokens(3, 1)}); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled context: %v", err)
	}
}

// TestLogProbs compares log-probabilities of events with Score.
func TestLogProbs(t *testing.T) {
	m := openShape(t, small(), model.Config{})
	s := newSession(t, m)
	defer s.Close()
	warm := 1.0
	r := model.Request{Tokens: tokens(20, 1), MaxTokens: 15, IgnoreEOG: true, Temperature: &warm, Seed: 3, TopLogProbs: 4}
	var got []float32
	for ev, err := range s.Generate(t.Context(), r) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, ev.LogProb)
		if len(ev.TopLogProbs) != 4 || ev.TopLogProbs[0].LogProb < ev.LogProb {
			t.Errorf("alternatives %v beside %v", ev.TopLogProbs, ev.LogProb)
		}
	}
	fresh := newSession(t, m)
	defer fresh.Close()
	want, err := fresh.Score(t.Context(), history(t, s))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, want[20:]) {
		t.Errorf("log-probabilities %v, scores %v", got, want[20:])
	}
}

// TestSpeculation checks that guesses change no token, greedy or drawn, and are right where text repeats.
func TestSpeculation(t *testing.T) {
	m := openShape(t, small(), model.Config{})
	block := tokens(30, 1)
	prompt := slices.Concat(block, block, block)
	for _, temperature := range []float64{0, 0.7, 1.5} {
		r := model.Request{Tokens: prompt, MaxTokens: 120, IgnoreEOG: true, Temperature: &temperature, Seed: 5}
		r.Sampling.RepetitionPenalty = 1.1
		want := generate(t, m, r)
		draft := newSession(t, m)
		for _, sp := range []model.Speculation{{Tokens: 1}, {Tokens: 7}, {Tokens: 15}, {Tokens: 5, Draft: draft}} {
			r.Speculate = sp
			s := newSession(t, m)
			_, last := complete(t, s, r)
			if got := history(t, s)[len(prompt):]; !slices.Equal(got, want) {
				t.Errorf("temperature %v, %d tokens guessed (draft %v): %v, want %v", temperature, sp.Tokens, sp.Draft != nil, got, want)
			}
			if u := last.Usage; u.Accepted > u.Proposed || (temperature == 0 && sp.Draft != nil && u.Accepted == 0) {
				t.Errorf("%d of %d accepted", u.Accepted, u.Proposed)
			}
			// What is in the cache is the history and no draft.
			complete(t, s, model.Request{Append: true, MaxTokens: 5, IgnoreEOG: true})
			r2 := model.Request{Tokens: slices.Concat(prompt, want), MaxTokens: 5, IgnoreEOG: true}
			if got := history(t, s)[len(prompt)+len(want):]; !slices.Equal(got, generate(t, m, r2)) {
				t.Errorf("after a guess the session goes on with other tokens")
			}
			s.Close()
		}
		draft.Close()
	}
}

// tryShape opens a small model that may fail.
func tryShape(t *testing.T, c model.Config) (*model.Model, error) {
	t.Helper()
	r := reversedUnits(t, small())
	return model.OpenReader(t.Context(), r, r.Size(), c)
}
