package cpu

import (
	"runtime"
	"sync/atomic"
)

// pool runs one function on all workers at a time. Its goroutines sleep between steps; inside a step they meet at
// barriers, where they spin briefly and then yield, so that other goroutines of the program get the processor.
type pool struct {
	n     int
	start []chan func(worker int)
	done  chan struct{}

	_       [64]byte // what follows is written while the workers spin
	next    atomic.Int64
	_       [64]byte
	arrived atomic.Int32
	phase   atomic.Uint32
	_       [64]byte
}

// spins is how often a worker looks at the barrier before it yields: some microseconds, about the imbalance of a stage.
const spins = 4000

func newPool(n int) *pool {
	p := &pool{n: n, start: make([]chan func(int), n), done: make(chan struct{}, n)}
	for i := 1; i < n; i++ {
		p.start[i] = make(chan func(int))
		go func() {
			for f := range p.start[i] {
				f(i)
				p.done <- struct{}{}
			}
		}()
	}
	return p
}

// run calls f on every worker, worker 0 being the caller, and returns when all have returned.
func (p *pool) run(f func(worker int)) {
	p.next.Store(0)
	for i := 1; i < p.n; i++ {
		p.start[i] <- f
	}
	f(0)
	for i := 1; i < p.n; i++ {
		<-p.done
	}
}

// arrive waits for the other workers. To the last that arrives it returns true at once: that worker alone runs until
// it calls release, which lets the others return false. The task counter then starts again.
func (p *pool) arrive() (last bool) {
	phase := p.phase.Load()
	if int(p.arrived.Add(1)) == p.n {
		return true
	}
	for i := 0; p.phase.Load() == phase; i++ {
		if i > spins {
			runtime.Gosched()
		}
	}
	return false
}

// release ends the wait of the others.
func (p *pool) release() {
	p.arrived.Store(0)
	p.next.Store(0)
	p.phase.Add(1)
}

// task returns the next task number of the current stage.
func (p *pool) task() int { return int(p.next.Add(1)) - 1 }

// close ends the goroutines. No run may be in progress.
func (p *pool) close() {
	for i := 1; i < p.n; i++ {
		close(p.start[i])
	}
}
