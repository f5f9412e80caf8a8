package cpu

import (
	"fmt"
	"sync"
	"unsafe"

	"github.com/seed64708441/ember/backend"
	"github.com/seed64708441/ember/backend/cpu/internal/kernel"
	"github.com/seed64708441/ember/ops"
	"github.com/seed64708441/ember/tensor/mem"
)

// cacheFormats maps the contract's cache types to the kernels' formats.
var cacheFormats = [...]kernel.CacheFormat{
	backend.CacheF16: kernel.CacheF16, backend.CacheF32: kernel.CacheF32,
	backend.CacheQ8_0: kernel.CacheQ8_0, backend.CacheQ4_0: kernel.CacheQ4_0,
}

// pageLayout is where the tiles of each state lie in a page.
type pageLayout struct {
	format kernel.CacheFormat
	states []stateLayout
	bytes  int
}

// stateLayout places the tiles of one state: keys of all heads, then values of all heads.
type stateLayout struct {
	key, value           int // offset of head 0
	keyBytes, valueBytes int // bytes of one head's tile
	keyDim, valueDim     int
}

// layoutPage checks that the states can be stored in the type and places them.
func layoutPage(states []ops.KV, t backend.CacheType) (pageLayout, error) {
	if int(t) >= len(cacheFormats) {
		return pageLayout{}, fmt.Errorf("cpu: cache type %v: %w", t, backend.ErrUnsupported)
	}
	p := pageLayout{format: cacheFormats[t]}
	for i, s := range states {
		if (t == backend.CacheQ8_0 || t == backend.CacheQ4_0) && (s.KeyDim%32 != 0 || s.ValueDim%32 != 0) {
			return pageLayout{}, fmt.Errorf("cpu: state %d has heads of %d and %d: a %v cache needs multiples of 32: %w",
				i, s.KeyDim, s.ValueDim, t, backend.ErrUnsupported)
		}
		l := stateLayout{
			key:      p.bytes,
			keyBytes: kernel.KeyBytes(p.format, s.KeyDim), valueBytes: kernel.ValueBytes(p.format, s.ValueDim),
			keyDim: s.KeyDim, valueDim: s.ValueDim,
		}
		l.value = l.key + s.Heads*l.keyBytes
		p.bytes = l.value + s.Heads*l.valueBytes
		p.states = append(p.states, l)
	}
	return p, nil
}

// cache is a pool of pages outside the Go heap.
type cache struct {
	program *Program
	layout  pageLayout
	memory  *mem.Account

	// use is held for reading by steps, so that Close waits for them.
	use sync.RWMutex

	mu     sync.Mutex
	blocks []*mem.Block
	pages  [][]byte // by PageID-1
	fresh  int      // pages at the end of pages that were never handed out
	free   []backend.PageID
	inUse  []bool
	max    int
	closed bool
}

var _ backend.Cache = (*cache)(nil)

// NewCache implements backend.Program.
func (p *Program) NewCache(t backend.CacheType, maxPages int) (backend.Cache, error) {
	if p.closed.Load() {
		return nil, backend.ErrClosed
	}
	if maxPages < 1 {
		return nil, fmt.Errorf("cpu: cache of %d pages: want at least 1", maxPages)
	}
	l, err := layoutPage(p.graph.States, t)
	if err != nil {
		return nil, err
	}
	return &cache{program: p, layout: l, memory: p.memory, max: maxPages}, nil
}

func (c *cache) Alloc() (backend.PageID, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return 0, backend.ErrClosed
	}
	if n := len(c.free); n > 0 {
		id := c.free[n-1]
		c.free = c.free[:n-1]
		clear(c.pages[id-1])
		c.inUse[id-1] = true
		return id, nil
	}
	if c.fresh == 0 {
		if err := c.grow(); err != nil {
			return 0, err
		}
	}
	id := backend.PageID(len(c.pages) - c.fresh + 1)
	c.fresh--
	c.inUse[id-1] = true
	return id, nil
}

// slabBytes is about the most memory that is taken at once for further pages: two of the processor's large pages, which
// attention over long contexts needs, since every tile lies in another page.
const slabBytes = 4 << 20

// grow takes memory for one page, or for a quarter of those there are when that is more.
func (c *cache) grow() error {
	size := roundUp(max(c.layout.bytes, 1), align)
	n := min(max(len(c.pages)/4, 1), max(slabBytes/size, 1), c.max-len(c.pages))
	if n < 1 {
		return fmt.Errorf("cpu: all %d pages are in use: %w", c.max, backend.ErrCacheFull)
	}
	b, err := c.memory.Alloc(n * size)
	if err != nil && n > 1 {
		n = 1
		b, err = c.memory.Alloc(size)
	}
	if err != nil {
		return fmt.Errorf("cpu: page %d of %d bytes: %w: %w", len(c.pages), c.layout.bytes, backend.ErrCacheFull, err)
	}
	c.blocks = append(c.blocks, b)
	for i := range n {
		c.pages = append(c.pages, b.Bytes()[i*size:i*size+c.layout.bytes])
		c.inUse = append(c.inUse, false)
	}
	c.fresh = n
	return nil
}

func (c *cache) Free(pages ...backend.PageID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range pages {
		if !c.closed && id > 0 && int(id) <= len(c.pages) && c.inUse[id-1] {
			c.inUse[id-1] = false
			c.free = append(c.free, id)
		}
	}
}

// page returns the bytes of an allocated page.
func (c *cache) page(id backend.PageID) ([]byte, error) {
	switch {
	case c.closed:
		return nil, backend.ErrClosed
	case id < 1 || int(id) > len(c.pages) || !c.inUse[id-1]:
		return nil, fmt.Errorf("cpu: page %d is not allocated", id)
	}
	return c.pages[id-1], nil
}

// resolve appends the addresses of the pages of a table.
func (c *cache) resolve(dst []pageRef, table []backend.Page) ([]pageRef, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range table {
		b, err := c.page(p.ID)
		if err != nil {
			return dst, err
		}
		dst = append(dst, pageRef{unsafe.Pointer(unsafe.SliceData(b)), int(p.Shift)})
	}
	return dst, nil
}

func (c *cache) Copy(dst, src backend.PageID) error {
	return c.withPage(dst, func(to []byte) error {
		from, err := c.page(src)
		copy(to, from)
		return err
	})
}

func (c *cache) PageBytes() int { return c.layout.bytes }

func (c *cache) Save(dst []byte, p backend.PageID) error {
	return c.withPage(p, func(page []byte) error {
		if len(dst) != len(page) {
			return fmt.Errorf("cpu: buffer of %d bytes for a page of %d", len(dst), len(page))
		}
		copy(dst, page)
		return nil
	})
}

func (c *cache) Load(p backend.PageID, src []byte) error {
	return c.withPage(p, func(page []byte) error {
		if len(src) != len(page) {
			return fmt.Errorf("cpu: buffer of %d bytes for a page of %d", len(src), len(page))
		}
		copy(page, src)
		return nil
	})
}

// withPage calls f with the bytes of a page while nobody can free it.
func (c *cache) withPage(id backend.PageID, f func(page []byte) error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	b, err := c.page(id)
	if err != nil {
		return err
	}
	return f(b)
}

func (c *cache) Close() error {
	c.use.Lock()
	defer c.use.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil
	}
	c.closed = true
	var first error
	for _, b := range c.blocks {
		if err := b.Free(); err != nil && first == nil {
			first = err
		}
	}
	c.blocks, c.pages, c.free, c.inUse, c.fresh = nil, nil, nil, nil, 0
	return first
}
