// Package limits measures what a machine can do at best: bytes read from memory per second, and multiply-adds per second
// of each instruction level. A speed is then given as a fraction of its limit. It imports golang.org/x/sys/cpu and
// tensor/mem.
//
// Memory is read by [ReadBandwidth] in several patterns, of which the fastest counts. [Multiply] runs independent chains
// of the level's multiply-add on registers: nothing that reads operands can be faster. Where a level has no such loop
// here, Multiply says so instead of giving a number that means nothing.
package limits

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// ErrUnknown says that the limit of a level is not measured on this machine or in this build.
var ErrUnknown = errors.New("limits: not measured")

// Kind is what is multiplied.
type Kind uint8

// The kinds.
const (
	FP32 Kind = iota // float32 by float32, summed in float32
	Int8             // 8 bit by 8 bit, summed in int32
)

// String returns "fp32" or "int8".
func (k Kind) String() string {
	if k == Int8 {
		return "int8"
	}
	return "fp32"
}

// chains is a loop of multiply-adds on registers.
type chains struct {
	// fp32 and int8, of which a loop has one, do n rounds and return a sum that depends on all of them.
	fp32 func(n int, x, y float32) float32
	int8 func(n int, x, y int) int
	// perRound is the number of multiply-adds of a round.
	perRound int
}

func (c *chains) run(n int) {
	if c.fp32 != nil {
		sink(int(c.fp32(n, 1, 0.5)))
		return
	}
	sink(c.int8(n, 7, 3))
}

//go:noinline
func sink(int) {}

// rounds is how many measurements are made, of which the best counts: a limit is what the machine can do, and whatever
// else runs on it only takes away. Each is short, so that some are undisturbed on a machine that is not idle.
const rounds = 200

// Multiply returns the multiply-adds per second of the instruction level, as backend/cpu names it, on the given number of
// threads. For AVX2, 8-bit products are summed four by four in 16 bits before they are widened, the fastest form that 4-bit
// weights allow. AMX has the limits of AVX-512, so that their speeds are fractions of the same number; its tiles multiply
// eight times as fast, but what they sum is scaled by AVX-512. The error wraps ErrUnknown where there is no loop for the level.
func Multiply(level string, k Kind, threads int) (float64, error) {
	c, ok := levels()[level][k]
	if !ok {
		return 0, fmt.Errorf("%w: %v multiplications of level %q", ErrUnknown, k, level)
	}
	return c.measure(threads)
}

func (c *chains) measure(threads int) (float64, error) {
	const call = 200 * time.Microsecond // assembly cannot be preempted
	n := 64
	for {
		start := time.Now()
		c.run(n)
		if took := time.Since(start); took > call {
			break
		}
		n *= 2
	}
	best := 0.0
	for range rounds {
		const calls = 10
		took, err := together(threads, func(int) {
			for range calls {
				c.run(n)
			}
		})
		if err != nil {
			return 0, err
		}
		best = max(best, float64(threads)*calls*float64(n)*float64(c.perRound)/took.Seconds())
	}
	return best, nil
}

// together runs f on the given number of operating system threads, and returns the time from when the first began until
// the last ended.
func together(threads int, f func(thread int)) (time.Duration, error) {
	if threads < 1 || threads > 1024 {
		return 0, fmt.Errorf("limits: %d threads: want 1 to 1024", threads)
	}
	var done sync.WaitGroup
	var ready atomic.Int64
	spans := make([]struct{ begin, end time.Time }, threads)
	for i := range threads {
		done.Go(func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			for ready.Add(1); ready.Load() < int64(threads); {
				runtime.Gosched()
			}
			spans[i].begin = time.Now()
			f(i)
			spans[i].end = time.Now()
		})
	}
	done.Wait()
	begin, end := spans[0].begin, spans[0].end
	for _, s := range spans {
		if s.begin.Before(begin) {
			begin = s.begin
		}
		if s.end.After(end) {
			end = s.end
		}
	}
	return max(end.Sub(begin), time.Nanosecond), nil
}
