package backendtest

import (
	"errors"
	"testing"

	"github.com/seed64708441/ember/backend"
	"github.com/seed64708441/ember/tensor/mem"
)

// testLimits checks what a program says of its memory, that it takes it from the account it is given, and what it does
// when there is too little.
func testLimits(t *testing.T, s *suite) {
	m := newModel(t, modelOptions{}, blocky.build)
	t.Run("footprint", func(t *testing.T) { testFootprint(t, s, m) })
	t.Run("account", func(t *testing.T) { testAccount(t, s, m) })
	t.Run("options", func(t *testing.T) {
		for _, o := range []backend.Options{{MaxRows: -1}, {MaxOutputs: -1}, {MaxRows: 8, MaxOutputs: 9}} {
			if _, err := s.newBackend(t, Config{}).Plan(m.graph, m.source(true), o); err == nil {
				t.Errorf("Plan takes MaxRows %d and MaxOutputs %d", o.MaxRows, o.MaxOutputs)
			}
			if p, err := s.newBackend(t, Config{}).Compile(t.Context(), m.graph, m.source(true), o); err == nil {
				t.Errorf("Compile takes MaxRows %d and MaxOutputs %d", o.MaxRows, o.MaxOutputs)
				_ = p.Close()
			}
		}
	})
	t.Run("source", func(t *testing.T) { testSource(t, s, m) })
}

// testFootprint compares Plan, Footprint and the pages of a cache.
func testFootprint(t *testing.T, s *suite, m *model) {
	plan, err := s.newBackend(t, Config{}).Plan(m.graph, m.source(true), backend.Options{MaxRows: maxRows})
	if err != nil {
		t.Fatal(err)
	}
	r := s.rig(t, m, Config{}, backend.Options{})
	f := r.program.Footprint()
	if f != plan {
		t.Errorf("the program takes %+v, Plan said %+v", f, plan)
	}
	if f.Weights+f.MappedWeights <= 0 || f.Scratch < 0 {
		t.Errorf("footprint %+v", f)
	}
	for i, bytes := range f.PageBytes {
		c, err := r.program.NewCache(backend.CacheType(i), 1)
		if err != nil {
			if bytes != 0 {
				t.Errorf("pages of %v take %d bytes, but %v", backend.CacheType(i), bytes, err)
			}
			continue
		}
		if int64(c.PageBytes()) != bytes {
			t.Errorf("pages of %v have %d bytes, Plan said %d", backend.CacheType(i), c.PageBytes(), bytes)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
	larger, err := s.newBackend(t, Config{}).Plan(m.graph, m.source(true), backend.Options{MaxRows: 4 * maxRows})
	if err != nil || larger.Scratch < f.Scratch || larger.Weights != f.Weights {
		t.Errorf("four times the rows: %+v, %v; was %+v", larger, err, f)
	}
}

// testAccount compiles and allocates on accounts of all sizes up to what is needed.
func testAccount(t *testing.T, s *suite, m *model) {
	free := new(mem.Account)
	p, c := s.compileOn(t, m, free)
	full := inUse(free)
	if full <= 0 {
		t.Fatal("a program takes no memory from its account")
	}
	alloc(t, c)
	page := inUse(free) - full
	if page < int64(c.PageBytes()) {
		t.Errorf("a page of %d bytes takes %d from the account", c.PageBytes(), page)
	}
	closeAll(t, p, c, free)

	for part := range int64(8) {
		a := account(full * part / 8)
		if part == 0 {
			a = account(1)
		}
		if p, err := s.newBackend(t, Config{}).Compile(t.Context(), m.graph, m.source(false), backend.Options{Memory: a}); !errors.Is(err, mem.ErrLimit) {
			t.Errorf("compiling in %d/8 of the memory: %v: want mem.ErrLimit", part, err)
			if err == nil {
				_ = p.Close()
			}
		}
		if n := inUse(a); n != 0 {
			t.Errorf("%d bytes are in use after Compile has refused", n)
		}
	}

	tight := account(full + 2*page + page/2)
	p, c = s.compileOn(t, m, tight)
	first := alloc(t, c)
	alloc(t, c)
	if _, err := c.Alloc(); !errors.Is(err, backend.ErrCacheFull) || !errors.Is(err, mem.ErrLimit) {
		t.Errorf("a third page where two fit: %v: want ErrCacheFull and mem.ErrLimit", err)
	}
	c.Free(first)
	alloc(t, c)
	closeAll(t, p, c, tight)
}

// compileOn compiles on an account and makes a cache of more pages than it will have memory for.
func (s *suite) compileOn(t *testing.T, m *model, a *mem.Account) (backend.Program, backend.Cache) {
	t.Helper()
	p, err := s.newBackend(t, Config{}).Compile(t.Context(), m.graph, m.source(false), backend.Options{Memory: a})
	if err != nil {
		t.Fatal(err)
	}
	c, err := p.NewCache(backend.CacheF32, 100)
	if err != nil {
		t.Fatal(err)
	}
	return p, c
}

// closeAll closes a cache and its program: nothing is left in use.
func closeAll(t *testing.T, p backend.Program, c backend.Cache, a *mem.Account) {
	t.Helper()
	if err := errors.Join(c.Close(), p.Close()); err != nil {
		t.Error(err)
	}
	if n := inUse(a); n != 0 {
		t.Errorf("%d bytes are in use after Close", n)
	}
}

// testSource has weights that cannot be found or read: the error is the source's, and nothing stays behind.
func testSource(t *testing.T, s *suite, m *model) {
	boom := errors.New("boom")
	a := new(mem.Account)
	for _, late := range []bool{false, true} {
		for _, name := range []string{"token_embd.weight", "blk.1.ffn_down.weight", "output_norm.weight"} {
			w := func(n string) (backend.Weight, error) {
				weight, err := m.source(late)(n)
				if n != name {
					return weight, err
				}
				if late {
					weight.Section = func(int, int, []byte) ([]byte, error) { return nil, boom }
					return weight, nil
				}
				return backend.Weight{}, boom
			}
			if _, err := s.newBackend(t, Config{}).Compile(t.Context(), m.graph, w, backend.Options{Memory: a}); !errors.Is(err, boom) {
				t.Errorf("%s cannot be read: %v", name, err)
			}
			if n := inUse(a); n != 0 {
				t.Errorf("%d bytes are in use after Compile has refused", n)
			}
		}
	}
	done, total := int64(-1), int64(0)
	p, err := s.newBackend(t, Config{}).Compile(t.Context(), m.graph, m.source(true), backend.Options{Progress: func(d, n int64) {
		if d < done || d > n || total != 0 && n != total {
			t.Errorf("progress %d of %d after %d of %d", d, n, done, total)
		}
		done, total = d, n
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if done != total || total == 0 {
		t.Errorf("progress ends at %d of %d", done, total)
	}
}

func account(limit int64) *mem.Account { return &mem.Account{Limit: limit} }

func inUse(a *mem.Account) int64 { return a.Used() }
