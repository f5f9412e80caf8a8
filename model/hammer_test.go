package model_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/seed64708441/ember/backend"
	"github.com/seed64708441/ember/model"
	"github.com/seed64708441/ember/tensor/mem"
)

// TestHammer lets 64 goroutines use one model as they like: generate, fork, rewind, score, cancel, leave loops, close
// sessions of others; at last the model is closed under them. What is not disturbed gives the same tokens as alone, and
// no memory is left.
func TestHammer(t *testing.T) {
	m := loadShape(t, small(), model.Config{MemoryLimit: 64 << 20})
	r := model.Request{Tokens: tokens(20, 1), MaxTokens: 12, IgnoreEOG: true}
	want := generate(t, m, r)
	var wg sync.WaitGroup
	deadline := time.Now().Add(2 * time.Second)
	for i := range 64 {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(i), 1))
			for time.Now().Before(deadline) {
				if err := abuse(m, r, want, rng); !allowed(err) {
					t.Errorf("goroutine %d: %v", i, err)
					return
				}
			}
		})
	}
	time.Sleep(time.Until(deadline) - 200*time.Millisecond)
	closeErr := m.Close()
	wg.Wait()
	if closeErr != nil {
		t.Error(closeErr)
	}
	closeModel(t, m)
}

// errWrong says that a session gave other tokens than alone.
var errWrong = errors.New("other tokens than alone")

// allowed reports whether an error is one that abuse must expect.
func allowed(err error) bool {
	for _, e := range []error{model.ErrClosed, model.ErrSessionBusy, backend.ErrCacheFull, mem.ErrLimit, context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, e) {
			return true
		}
	}
	return err == nil
}

// abuse uses a session in one way.
func abuse(m *model.Model, r model.Request, want []int32, rng *rand.Rand) error {
	s, err := m.NewSession(model.SessionConfig{})
	if err != nil {
		return err
	}
	defer s.Close()
	ctx := context.Background()
	switch rng.IntN(6) {
	case 0: // left alone
	case 1: // cancelled
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(rng.IntN(3000))*time.Microsecond)
		defer cancel()
	case 2: // closed by another
		time.AfterFunc(time.Duration(rng.IntN(3000))*time.Microsecond, func() { s.Close() })
	case 3: // used by two
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, _, _ = s.Complete(ctx, r)
		}()
		defer func() { <-done }()
	case 4: // left early
		n := rng.IntN(12)
		for _, err := range s.Generate(ctx, r) {
			if n--; n < 0 || err != nil {
				break
			}
		}
	case 5: // forked and rewound
		if err := s.Forward(ctx, r.Tokens, func(int, []float32) error { return nil }); err != nil {
			return err
		}
		f, err := s.Fork()
		if err != nil {
			return err
		}
		defer f.Close()
		if err := f.Rewind(rng.IntN(len(r.Tokens))); err != nil {
			return err
		}
		if _, err := f.Score(ctx, r.Tokens); err != nil {
			return err
		}
	}
	if _, _, err := s.Complete(ctx, r); err != nil {
		return err
	}
	ids, err := s.Tokens()
	if err != nil {
		return err
	}
	if !slices.Equal(ids[len(r.Tokens):], want) {
		return errWrong
	}
	return nil
}

// TestIdle checks that a model that does nothing has no goroutine running, only sleeping ones.
func TestIdle(t *testing.T) {
	m := openShape(t, small(), model.Config{})
	generate(t, m, model.Request{Tokens: tokens(5, 1), MaxTokens: 5, IgnoreEOG: true})
	before := cpuTime(t)
	time.Sleep(300 * time.Millisecond)
	if used := cpuTime(t) - before; used > 100*time.Millisecond {
		t.Errorf("an idle model used %v of processor time in 300 ms", used)
	}
}
