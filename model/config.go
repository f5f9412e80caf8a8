package model

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/seed64708441/ember/backend"
	"github.com/seed64708441/ember/backend/cpu"
)

// Config says how a model is opened. The zero value works.
type Config struct {
	// Backend computes; nil is the CPU with Threads threads.
	Backend backend.Backend
	// Threads is the number of threads of the CPU when Backend is nil; 0 is GOMAXPROCS. It changes no result bit.
	Threads int
	// Cache is how keys and values are stored; the zero value is F16.
	Cache backend.CacheType
	// ContextTokens is the most positions of a session; 0 is what the model was trained with. More than that is refused.
	ContextTokens int
	// MemoryLimit bounds the bytes of weights, scratch and caches together; 0 is no limit. Pages of the mapped file that
	// the operating system keeps for others too are not counted.
	MemoryLimit int64
	// StepRows is the most rows of one step, 0 is 512: prompts are computed in pieces of so many tokens. Scratch memory
	// grows with it. It changes no result bit.
	StepRows int
	// StepOutputs is the most rows of a step that give logits, so the most sessions that decode together; 0 is 16.
	StepOutputs int
	// NoMmap reads the whole file in Open instead of mapping it to memory. A file that is mapped must not be changed or cut
	// short while the model is open.
	NoMmap bool
	// Progress is called from one goroutine while Open loads weights, with bytes done and in total. Those of a large mapped file
	// do not count: they are brought into their form for the processor while the model is already in use.
	Progress func(done, total int64)
	// Logger receives what is worth knowing and no error, such as sessions that were not closed; nil logs nothing.
	Logger *slog.Logger
}

const (
	defaultStepRows    = 512
	defaultStepOutputs = 16
	maxStepRows        = 1 << 14
)

// Validate lists every problem of the configuration in one error.
func (c *Config) Validate() error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("model: Config."+format, args...))
	}
	if c.Threads < 0 {
		bad("Threads is %d, want at least 0", c.Threads)
	}
	if c.Backend != nil && c.Threads != 0 {
		bad("Threads is %d, want 0 where Backend is given", c.Threads)
	}
	if c.Cache > backend.CacheQ4_0 {
		bad("Cache is %v, want F16, F32, Q8_0 or Q4_0", c.Cache)
	}
	if c.ContextTokens < 0 {
		bad("ContextTokens is %d, want at least 0", c.ContextTokens)
	}
	if c.MemoryLimit < 0 {
		bad("MemoryLimit is %d, want at least 0", c.MemoryLimit)
	}
	if c.StepRows < 0 || c.StepRows > maxStepRows {
		bad("StepRows is %d, want 0 to %d", c.StepRows, maxStepRows)
	}
	if c.StepOutputs < 0 || c.StepOutputs > c.stepRows() {
		bad("StepOutputs is %d, want 0 to StepRows, %d", c.StepOutputs, c.stepRows())
	}
	return errors.Join(errs...)
}

func (c *Config) stepRows() int {
	if c.StepRows == 0 {
		return defaultStepRows
	}
	return c.StepRows
}

func (c *Config) stepOutputs() int {
	if c.StepOutputs == 0 {
		return min(defaultStepOutputs, c.stepRows())
	}
	return c.StepOutputs
}

func (c *Config) backend() (backend.Backend, error) {
	if c.Backend != nil {
		return c.Backend, nil
	}
	return cpu.New(cpu.Config{Threads: c.Threads})
}
