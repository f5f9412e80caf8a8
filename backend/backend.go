// Package backend is the contract between a model and what runs it: a Backend compiles a graph with its weights to a
// Program; a Program runs steps over a Cache of pages. It holds no implementation: backend/cpu is one, and
// backend/backendtest is the conformance suite that each runs in its own tests. It knows no model and no file format.
//
// A Program is read-only after Compile and may run steps of several goroutines, one at a time or together as it
// likes; the bits of a row's result never depend on the other rows of its step, on how rows are divided into steps, or
// on the number of threads.
package backend

import (
	"context"
	"errors"
	"fmt"

	"github.com/seed64708441/ember/ops"
	"github.com/seed64708441/ember/tensor"
	"github.com/seed64708441/ember/tensor/mem"
)

// PageTokens is the number of positions one cache page holds, for all states of a graph together.
const PageTokens = 64

var (
	// ErrUnavailable says that a backend or instruction level cannot run on this machine or in this build.
	ErrUnavailable = errors.New("backend: not available")
	// ErrUnsupported says that a backend cannot compile a graph, weight type or cache type.
	ErrUnsupported = errors.New("backend: not supported")
	// ErrClosed says that a program or cache was used after Close.
	ErrClosed = errors.New("backend: closed")
)

// Backend turns graphs into programs. It may be used by several goroutines.
type Backend interface {
	// Name identifies the backend and the kernel class whose bits it produces, for instance "cpu/avx2". It is part of
	// what makes a cached page valid.
	Name() string
	// Plan returns the memory that Compile with the same arguments would need, without reading weights.
	Plan(g *ops.Graph, w Weights, o Options) (Footprint, error)
	// Compile chooses kernels, packs the weights and plans the scratch memory. Mapped weights may also be packed later, while
	// the program is in use, which changes no result. Weights may be closed when the program is closed, not before. Errors
	// wrap ErrUnsupported, mem.ErrLimit or the error of the source.
	Compile(ctx context.Context, g *ops.Graph, w Weights, o Options) (Program, error)
}

// Program is a compiled graph.
type Program interface {
	// NewCache returns an empty pool of at most maxPages pages. No memory is taken until pages are allocated.
	NewCache(t CacheType, maxPages int) (Cache, error)
	// Step runs the rows of s and writes its logits. It returns ctx's error soon after a cancel; the cache slots that
	// the step was to fill are then undefined and everything before them is untouched.
	Step(ctx context.Context, s *Step) error
	// Footprint returns the memory the program holds.
	Footprint() Footprint
	// Close releases weights and scratch memory. Idempotent; caches must be closed before.
	Close() error
}

// Cache is a pool of pages. A page holds PageTokens positions of every state of the graph. Which sequence a page
// belongs to is the caller's business; the same page may stand in the tables of several sequences as long as nobody
// writes to it. Alloc and Free may be called by several goroutines.
type Cache interface {
	// Alloc returns an unused page, zeroed. When the pool or the memory limit is exhausted the error wraps ErrCacheFull.
	Alloc() (PageID, error)
	// Free gives pages back.
	Free(pages ...PageID)
	// Copy makes dst equal to src.
	Copy(dst, src PageID) error
	// PageBytes is the length of a saved page.
	PageBytes() int
	// Save writes the exact state of a page to dst, which has PageBytes bytes.
	Save(dst []byte, p PageID) error
	// Load restores what Save wrote.
	Load(p PageID, src []byte) error
	// Close releases all pages. Idempotent.
	Close() error
}

// ErrCacheFull says that no further page can be allocated.
var ErrCacheFull = errors.New("backend: cache is full")

// PageID names a page of one cache. Zero is no page.
type PageID int32

// CacheType is how keys and values are stored in pages.
type CacheType uint8

// The cache types. Q8_0 and Q4_0 store one scale per 32 elements of a head and need head sizes that are multiples of 32.
const (
	CacheF16 CacheType = iota
	CacheF32
	CacheQ8_0
	CacheQ4_0
)

// String returns the name as in files: "F16".
func (t CacheType) String() string {
	switch t {
	case CacheF16:
		return "F16"
	case CacheF32:
		return "F32"
	case CacheQ8_0:
		return "Q8_0"
	case CacheQ4_0:
		return "Q4_0"
	}
	return fmt.Sprintf("CacheType(%d)", uint8(t))
}

// Weight is a stored weight: its type, its row-major shape, and its bytes.
type Weight struct {
	DType tensor.DType
	Shape tensor.Shape
	// Section returns the stored bytes [off, off+n): a view that stays valid until the program is closed when Mapped,
	// otherwise read into buf, which is grown when it is short. It may be called by several goroutines.
	Section func(off, n int, buf []byte) ([]byte, error)
	Mapped  bool
	// Release, when not nil, is told that the bytes [off, off+n) of a mapped weight have been copied and are not needed
	// soon, so that they need not stay in memory. Views of them stay valid. It may be called by several goroutines.
	Release func(off, n int)
}

// Weights gives the weight of a name that the graph declares. The caller has checked that all are there and that shapes
// agree.
type Weights func(name string) (Weight, error)

// Options are for one compilation. The zero value works.
type Options struct {
	// MaxRows is the most rows a step may have; 0 means 512. Scratch memory grows with it.
	MaxRows int
	// MaxOutputs is the most rows a step may ask the output of; 0 means MaxRows.
	MaxOutputs int
	// Memory owns what the program and its caches allocate; nil means an account without limit.
	Memory *mem.Account
	// Progress, when not nil, is called from one goroutine with the bytes of weights done and in total, of those that Compile
	// waits for.
	Progress func(done, total int64)
}

// Footprint counts bytes outside the Go heap.
type Footprint struct {
	// Weights are packed weights; MappedWeights are read from the mapped file as they are.
	Weights, MappedWeights int64
	// Scratch is the memory of a step of MaxRows rows, and what packing weights later needs.
	Scratch int64
	// PageBytes is one cache page of each type, by CacheType; 0 where the type is not possible.
	PageBytes [4]int64
}

// Step is a number of rows to run. The backend keeps nothing of it.
type Step struct {
	Cache Cache
	// Tokens has one id per row, or -1 for a row whose embedding is given.
	Tokens []int32
	// Embeddings has D values for each row whose token is -1, in order.
	Embeddings []float32
	// Spans divides the rows among sequences, in order; no sequence may have two spans.
	Spans []Span
	// Outputs lists the rows whose logits are wanted, ascending.
	Outputs []int32
	// Logits receives len(Outputs) rows of V values.
	Logits []float32
}

// Span is consecutive rows of one sequence. Row i of the span has position Start+i, fills slot (Start+i) % PageTokens
// of page Pages[(Start+i)/PageTokens], and sees the slots before it.
type Span struct {
	Rows  int
	Start int
	// Pages covers the positions 0 to Start+Rows-1.
	Pages []Page
}

// Page is one entry of the page table of a sequence.
type Page struct {
	ID PageID
	// Shift is how far the page stands from where its keys were written: a key written at position w now has position
	// w+Shift. Keys are never rotated again; queries are rotated by p-Shift instead.
	Shift int32
}
