//go:build unix

package cpu

import (
	"syscall"
	"testing"
	"time"

	"github.com/seed64708441/ember/backend"
	"github.com/seed64708441/ember/tensor"
)

func cpuTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// TestIdle checks that the workers of a program that runs no step use no processor.
func TestIdle(t *testing.T) {
	r := newRig(t, shapeTest, all(tensor.Q8_0), Config{Threads: 4}, backend.Options{MaxRows: 64})
	s := r.step(r.table(64), 0, 64)
	for range 3 {
		r.run(s)
		const pause = 200 * time.Millisecond
		before := cpuTime(t)
		time.Sleep(pause)
		if used := cpuTime(t) - before; used < pause/10 {
			return
		} else if testing.Verbose() {
			t.Logf("%v in %v", used, pause) // the garbage collector, perhaps
		}
	}
	t.Error("an idle program uses a processor")
}
