package backendtest

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/seed64708441/ember/backend"
)

// with returns the rig for a subtest.
func (r *rig) with(t *testing.T) *rig { return &rig{t: t, model: r.model, program: r.program} }

// free gives all pages back.
func (q *seq) free() {
	for _, p := range q.pages {
		q.cache.Free(p.ID)
	}
	q.pages, q.n = nil, 0
}

// fork returns a sequence with the same history: full pages are shared, the last one is copied when it is not full.
func (q *seq) fork() *seq {
	q.r.t.Helper()
	f := &seq{r: q.r, cache: q.cache, n: q.n, pages: slices.Clone(q.pages[:pagesFor(q.n)])}
	if q.n%backend.PageTokens != 0 {
		last := &f.pages[len(f.pages)-1]
		id := alloc(q.r.t, q.cache)
		if err := q.cache.Copy(id, last.ID); err != nil {
			q.r.t.Fatal(err)
		}
		last.ID = id
	}
	return f
}

// testPages checks that pages can be saved, restored, copied, shared and overwritten without a change of bits.
func testPages(t *testing.T, s *suite) {
	eachStorage(t, s, func(t *testing.T, r *rig, kind backend.CacheType, ids []int32) {
		want := r.fresh(kind, ids)
		at := len(ids) - 25 // inside a page
		tail := want[at*r.model.vocab():]
		t.Run("restore", func(t *testing.T) { testRestore(t, s, r, kind, ids, at, tail) })
		t.Run("fork", func(t *testing.T) { testFork(t, r, kind, ids, at, tail) })
		t.Run("rewind", func(t *testing.T) { testRewind(t, r, kind, ids, want) })
		t.Run("rubbish", func(t *testing.T) { testRubbish(t, r, kind, ids, want) })
		t.Run("reuse", func(t *testing.T) { testReuse(t, r, kind, ids, want) })
	})
	t.Run("allocation", func(t *testing.T) { testAllocation(t, s) })
}

// testRestore continues from saved pages: in the same cache, in another, and in another program.
func testRestore(t *testing.T, s *suite, r *rig, kind backend.CacheType, ids []int32, at int, tail []float32) {
	r = r.with(t)
	q := r.seq(r.cache(kind, 8))
	q.run(ids[:at], 40)
	var saved [][]byte
	for i := range q.pages {
		saved = append(saved, q.save(i))
	}
	restore := func(r *rig, c backend.Cache, what string) {
		p := r.seq(c)
		p.reserve(at)
		p.n = at
		for i := range slices.Backward(saved) {
			if err := c.Load(p.pages[i].ID, saved[i]); err != nil {
				t.Fatal(err)
			}
		}
		for i := range saved {
			if !bytes.Equal(p.save(i), saved[i]) {
				t.Errorf("%s: page %d saves other bytes than were loaded", what, i)
			}
		}
		same(t, what, p.run(ids[at:], 9), tail)
	}
	restore(r, q.cache, "same cache")
	same(t, "original", q.run(ids[at:], 5), tail)
	restore(r, r.cache(kind, 8), "other cache")
	other := s.rig(t, r.model, Config{Threads: 1}, backend.Options{})
	restore(other, other.cache(kind, 8), "other program")
}

// testFork lets two forks and the original go different ways, alone and in one step.
func testFork(t *testing.T, r *rig, kind backend.CacheType, ids []int32, at int, tail []float32) {
	r = r.with(t)
	q := r.seq(r.cache(kind, 12))
	q.run(ids[:at], 40)
	a, b := q.fork(), q.fork()
	way := r.model.tokens(len(ids)-at, 77)
	wayTail := r.fresh(kind, slices.Concat(ids[:at], way))[at*r.model.vocab():]
	before := q.save(len(q.pages) - 1)
	same(t, "fork", a.run(way, 6), wayTail)
	if !bytes.Equal(before, q.save(len(q.pages)-1)) {
		t.Error("a fork wrote to the original's page")
	}
	both := r.step(part{q: b, tokens: way}, part{q: q, tokens: ids[at:]})
	same(t, "fork beside the original", both[0], wayTail)
	same(t, "original beside a fork", both[1], tail)
}

// testRewind overwrites slots: what lay behind a position does not matter.
func testRewind(t *testing.T, r *rig, kind backend.CacheType, ids []int32, want []float32) {
	r = r.with(t)
	v := r.model.vocab()
	q := r.seq(r.cache(kind, pagesFor(len(ids))))
	q.run(ids[:3], 3)
	for _, at := range []int{1, 40, 64, 65} {
		at = min(at, q.n)
		q.run(r.model.tokens(len(ids)-q.n, uint64(at)), 100)
		q.n = at
		next := min(at+40, len(ids)-1)
		same(t, fmt.Sprint("rewound to ", at), q.run(ids[at:next], 17), want[at*v:next*v])
	}
	rest := want[q.n*v:]
	same(t, "rest", q.run(ids[q.n:], 11), rest)
}

// testRubbish fills the slots behind a position with keys and values that are infinite or no numbers. They are not seen,
// so they must not matter: a probability of zero times infinity would show.
func testRubbish(t *testing.T, r *rig, kind backend.CacheType, ids []int32, want []float32) {
	r = r.with(t)
	v, d := r.model.vocab(), r.model.weights["token_embd.weight"].shape[1]
	for _, x := range []float32{float32(math.NaN()), float32(math.Inf(1)), math.MaxFloat32} {
		q := r.seq(r.cache(kind, pagesFor(len(ids))))
		q.run(ids[:30], 30)
		bad := make([]int32, 40)
		given := make([]float32, len(bad)*d)
		for i := range bad {
			bad[i] = -1
		}
		for i := range given {
			given[i] = x
			if i%3 == 0 {
				given[i] = -x
			}
		}
		r.step(part{q: q, tokens: bad, embeddings: given, outputs: []int32{}})
		q.n = 30
		got := append(q.run(ids[30:32], 1), q.run(ids[32:66], 17)...)
		got = append(got, q.run(ids[66:], 100)...)
		same(t, fmt.Sprint("after rows of ", x), got, want[30*v:])
	}
}

// testReuse gives pages back and takes them again: they are zeroed, and bring nothing from their earlier life.
func testReuse(t *testing.T, r *rig, kind backend.CacheType, ids []int32, want []float32) {
	r = r.with(t)
	q := r.seq(r.cache(kind, pagesFor(len(ids))))
	q.reserve(len(ids))
	empty := q.save(0)
	if slices.ContainsFunc(empty, func(b byte) bool { return b != 0 }) {
		t.Error("a new page is not zero")
	}
	q.run(r.model.tokens(len(ids), 5), 64)
	if bytes.Equal(q.save(0), empty) {
		t.Error("a page that was written to is still zero")
	}
	q.free()
	q.reserve(len(ids))
	for i := range q.pages {
		if !bytes.Equal(q.save(i), empty) {
			t.Errorf("page %d is not zero after Free and Alloc", i)
		}
	}
	same(t, "reused pages", q.run(ids, 64), want)
}

// testAllocation checks the pool: its limit, its ids, and wrong uses.
func testAllocation(t *testing.T, s *suite) {
	r := s.rig(t, newModel(t, modelOptions{}, small.build), Config{}, backend.Options{})
	c := r.cache(backend.CacheF32, 3)
	seen := map[backend.PageID]bool{}
	var ids []backend.PageID
	for range 3 {
		id := alloc(t, c)
		if id <= 0 || seen[id] {
			t.Errorf("Alloc returned page %d after %v", id, ids)
		}
		seen[id] = true
		ids = append(ids, id)
	}
	for range 2 {
		if id, err := c.Alloc(); !errors.Is(err, backend.ErrCacheFull) {
			t.Errorf("a fourth page of three: %v, %v: want ErrCacheFull", id, err)
		}
	}
	c.Free(ids[1])
	alloc(t, c)
	if _, err := c.Alloc(); !errors.Is(err, backend.ErrCacheFull) {
		t.Errorf("a fourth page after one was freed: %v: want ErrCacheFull", err)
	}
	c.Free() // nothing
	c.Free(0, -1, 1000, math.MaxInt32, math.MinInt32)
	if _, err := c.Alloc(); !errors.Is(err, backend.ErrCacheFull) {
		t.Errorf("freeing pages that do not exist made room: %v", err)
	}
	c.Free(ids[0])
	c.Free(ids[0])
	alloc(t, c)
	if _, err := c.Alloc(); !errors.Is(err, backend.ErrCacheFull) {
		t.Errorf("freeing a page twice made room for two: %v", err)
	}
}
