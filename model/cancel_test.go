package model_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/seed64708441/ember/backend/cpu"
	"github.com/seed64708441/ember/model"
	"github.com/seed64708441/ember/model/testmodel"
)

// TestCancelPrefill cancels a prompt of 4096 tokens and measures how long the call goes on: at most 50 ms and what one
// layer of one piece takes. The best of some attempts counts, since the machine may be busy.
func TestCancelPrefill(t *testing.T) {
	shape := testmodel.ShapeConfig{Layers: 8, Width: 512, FFN: 1024, Seed: 1}
	if len(cpu.Levels()) == 1 { // plain Go is slow
		shape = testmodel.ShapeConfig{Layers: 8, Width: 32, Heads: 1, KVHeads: 1, HeadSize: 32, FFN: 32, Seed: 1}
	}
	m := openShape(t, shape, model.Config{})
	s := newSession(t, m)
	defer s.Close()
	r := model.Request{Tokens: tokens(4096, 1), MaxTokens: 1}
	start := time.Now()
	if err := s.Forward(t.Context(), r.Tokens[:16], func(int, []float32) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if _, last, err := s.Complete(t.Context(), r); err != nil {
		t.Fatal(err)
	} else if time.Since(start) < 100*time.Millisecond {
		t.Skipf("4096 tokens take only %v here", last.Usage.PrefillTime)
	}
	whole := time.Since(start)
	layer := whole / 8 / 8 // eight pieces of 512 rows through eight layers
	best := time.Hour
	for range 5 {
		if err := s.Rewind(0); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var canceled time.Time
		time.AfterFunc(whole/10, func() { canceled = time.Now(); cancel() })
		_, _, err := s.Complete(ctx, r)
		took := time.Since(canceled)
		cancel()
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("cancelled after %v: %v", whole/10, err)
		}
		best = min(best, took)
	}
	if bar := 50*time.Millisecond + layer; best > bar {
		t.Errorf("a cancelled prompt returns after %v, want at most %v", best, bar)
	} else {
		t.Logf("a prompt of %v returns %v after it is cancelled; the bar is %v", whole, best, bar)
	}
	if _, _, err := s.Complete(t.Context(), model.Request{Tokens: r.Tokens[:100], MaxTokens: 3, IgnoreEOG: true}); err != nil {
		t.Errorf("after cancels: %v", err)
	}
}

// TestCancelBeside cancels one of two sessions: the other gives what it gives alone.
func TestCancelBeside(t *testing.T) {
	m := openShape(t, small(), model.Config{})
	r := model.Request{Tokens: tokens(50, 1), MaxTokens: 100, IgnoreEOG: true}
	want := generate(t, m, r)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 20 {
			s, err := m.NewSession(model.SessionConfig{})
			if err != nil {
				t.Error(err)
				return
			}
			ctx, cancel := context.WithTimeout(context.Background(), time.Duration(i)*100*time.Microsecond)
			_, _, err = s.Complete(ctx, model.Request{Tokens: tokens(600, 9), MaxTokens: 50, IgnoreEOG: true})
			if err != nil && !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
			cancel()
			s.Close()
		}
	}()
	for range 5 {
		got := generate(t, m, r)
		for i := range want {
			if got[i] != want[i] {
				t.Fatalf("beside cancelled sessions token %d is %d, want %d", i, got[i], want[i])
			}
		}
	}
	<-done
}
