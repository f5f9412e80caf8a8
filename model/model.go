package model

import (
	"errors"
	"fmt"
	"math"
	"sync"

	"github.com/seed64708441/ember/backend"
	"github.com/seed64708441/ember/model/arch"
	"github.com/seed64708441/ember/model/gguf"
	"github.com/seed64708441/ember/model/kv"
	"github.com/seed64708441/ember/tensor/mem"
	"github.com/seed64708441/ember/tokenize"
)

// maxPages bounds the page ids of a cache; memory is bounded by Config.MemoryLimit.
const maxPages = math.MaxInt32

// Model is a model file that is ready to run. It may be used by several goroutines.
type Model struct {
	config   Config
	file     *gguf.File
	arch     *arch.Model
	tok      *tokenize.Tokenizer
	template *template
	grammars grammars
	backend  backend.Backend
	context  int // positions of a session

	memory  *mem.Account
	program backend.Program
	cache   backend.Cache
	pool    *kv.Pool
	logits  floats
	steps   *scheduler

	mu       sync.Mutex
	sessions map[*Session]struct{} // open, or closed and still used
	closed   bool
	stopped  bool // the scheduler has ended
	released bool
	closeErr error
}

func (m *Model) start(outs int) {
	m.pool = kv.NewPool(m.cache)
	m.steps = newScheduler(m.program, m.cache, m.config.stepRows(), outs, m.arch.Config.Vocab, m.logits.v)
}

// Info is what a model file says of itself.
type Info struct {
	// Name is general.name, "" where the file has none.
	Name string
	// Arch is the architecture, such as "llama".
	Arch string
	// Context is the number of positions the model was trained with, ContextTokens what a session has.
	Context, ContextTokens int
	// Vocab is the number of logits, Width the size of an embedding.
	Vocab, Width, Layers int
	// Parameters counts the elements of all tensors, FileBytes the bytes of all parts of the file.
	Parameters, FileBytes int64
	// Backend is what computes, and its kernel class, such as "cpu/avx2".
	Backend string
	// Chat says whether the file has a chat template.
	Chat bool
}

// Info returns what the file says of itself.
func (m *Model) Info() Info {
	c := &m.arch.Config
	name, _ := m.file.Meta().String("general.name")
	i := Info{
		Name: name, Arch: c.Arch, Context: c.Context, ContextTokens: m.context, Vocab: c.Vocab, Width: c.Width, Layers: c.Layers,
		FileBytes: m.file.Size(), Backend: m.backend.Name(), Chat: m.template != nil,
	}
	for _, t := range m.file.Tensors() {
		n, _ := t.Shape.Elements()
		i.Parameters += int64(n)
	}
	return i
}

// Tokenizer returns the tokenizer of the file.
func (m *Model) Tokenizer() *tokenize.Tokenizer { return m.tok }

// MemoryUsed returns the bytes outside the Go heap that are held: packed weights, scratch, logits, and the cache pages of
// all sessions, those that sessions have given back for others included.
func (m *Model) MemoryUsed() int64 { return m.memory.Used() }

// Close ends what runs, with ErrClosed, and gives back all memory. Sessions that are open are closed too and reported to
// Config.Logger, since whoever opened them has lost them. While the events of a session are still being read, the memory
// is given back when that loop ends, as it does with its next event. Idempotent.
func (m *Model) Close() error {
	m.mu.Lock()
	if m.closed {
		defer m.mu.Unlock()
		return m.closeErr
	}
	m.closed = true
	open := make([]*Session, 0, len(m.sessions))
	for s := range m.sessions {
		open = append(open, s)
	}
	m.mu.Unlock()
	if len(open) > 0 && m.config.Logger != nil {
		m.config.Logger.Warn("model: sessions were not closed before the model", "sessions", len(open))
	}
	m.steps.close()
	var errs []error
	for _, s := range open {
		errs = append(errs, s.Close())
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.stopped = true
	m.closeErr = errors.Join(errs...)
	m.finish()
	return m.closeErr
}

// add registers a session.
func (m *Model) add(s *Session) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return ErrClosed
	}
	m.sessions[s] = struct{}{}
	return nil
}

// remove forgets a session that has given back what it held.
func (m *Model) remove(s *Session) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.sessions, s)
	m.finish()
}

// finish gives back the memory of a closed model when no session needs it any more.
func (m *Model) finish() {
	if !m.stopped || m.released || len(m.sessions) > 0 {
		return
	}
	m.released = true
	err := errors.Join(m.release(), m.file.Close())
	if n := m.memory.Used(); n != 0 {
		err = errors.Join(err, fmt.Errorf("model: %d bytes are still in use after Close", n))
	}
	m.closeErr = errors.Join(m.closeErr, err)
}

// release gives back what load took.
func (m *Model) release() error {
	errs := []error{m.logits.free()}
	if m.cache != nil {
		errs = append(errs, m.cache.Close())
	}
	if m.program != nil {
		errs = append(errs, m.program.Close())
	}
	return errors.Join(errs...)
}
