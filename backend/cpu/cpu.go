// Package cpu is the backend for the CPU: it packs weights into panels, fuses a graph into row stages, products and
// attention, plans scratch memory, and runs steps on a small pool of workers with kernels chosen once for the machine.
//
//	be, err := cpu.New(cpu.Config{})
//	p, err := be.Compile(ctx, graph, weights, backend.Options{})
//
// It imports ops, backend and tensor, and no model.
package cpu

import (
	"fmt"
	"runtime"

	"github.com/seed64708441/ember/backend"
	"github.com/seed64708441/ember/backend/cpu/internal/kernel"
	"github.com/seed64708441/ember/tensor"
)

// Config chooses kernels and threads. The zero value works.
type Config struct {
	// Level forces an instruction level by name (see Levels); empty is the best of the machine.
	Level string
	// Threads is the number of workers of each program, the goroutine that calls Step included; 0 is GOMAXPROCS. It
	// changes no result bit.
	Threads int
}

// maxThreads bounds Config.Threads.
const maxThreads = 1024

// Backend compiles graphs for one instruction level. It may be used by several goroutines.
type Backend struct {
	set     *kernel.Set
	threads int
	// Mapped weights of the types that lazy returns true for are packed when a program is already in use, if they have
	// more than lazyBytes.
	lazy      func(tensor.DType) bool
	lazyBytes int
}

// lazyBytes is that of a Backend: what is packed in a few hundredths of a second.
const lazyBytes = 64 << 20

var _ backend.Backend = (*Backend)(nil)

// New returns a backend. The error of a level that this machine or build cannot run wraps backend.ErrUnavailable.
func New(c Config) (*Backend, error) {
	sets := kernel.Available()
	b := &Backend{set: sets[0], threads: c.Threads, lazyBytes: lazyBytes}
	if c.Level != "" {
		b.set = nil
		for _, s := range sets {
			if s.Name == c.Level {
				b.set = s
			}
		}
		if b.set == nil {
			return nil, fmt.Errorf("cpu: level %q on this machine, which has %v: %w", c.Level, Levels(), backend.ErrUnavailable)
		}
	}
	b.lazy = b.set.PacksQuickly
	if c.Threads < 0 || c.Threads > maxThreads {
		return nil, fmt.Errorf("cpu: %d threads: want 0 to %d", c.Threads, maxThreads)
	}
	if c.Threads == 0 {
		b.threads = runtime.GOMAXPROCS(0)
	}
	return b, nil
}

// Levels returns the instruction levels this machine and build can run, best first. The last is always "generic",
// plain Go.
func Levels() []string {
	var names []string
	for _, s := range kernel.Available() {
		names = append(names, s.Name)
	}
	return names
}

// Name returns "cpu/" and the instruction level. Results of different levels differ in rounding.
func (b *Backend) Name() string { return "cpu/" + b.set.Name }

// Threads returns the number of workers of each program.
func (b *Backend) Threads() int { return b.threads }
