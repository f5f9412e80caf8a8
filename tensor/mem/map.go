package mem

import (
	"fmt"
	"math"
	"os"
	"sync"
)

// Mapping is a file mapped to memory for reading. Its pages are read when they are touched and shared with other
// processes. A file that is cut short while it is mapped makes the program fault where a page is missing.
type Mapping struct {
	mu   sync.Mutex
	data []byte
}

// Map maps the whole of f, which may be closed afterwards. An empty file gives an empty mapping.
func Map(f *os.File) (*Mapping, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("mem: map: %w", err)
	}
	switch n := info.Size(); {
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("mem: map %s: not a regular file", f.Name())
	case n > math.MaxInt:
		return nil, fmt.Errorf("mem: map %s: %d bytes are larger than the address space", f.Name(), n)
	case n == 0:
		return &Mapping{}, nil
	default:
		b, err := mapFile(f, int(n))
		if err != nil {
			return nil, fmt.Errorf("mem: map %s: %w", f.Name(), err)
		}
		return &Mapping{data: b}, nil
	}
}

// Bytes returns the contents, which must not be written to, nor used after Close.
func (m *Mapping) Bytes() []byte { return m.data }

// WillNeed tells the operating system that the n bytes from off are read soon, so that it reads ahead. It is a hint:
// what cannot be done is ignored.
func (m *Mapping) WillNeed(off, n int) {
	if b := m.pages(off, n); b != nil {
		willNeed(b)
	}
}

// Release tells the operating system that the n bytes from off are not needed soon: their pages no longer count as the
// program's memory and are read again when they are touched. It is a hint.
func (m *Mapping) Release(off, n int) {
	if b := m.pages(off, n); b != nil {
		dontNeed(b)
	}
}

// pages returns the whole pages inside the n bytes from off, nil when there is none.
func (m *Mapping) pages(off, n int) []byte {
	if off < 0 || n < 0 || off > len(m.data) || n > len(m.data)-off {
		return nil
	}
	page := os.Getpagesize()
	lo, hi := (off+page-1)/page*page, (off+n)/page*page
	if lo >= hi {
		return nil
	}
	return m.data[lo:hi]
}

// Close unmaps the file. Idempotent.
func (m *Mapping) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.data == nil {
		return nil
	}
	data := m.data
	m.data = nil
	if err := unmapFile(data); err != nil {
		return fmt.Errorf("mem: unmap: %w", err)
	}
	return nil
}
