package cpu

import (
	"runtime"
	"sync/atomic"
	"time"
)

// team runs stages of tasks on a number of workers. A stage ends when its tasks are done, not when all workers have
// come: a worker that the operating system keeps waiting holds nobody up unless it has a task, and one that wakes late
// joins whatever stage there is. Workers spin for a short time inside a step, then sleep; between steps they sleep.
type team struct {
	n int
	// next does what comes between two stages on the worker that ended the last task, and returns the number of tasks
	// of the following stage, 0 at the end of the step. It is called by one worker at a time.
	next func(worker int) int
	// task runs one task of the stage.
	task func(worker, task int)

	tasks   int // of the stage
	running atomic.Bool
	closing atomic.Bool
	asleep  atomic.Int32
	beds    []bed

	_ [64]byte
	// state is the number of the stage, which only grows, in the upper half and the tasks that nobody has taken in the
	// lower. So a task is always taken of the stage there is, and a stage with tasks left cannot end.
	state atomic.Uint64
	_     [64]byte
	// pending is the number of tasks that are not done.
	pending atomic.Int64
	_       [64]byte
}

// bed is where a worker sleeps.
type bed struct {
	used atomic.Bool
	wake chan struct{}
	_    [64]byte
}

const (
	// spins is how often a worker looks for a new stage before it lets other goroutines run: a few microseconds, about
	// the time between two tasks.
	spins = 2000
	// patience is how long a worker lets other goroutines run before it sleeps: longer than a stage of one row.
	patience = 100 * time.Microsecond
)

// newTeam starts n-1 goroutines; the caller of run is worker 0.
func newTeam(n int, next func(worker int) int, task func(worker, task int)) *team {
	t := &team{n: n, next: next, task: task, beds: make([]bed, n)}
	for i := range t.beds {
		t.beds[i].wake = make(chan struct{}, 1)
	}
	for i := 1; i < n; i++ {
		go t.work(i)
	}
	return t
}

// run runs stages until next returns 0. It must not be called by two goroutines at once.
func (t *team) run() {
	n := t.next(0)
	if n == 0 {
		return
	}
	t.running.Store(true)
	t.begin(n)
	t.wakeNext(0)
	t.work(0)
}

// begin makes n tasks of a new stage available.
func (t *team) begin(n int) {
	t.tasks = n
	t.pending.Store(int64(n))
	t.state.Store((t.state.Load()>>32+1)<<32 | uint64(n))
}

// work takes tasks: worker 0 until the step ends, the others until the team is closed.
func (t *team) work(worker int) {
	for {
		v := t.state.Load()
		if left := uint32(v); left > 0 {
			if t.state.CompareAndSwap(v, v-1) {
				t.task(worker, t.tasks-int(left))
				if t.pending.Add(-1) == 0 {
					t.advance(worker)
				}
			}
			continue
		}
		if t.closing.Load() || worker == 0 && !t.running.Load() {
			return
		}
		t.wait(worker, v)
	}
}

// advance goes on to the next stage, or ends the step.
func (t *team) advance(worker int) {
	n := t.next(worker)
	if n > 0 {
		t.begin(n)
	} else {
		// Worker 0 may see that the step has ended before it sees a new state, and begin another: nothing of that may be
		// touched, so only the number grows.
		t.running.Store(false)
		t.state.Add(1 << 32)
		n = 2 // worker 0 must see it
	}
	for i := 0; i < t.n && n > 1 && t.asleep.Load() > 0; i++ {
		if t.wake(i) {
			n--
		}
	}
}

// wait returns when the state is not v any more.
func (t *team) wait(worker int, v uint64) {
	if t.running.Load() {
		for range spins {
			if t.state.Load() != v {
				return
			}
		}
		for start := time.Now(); time.Since(start) < patience; runtime.Gosched() {
			if t.state.Load() != v {
				return
			}
		}
	}
	b := &t.beds[worker]
	b.used.Store(true)
	t.asleep.Add(1)
	if t.state.Load() != v && b.used.CompareAndSwap(true, false) {
		t.asleep.Add(-1)
		return
	}
	<-b.wake
	t.wakeNext(worker)
}

// wake wakes a worker that sleeps.
func (t *team) wake(worker int) bool {
	b := &t.beds[worker]
	if !b.used.CompareAndSwap(true, false) {
		return false
	}
	t.asleep.Add(-1)
	b.wake <- struct{}{}
	return true
}

// wakeNext wakes the two workers that a worker is to wake when a step begins: waking all would take one too long.
func (t *team) wakeNext(worker int) {
	for i := 2*worker + 1; i <= 2*worker+2 && i < t.n && t.running.Load(); i++ {
		t.wake(i)
	}
}

// close ends the goroutines. No run may be in progress.
func (t *team) close() {
	t.closing.Store(true)
	t.begin(0)
	for i := 1; i < t.n; i++ {
		t.wake(i)
	}
}
