package benchmarks

import (
	"sync/atomic"
	"testing"
	"time"
)

// busy is a goroutine that never waits, as a host program may have one.
type busy struct {
	rounds atomic.Int64
	stop   atomic.Bool
	ended  chan struct{}
}

func startBusy() *busy {
	b := &busy{ended: make(chan struct{})}
	go func() {
		defer close(b.ended)
		for x := uint64(1); !b.stop.Load(); b.rounds.Add(1) {
			for range 1000 {
				x ^= x << 13
				x ^= x >> 7
				x ^= x << 17
			}
			if x == 0 {
				panic("xorshift has no zero")
			}
		}
	}()
	return b
}

// end stops the goroutine.
func (b *busy) end() {
	b.stop.Store(true)
	<-b.ended
}

// rate returns the rounds a second that the goroutine makes while f runs.
func (b *busy) rate(f func()) float64 {
	before, start := b.rounds.Load(), time.Now()
	f()
	return float64(b.rounds.Load()-before) / time.Since(start).Seconds()
}

// BenchmarkHost decodes beside a goroutine of the same program that is always busy: tok/s, x-alone, times those without
// it, and %core, the part of a core that the goroutine keeps, by the work it does alone.
func BenchmarkHost(b *testing.B) {
	const tokens, alone = 64, 500 * time.Millisecond
	eachModel(b, func(s spec) bool { return s == spec{"1B", "Q4_0"} }, func(b *testing.B, r *rig) {
		free := 0.0
		run(b, "busy=0", func(b *testing.B) {
			s := r.session(b)
			prefill(b, s, r.prompt(16))
			for b.Loop() {
				decode(b, s, 16, tokens)
			}
			free = tokensPerSecond(b, tokens)
		})
		run(b, "busy=1", func(b *testing.B) {
			s := r.session(b)
			prefill(b, s, r.prompt(16))
			g := startBusy()
			defer g.end()
			core := g.rate(func() { time.Sleep(alone) })
			b.ResetTimer()
			kept := g.rate(func() {
				for b.Loop() {
					decode(b, s, 16, tokens)
				}
			})
			b.ReportMetric(100*kept/core, "%core")
			if v := tokensPerSecond(b, tokens); free > 0 {
				b.ReportMetric(v/free, "x-alone")
			}
		})
	})
}
