package model

import (
	"fmt"
	"io/fs"
	"runtime"

	"github.com/seed64708441/ember/backend"
	"github.com/seed64708441/ember/model/gguf"
	"github.com/seed64708441/ember/tensor/mem"
)

// Need is what a model takes of a machine, in bytes, and what the machine has.
type Need struct {
	// Weights are packed weights; MappedWeights are read from the mapped file as they are, and shared with other
	// processes that map it.
	Weights, MappedWeights int64
	// Scratch is the memory of a step and of its logits, whatever the number of sessions.
	Scratch int64
	// Session is a session's row of logits, and CachePerToken what it takes for every token of its history, in whole
	// pages of backend.PageTokens tokens.
	Session, CachePerToken int64
	// ContextTokens is the most tokens of a session, and FullSession what a session with so many takes.
	ContextTokens int
	FullSession   int64

	// Total and Available are the memory of the machine and what is free now; 0 where it cannot be known.
	Total, Available int64
	// CPUs is the number of processors that the program may use.
	CPUs int
	// Backend is what would compute.
	Backend string
}

// Base returns the bytes that a model without sessions takes.
func (n *Need) Base() int64 { return n.Weights + n.MappedWeights + n.Scratch }

// Fits returns how many sessions with a full context fit in what is available; 0 when the model itself does not, and
// false where the memory of the machine is not known.
func (n *Need) Fits() (sessions int, known bool) {
	if n.Available == 0 {
		return 0, false
	}
	return int(max(0, n.Available-n.Base()) / max(1, n.FullSession)), true
}

// Plan says what Open with the same arguments would need, without reading weights.
func Plan(path string, c Config) (*Need, error) {
	return plan(c, func() (*gguf.File, error) { return gguf.Open(path, gguf.Options{NoMmap: c.NoMmap}) })
}

// PlanFS is Plan for a file of a file system.
func PlanFS(fsys fs.FS, name string, c Config) (*Need, error) {
	return plan(c, func() (*gguf.File, error) { return gguf.OpenFS(fsys, name, gguf.Options{NoMmap: c.NoMmap}) })
}

func plan(c Config, file func() (*gguf.File, error)) (*Need, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	f, err := file()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	l, err := prepare(f, c)
	if err != nil {
		return nil, err
	}
	foot, err := l.backend.Plan(l.arch.Graph, l.weights, l.options(nil))
	if err != nil {
		return nil, err
	}
	page := foot.PageBytes[c.Cache]
	if page == 0 {
		return nil, fmt.Errorf("model: a %v cache is not possible with this model: %w", c.Cache, backend.ErrUnsupported)
	}
	row := 4 * int64(l.arch.Config.Vocab)
	n := &Need{
		Weights: foot.Weights, MappedWeights: foot.MappedWeights,
		Scratch: foot.Scratch + int64(c.stepOutputs())*row,
		Session: row, CachePerToken: (page + backend.PageTokens - 1) / backend.PageTokens,
		ContextTokens: l.context, CPUs: runtime.GOMAXPROCS(0), Backend: l.backend.Name(),
	}
	pages := (int64(l.context) + backend.PageTokens - 1) / backend.PageTokens
	n.FullSession = n.Session + pages*page
	n.Total, n.Available = mem.System()
	return n, nil
}
