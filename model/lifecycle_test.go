package model

import (
	"context"
	"errors"
	"math"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/seed64708441/ember/backend"
	"github.com/seed64708441/ember/tensor/mem"
)

// openSession returns a session of a tiny model without marks.
func openSession(t *testing.T) *Session {
	t.Helper()
	s, err := openTemplate(t, "x").NewSession(SessionConfig{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// repeated is a prompt that look-up makes good guesses after.
func repeated() Request {
	var ids []int32
	for range 5 {
		ids = append(ids, 60, 61, 62, 63, 64, 65, 66, 67)
	}
	return Request{Tokens: ids, MaxTokens: 40, IgnoreEOG: true, LogProbs: true, Speculate: Speculation{Tokens: 8}}
}

// TestPanicInLoop leaves the loop over events by a panic: the step that was running is over when the session is used again
// or closed, and no draft is in its cache.
func TestPanicInLoop(t *testing.T) {
	s := openSession(t)
	r := repeated()
	if _, _, err := s.Complete(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	want, _ := s.Tokens()
	leave := func(after int, by func()) {
		defer func() { _ = recover() }()
		for range s.Generate(t.Context(), r) {
			if after--; after < 0 {
				by()
			}
		}
	}
	for n := range 20 {
		leave(n, func() { panic("of the caller") })
		if s.seq.Len() > len(s.tokens) || s.m.steps.choosing.Load() != 0 {
			t.Fatalf("panic after %d events: %d positions of %d tokens, %d sessions choosing", n, s.seq.Len(), len(s.tokens), s.m.steps.choosing.Load())
		}
	}
	var wg sync.WaitGroup
	wg.Go(func() { leave(3, runtime.Goexit) })
	wg.Wait()
	if _, _, err := s.Complete(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if got, _ := s.Tokens(); !slices.Equal(got, want) {
		t.Errorf("after panics: %v, want %v", got, want)
	}
	leave(2, func() { panic("and close") })
	s.Close()
}

// TestSlowCaller checks that nobody waits for a session whose caller has an event, also when the next token is there.
func TestSlowCaller(t *testing.T) {
	s := openSession(t)
	var last Event
	for ev, err := range s.Generate(t.Context(), repeated()) {
		if err != nil {
			t.Fatal(err)
		}
		if n := s.m.steps.choosing.Load(); n != 0 {
			t.Fatalf("%d sessions count as choosing during an event", n)
		}
		last = ev
	}
	if last.Usage.Accepted == 0 {
		t.Error("no guess was right: the test tests nothing")
	}
}

// TestCloseAtEvent checks that what is computed already does not put off the end: no token comes after Close or a cancel.
func TestCloseAtEvent(t *testing.T) {
	for _, want := range []error{ErrClosed, context.Canceled} {
		s := openSession(t)
		ctx, cancel := context.WithCancel(t.Context())
		n := 0
		var last error
		for _, err := range s.Generate(ctx, repeated()) {
			if n++; n < 25 {
				continue
			}
			if last = err; err != nil {
				break
			}
			if n > 25 {
				t.Fatalf("an event after the end by %v", want)
			}
			time.Sleep(20 * time.Millisecond) // the next token is there
			if want == ErrClosed {
				s.Close()
			} else {
				cancel()
			}
		}
		if cancel(); !errors.Is(last, want) {
			t.Errorf("ended with %v, want %v", last, want)
		}
	}
}

// idleProgram runs steps that do nothing.
type idleProgram struct{ backend.Program }

func (idleProgram) Step(ctx context.Context, _ *backend.Step) error { return ctx.Err() }

// TestSubmitWhileClosing closes schedulers while jobs come: each job is answered.
func TestSubmitWhileClosing(t *testing.T) {
	for i := range 10000 {
		s := newScheduler(idleProgram{}, nil, 4, 1, 1, make([]float32, 1))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				j := &job{ctx: ctx, tokens: []int32{1}, outs: 1, done: make(chan struct{}, 1)}
				for range 4 {
					j.seq = nil // refused before it is looked at
					s.submit(j)
					_ = s.wait(j)
					s.chosen()
				}
			})
		}
		go s.close()
		ended := make(chan struct{})
		go func() { wg.Wait(); close(ended) }()
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			t.Fatalf("scheduler %d: a job was left behind", i)
		}
	}
}

// TestScoreRefused checks that a call of Score that computes nothing leaves the history whole.
func TestScoreRefused(t *testing.T) {
	s := openSession(t)
	if _, err := s.Score(t.Context(), []int32{5, 6, 7}); err != nil {
		t.Fatal(err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		ctx context.Context
		ids []int32
	}{{t.Context(), []int32{-1}}, {t.Context(), make([]int32, s.context)}, {cancelled, []int32{8}}} {
		if _, err := s.Score(c.ctx, c.ids); err == nil {
			t.Error("no error")
		}
		if got, _ := s.Tokens(); !slices.Equal(got, []int32{5, 6, 7}) {
			t.Fatalf("a refused Score leaves %v", got)
		}
	}
}

// TestFloatsOverflow asks for more numbers than an int counts bytes.
func TestFloatsOverflow(t *testing.T) {
	if _, err := newFloats(&mem.Account{}, math.MaxInt/8, 3); !errors.Is(err, mem.ErrLimit) {
		t.Errorf("%v, want mem.ErrLimit", err)
	}
}

// watchedProgram calls a function at every step.
type watchedProgram struct {
	backend.Program
	see func()
}

func (p watchedProgram) Step(ctx context.Context, s *backend.Step) error {
	p.see()
	return p.Program.Step(ctx, s)
}

// TestNobodyWaitsForDraft checks that a session does not count as choosing while another model guesses for it.
func TestNobodyWaitsForDraft(t *testing.T) {
	s, draft := openSession(t), openSession(t)
	steps := 0
	draft.m.steps.program = watchedProgram{draft.m.program, func() {
		steps++
		if n := s.m.steps.choosing.Load(); n != 0 {
			t.Errorf("%d sessions count as choosing while the draft is computed", n)
		}
	}}
	r := repeated()
	r.Tokens, r.Speculate.Draft = r.Tokens[:7], draft
	if _, _, err := s.Complete(t.Context(), r); err != nil || steps == 0 {
		t.Errorf("%d steps of the draft: %v", steps, err)
	}
}

// TestPromptsAmongDecoders fills steps that the sessions that decode would fill alone: a prompt goes on, too.
func TestPromptsAmongDecoders(t *testing.T) {
	m := openTemplate(t, "x")
	s := &scheduler{rows: 16, outs: 16, vocab: 1}
	add := func(n int) {
		j := &job{ctx: t.Context(), seq: m.pool.NewSeq(), tokens: make([]int32, n), outs: 1, done: make(chan struct{}, 1)}
		t.Cleanup(j.seq.Free)
		s.queue = append(s.queue, j)
	}
	for range 17 {
		add(1)
	}
	add(100)
	s.fill()
	if n := len(s.batch); n < 12 || s.batch[n-1] != s.queue[17] || len(s.step.Tokens) > 16 {
		t.Errorf("%d jobs in a step of %d rows, without the prompt", n, len(s.step.Tokens))
	}
}

// TestForwardMemory checks that few tokens take the memory of few rows of logits.
func TestForwardMemory(t *testing.T) {
	s := openSession(t)
	see := func() (used int64) {
		_ = s.Forward(t.Context(), []int32{5}, func(int, []float32) error { used = s.m.MemoryUsed(); return nil })
		return used
	}
	see() // takes a page
	if more, row := see()-s.m.MemoryUsed(), 4*int64(s.m.arch.Config.Vocab); more != row {
		t.Errorf("one token takes %d bytes, want %d", more, row)
	}
}
