package cpu

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed64708441/ember/backend"
	"github.com/seed64708441/ember/ops"
	"github.com/seed64708441/ember/tensor"
	"github.com/seed64708441/ember/tensor/mem"
)

// mapped gives the weights of w as views, as of a mapped file, and the bytes of each.
func mapped(tb testing.TB, g *ops.Graph, w backend.Weights) (backend.Weights, map[string][]byte) {
	tb.Helper()
	stored := map[string][]byte{}
	for i := range g.Weights {
		name := g.Weights[i].Name
		s, err := w(name)
		if err != nil {
			tb.Fatal(err)
		}
		n, err := s.Shape.Bytes(s.DType)
		if err != nil {
			tb.Fatal(err)
		}
		if stored[name], err = s.Section(0, n, nil); err != nil {
			tb.Fatal(err)
		}
	}
	return func(name string) (backend.Weight, error) {
		s, err := w(name)
		s.Mapped, s.Section = true, func(off, n int, _ []byte) ([]byte, error) { return stored[name][off : off+n : off+n], nil }
		return s, err
	}, stored
}

// shapeLater has a matrix of several units, but where plain Go must multiply it.
func shapeLater() shape {
	c := shapeTest
	if c.vocab = 9000; plainGo() {
		c.vocab, c.layers = 100, 1
	}
	return c
}

// laterSteps are run from an empty cache on: a prompt of many rows, one of few, two tokens.
var laterSteps = []int{40, 20, 1, 1}

// logits runs laterSteps and returns the logits of all.
func (r *rig) logits() (all []float32) {
	r.tb.Helper()
	pages, at := r.table(128), 0
	for _, n := range laterSteps {
		s := r.step(pages, at, n)
		r.run(s)
		all = append(all, s.Logits...)
		at += n
	}
	for _, p := range pages {
		r.cache.Free(p.ID)
	}
	return all
}

// TestBacklog compares the logits of a program whose weights are not packed, partly packed, and packed, with those of one
// whose weights were packed before the first step.
func TestBacklog(t *testing.T) {
	for _, kind := range []struct {
		name string
		of   func(string) tensor.DType
	}{{"Q4_0", all(tensor.Q4_0)}, {"Q4_K_M", q4KM}, {"F16", all(tensor.F16)}} {
		for _, threads := range []int{1, 3} {
			t.Run(fmt.Sprintf("%s/threads=%d", kind.name, threads), func(t *testing.T) {
				c, o := shapeLater(), backend.Options{MaxRows: 128}
				want := newRig(t, c, kind.of, Config{Threads: threads}, o).logits()

				be, err := New(Config{Threads: threads})
				if err != nil {
					t.Fatal(err)
				}
				be.lazy, be.lazyBytes = func(tensor.DType) bool { return true }, 0
				g := c.graph(t)
				source, stored := mapped(t, g, weights(t, g, kind.of))
				r := &rig{tb: t, program: unpacked(t, be, g, source, o)}
				if r.cache, err = r.program.NewCache(backend.CacheF16, 4096); err != nil {
					t.Fatal(err)
				}
				t.Cleanup(r.close)

				b := &r.program.backlog
				b.used.Store(true)
				b.waiting.Store(1)
				b.share = 1 // about a unit a turn
				turns, done := 0, false
				for ; !done; turns++ {
					if got := r.logits(); !slices.Equal(got, want) {
						t.Fatalf("other logits with %d of %d units packed", b.next, len(b.units))
					}
					done = b.turn(threads)
				}
				if turns < 3 {
					t.Errorf("everything is packed after %d turns", turns)
				}
				if err := r.program.freeStaging(); err != nil {
					t.Error(err)
				}
				// From now on the stored bytes are not read any more; the control reads nothing else.
				for name, b := range stored {
					if name != "token_embd.weight" {
						clear(b)
					}
				}
				if got := r.logits(); !slices.Equal(got, want) {
					t.Error("other logits when all is packed")
				}
				control := unpacked(t, be, g, source, o)
				r2 := &rig{tb: t, program: control}
				if r2.cache, err = control.NewCache(backend.CacheF16, 4096); err != nil {
					t.Fatal(err)
				}
				t.Cleanup(r2.close)
				if slices.Equal(r2.logits(), want) {
					t.Error("control: a program without weights gives the same logits")
				}
			})
		}
	}
}

// unpacked compiles a program whose backlog nobody works on.
func unpacked(tb testing.TB, be *Backend, g *ops.Graph, w backend.Weights, o backend.Options) *Program {
	tb.Helper()
	p, err := be.compile(tb.Context(), g, w, o)
	if err != nil {
		tb.Fatal(err)
	}
	if len(p.backlog.units) == 0 {
		tb.Fatal("no backlog")
	}
	return p
}

// TestBacklogFails has a source that gives the bytes of a matrix only once: what cannot be packed is staged for good.
func TestBacklogFails(t *testing.T) {
	c, o := shapeLater(), backend.Options{MaxRows: 128, Memory: new(mem.Account)}
	want := newRig(t, c, q4KM, Config{Threads: 2}, backend.Options{MaxRows: 128}).logits()
	be, err := New(Config{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	be.lazy, be.lazyBytes = func(tensor.DType) bool { return true }, 0
	g := c.graph(t)
	source, _ := mapped(t, g, weights(t, g, q4KM))
	once := func(name string) (backend.Weight, error) {
		s, err := source(name)
		var calls atomic.Int32
		section := s.Section
		s.Section = func(off, n int, buf []byte) ([]byte, error) {
			if calls.Add(1) > 1 {
				return nil, errors.New("only once")
			}
			return section(off, n, buf)
		}
		return s, err
	}
	r := &rig{tb: t, program: unpacked(t, be, g, once, o)}
	if r.cache, err = r.program.NewCache(backend.CacheF16, 4096); err != nil {
		t.Fatal(err)
	}
	r.program.backlog.run(r.program)
	if b := &r.program.backlog; b.next == len(b.units) {
		t.Error("all is packed")
	}
	if got := r.logits(); !slices.Equal(got, want) {
		t.Error("other logits")
	}
	r.close()
	if n := o.Memory.Used(); n != 0 {
		t.Errorf("%d bytes are in use after Close", n)
	}
}

// TestBacklogBehindSteps lets a backlog work between steps, and closes programs while it does.
func TestBacklogBehindSteps(t *testing.T) {
	goroutines := runtime.NumGoroutine()
	c, o := shapeLater(), backend.Options{MaxRows: 128}
	want := newRig(t, c, q4KM, Config{Threads: 2}, o).logits()
	be, err := New(Config{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	be.lazy, be.lazyBytes = func(tensor.DType) bool { return true }, 0
	g := c.graph(t)
	source, _ := mapped(t, g, weights(t, g, q4KM))
	for pause := range 4 {
		o.Memory = new(mem.Account)
		plan, err := be.Plan(g, source, o)
		if err != nil {
			t.Fatal(err)
		}
		p, err := be.Compile(t.Context(), g, source, o)
		if err != nil {
			t.Fatal(err)
		}
		r := &rig{tb: t, program: p.(*Program)}
		if r.cache, err = p.NewCache(backend.CacheF16, 4096); err != nil {
			t.Fatal(err)
		}
		if used := o.Memory.Used(); used > plan.Weights+plan.Scratch {
			t.Errorf("%d bytes in use, planned %+v", used, plan)
		}
		time.Sleep(time.Duration(pause) * time.Millisecond)
		for range pause {
			if got := r.logits(); !slices.Equal(got, want) {
				t.Error("other logits")
			}
		}
		r.close()
		if n := o.Memory.Used(); n != 0 {
			t.Errorf("%d bytes are in use after Close", n)
		}
	}
	for range 100 {
		if runtime.NumGoroutine() <= goroutines+1 { // the worker of the first program
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Errorf("%d goroutines before, %d after Close", goroutines, runtime.NumGoroutine())
}
