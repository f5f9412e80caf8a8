package backendtest

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/seed64708441/ember/backend"
	"github.com/seed64708441/ember/tensor"
)

// maxRows is Options.MaxRows of the suite's programs where a test does not say otherwise.
const maxRows = 256

// rig is a model compiled by the backend under test.
type rig struct {
	t       *testing.T
	model   *model
	program backend.Program
}

// rig compiles a model. It skips the test for a weight type that the backend does not support.
func (s *suite) rig(t *testing.T, m *model, c Config, o backend.Options) *rig {
	t.Helper()
	return s.rigFrom(t, m, c, o, true)
}

func (s *suite) rigFrom(t *testing.T, m *model, c Config, o backend.Options, mapped bool) *rig {
	t.Helper()
	if o.MaxRows == 0 {
		o.MaxRows = maxRows
	}
	p, err := s.newBackend(t, c).Compile(t.Context(), m.graph, m.source(mapped), o)
	if errors.Is(err, backend.ErrUnsupported) {
		for _, w := range m.weights {
			if w.dtype != tensor.F32 {
				t.Skip(err)
			}
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Errorf("closing the program: %v", err)
		}
	})
	return &rig{t: t, model: m, program: p}
}

// cache returns a pool of pages. It skips the test for a type that the backend does not support.
func (r *rig) cache(kind backend.CacheType, pages int) backend.Cache {
	r.t.Helper()
	c, err := r.program.NewCache(kind, pages)
	if errors.Is(err, backend.ErrUnsupported) && kind != backend.CacheF32 && kind != backend.CacheF16 {
		r.t.Skip(err)
	}
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() {
		if err := c.Close(); err != nil {
			r.t.Errorf("closing the cache: %v", err)
		}
	})
	return c
}

// seq is one sequence: its page table and how many positions are filled.
type seq struct {
	r     *rig
	cache backend.Cache
	pages []backend.Page
	n     int
}

func (r *rig) seq(c backend.Cache) *seq { return &seq{r: r, cache: c} }

// pagesFor is how many pages n positions take.
func pagesFor(n int) int { return (n + backend.PageTokens - 1) / backend.PageTokens }

// reserve allocates pages until n positions have room.
func (q *seq) reserve(n int) {
	q.r.t.Helper()
	for len(q.pages) < pagesFor(n) {
		q.pages = append(q.pages, backend.Page{ID: alloc(q.r.t, q.cache)})
	}
}

func alloc(t *testing.T, c backend.Cache) backend.PageID {
	t.Helper()
	id, err := c.Alloc()
	if err != nil {
		t.Fatal(err)
	}
	if id == 0 {
		t.Fatal("Alloc returned page 0, which is no page")
	}
	return id
}

// part is what one sequence contributes to a step.
type part struct {
	q          *seq
	tokens     []int32
	embeddings []float32
	// outputs are rows of the part; nil asks for all.
	outputs []int32
}

// build makes the step of some parts, which lie in its rows one after the other.
func (r *rig) build(parts []part) *backend.Step {
	r.t.Helper()
	s := &backend.Step{Cache: parts[0].q.cache}
	for _, p := range parts {
		p.q.reserve(p.q.n + len(p.tokens))
		s.Spans = append(s.Spans, backend.Span{Rows: len(p.tokens), Start: p.q.n, Pages: slices.Clone(p.q.pages[:pagesFor(p.q.n+len(p.tokens))])})
		rows := p.outputs
		if rows == nil {
			rows = iota32(len(p.tokens))
		}
		for _, row := range rows {
			s.Outputs = append(s.Outputs, row+int32(len(s.Tokens)))
		}
		s.Tokens = append(s.Tokens, p.tokens...)
		s.Embeddings = append(s.Embeddings, p.embeddings...)
	}
	s.Logits = make([]float32, len(s.Outputs)*r.model.vocab())
	return s
}

// step runs some parts together and returns the logits of each.
func (r *rig) step(parts ...part) [][]float32 {
	r.t.Helper()
	s := r.build(parts)
	if err := r.program.Step(context.Background(), s); err != nil {
		r.t.Fatal(err)
	}
	var out [][]float32
	at := 0
	for _, p := range parts {
		n := len(p.outputs)
		if p.outputs == nil {
			n = len(p.tokens)
		}
		n *= r.model.vocab()
		out = append(out, s.Logits[at:at+n])
		at += n
		p.q.n += len(p.tokens)
	}
	return out
}

// run feeds tokens to a sequence in pieces and returns the logits of every row.
func (q *seq) run(tokens []int32, piece int) []float32 {
	q.r.t.Helper()
	var out []float32
	for p := range slices.Chunk(tokens, piece) {
		out = append(out, q.r.step(part{q: q, tokens: p})[0]...)
	}
	return out
}

// fresh feeds tokens to a new sequence in a new cache, in one piece as far as MaxRows allows.
func (r *rig) fresh(kind backend.CacheType, tokens []int32) []float32 {
	r.t.Helper()
	return r.seq(r.cache(kind, pagesFor(len(tokens)))).run(tokens, maxRows)
}

// save returns the bytes of a page.
func (q *seq) save(page int) []byte {
	q.r.t.Helper()
	b := make([]byte, q.cache.PageBytes())
	if err := q.cache.Save(b, q.pages[page].ID); err != nil {
		q.r.t.Fatal(err)
	}
	return b
}
