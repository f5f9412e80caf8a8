package backendtest

import (
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/seed64708441/ember/backend"
	"github.com/seed64708441/ember/ops"
	"github.com/seed64708441/ember/ops/ref"
)

// wantUnsupported checks that a cache type is refused as the contract says.
func wantUnsupported(t *testing.T, r *rig, kind backend.CacheType) {
	t.Helper()
	c, err := r.program.NewCache(kind, 2)
	if !errors.Is(err, backend.ErrUnsupported) {
		t.Errorf("cache type %v: %v: want ErrUnsupported", kind, err)
	}
	if err == nil {
		_ = c.Close()
	}
}

// badSteps are steps that must be refused; each changes a step of two spans that is right.
var badSteps = []struct {
	name string
	f    func(s *backend.Step, vocab, d int)
}{
	{"token beyond the vocabulary", func(s *backend.Step, vocab, _ int) { s.Tokens[1] = int32(vocab) }},
	{"largest token", func(s *backend.Step, _, _ int) { s.Tokens[0] = math.MaxInt32 }},
	{"token -2", func(s *backend.Step, _, _ int) { s.Tokens[2] = -2 }},
	{"smallest token", func(s *backend.Step, _, _ int) { s.Tokens[2] = math.MinInt32 }},
	{"embedding missing", func(s *backend.Step, _, _ int) { s.Tokens[2] = -1 }},
	{"embedding short", func(s *backend.Step, _, d int) { s.Tokens[2], s.Embeddings = -1, make([]float32, d-1) }},
	{"embedding long", func(s *backend.Step, _, d int) { s.Tokens[2], s.Embeddings = -1, make([]float32, d+1) }},
	{"embedding too many", func(s *backend.Step, _, d int) { s.Embeddings = make([]float32, d) }},
	{"logits missing", func(s *backend.Step, _, _ int) { s.Logits = nil }},
	{"logits short", func(s *backend.Step, _, _ int) { s.Logits = s.Logits[1:] }},
	{"logits long", func(s *backend.Step, _, _ int) { s.Logits = append(s.Logits, 0) }},
	{"output row twice", func(s *backend.Step, _, _ int) { s.Outputs[1] = s.Outputs[0] }},
	{"output rows descending", func(s *backend.Step, _, _ int) { slices.Reverse(s.Outputs) }},
	{"output row beyond the rows", func(s *backend.Step, _, _ int) { s.Outputs[1] = 8 }},
	{"output row negative", func(s *backend.Step, _, _ int) { s.Outputs[0] = -1 }},
	{"no spans", func(s *backend.Step, _, _ int) { s.Spans = nil }},
	{"span missing", func(s *backend.Step, _, _ int) { s.Spans = s.Spans[:1] }},
	{"span too many", func(s *backend.Step, _, _ int) { s.Spans = append(s.Spans, s.Spans[0]) }},
	{"span short", func(s *backend.Step, _, _ int) { s.Spans[1].Rows-- }},
	{"span long", func(s *backend.Step, _, _ int) { s.Spans[1].Rows++ }},
	{"span negative", func(s *backend.Step, _, _ int) { s.Spans[0].Rows, s.Spans[1].Rows = -3, 11 }},
	{"span huge", func(s *backend.Step, _, _ int) { s.Spans[0].Rows = math.MaxInt }},
	{"start negative", func(s *backend.Step, _, _ int) { s.Spans[0].Start = -1 }},
	{"start huge", func(s *backend.Step, _, _ int) { s.Spans[0].Start = math.MaxInt }},
	{"start beyond the pages", func(s *backend.Step, _, _ int) { s.Spans[0].Start = 62 }},
	{"no pages", func(s *backend.Step, _, _ int) { s.Spans[0].Pages = nil }},
	{"page zero", func(s *backend.Step, _, _ int) { s.Spans[0].Pages[0].ID = 0 }},
	{"page negative", func(s *backend.Step, _, _ int) { s.Spans[0].Pages[0].ID = -7 }},
	{"page never allocated", func(s *backend.Step, _, _ int) { s.Spans[1].Pages[0].ID = 3 }},
	{"page beyond the cache", func(s *backend.Step, _, _ int) { s.Spans[1].Pages[0].ID = math.MaxInt32 }},
	{"no cache", func(s *backend.Step, _, _ int) { s.Cache = nil }},
	{"too many rows", func(s *backend.Step, _, _ int) {
		s.Tokens = append(s.Tokens, make([]int32, 10)...)
		s.Spans[1].Rows += 10
	}},
	{"too many outputs", func(s *backend.Step, vocab, _ int) {
		s.Outputs = []int32{0, 1, 2, 3, 4, 5, 6}
		s.Logits = make([]float32, 7*vocab)
	}},
}

// testErrors checks that bad arguments give errors: no panic, no change of what the cache holds, and the next step is
// right.
func testErrors(t *testing.T, s *suite) {
	m := newModel(t, modelOptions{}, small.build)
	vocab, d := m.vocab(), small.dim
	r := s.rig(t, m, Config{}, backend.Options{MaxRows: 16, MaxOutputs: 6})
	c := r.cache(backend.CacheF32, 4)
	a, b := r.seq(c), r.seq(c)
	ids := m.tokens(13, 1)
	fresh := func() *backend.Step {
		return r.build([]part{{q: a, tokens: ids[10:13], outputs: []int32{0, 2}}, {q: b, tokens: ids[:5], outputs: []int32{4}}})
	}
	r.step(part{q: a, tokens: ids[:10], outputs: []int32{}})
	good := fresh()
	if err := r.program.Step(t.Context(), good); err != nil {
		t.Fatal(err)
	}
	for _, c := range badSteps {
		t.Run(c.name, func(t *testing.T) {
			bad := fresh()
			c.f(bad, vocab, d)
			if err := r.program.Step(t.Context(), bad); err == nil {
				t.Error("no error")
			}
			again := fresh()
			if err := r.program.Step(t.Context(), again); err != nil {
				t.Fatalf("the next step: %v", err)
			}
			same(t, "the next step", again.Logits, good.Logits)
		})
	}
	t.Run("no rows", func(t *testing.T) { // an error or nothing, but no harm
		_ = r.program.Step(t.Context(), &backend.Step{Cache: c})
		again := fresh()
		if err := r.program.Step(t.Context(), again); err != nil {
			t.Fatal(err)
		}
		same(t, "the next step", again.Logits, good.Logits)
	})
	t.Run("extra pages", func(t *testing.T) { // a table may be longer than the span needs
		more := fresh()
		more.Spans[0].Pages = append(more.Spans[0].Pages, backend.Page{ID: 3000}, backend.Page{})
		if err := r.program.Step(t.Context(), more); err != nil {
			t.Fatal(err)
		}
		same(t, "the step", more.Logits, good.Logits)
	})
	t.Run("pages", func(t *testing.T) { testPageErrors(t, r, c, a) })
	t.Run("caches", func(t *testing.T) { testCacheErrors(t, s, r) })
	t.Run("two tables", func(t *testing.T) { testTwoTables(t, s, true) })
	t.Run("two tables, large first", func(t *testing.T) { testTwoTables(t, s, false) })
}

// testPageErrors gives wrong pages and buffers to the methods of a cache.
func testPageErrors(t *testing.T, r *rig, c backend.Cache, q *seq) {
	good, n := q.pages[0].ID, c.PageBytes()
	before := q.save(0)
	for _, id := range []backend.PageID{0, -1, 4, 1000, math.MaxInt32, math.MinInt32} {
		if c.Save(make([]byte, n), id) == nil || c.Load(id, make([]byte, n)) == nil || c.Copy(id, good) == nil || c.Copy(good, id) == nil {
			t.Errorf("page %d is not refused by Save, Load and Copy", id)
		}
	}
	for _, short := range []int{0, n - 1, n + 1} {
		if c.Save(make([]byte, short), good) == nil || c.Load(good, make([]byte, short)) == nil {
			t.Errorf("a buffer of %d bytes for a page of %d is not refused", short, n)
		}
	}
	if !slices.Equal(before, q.save(0)) {
		t.Error("a refused call changed a page")
	}
	id := alloc(t, c)
	c.Free(id)
	if c.Save(make([]byte, n), id) == nil {
		t.Error("a page that was freed can be saved")
	}
}

// testCacheErrors uses closed and foreign caches and closed programs.
func testCacheErrors(t *testing.T, s *suite, r *rig) {
	for _, pages := range []int{0, -1, math.MinInt} {
		if c, err := r.program.NewCache(backend.CacheF32, pages); err == nil {
			t.Errorf("a cache of %d pages is not refused", pages)
			_ = c.Close()
		}
	}
	p, err := s.newBackend(t, Config{}).Compile(t.Context(), r.model.graph, r.model.source(true), backend.Options{MaxRows: 4})
	if err != nil {
		t.Fatal(err)
	}
	other := &rig{t: t, model: r.model, program: p}
	c, err := p.NewCache(backend.CacheF16, 2)
	if err != nil {
		t.Fatal(err)
	}
	q := other.seq(c)
	q.run([]int32{1, 2}, 2)
	step := other.build([]part{{q: q, tokens: []int32{3}}})
	if err := r.program.Step(t.Context(), step); err == nil {
		t.Error("the cache of another program is not refused")
	}
	n := c.PageBytes()
	for range 2 {
		if err := c.Close(); err != nil {
			t.Errorf("closing the cache: %v", err)
		}
	}
	closed := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, backend.ErrClosed) {
			t.Errorf("%s: %v: want ErrClosed", what, err)
		}
	}
	_, err = c.Alloc()
	closed("Alloc after Close", err)
	closed("Save after Close", c.Save(make([]byte, n), q.pages[0].ID))
	closed("Load after Close", c.Load(q.pages[0].ID, make([]byte, n)))
	closed("Copy after Close", c.Copy(q.pages[0].ID, q.pages[0].ID))
	closed("Step with a closed cache", p.Step(t.Context(), step))
	c.Free(q.pages[0].ID)
	for range 2 {
		if err := p.Close(); err != nil {
			t.Errorf("closing the program: %v", err)
		}
	}
	closed("Step of a closed program", p.Step(t.Context(), step))
	_, err = p.NewCache(backend.CacheF32, 1)
	closed("NewCache of a closed program", err)
}

// testTwoTables has two embedding tables of other sizes: a token must be in both, and embeddings cannot be given for
// both widths.
func testTwoTables(t *testing.T, s *suite, smallFirst bool) {
	m := newModel(t, modelOptions{}, func(b *ops.Builder) ops.Value {
		var x, y ops.Value
		if smallFirst {
			x = b.Embed(b.Weight("second", 9, 12))
			y = b.Embed(b.Weight("token_embd", 29, 24))
		} else {
			y = b.Embed(b.Weight("token_embd", 29, 24))
			x = b.Embed(b.Weight("second", 9, 12))
		}
		return head(b, b.Outputs(b.Add(y, b.MatMul(x, b.Weight("widen", 24, 12)))), 24)
	})
	p, err := s.newBackend(t, Config{}).Compile(t.Context(), m.graph, m.source(true), backend.Options{})
	if errors.Is(err, backend.ErrUnsupported) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, model: m, program: p}
	t.Cleanup(func() { _ = p.Close() })
	q := r.seq(r.cache(backend.CacheF32, 1))
	near(t, "tokens", r.step(part{q: q, tokens: []int32{3, 8}})[0], m.oracle(t, ref.Rounding{}, []int32{3, 8}, nil))
	for _, id := range []int32{9, 28} {
		if err := p.Step(t.Context(), r.build([]part{{q: q, tokens: []int32{id}}})); err == nil {
			t.Errorf("token %d is beyond the second table and not refused", id)
		}
	}
	for _, n := range []int{12, 24} {
		if err := p.Step(t.Context(), r.build([]part{{q: q, tokens: []int32{-1}, embeddings: make([]float32, n)}})); err == nil {
			t.Errorf("an embedding of %d for tables of 24 and 12 columns is not refused", n)
		}
	}
}
