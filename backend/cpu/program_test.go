package cpu

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed64708441/ember/backend"
	"github.com/seed64708441/ember/tensor"
	"github.com/seed64708441/ember/tensor/mem"
)

// TestStepAllocates checks that steps allocate nothing once they have run: of one row, of several sequences, and of a
// prompt, with the context's pages in several groups of tiles.
func TestStepAllocates(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	runs, history := 20, 640
	if plainGo() {
		runs, history = 2, 128
	}
	for _, threads := range []int{1, 2} {
		for _, d := range []tensor.DType{tensor.F32, tensor.Q4_K} {
			r := newRig(t, shapeTest, all(d), Config{Threads: threads}, backend.Options{MaxRows: 64})
			pages := r.table(700)
			for start := 0; start < history; start += 64 {
				r.run(r.step(pages, start, 64))
			}
			steps := map[string]*backend.Step{"one row": r.step(pages, history, 1), "prompt": r.step(pages, history-64, 64)}
			two := r.step(pages, history+1, 1)
			two.Tokens, two.Outputs, two.Logits = []int32{1, 2}, []int32{0, 1}, make([]float32, 2*r.program.vocab)
			two.Spans = append(two.Spans, backend.Span{Rows: 1, Start: 3, Pages: r.table(4)})
			steps["two sequences"] = two
			for name, s := range steps {
				ctx, cancel := context.WithCancel(t.Context())
				if n := testing.AllocsPerRun(runs, func() {
					if err := r.program.Step(ctx, s); err != nil {
						t.Error(err)
					}
				}); n != 0 {
					t.Errorf("%v, %d threads: a step of %s allocates %v times", d, threads, name, n)
				}
				cancel()
			}
		}
	}
}

// plainGo reports whether the machine and build have no assembly, so that tests must do less.
func plainGo() bool { return len(Levels()) == 1 }

// TestClose checks that Close gives all memory back and ends all goroutines, and that Plan knew the memory before.
func TestClose(t *testing.T) {
	goroutines := runtime.NumGoroutine()
	for _, threads := range []int{1, 2, 5} {
		be, err := New(Config{Threads: threads})
		if err != nil {
			t.Fatal(err)
		}
		g := shapeTest.graph(t)
		w := weights(t, g, q4KM)
		o := backend.Options{MaxRows: 32, Memory: new(mem.Account)}
		plan, err := be.Plan(g, w, o)
		if err != nil {
			t.Fatal(err)
		}
		p, err := be.Compile(t.Context(), g, w, o)
		if err != nil {
			t.Fatal(err)
		}
		r := &rig{tb: t, program: p.(*Program)}
		if r.cache, err = p.NewCache(backend.CacheF16, 3); err != nil {
			t.Fatal(err)
		}
		if foot := p.Footprint(); foot != plan || o.Memory.Used() != foot.Weights+foot.Scratch {
			t.Errorf("%d threads: planned %+v, have %+v, use %d bytes", threads, plan, foot, o.Memory.Used())
		}
		r.run(r.step(r.table(40), 0, 30))
		if used := o.Memory.Used(); used != plan.Weights+plan.Scratch+plan.PageBytes[backend.CacheF16] {
			t.Errorf("%d threads: %d bytes in use, planned %+v", threads, used, plan)
		}
		r.close()
		if n := o.Memory.Used(); n != 0 {
			t.Errorf("%d threads: %d bytes are in use after Close", threads, n)
		}
	}
	for range 100 {
		if runtime.NumGoroutine() <= goroutines {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Errorf("%d goroutines before, %d after Close", goroutines, runtime.NumGoroutine())
}

// TestCancelSoon cancels long prompts: the step ends within 50 ms and the time that one layer takes.
func TestCancelSoon(t *testing.T) {
	c := shapeTest
	c.dim, c.ffn, c.layers, c.vocab = 512, 2048, 24, 64
	if plainGo() {
		c.dim, c.ffn, c.layers = 64, 128, 8
	}
	for _, threads := range []int{1, 2} {
		r := newRig(t, c, all(tensor.Q8_0), Config{Threads: threads}, backend.Options{MaxRows: 512})
		s := r.step(r.table(512), 0, 512)
		start := time.Now()
		r.run(s)
		whole := time.Since(start)
		canceled := 0
		var waits []time.Duration
		for i := range 8 {
			ctx, cancel := context.WithCancel(t.Context())
			at := make(chan time.Time, 1)
			time.AfterFunc(whole*time.Duration(i+1)/12, func() {
				at <- time.Now()
				cancel()
			})
			err := r.program.Step(ctx, s)
			end := time.Now()
			if errors.Is(err, context.Canceled) {
				canceled++
				waits = append(waits, end.Sub(<-at))
			} else if err != nil {
				t.Fatal(err)
			}
			cancel()
		}
		if canceled < 3 {
			t.Errorf("%d threads: %d of 8 steps were canceled", threads, canceled)
			continue
		}
		slices.Sort(waits) // the machine may be busy: the median counts
		if wait, most := waits[len(waits)/2], 50*time.Millisecond+whole/time.Duration(c.layers); wait > most {
			t.Errorf("%d threads: a canceled step of %v takes another %v, want at most %v", threads, whole, wait, most)
		}
	}
}

// TestThreadsAgree compares the logits of contexts that are divided among workers in different ways.
func TestThreadsAgree(t *testing.T) {
	windows, teams := []int{0, 600, 1100}, []int{1, 2, 3, 8}
	if plainGo() {
		windows, teams = []int{600}, []int{1, 3}
	}
	for _, window := range windows {
		c := shapeTest
		c.window = window
		if plainGo() {
			c.dim, c.ffn, c.heads, c.layers = 64, 64, 2, 1
		}
		var want []float32
		for _, threads := range teams {
			r := newRig(t, c, all(tensor.Q8_0), Config{Threads: threads}, backend.Options{MaxRows: 512})
			pages := r.table(2300)
			var got []float32
			for _, n := range []int{512, 512, 500, 8, 7, 1, 1, 400, 107, 1, 3} {
				start := 0
				if len(got) > 0 {
					start = r.at
				}
				s := r.step(pages, start, n)
				r.run(s)
				r.at = start + n
				got = append(got, s.Logits...)
			}
			if want == nil {
				want = got
			}
			if !slices.Equal(got, want) {
				t.Errorf("window %d: %d threads give other logits", window, threads)
			}
		}
		// In single rows the last of them must come out the same.
		r := newRig(t, c, all(tensor.Q8_0), Config{Threads: 4}, backend.Options{MaxRows: 512})
		pages := r.table(2300)
		for start := 0; start < 2048; start += 512 {
			r.run(r.step(pages, start, 512))
		}
		var s *backend.Step
		for at := 2048; at < 2052; at++ {
			s = r.step(pages, at, 1)
			r.run(s)
		}
		if v := r.program.vocab; !slices.Equal(s.Logits, want[len(want)-v:]) {
			t.Errorf("window %d: single rows give other logits", window)
		}
	}
}

// TestRelease checks that what is packed of mapped weights is released once, piece by piece.
func TestRelease(t *testing.T) {
	be, err := New(Config{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	g := shapeTest.graph(t)
	source := weights(t, g, all(tensor.Q8_0))
	type piece struct{ off, n int }
	released := make(chan piece, 1<<16)
	total := 0
	p, err := be.Compile(t.Context(), g, func(name string) (backend.Weight, error) {
		w, err := source(name)
		read := w.Section
		w.Mapped = true
		w.Section = func(off, n int, _ []byte) ([]byte, error) { return read(off, n, nil) }
		if strings.HasSuffix(name, "weight") && name != "token_embd.weight" {
			w.Release = func(off, n int) { released <- piece{off, n} }
			n, _ := w.Shape.Bytes(w.DType)
			total += n
		}
		return w, err
	}, backend.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	close(released)
	got := 0
	for x := range released {
		got += x.n
	}
	if got != total {
		t.Errorf("%d bytes were released, want %d", got, total)
	}
}

// TestSlabs allocates many pages: those of slabs are pages like the others, a limit is used up to the last page, and
// nothing overlaps.
func TestSlabs(t *testing.T) {
	account := new(mem.Account)
	r := newRig(t, shapeTest, all(tensor.F32), Config{Threads: 1}, backend.Options{MaxRows: 8, Memory: account})
	const most = 100
	size := int64(r.cache.PageBytes())
	r.program.memory.Limit = account.Used() + most*size + size/2
	seen := map[backend.PageID]bool{}
	fill := make([]byte, size)
	for i := range most {
		id, err := r.cache.Alloc()
		if err != nil || seen[id] {
			t.Fatalf("page %d of %d: %d, %v", i, most, id, err)
		}
		seen[id] = true
		b := make([]byte, size)
		if err := r.cache.Save(b, id); err != nil || slices.ContainsFunc(b, func(c byte) bool { return c != 0 }) {
			t.Fatalf("page %d is not zero: %v", id, err)
		}
		for j := range fill {
			fill[j] = byte(id)
		}
		if err := r.cache.Load(id, fill); err != nil {
			t.Fatal(err)
		}
	}
	if id, err := r.cache.Alloc(); !errors.Is(err, backend.ErrCacheFull) || !errors.Is(err, mem.ErrLimit) {
		t.Errorf("page %d of %d: %d, %v", most, most, id, err)
	}
	for id := range seen {
		b := make([]byte, size)
		if err := r.cache.Save(b, id); err != nil || slices.ContainsFunc(b, func(c byte) bool { return c != byte(id) }) {
			t.Errorf("page %d has bytes of another: %v", id, err)
		}
	}
}
