package model

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/seed64708441/ember/model/kv"
)

// SessionConfig says how a session is made. The zero value works.
type SessionConfig struct {
	// ContextTokens is the most positions; 0 is what the model was opened with. More than that is refused.
	ContextTokens int
}

// Session is the history of one sequence of tokens and its cache. One goroutine at a time may use it: a second call,
// while another runs or the events of Generate are not at their end, gets ErrSessionBusy. Close may be called at any time.
type Session struct {
	m       *Model
	context int

	mu     sync.Mutex
	busy   bool
	closed bool
	cancel context.CancelCauseFunc // of the call that is running

	// The rest belongs to the call that is running.
	tokens []int32 // all of the history; the cache holds the first seq.Len() of them, sometimes and a draft
	seq    *kv.Seq
	job    job
	run    []int32 // tokens and draft of the job
	logits floats  // one row, or more for drafts
}

// NewSession returns an empty session. It takes memory for one row of logits now, and for cache pages as it grows.
func (m *Model) NewSession(c SessionConfig) (*Session, error) {
	if c.ContextTokens < 0 || c.ContextTokens > m.context {
		return nil, fmt.Errorf("model: SessionConfig.ContextTokens is %d, want 0 to %d", c.ContextTokens, m.context)
	}
	if c.ContextTokens == 0 {
		c.ContextTokens = m.context
	}
	return m.newSession(c.ContextTokens, m.pool.NewSeq(), nil)
}

// newSession takes over seq, also when it fails.
func (m *Model) newSession(context int, seq *kv.Seq, tokens []int32) (*Session, error) {
	s := &Session{m: m, context: context, seq: seq, tokens: tokens, busy: true} // until it is whole
	s.job.done = make(chan struct{}, 1)
	if err := m.add(s); err != nil {
		seq.Free()
		return nil, err
	}
	var err error
	if s.logits, err = newFloats(m.memory, 1, m.arch.Config.Vocab); err != nil {
		s.mu.Lock()
		s.closed = true
		s.mu.Unlock()
		err = fmt.Errorf("model: session: %w", err)
	}
	if closed := s.leave(); closed && err == nil {
		err = ErrClosed
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// enter takes the right to use the session, until leave. The context is done when ctx is, or when the session closes.
func (s *Session) enter(ctx context.Context) (context.Context, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return nil, ErrClosed
	case s.busy:
		return nil, ErrSessionBusy
	}
	s.busy = true
	ctx, s.cancel = context.WithCancelCause(ctx)
	return ctx, nil
}

// leave gives the right back. When Close was called meanwhile it does its work, and returns true.
func (s *Session) leave() (closed bool) {
	s.mu.Lock()
	if s.cancel != nil {
		s.cancel(nil)
		s.cancel = nil
	}
	s.busy = false
	closed = s.closed
	s.mu.Unlock()
	if closed {
		_ = s.release()
	}
	return closed
}

// Close gives back the memory of the session: its cache pages to the model, for other sessions, and the rest to the system.
// What runs on it ends with ErrClosed at its next event, and the memory is given back then. Idempotent.
func (s *Session) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	busy := s.busy
	if s.cancel != nil {
		s.cancel(ErrClosed)
	}
	s.mu.Unlock()
	if busy {
		return nil
	}
	return s.release()
}

func (s *Session) release() error {
	s.seq.Free()
	err := s.logits.free()
	s.m.remove(s)
	return err
}

// quick runs f with the right to use the session, for calls that compute nothing.
func (s *Session) quick(f func() error) error {
	if _, err := s.enter(context.Background()); err != nil {
		return err
	}
	defer s.leave()
	return f()
}

// Tokens returns a copy of the history.
func (s *Session) Tokens() (tokens []int32, err error) {
	err = s.quick(func() error {
		tokens = slices.Clone(s.tokens)
		return nil
	})
	return tokens, err
}

// ContextTokens returns the most positions of the session.
func (s *Session) ContextTokens() int { return s.context }

// Fork returns a session with the same history, which shares the cache pages of this one until either appends to them.
// It costs no computation, and both give bit for bit what a session that computed the history itself would give.
func (s *Session) Fork() (f *Session, err error) {
	err = s.quick(func() error {
		f, err = s.m.newSession(s.context, s.seq.Fork(), slices.Clone(s.tokens))
		return err
	})
	return f, err
}

// Rewind forgets the history from token n on. The rest is exact: what follows is bit for bit what would have followed
// when the history had n tokens.
func (s *Session) Rewind(n int) error {
	return s.quick(func() error {
		if n < 0 || n > len(s.tokens) {
			return fmt.Errorf("model: Rewind to token %d of %d", n, len(s.tokens))
		}
		return s.truncate(n)
	})
}

// truncate keeps the first n tokens.
func (s *Session) truncate(n int) error {
	if n < s.seq.Len() {
		if err := s.seq.Rewind(n); err != nil {
			return err
		}
	}
	s.tokens = s.tokens[:n]
	return nil
}

// adopt makes ids the history, keeping what the cache holds of their beginning but for the last token, whose logits are
// wanted. It returns how many tokens need not be computed.
func (s *Session) adopt(ids []int32) (reused int, err error) {
	n := 0
	for n < min(len(ids)-1, s.seq.Len()) && ids[n] == s.tokens[n] {
		n++
	}
	if err := s.truncate(n); err != nil {
		return 0, err
	}
	s.tokens = append(s.tokens, ids[n:]...)
	return n, nil
}

// submit lets the scheduler compute the tokens that the cache does not hold, then those of draft, and the logits after
// the last token and each of draft.
func (s *Session) submit(ctx context.Context, draft []int32) {
	run := s.tokens[s.seq.Len():]
	if len(draft) > 0 {
		s.run = append(append(s.run[:0], run...), draft...)
		run = s.run
	}
	s.start(ctx, run, 1+len(draft), s.logits.v)
}

// start hands rows to the scheduler, of which the last outs give logits.
func (s *Session) start(ctx context.Context, rows []int32, outs int, logits []float32) {
	if outs < 1 || outs > len(rows) {
		panic(fmt.Sprintf("BUG: model: %d rows with %d outputs", len(rows), outs))
	}
	s.job.ctx, s.job.seq, s.job.tokens, s.job.outs, s.job.logits = ctx, s.seq, rows, outs, logits
	s.m.steps.submit(&s.job)
}

// wait returns when the submitted tokens are computed; the session counts as choosing until it calls chosen.
func (s *Session) wait() error { return s.m.steps.wait(&s.job) }

// compute runs rows after what the cache holds, of which the last outs give logits. On an error the cache is as before.
func (s *Session) compute(ctx context.Context, rows []int32, outs int, logits []float32) error {
	n := s.seq.Len()
	s.start(ctx, rows, outs, logits)
	err := s.wait()
	s.m.steps.chosen()
	if err != nil {
		_ = s.seq.Rewind(n) // what a step before the error has computed
	}
	return err
}
