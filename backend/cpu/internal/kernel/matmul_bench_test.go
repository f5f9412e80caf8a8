package kernel

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
	"unsafe"
)

// BenchmarkMatMul reports the median rate of operations of one panel with many rows, and of bytes of weights with one
// row, where the panels together are larger than most third-level caches and each call takes as many as in a step.
func BenchmarkMatMul(b *testing.B) {
	rng := rand.New(rand.NewPCG(5, 5))
	for l := range NumLayouts {
		for _, s := range Available() {
			for _, k := range []int{2048, 8192} {
				b.Run(fmt.Sprintf("type=%v/level=%s/m=512/k=%d", l, s.Name, k), func(b *testing.B) {
					benchmarkRows(b, rng, s, l, k, 512, 1)
				})
				b.Run(fmt.Sprintf("type=%v/level=%s/m=1/k=%d", l, s.Name, k), func(b *testing.B) {
					benchmarkRows(b, rng, s, l, k, 1, 128<<20)
				})
			}
		}
	}
}

func benchmarkRows(b *testing.B, rng *rand.Rand, s *Set, l Layout, k, m, workingSet int) {
	panel := l.PanelBytes(k)
	each := 1 // panels of a call
	if m == 1 {
		each = max(2, 512<<10/panel)
	}
	panels := (workingSet/panel + each) / each * each
	w := make([]byte, panel)
	fillPanel(rng, w, l, false)
	w = slices.Repeat(w, panels)
	stride := l.Act().Stride(k)
	x := make([]byte, m*stride)
	for i := range m {
		fillActivation(rng, x[i*stride:], l.Act(), k, false)
	}
	dst := make([]float32, max(2, each)*m*PanelRows)
	a := &MatMulArgs{
		Dst: unsafe.Pointer(&dst[0]), DstStride: max(2, each) * PanelRows, Panels: each, PanelBytes: panel, X: unsafe.Pointer(&x[0]), XStride: stride, K: k, M: m,
	}
	kernel, p := s.MatMul[l], 0
	calls := max(1, 512/m/8/each) // between two readings of the clock
	var times []time.Duration
	for b.Loop() {
		start := time.Now()
		for range calls {
			a.W = unsafe.Pointer(&w[p*panel])
			kernel(a)
			if p += each; p == panels {
				p = 0
			}
		}
		times = append(times, time.Since(start))
	}
	slices.Sort(times)
	perCall := times[len(times)/2].Seconds() / float64(calls)
	if m == 1 {
		b.ReportMetric(float64(each*panel)/perCall/1e9, "GB/s")
	} else {
		b.ReportMetric(2*PanelRows*float64(k)*float64(m)/perCall/1e9, "GOP/s")
	}
}
