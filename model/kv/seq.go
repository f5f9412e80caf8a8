package kv

import (
	"fmt"

	"github.com/seed64708441/ember/backend"
)

// pageFor returns how many pages n positions take.
func pageFor(n int) int { return (n + backend.PageTokens - 1) / backend.PageTokens }

// Seq is the history of one sequence: the positions 0 to Len-1, and pages for them and for those reserved. It is for
// one goroutine at a time; other sequences of the pool may be used meanwhile, those that share pages too.
type Seq struct {
	pool  *Pool
	pages []backend.Page
	n     int
}

// NewSeq returns an empty sequence.
func (p *Pool) NewSeq() *Seq { return &Seq{pool: p} }

// Len returns the number of positions whose state is in the cache.
func (s *Seq) Len() int { return s.n }

// Pages returns the page table, for backend.Span. It is valid until the sequence changes.
func (s *Seq) Pages() []backend.Page { return s.pages }

// Reserve makes sure that the next rows positions have pages that this sequence alone may write to. On an error, which
// wraps backend.ErrCacheFull when there are no pages, the sequence is as before, but for pages it got in vain; they are
// used by the next Reserve.
func (s *Seq) Reserve(rows int) error {
	if rows <= 0 {
		return nil
	}
	if at := s.n / backend.PageTokens; at < len(s.pages) {
		own, err := s.pool.own(s.pages[at])
		if err != nil {
			return err
		}
		s.pages[at] = own
	}
	for len(s.pages) < pageFor(s.n+rows) {
		id, err := s.pool.alloc()
		if err != nil {
			return err
		}
		s.pages = append(s.pages, backend.Page{ID: id})
	}
	return nil
}

// Commit adds rows positions that a step has filled. They must have been reserved.
func (s *Seq) Commit(rows int) {
	if rows < 0 || pageFor(s.n+rows) > len(s.pages) {
		panic(fmt.Sprintf("BUG: kv: commit of %d rows after %d in %d pages", rows, s.n, len(s.pages)))
	}
	s.n += rows
}

// Rewind forgets the positions from n on. What is left is bit for bit what it was when the sequence had n positions.
func (s *Seq) Rewind(n int) error {
	if n < 0 || n > s.n {
		return fmt.Errorf("kv: rewind to %d of %d positions", n, s.n)
	}
	keep := min(pageFor(n), len(s.pages))
	s.pool.drop(s.pages[keep:])
	s.pages = s.pages[:keep]
	s.n = n
	return nil
}

// Fork returns a sequence with the same history. Both go their own ways from here.
func (s *Seq) Fork() *Seq {
	f := &Seq{pool: s.pool, n: s.n, pages: append([]backend.Page(nil), s.pages[:pageFor(s.n)]...)}
	s.pool.share(f.pages)
	return f
}

// Free gives all pages back. The sequence is then empty and may be used again.
func (s *Seq) Free() {
	s.pool.drop(s.pages)
	s.pages, s.n = s.pages[:0], 0
}
