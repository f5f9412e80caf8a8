package cpu

import (
	"runtime"
	"sync/atomic"
	"testing"
	"time"
)

// runStages runs steps of stages of tasks and checks that every task runs once and after those of earlier stages. It
// returns how many tasks each worker ran.
func runStages(t *testing.T, threads, steps, stages, tasks int, work func()) []int64 {
	t.Helper()
	stage := 0
	done := make([]atomic.Int64, stages)
	byWorker := make([]int64, threads)
	var step atomic.Int64
	var tm *team
	tm = newTeam(threads, func(int) int {
		if stage > 0 && stage%stages == 0 {
			return 0
		}
		stage++
		return tasks
	}, func(worker, task int) {
		at := (stage - 1) % stages
		if at > 0 && done[at-1].Load() != step.Load()*int64(tasks) {
			t.Error("a task runs before those of the stage before are done")
		}
		byWorker[worker]++
		work()
		if n := done[at].Add(1); n > step.Load()*int64(tasks) {
			t.Error("a task runs twice")
		}
	})
	for range steps {
		stage = 0
		step.Add(1)
		tm.run()
	}
	tm.close()
	for i := range done {
		if n := done[i].Load(); n != int64(steps*tasks) {
			t.Errorf("stage %d: %d tasks ran, want %d", i, n, steps*tasks)
		}
	}
	return byWorker
}

// TestTeam runs many short stages on more workers than there are processors, and on a single processor.
func TestTeam(t *testing.T) {
	for _, procs := range []int{runtime.GOMAXPROCS(0), 1} {
		before := runtime.GOMAXPROCS(procs)
		for _, threads := range []int{1, 2, 3, 7, 16} {
			for _, tasks := range []int{1, 2, 5, 40} {
				runStages(t, threads, 30, 6, tasks, func() {})
			}
		}
		runtime.GOMAXPROCS(before)
	}
}

// TestTeamShares checks that workers share tasks: with tasks that wait, all of them get about as many.
func TestTeamShares(t *testing.T) {
	const threads, tasks = 4, 40
	by := runStages(t, threads, 1, 3, tasks, func() { time.Sleep(time.Millisecond) })
	for i, n := range by {
		if n < 3*tasks/threads/3 {
			t.Errorf("worker %d ran %d of %d tasks: %v", i, n, 3*tasks, by)
		}
	}
}

// TestTeamSleeps lets workers wait longer than their patience inside a step and between steps.
func TestTeamSleeps(t *testing.T) {
	first := atomic.Bool{}
	runStages(t, 4, 5, 4, 6, func() {
		if first.CompareAndSwap(false, true) {
			time.Sleep(20 * patience)
			first.Store(false)
		}
	})
}

// TestTeamLate has a worker that never comes: the others do not wait for it.
func TestTeamLate(t *testing.T) {
	const threads, stages, tasks = 3, 50, 4
	stage, ran := 0, atomic.Int64{}
	tm := &team{n: threads, beds: make([]bed, threads), next: func(int) int {
		if stage == stages {
			return 0
		}
		stage++
		return tasks
	}, task: func(int, int) { ran.Add(1) }}
	for i := range tm.beds {
		tm.beds[i].wake = make(chan struct{}, 1)
	}
	go tm.work(1) // and no worker 2
	done := make(chan struct{})
	go func() {
		tm.run()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("the step does not end")
	}
	if n := ran.Load(); n != stages*tasks {
		t.Errorf("%d tasks ran, want %d", n, stages*tasks)
	}
	tm.close()
}
