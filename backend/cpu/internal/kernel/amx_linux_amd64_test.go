//go:build !purego

package kernel

import (
	"bytes"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// TestLevelsOfMachine: every level whose instructions the kernel of the system reports is there, and no other. It reads
// the flags itself, so that a feature that package cpu stops to report, or reports wrongly, does not go unnoticed.
func TestLevelsOfMachine(t *testing.T) {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		t.Skip(err)
	}
	_, after, _ := bytes.Cut(info, []byte("\nflags"))
	line, _, _ := bytes.Cut(after, []byte("\n"))
	flags := strings.Fields(string(line))
	want := []string{"generic"}
	const avx2, avx512 = "avx2 fma f16c", "avx512f avx512bw avx512vl avx512dq avx512_vnni bmi2"
	for _, level := range []struct{ name, flags string }{
		{"avx2", avx2},
		{"avxvnni", avx2 + " avx_vnni"},
		{"avx512", avx2 + " " + avx512},
		{"amx", avx2 + " " + avx512 + " amx_tile amx_int8"},
	} {
		if level.name == "amx" && !savesTiles() {
			continue
		}
		missing := func(flag string) bool { return !slices.Contains(flags, flag) }
		if !slices.ContainsFunc(strings.Fields(level.flags), missing) {
			want = slices.Insert(want, 0, level.name)
		}
	}
	var got []string
	for _, s := range Available() {
		got = append(got, s.Name)
		for _, l := range []Layout{PanelF32, PanelF16, PanelBF16} {
			if s.Name != "generic" && s.MatMulSegment[l] == nil {
				t.Errorf("level %s has no product of segments of %v", s.Name, l)
			}
		}
		for _, l := range []Layout{PanelQ8, PanelIQ4NL} {
			if (s.MatMulPair[l] != nil) != (s.Name == "avx2") {
				t.Errorf("level %s: a product of two panels of %v is there or missing", s.Name, l)
			}
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("levels are %v, want %v", got, want)
	}
	t.Log(got)
}

// savesTiles reports whether the system knows how to save the tile registers: sandboxes and old kernels do not, on
// processors that have them.
func savesTiles() bool {
	const getXCompSupp, tileData = 0x1021, 18 // ARCH_GET_XCOMP_SUPP
	var features uint64
	_, _, errno := unix.Syscall(unix.SYS_ARCH_PRCTL, getXCompSupp, uintptr(unsafe.Pointer(&features)), 0)
	return errno == 0 && features>>tileData&1 != 0
}

// TestTilesAcrossSignals runs products with tiles on several threads while they are interrupted: by signals that a
// handler of the program gets and those that the runtime uses to preempt, by the profiler, and by the garbage collector,
// which moves stacks. The system must keep the tiles, and all results must be the bits of an undisturbed run.
func TestTilesAcrossSignals(t *testing.T) {
	s, err := Named("amx")
	if err != nil {
		t.Skip(err)
	}
	if err := pprof.StartCPUProfile(io.Discard); err != nil {
		t.Log(err)
	} else {
		defer pprof.StopCPUProfile()
	}
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, unix.SIGUSR1)
	defer signal.Stop(caught)

	var stop atomic.Bool
	var signals, products atomic.Int64
	var background, workers sync.WaitGroup
	background.Go(func() {
		for range caught {
			signals.Add(1)
		}
	})
	background.Go(func() {
		for i := 0; !stop.Load(); i++ {
			for _, sig := range []unix.Signal{unix.SIGUSR1, unix.SIGURG} {
				if err := unix.Kill(os.Getpid(), sig); err != nil {
					t.Error(err)
				}
			}
			if i%100 == 0 {
				runtime.GC()
			}
			time.Sleep(20 * time.Microsecond)
		}
		signal.Stop(caught)
		close(caught)
	})
	for i := range 4 {
		workers.Go(func() {
			rng := rand.New(rand.NewPCG(6, uint64(i)))
			var cases []*matmulCase
			var want [][]float32
			twin := genericSet()
			for _, l := range []Layout{PanelQ8, PanelQ4, PanelQ4K, PanelQ6K} {
				c := newCase(t, rng, l, 512, 67, false, false)
				cases, want = append(cases, c), append(want, c.run(t, twin, 0, c.m, false, 0))
			}
			for start := time.Now(); time.Since(start) < time.Second && !t.Failed(); {
				for j, c := range cases {
					if got := c.run(t, s, 0, c.m, false, 0); !slices.Equal(got, want[j]) {
						t.Errorf("worker %d: a product of %v differs from its twin", i, c.layout)
					}
					products.Add(1)
				}
			}
		})
	}
	workers.Wait()
	stop.Store(true)
	background.Wait()
	t.Logf("%d products, %d signals", products.Load(), signals.Load())
	if signals.Load() < 10 {
		t.Errorf("%d signals arrived in %d products: want some", signals.Load(), products.Load())
	}
}
