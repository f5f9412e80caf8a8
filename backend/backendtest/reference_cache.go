package backendtest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/seed64708441/ember/backend"
	"github.com/seed64708441/ember/ops"
	"github.com/seed64708441/ember/ops/ref"
	"github.com/seed64708441/ember/tensor/mem"
)

// refCache is a pool of pages.
type refCache struct {
	program *refProgram

	mu     sync.Mutex
	max    int
	pages  map[backend.PageID]*refPage
	next   backend.PageID
	closed bool
}

// refPage holds the keys of a page before rotation, and for each slot the position at which its key counts as written:
// with the shift of the page it gives the position the key has.
type refPage struct {
	written      []int64
	keys, values [][]float64
	block        *mem.Block
}

func (p *refProgram) NewCache(t backend.CacheType, maxPages int) (backend.Cache, error) {
	if maxPages < 1 {
		return nil, fmt.Errorf("reference: cache of %d pages: want at least 1", maxPages)
	}
	if !p.stores(t) {
		return nil, fmt.Errorf("reference: cache type %v for %+v: %w", t, p.graph.States, backend.ErrUnsupported)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, backend.ErrClosed
	}
	return &refCache{program: p, max: maxPages, pages: map[backend.PageID]*refPage{}}, nil
}

func (p *refProgram) newPage() *refPage {
	page := &refPage{written: make([]int64, backend.PageTokens)}
	for _, kv := range p.graph.States {
		page.keys = append(page.keys, make([]float64, backend.PageTokens*kv.Heads*kv.KeyDim))
		page.values = append(page.values, make([]float64, backend.PageTokens*kv.Heads*kv.ValueDim))
	}
	return page
}

func (c *refCache) Alloc() (backend.PageID, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return 0, backend.ErrClosed
	}
	if len(c.pages) >= c.max {
		return 0, fmt.Errorf("reference: all %d pages are in use: %w", c.max, backend.ErrCacheFull)
	}
	block, err := c.program.memory.Alloc(c.program.pageBytes)
	if err != nil {
		return 0, fmt.Errorf("reference: page: %w: %w", backend.ErrCacheFull, err)
	}
	page := c.program.newPage()
	page.block = block
	c.next++
	c.pages[c.next] = page
	return c.next, nil
}

func (c *refCache) Free(pages ...backend.PageID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range pages {
		if page := c.pages[id]; page != nil {
			_ = page.block.Free() // the memory of a page is only counted
			delete(c.pages, id)
		}
	}
}

// page returns an allocated page.
func (c *refCache) page(id backend.PageID) (*refPage, error) {
	if c.closed {
		return nil, backend.ErrClosed
	}
	if page := c.pages[id]; page != nil {
		return page, nil
	}
	return nil, fmt.Errorf("reference: page %d is not allocated", id)
}

func (c *refCache) Copy(dst, src backend.PageID) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	to, err := c.page(dst)
	if err != nil {
		return err
	}
	from, err := c.page(src)
	if err != nil {
		return err
	}
	for i, part := range from.parts() {
		copy(to.parts()[i], part)
	}
	copy(to.written, from.written)
	return nil
}

func (p *refPage) parts() [][]float64 { return append(slices.Clone(p.keys), p.values...) }

func (c *refCache) PageBytes() int { return c.program.pageBytes }

func (c *refCache) Save(dst []byte, id backend.PageID) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	page, err := c.page(id)
	if err != nil {
		return err
	}
	if len(dst) != c.program.pageBytes {
		return fmt.Errorf("reference: buffer of %d bytes for a page of %d", len(dst), c.program.pageBytes)
	}
	out := bytes.NewBuffer(dst[:0])
	for _, x := range append([]any{page.written}, anys(page.parts())...) {
		if err := binary.Write(out, binary.LittleEndian, x); err != nil {
			return err
		}
	}
	return nil
}

func (c *refCache) Load(id backend.PageID, src []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	page, err := c.page(id)
	if err != nil {
		return err
	}
	if len(src) != c.program.pageBytes {
		return fmt.Errorf("reference: buffer of %d bytes for a page of %d", len(src), c.program.pageBytes)
	}
	in := bytes.NewReader(src)
	for _, x := range append([]any{page.written}, anys(page.parts())...) {
		if err := binary.Read(in, binary.LittleEndian, x); err != nil {
			return err
		}
	}
	return nil
}

func anys(x [][]float64) []any {
	var out []any
	for _, v := range x {
		out = append(out, v)
	}
	return out
}

func (c *refCache) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for id, page := range c.pages {
		if err := page.block.Free(); err != nil {
			return err
		}
		delete(c.pages, id)
	}
	return nil
}

// checkSpan returns the first problem of a span when left rows remain.
func (c *refCache) checkSpan(sp backend.Span, left int) error {
	if sp.Rows < 1 || sp.Rows > left || sp.Start < 0 || sp.Start > math.MaxInt32-sp.Rows {
		return fmt.Errorf("%d rows from %d, %d are left", sp.Rows, sp.Start, left)
	}
	need := pagesFor(sp.Start + sp.Rows)
	if len(sp.Pages) < need {
		return fmt.Errorf("%d pages for %d positions", len(sp.Pages), sp.Start+sp.Rows)
	}
	for _, entry := range sp.Pages[:need] {
		if _, err := c.page(entry.ID); err != nil {
			return err
		}
	}
	return nil
}

// history makes the sequence that the pages of a span hold. A key whose position is not that of its slot is turned by
// the difference, since the reference turns it by the slot.
func (c *refCache) history(sp backend.Span) *ref.Sequence {
	h := c.program.machine.NewSequence()
	h.Len = sp.Start
	for j := range sp.Start {
		entry := sp.Pages[j/backend.PageTokens]
		page, slot := c.pages[entry.ID], j%backend.PageTokens
		off := int(page.written[slot]) + int(entry.Shift) - j
		for i, kv := range c.program.graph.States {
			r, ok := c.program.rope(i)
			if !ok {
				continue
			}
			key := slices.Clone(page.keys[i][slot*kv.Heads*kv.KeyDim:][:kv.Heads*kv.KeyDim])
			if off != 0 {
				for head := range slices.Chunk(key, kv.KeyDim) {
					turn(head, off, r)
				}
			}
			h.Keys[i] = append(h.Keys[i], key...)
			h.Values[i] = append(h.Values[i], page.values[i][slot*kv.Heads*kv.ValueDim:][:kv.Heads*kv.ValueDim]...)
		}
	}
	return h
}

// store writes the rows of a span to its pages.
func (c *refCache) store(sp backend.Span, h *ref.Sequence) {
	for j := sp.Start; j < sp.Start+sp.Rows; j++ {
		entry := sp.Pages[j/backend.PageTokens]
		page, slot := c.pages[entry.ID], j%backend.PageTokens
		page.written[slot] = int64(j - int(entry.Shift))
		for i, kv := range c.program.graph.States {
			if _, ok := c.program.rope(i); !ok {
				continue
			}
			nk, nv := kv.Heads*kv.KeyDim, kv.Heads*kv.ValueDim
			copy(page.keys[i][slot*nk:][:nk], h.Keys[i][j*nk:])
			copy(page.values[i][slot*nv:][:nv], h.Values[i][j*nv:])
		}
	}
}

// rope returns the rotation of the keys of a state, and false for a state that nothing appends to.
func (p *refProgram) rope(state int) (ops.Rope, bool) {
	for _, n := range p.graph.Nodes {
		if a, ok := n.Attr.(ops.Attention); ok && a.State == state {
			return a.Rope, true
		}
	}
	return ops.Rope{}, false
}

// turn rotates a head by some positions, without the magnitude.
func turn(x []float64, by int, r ops.Rope) {
	for i, f := range r.Freqs {
		a, b := i, i+len(r.Freqs)
		if r.Interleaved {
			a, b = 2*i, 2*i+1
		}
		sin, cos := math.Sincos(float64(by) * f)
		x[a], x[b] = x[a]*cos-x[b]*sin, x[a]*sin+x[b]*cos
	}
}
