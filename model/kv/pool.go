package kv

import (
	"fmt"
	"sync"

	"github.com/seed64708441/ember/backend"
)

// Pool counts how many sequences use each page of a cache. It may be used by several goroutines.
type Pool struct {
	cache backend.Cache

	mu   sync.Mutex
	uses []int32 // by page id
	used int     // pages in use
}

// NewPool returns a pool over c, from which nobody else may allocate. Closing c is left to the caller.
func NewPool(c backend.Cache) *Pool { return &Pool{cache: c} }

// Pages returns the number of pages in use. A page that several sequences share counts once.
func (p *Pool) Pages() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.used
}

// alloc returns a page with one user.
func (p *Pool) alloc() (backend.PageID, error) {
	id, err := p.cache.Alloc()
	if err != nil {
		return 0, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.uses) <= int(id) {
		p.uses = append(p.uses, 0)
	}
	p.uses[id] = 1
	p.used++
	return id, nil
}

// share adds a user to every page.
func (p *Pool) share(pages []backend.Page) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, pg := range pages {
		p.uses[pg.ID]++
	}
}

// drop takes a user from every page and gives back those that have none left.
func (p *Pool) drop(pages []backend.Page) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, pg := range pages {
		if p.uses[pg.ID]--; p.uses[pg.ID] == 0 {
			p.used--
			p.cache.Free(pg.ID)
		}
	}
}

// shared reports whether a page has more than one user.
func (p *Pool) shared(id backend.PageID) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.uses[id] > 1
}

// own returns a page with the contents of pg that has one user: pg itself, or a copy in its place.
func (p *Pool) own(pg backend.Page) (backend.Page, error) {
	if !p.shared(pg.ID) {
		return pg, nil
	}
	id, err := p.alloc()
	if err != nil {
		return pg, err
	}
	if err := p.cache.Copy(id, pg.ID); err != nil {
		p.drop([]backend.Page{{ID: id}})
		return pg, fmt.Errorf("kv: copy of page %d: %w", pg.ID, err)
	}
	p.drop([]backend.Page{pg})
	return backend.Page{ID: id, Shift: pg.Shift}, nil
}
