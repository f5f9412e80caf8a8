package benchmarks

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/seed64708441/ember/backend/cpu"
	"github.com/seed64708441/ember/model"
)

// rig is a model that is opened when the first benchmark needs it.
type rig struct {
	spec    spec
	threads int
	file    func(tb testing.TB) string
	path    string
	work    work
	level   string
	m       *model.Model
}

// threadCounts are one and all.
func threadCounts() []int {
	return slices.Compact([]int{1, runtime.GOMAXPROCS(0)})
}

// eachModel runs f for all models and thread counts as sub-benchmarks shape=S/type=T/threads=N.
func eachModel(b *testing.B, want func(spec) bool, f func(b *testing.B, r *rig)) {
	for _, shape := range shapeNames {
		b.Run("shape="+shape, func(b *testing.B) {
			for _, typ := range typeNames {
				s := spec{shape, typ}
				if !selective() && !want(s) {
					continue
				}
				b.Run("type="+typ, func(b *testing.B) { eachThreads(b, s, f) })
			}
		})
	}
}

func eachThreads(b *testing.B, s spec, f func(b *testing.B, r *rig)) {
	file := ""
	for _, n := range threadCounts() {
		b.Run(fmt.Sprintf("threads=%d", n), func(threads *testing.B) {
			r := &rig{spec: s, threads: n, file: func(testing.TB) string {
				if file == "" {
					file = modelFile(b, s) // for as long as all thread counts
				}
				return file
			}}
			defer r.close(threads)
			f(threads, r)
		})
	}
}

// open opens the model if it is not, and generates the first tokens, behind which the weights are packed.
func (r *rig) open(tb testing.TB) {
	tb.Helper()
	if r.m != nil {
		return
	}
	r.path = r.file(tb)
	var err error
	if r.work, err = workOf(r.path); err != nil {
		tb.Fatal(err)
	}
	be, err := cpu.New(cpu.Config{Threads: r.threads, Level: *levelFlag})
	if err != nil {
		tb.Fatal(err)
	}
	r.level = strings.TrimPrefix(be.Name(), "cpu/")
	if r.m, err = model.Open(context.Background(), r.path, model.Config{Backend: be}); err != nil {
		tb.Fatal(err)
	}
	s, err := r.m.NewSession(model.SessionConfig{})
	if err != nil {
		tb.Fatal(err)
	}
	defer s.Close()
	complete(tb, s, model.Request{Tokens: r.prompt(firstPrompt), MaxTokens: firstTokens})
}

func (r *rig) close(tb testing.TB) {
	if r.m == nil {
		return
	}
	if err := r.m.Close(); err != nil {
		tb.Error(err)
	}
	r.m = nil
}

// session returns a session that ends with tb.
func (r *rig) session(tb testing.TB) *model.Session {
	tb.Helper()
	r.open(tb)
	s, err := r.m.NewSession(model.SessionConfig{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { s.Close() })
	return s
}

// prompt returns n tokens, none of which is special.
func (r *rig) prompt(n int) []int32 {
	ids, x := make([]int32, n), uint32(1)
	for i := range ids {
		x = x*1664525 + 1013904223
		ids[i] = 300 + int32(x>>8)%int32(r.work.vocab-600)
	}
	return ids
}

// prefill makes s compute a prompt from its first token on, and choose one.
func prefill(tb testing.TB, s *model.Session, prompt []int32) {
	tb.Helper()
	if err := s.Rewind(0); err != nil {
		tb.Fatal(err)
	}
	u := complete(tb, s, model.Request{Tokens: prompt, MaxTokens: 1})
	if u.Prefilled != len(prompt) || u.Reused != 0 {
		tb.Fatalf("%d of %d tokens were computed", u.Prefilled, len(prompt))
	}
}

// decode makes s choose n tokens after the first depth of its history: n steps of one row.
func decode(tb testing.TB, s *model.Session, depth, n int) {
	tb.Helper()
	if err := s.Rewind(depth); err != nil {
		tb.Fatal(err)
	}
	u := complete(tb, s, model.Request{Tokens: []int32{300}, Append: true, MaxTokens: n})
	if u.Generated != n || u.Prefilled > 2 { // the token before the appended one may be computed again
		tb.Fatalf("%d tokens were generated after %d, want %d", u.Generated, u.Prefilled, n)
	}
}

func complete(tb testing.TB, s *model.Session, q model.Request) model.Usage {
	tb.Helper()
	q.IgnoreEOG = true
	_, last, err := s.Complete(context.Background(), q)
	if err != nil {
		tb.Fatal(err)
	}
	return last.Usage
}
