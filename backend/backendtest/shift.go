package backendtest

import (
	"bytes"
	"slices"
	"testing"

	"github.com/seed64708441/ember/backend"
	"github.com/seed64708441/ember/ops"
)

// scenario is a use of pages that two backends run alike.
type scenario struct {
	name string
	run  func(r *rig, kind backend.CacheType) []float32
}

// scenarios place pages at other positions than they were written at. Tokens are of fixed seeds, page tables are written
// as the id and shift of each page.
var scenarios = []scenario{
	{"page dropped", func(r *rig, kind backend.CacheType) []float32 {
		q := r.filled(kind, 192, 1)
		q.pages = []backend.Page{q.pages[0], {ID: q.pages[2].ID, Shift: -64}}
		q.n = 128
		return q.run(r.model.tokens(30, 2), 7)
	}},
	{"pages moved up", func(r *rig, kind backend.CacheType) []float32 {
		q, p := r.filled(kind, 128, 1), r.filled(kind, 64, 2)
		if err := q.cache.Load(q.extra(), p.save(0)); err != nil {
			r.t.Fatal(err)
		}
		q.pages = []backend.Page{q.pages[2], {ID: q.pages[0].ID, Shift: 64}, {ID: q.pages[1].ID, Shift: 64}}
		q.n = 192
		return q.run(r.model.tokens(20, 3), 20)
	}},
	{"pages in another order", func(r *rig, kind backend.CacheType) []float32 {
		q := r.filled(kind, 192, 1)
		q.pages = []backend.Page{{ID: q.pages[2].ID, Shift: -128}, {ID: q.pages[1].ID}, {ID: q.pages[0].ID, Shift: 128}}
		return q.run(r.model.tokens(20, 3), 1)
	}},
	{"same page twice", func(r *rig, kind backend.CacheType) []float32 {
		q := r.filled(kind, 64, 1)
		q.pages = []backend.Page{q.pages[0], {ID: q.pages[0].ID, Shift: 64}}
		q.n = 128
		return q.run(r.model.tokens(20, 3), 20)
	}},
	{"far away", func(r *rig, kind backend.CacheType) []float32 {
		q := r.filled(kind, 64, 1)
		for i := 1; i <= 8; i++ {
			q.pages = append(q.pages, backend.Page{ID: q.pages[0].ID, Shift: int32(64 * i)})
		}
		q.n = 64 * 9
		return q.run(r.model.tokens(20, 3), 20)
	}},
	{"shift by a part of a page", func(r *rig, kind backend.CacheType) []float32 {
		q := r.filled(kind, 128, 1)
		q.pages[0].Shift, q.pages[1].Shift = -5, 17
		return q.run(r.model.tokens(20, 3), 20)
	}},
	{"last page shifted and written on", func(r *rig, kind backend.CacheType) []float32 {
		q := r.filled(kind, 150, 1)
		q.pages = []backend.Page{q.pages[0], {ID: q.pages[2].ID, Shift: -64}}
		q.n = 150 - 64
		got := q.run(r.model.tokens(30, 3), 11)
		q.pages = []backend.Page{{ID: q.pages[1].ID, Shift: -128}} // once more, with what was added
		q.n = 52
		return append(got, q.run(r.model.tokens(5, 4), 5)...)
	}},
}

// filled returns a sequence of n tokens of a seed in a cache of its own.
func (r *rig) filled(kind backend.CacheType, n int, seed uint64) *seq {
	r.t.Helper()
	q := r.seq(r.cache(kind, 24))
	q.run(r.model.tokens(n, seed), 100)
	return q
}

// extra appends a new page to the table and returns it.
func (q *seq) extra() backend.PageID {
	q.r.t.Helper()
	id := alloc(q.r.t, q.cache)
	q.pages = append(q.pages, backend.Page{ID: id})
	return id
}

// testShift checks that a page with a shift attends as if its keys had been written where it stands.
func testShift(t *testing.T, s *suite) {
	for name, c := range map[string]llama{
		"halves": blocky, "mixed": small,
		"neighbours": blocky.alter(func(c *llama) { c.ropes = []ops.Rope{rope(16, true)} }),
		"magnified":  blocky.alter(func(c *llama) { c.ropes = []ops.Rope{{Freqs: rope(12, false).Freqs, Magnitude: 1.25}} }),
	} {
		t.Run(name, func(t *testing.T) {
			m := newModel(t, modelOptions{}, c.build)
			r := s.rig(t, m, Config{Threads: 1}, backend.Options{})
			oracle := (&suite{func(*testing.T, Config) backend.Backend { return Reference{} }}).rig(t, m, Config{}, backend.Options{})
			for i, sc := range scenarios {
				if i > 1 && name != "halves" && name != "mixed" {
					continue
				}
				near(t, sc.name, sc.run(r, backend.CacheF32), widen(sc.run(oracle, backend.CacheF32)))
			}
			t.Run("direct", func(t *testing.T) { testDirect(t, s, c) })
		})
	}
}

// testDirect needs no oracle: the keys of a single layer depend on token and position only, so a page that is moved
// equals one that is written in place, up to the rounding of the rotation. Its bytes stay as they are. Without a
// rotation nothing is rounded, and the bits are the same.
func testDirect(t *testing.T, s *suite, c llama) {
	for _, still := range []bool{false, true} {
		c := c.alter(func(c *llama) {
			c.layers = 1
			if still {
				c.ropes = nil
			}
		})
		m := newModel(t, modelOptions{}, c.build)
		r := s.rig(t, m, Config{Threads: 1}, backend.Options{})
		a, b, x, end := m.tokens(64, 1), m.tokens(64, 2), m.tokens(64, 3), m.tokens(20, 4)
		placed := r.seq(r.cache(backend.CacheF32, 8))
		placed.run(slices.Concat(a, x), 128)
		want := placed.run(end, 20)
		for _, threads := range []int{1, 0} {
			r := s.rig(t, m, Config{Threads: threads}, backend.Options{})
			q := r.seq(r.cache(backend.CacheF32, 8))
			q.run(slices.Concat(a, b, x), 192)
			before := q.save(2)
			q.pages = []backend.Page{q.pages[0], {ID: q.pages[2].ID, Shift: -64}}
			q.n = 128
			got := q.run(end, 3)
			near(t, "moved page", got, widen(want))
			if still {
				same(t, "moved page without rotation", got, want)
			}
			if !bytes.Equal(q.save(1), before) {
				t.Error("reading a shifted page changed its bytes")
			}
			q.pages[1].Shift = 0
			q.n = 128
			if got := q.run(end, 20); !still && slices.Equal(got, want) {
				t.Error("the shift makes no difference: the test shows nothing")
			}
		}
	}
}
