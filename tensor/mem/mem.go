// Package mem gives memory outside the Go heap: blocks that the garbage collector neither scans nor counts, and files
// mapped to memory. An Account counts blocks and bounds them. It imports nothing of this module.
package mem

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
)

// ErrLimit says that an allocation would exceed the limit of its account.
var ErrLimit = errors.New("mem: memory limit reached")

// Account counts the bytes of its live blocks and refuses those that would exceed Limit. The zero value has no limit.
// It may be used by several goroutines; Limit must not be changed while it is.
type Account struct {
	// Limit is the most bytes that may be in use; 0 is no limit.
	Limit int64

	used atomic.Int64
}

// Used returns the bytes of the blocks that are not freed.
func (a *Account) Used() int64 { return a.used.Load() }

// Available returns the bytes that can still be allocated, and false when there is no limit.
func (a *Account) Available() (int64, bool) {
	return max(a.Limit-a.used.Load(), 0), a.Limit > 0
}

// Alloc returns n bytes that are zero, aligned to 64 bytes at least, and outside the Go heap. n must be positive. The
// error wraps ErrLimit when the account has fewer bytes left, or says what the operating system answered.
func (a *Account) Alloc(n int) (*Block, error) {
	if n < 1 {
		return nil, fmt.Errorf("mem: block of %d bytes: want at least 1", n)
	}
	if used := a.used.Add(int64(n)); a.Limit > 0 && used > a.Limit {
		a.used.Add(-int64(n))
		return nil, fmt.Errorf("%w: %d bytes asked, %d of %d in use", ErrLimit, n, used-int64(n), a.Limit)
	}
	b, err := allocate(n)
	if err != nil {
		a.used.Add(-int64(n))
		return nil, fmt.Errorf("mem: block of %d bytes: %w", n, err)
	}
	return &Block{account: a, data: b}, nil
}

// Block is memory of an account.
type Block struct {
	account *Account
	mu      sync.Mutex
	data    []byte
}

// Bytes returns the memory, or nil after Free. It must not be used after Free.
func (b *Block) Bytes() []byte { return b.data }

// Free returns the memory to the operating system. Idempotent.
func (b *Block) Free() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.data == nil {
		return nil
	}
	data := b.data
	b.data = nil
	b.account.used.Add(-int64(len(data)))
	if err := release(data); err != nil {
		return fmt.Errorf("mem: free %d bytes: %w", len(data), err)
	}
	return nil
}
