package backendtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/seed64708441/ember/backend"
)

// testCancel checks that a step whose context is done returns its error soon and that the program goes on afterwards.
func testCancel(t *testing.T, s *suite) {
	m := newModel(t, modelOptions{}, blocky.build)
	r := s.rig(t, m, Config{}, backend.Options{})
	ids := m.tokens(200, 1)
	want := r.fresh(backend.CacheF32, ids)
	q := r.seq(r.cache(backend.CacheF32, pagesFor(len(ids))))
	q.run(ids[:30], 30)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.program.Step(ctx, r.build([]part{{q: q, tokens: ids[30:40]}})); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that is canceled: %v", err)
	}
	ctx, cancel = context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	if err := r.program.Step(ctx, r.build([]part{{q: q, tokens: ids[30:40]}})); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a context whose time is over: %v", err)
	}
	if _, err := s.newBackend(t, Config{}).Compile(ctx, m.graph, m.source(true), backend.Options{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("compiling with a context whose time is over: %v", err)
	}
	for _, after := range []time.Duration{0, 20 * time.Microsecond, 200 * time.Microsecond, time.Millisecond, 3 * time.Millisecond} {
		ctx, cancel := context.WithCancel(t.Context())
		timer := time.AfterFunc(after, cancel)
		if err := r.program.Step(ctx, r.build([]part{{q: q, tokens: ids[30:]}})); err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("canceled after %v: %v", after, err)
		}
		timer.Stop()
		cancel()
	}
	t.Run("soon", func(t *testing.T) { testCancelSoon(t, s) })
	same(t, "rows after the cancels", q.run(ids[30:], 100), want[30*m.vocab():])
}

// testCancelSoon measures a step, then cancels one early: it must end in less than half the time. The best of a few
// attempts counts, since the machine may be busy. The step has as many layers as it takes to be long beside the
// scheduler's 10 ms, and one thread, so that the timer has a processor.
func testCancelSoon(t *testing.T, s *suite) {
	var r *rig
	var step *backend.Step
	whole := time.Duration(0)
	for layers := 2; layers <= 128 && whole < 60*time.Millisecond; layers *= 4 {
		m := newModel(t, modelOptions{}, blocky.alter(func(c *llama) { c.layers = layers }).build)
		r = s.rig(t, m, Config{Threads: 1}, backend.Options{})
		q := r.seq(r.cache(backend.CacheF32, pagesFor(maxRows)))
		step = r.build([]part{{q: q, tokens: m.tokens(maxRows, 1), outputs: []int32{}}})
		start := time.Now()
		if err := r.program.Step(t.Context(), step); err != nil {
			t.Fatal(err)
		}
		whole = time.Since(start)
	}
	best := whole
	for range 5 {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(whole/20, cancel)
		start := time.Now()
		err := r.program.Step(ctx, step)
		took := time.Since(start)
		cancel()
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if best = min(best, took); err != nil && best < whole/2 {
			return
		}
	}
	t.Errorf("a step of %v that is canceled after a twentieth of it takes at least %v", whole, best)
}

// testConcurrent runs steps from several goroutines, on one cache and on their own, while others take and give back
// pages: every sequence gives the bits it gives alone.
func testConcurrent(t *testing.T, s *suite) {
	m := newModel(t, modelOptions{}, small.build)
	r := s.rig(t, m, Config{}, backend.Options{})
	const sequences = 6
	ids, want := make([][]int32, sequences), make([][]float32, sequences)
	for i := range ids {
		ids[i] = m.tokens(70+i, uint64(i))
		want[i] = r.fresh(backend.CacheF16, ids[i])
	}
	common := r.cache(backend.CacheF16, 4*sequences)
	var wg sync.WaitGroup
	for i := range sequences {
		c := common
		if i%3 == 0 {
			c = r.cache(backend.CacheF16, 4)
		}
		wg.Go(func() {
			for round := range 3 {
				got, err := runLoose(r, c, ids[i], 5+i+10*round)
				if err != nil {
					t.Error(err)
					return
				}
				same(t, fmt.Sprintf("sequence %d, round %d", i, round), got, want[i])
			}
		})
	}
	wg.Go(func() {
		for range 200 {
			if id, err := common.Alloc(); err == nil {
				_ = common.Save(make([]byte, common.PageBytes()), id)
				common.Free(id)
			} else if !errors.Is(err, backend.ErrCacheFull) {
				t.Error(err)
			}
		}
	})
	wg.Wait()
	t.Run("close", func(t *testing.T) { testConcurrentClose(t, s, m) })
}

// runLoose runs a sequence as seq.run does, but returns errors, so that it may be called on any goroutine.
func runLoose(r *rig, c backend.Cache, ids []int32, piece int) ([]float32, error) {
	var pages []backend.Page
	var out []float32
	start := 0
	for tokens := range slices.Chunk(ids, piece) {
		for len(pages) < pagesFor(start+len(tokens)) {
			id, err := c.Alloc()
			if err != nil {
				return nil, err
			}
			defer c.Free(id)
			pages = append(pages, backend.Page{ID: id})
		}
		s := &backend.Step{Cache: c, Tokens: tokens, Outputs: iota32(len(tokens)), Logits: make([]float32, len(tokens)*r.model.vocab()),
			Spans: []backend.Span{{Rows: len(tokens), Start: start, Pages: pages}}}
		if err := r.program.Step(context.Background(), s); err != nil {
			return nil, err
		}
		out = append(out, s.Logits...)
		start += len(tokens)
	}
	return out, nil
}

// testConcurrentClose closes caches and programs while steps run: they end well or with ErrClosed.
func testConcurrentClose(t *testing.T, s *suite, m *model) {
	for round := range 4 {
		p, err := s.newBackend(t, Config{}).Compile(t.Context(), m.graph, m.source(true), backend.Options{MaxRows: 64})
		if err != nil {
			t.Fatal(err)
		}
		r := &rig{t: t, model: m, program: p}
		c, err := p.NewCache(backend.CacheF32, 8)
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for i := range 3 {
			wg.Go(func() {
				for {
					_, err := runLoose(r, c, m.tokens(30, uint64(i)), 10)
					if errors.Is(err, backend.ErrClosed) {
						return
					}
					if err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		time.Sleep(time.Duration(round) * time.Millisecond)
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		wg.Wait()
	}
}
