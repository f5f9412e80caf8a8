package kv

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/seed64708441/ember/backend"
)

// fakeCache is a cache whose pages are 64 ids. It refuses what a pool must never do.
type fakeCache struct {
	t     *testing.T
	mu    sync.Mutex
	pages map[backend.PageID]*[backend.PageTokens]int32
	next  backend.PageID
	max   int
}

func newFake(t *testing.T, max int) *fakeCache {
	return &fakeCache{t: t, pages: map[backend.PageID]*[backend.PageTokens]int32{}, max: max}
}

func (c *fakeCache) Alloc() (backend.PageID, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.pages) == c.max {
		return 0, fmt.Errorf("fake: %w", backend.ErrCacheFull)
	}
	c.next++
	c.pages[c.next] = new([backend.PageTokens]int32)
	return c.next, nil
}

func (c *fakeCache) Free(pages ...backend.PageID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range pages {
		if c.pages[id] == nil {
			c.t.Errorf("page %d is freed twice", id)
		}
		delete(c.pages, id)
	}
}

func (c *fakeCache) Copy(dst, src backend.PageID) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	*c.pages[dst] = *c.pages[src]
	return nil
}

func (c *fakeCache) PageBytes() int                    { return 0 }
func (c *fakeCache) Save([]byte, backend.PageID) error { return nil }
func (c *fakeCache) Load(backend.PageID, []byte) error { return nil }
func (c *fakeCache) Close() error                      { return nil }
func (c *fakeCache) page(id backend.PageID) *[backend.PageTokens]int32 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pages[id]
}

// add appends ids as a step would.
func (c *fakeCache) add(q *Seq, ids ...int32) error {
	if err := q.Reserve(len(ids)); err != nil {
		return err
	}
	for i, id := range ids {
		at := q.Len() + i
		c.page(q.Pages()[at/backend.PageTokens].ID)[at%backend.PageTokens] = id
	}
	q.Commit(len(ids))
	return nil
}

// ids returns what the cache holds for a sequence.
func (c *fakeCache) ids(q *Seq) []int32 {
	var out []int32
	for i := range q.Len() {
		out = append(out, c.page(q.Pages()[i/backend.PageTokens].ID)[i%backend.PageTokens])
	}
	return out
}

// TestRandom runs random appends, forks, rewinds and frees of many sequences beside plain slices.
func TestRandom(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	c := newFake(t, 1<<20)
	p := NewPool(c)
	type pair struct {
		q    *Seq
		want []int32
	}
	all := []pair{{q: p.NewSeq()}}
	for step := range 4000 {
		i := rng.IntN(len(all))
		a := &all[i]
		switch k := rng.IntN(10); {
		case k < 5:
			ids := make([]int32, rng.IntN(150))
			for j := range ids {
				ids[j] = rng.Int32()
			}
			if err := c.add(a.q, ids...); err != nil {
				t.Fatal(err)
			}
			a.want = append(slices.Clip(a.want), ids...)
		case k < 7:
			n := rng.IntN(len(a.want) + 1)
			if err := a.q.Rewind(n); err != nil {
				t.Fatal(err)
			}
			a.want = a.want[:n]
		case k < 9 && len(all) < 12:
			all = append(all, pair{a.q.Fork(), slices.Clone(a.want)})
		case len(all) > 1:
			a.q.Free()
			all = slices.Delete(all, i, i+1)
		}
		for j, b := range all {
			if got := c.ids(b.q); !slices.Equal(got, b.want) {
				t.Fatalf("step %d: sequence %d holds other ids than were appended", step, j)
			}
		}
	}
	for _, a := range all {
		a.q.Free()
	}
	if p.Pages() != 0 || len(c.pages) != 0 {
		t.Errorf("%d pages in use, %d not freed", p.Pages(), len(c.pages))
	}
}

// TestSharing checks that a fork takes no page until one side appends, and then one.
func TestSharing(t *testing.T) {
	c := newFake(t, 100)
	p := NewPool(c)
	q := p.NewSeq()
	if err := c.add(q, make([]int32, 100)...); err != nil {
		t.Fatal(err)
	}
	f := q.Fork()
	if n := p.Pages(); n != 2 {
		t.Errorf("%d pages after the fork, want 2", n)
	}
	for range 3 {
		if err := c.add(f, 7); err != nil {
			t.Fatal(err)
		}
	}
	if n := p.Pages(); n != 3 {
		t.Errorf("%d pages after the fork appended, want 3", n)
	}
	if err := c.add(q, 8); err != nil {
		t.Fatal(err)
	}
	if n := p.Pages(); n != 3 {
		t.Errorf("%d pages after both appended, want 3", n)
	}
}

// TestFull checks that a sequence survives a cache that is full.
func TestFull(t *testing.T) {
	c := newFake(t, 3)
	p := NewPool(c)
	q := p.NewSeq()
	if err := c.add(q, make([]int32, 130)...); err != nil {
		t.Fatal(err)
	}
	f := q.Fork()
	if err := c.add(f, 1); !errors.Is(err, backend.ErrCacheFull) {
		t.Errorf("a copy without a page: %v", err)
	}
	if err := c.add(q, make([]int32, 63)...); !errors.Is(err, backend.ErrCacheFull) {
		t.Errorf("a fourth page of three: %v", err)
	}
	f.Free()
	if err := c.add(q, make([]int32, 62)...); err != nil {
		t.Errorf("the rest of the third page: %v", err)
	}
	if err := q.Rewind(-1); err == nil {
		t.Error("a rewind to -1 is not refused")
	}
	if err := q.Rewind(193); err == nil {
		t.Error("a rewind beyond the end is not refused")
	}
}

// TestConcurrent forks and frees one history from several goroutines; -race looks on.
func TestConcurrent(t *testing.T) {
	c := newFake(t, 1000)
	p := NewPool(c)
	q := p.NewSeq()
	if err := c.add(q, make([]int32, 200)...); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		f := q.Fork()
		wg.Go(func() {
			for i := range 200 {
				if err := c.add(f, int32(i)); err != nil {
					t.Error(err)
					return
				}
				g := f.Fork()
				g.Free()
			}
			f.Free()
		})
	}
	wg.Wait()
	if n := p.Pages(); n != 4 {
		t.Errorf("%d pages in use, want the 4 of the first sequence", n)
	}
}
