package model

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed64708441/ember/backend"
	"github.com/seed64708441/ember/model/kv"
)

// job is rows that a session wants computed: a prompt, or the token it chose last and some that may follow. Each session
// has one and uses it again. The scheduler owns it between submit and the signal on done.
type job struct {
	ctx    context.Context
	seq    *kv.Seq
	tokens []int32 // rows still to run
	outs   int     // how many of the last rows give logits, at most the outputs of a step
	logits []float32
	err    error

	done    chan struct{} // one signal when the job is complete
	waiting atomic.Bool   // the session is blocked on done
	counted bool          // the scheduler has counted the session as choosing

	taken int // rows in the step being run
}

// outputs returns how many of the next n rows give logits.
func (j *job) outputs(n int) int { return max(0, n-(len(j.tokens)-j.outs)) }

// decodeRows is up to how many rows a job counts as decoding: it is served before prompts.
const decodeRows = 16

// sharedPrefillRows is how many rows of prompts a step takes beside sessions that decode, so that these go on.
const sharedPrefillRows = 64

// gatherTime is the longest the scheduler waits for sessions that are choosing a token, so that they share its step.
const gatherTime = 2 * time.Millisecond

// scheduler puts the jobs of all sessions into common steps. One goroutine runs them; it sleeps when there is nothing to
// do. What a job gives does not depend on the others.
type scheduler struct {
	program    backend.Program
	cache      backend.Cache
	rows, outs int // most of a step
	vocab      int

	mu       sync.Mutex
	inbox    []*job        // submitted and not yet in the queue
	closed   atomic.Bool   // written under mu
	choosing atomic.Int32  // sessions between their logits and their next job
	wake     chan struct{} // inbox, closed or choosing has changed
	stopped  chan struct{}

	// The rest belongs to the goroutine.
	queue  []*job
	batch  []*job // jobs with rows in the step
	step   backend.Step
	logits []float32
	ctx    batchContext
	timer  *time.Timer
}

func newScheduler(p backend.Program, c backend.Cache, rows, outs, vocab int, logits []float32) *scheduler {
	s := &scheduler{
		program: p, cache: c, rows: rows, outs: outs, vocab: vocab, logits: logits,
		wake: make(chan struct{}, 1), stopped: make(chan struct{}), timer: time.NewTimer(time.Hour),
	}
	s.timer.Stop()
	s.ctx.s = s
	go s.run()
	return s
}

// submit hands a job over. The session must call wait next, whatever happens in between.
func (s *scheduler) submit(j *job) {
	s.mu.Lock()
	closed := s.closed.Load()
	if !closed {
		s.inbox = append(s.inbox, j)
	}
	s.mu.Unlock()
	if closed {
		j.err, j.counted = ErrClosed, false
		j.done <- struct{}{}
		return
	}
	s.notify()
}

// wait returns when the job is complete. From then on the session counts as choosing, until chosen is called.
func (s *scheduler) wait(j *job) error {
	j.waiting.Store(true)
	<-j.done
	j.waiting.Store(false)
	if !j.counted {
		s.choose()
	}
	return j.err
}

// choose says that a session will soon have its next job, until chosen is called.
func (s *scheduler) choose() { s.choosing.Add(1) }

// chosen says that a session has submitted its next job, or has none.
func (s *scheduler) chosen() {
	if s.choosing.Add(-1) == 0 {
		s.notify()
	}
}

func (s *scheduler) notify() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// close ends the goroutine: jobs that are not complete get ErrClosed.
func (s *scheduler) close() {
	s.mu.Lock()
	s.closed.Store(true)
	s.mu.Unlock()
	s.notify()
	<-s.stopped
}

func (s *scheduler) run() {
	defer close(s.stopped)
	for s.gather() {
		s.runStep()
	}
	for _, j := range s.queue {
		s.finish(j, ErrClosed)
	}
	s.compact()
}

// gather returns when there is a job, and the sessions that are about to submit one have done so or take long. It
// returns false when the scheduler is to end.
func (s *scheduler) gather() bool {
	armed := false
	for {
		s.mu.Lock()
		s.queue = append(s.queue, s.inbox...)
		clear(s.inbox)
		s.inbox = s.inbox[:0]
		closed := s.closed.Load() // here: a job that comes later is refused, none is left behind
		s.mu.Unlock()
		switch {
		case closed:
			return false
		case len(s.queue) == 0:
			<-s.wake
			continue
		case s.choosing.Load() == 0:
			return true
		}
		if !armed {
			armed = true
			s.timer.Reset(gatherTime)
			defer s.timer.Stop()
		}
		select {
		case <-s.wake:
		case <-s.timer.C:
			return true
		}
	}
}

// runStep runs one step with rows of as many jobs as fit, and completes those that have no rows left.
func (s *scheduler) runStep() {
	s.fill()
	if len(s.batch) == 0 {
		return
	}
	direct := s.place()
	s.ctx.jobs = s.batch
	err := s.program.Step(&s.ctx, &s.step)
	if err == nil {
		s.deliver(direct)
		return
	}
	// A cancelled job ends the step for all; the others run again. Any other error is everybody's.
	cancelled := s.closed.Load()
	for _, j := range s.batch {
		if j.ctx.Err() != nil {
			s.finish(j, context.Cause(j.ctx))
			cancelled = true
		}
	}
	for _, j := range s.batch {
		if !cancelled {
			s.finish(j, fmt.Errorf("model: step: %w", err))
		}
	}
	s.compact()
}

// fill chooses the jobs of a step and their rows: decoding ones first, then prompts in equal parts.
func (s *scheduler) fill() {
	s.batch = s.batch[:0]
	s.step = backend.Step{
		Cache: s.cache, Tokens: s.step.Tokens[:0], Spans: s.step.Spans[:0], Outputs: s.step.Outputs[:0],
	}
	prompts := 0
	for _, j := range s.queue {
		if len(j.tokens) > decodeRows {
			prompts++
		}
	}
	rows, kept := s.rows, min(prompts, s.rows/8) // kept for prompts, so that small steps do not leave them out
	for _, j := range s.queue {
		if len(j.tokens) <= decodeRows {
			rows -= s.take(j, min(len(j.tokens), rows-kept))
		}
	}
	if len(s.batch) > 0 {
		rows = min(rows, max(sharedPrefillRows, s.rows/8))
	}
	for _, j := range s.queue {
		if len(j.tokens) > decodeRows {
			rows -= s.take(j, min(len(j.tokens), (rows+prompts-1)/prompts))
			prompts--
		}
	}
	s.compact()
}

// take adds up to n rows of a job to the step and returns how many. A job that cannot go on is completed.
func (s *scheduler) take(j *job, n int) int {
	n = min(n, len(j.tokens)-j.outs+s.outs-len(s.step.Outputs)) // rows beyond wait for the next step
	if err := j.ctx.Err(); err != nil {
		s.finish(j, context.Cause(j.ctx))
		return 0
	}
	if n <= 0 {
		return 0
	}
	if err := j.seq.Reserve(n); err != nil {
		s.finish(j, fmt.Errorf("model: cache: %w", err))
		return 0
	}
	first := len(s.step.Tokens)
	s.step.Tokens = append(s.step.Tokens, j.tokens[:n]...)
	s.step.Spans = append(s.step.Spans, backend.Span{Rows: n, Start: j.seq.Len(), Pages: j.seq.Pages()})
	outs := j.outputs(n)
	for i := n - outs; i < n; i++ {
		s.step.Outputs = append(s.step.Outputs, int32(first+i))
	}
	j.taken = n
	s.batch = append(s.batch, j)
	return n
}

// place decides where the step writes its logits: to the job itself when only one asks, else to memory of the scheduler.
func (s *scheduler) place() (direct bool) {
	n := len(s.step.Outputs) * s.vocab
	for _, j := range s.batch {
		if o := j.outputs(j.taken); o > 0 && o == len(s.step.Outputs) {
			s.step.Logits = j.logits[:n]
			return true
		}
	}
	s.step.Logits = s.logits[:n]
	return false
}

// deliver accounts for the rows of a step that has run.
func (s *scheduler) deliver(direct bool) {
	at := 0
	for _, j := range s.batch {
		outs := j.outputs(j.taken)
		n := outs * s.vocab
		if !direct {
			copy(j.logits[:n], s.step.Logits[at:at+n])
		}
		at += n
		j.logits, j.outs = j.logits[n:], j.outs-outs
		j.seq.Commit(j.taken)
		j.tokens = j.tokens[j.taken:]
		j.taken = 0
		if len(j.tokens) == 0 {
			s.finish(j, nil)
		}
	}
	s.compact()
}

// finish completes a job: a nil seq marks it for compact, which signals its session.
func (s *scheduler) finish(j *job, err error) {
	j.err = err
	j.seq = nil
	if j.counted = j.waiting.Load(); j.counted {
		s.choose()
	}
}

// compact removes the completed jobs from the queue and signals their sessions.
func (s *scheduler) compact() {
	keep := s.queue[:0]
	for _, j := range s.queue {
		if j.seq != nil {
			keep = append(keep, j)
		} else {
			j.done <- struct{}{}
		}
	}
	clear(s.queue[len(keep):])
	s.queue = keep
}

// batchContext is the context of a step for several jobs: done as soon as one of them is, or the scheduler closes.
type batchContext struct {
	s    *scheduler
	jobs []*job
}

func (c *batchContext) Deadline() (time.Time, bool) { return time.Time{}, false }
func (c *batchContext) Done() <-chan struct{}       { return nil }
func (c *batchContext) Value(any) any               { return nil }

func (c *batchContext) Err() error {
	if c.s.closed.Load() {
		return context.Canceled
	}
	for _, j := range c.jobs {
		if err := j.ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}
