package cpu

import (
	"math/rand/v2"
	"sync"
	"testing"
)

// TestShares cuts products of all shapes for few rows and lets workers take them: every panel is taken once, also when
// some workers never come.
func TestShares(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		st := &matmulStage{}
		panels := 0
		for range 1 + rng.IntN(4) {
			p := product{m: &matrix{n: 1 + rng.IntN(5000), panelBytes: 64 << rng.IntN(14)}}
			if rng.IntN(3) == 0 {
				p.up = &matrix{n: p.m.n, panelBytes: 64 << rng.IntN(14)}
			}
			st.products = append(st.products, p)
			panels += p.m.panels()
		}
		threads := 1 + rng.IntN(16)
		st.share(threads)
		if n := len(st.shares); n != threads && n != 1 || len(st.starts) != n+1 {
			t.Fatalf("%d threads: %d shares that begin at %v", threads, n, st.starts)
		}
		st.shares.reset(st.starts)
		taken := make([]int, panels)
		var wg sync.WaitGroup
		for i := range st.shares {
			if i > 0 && rng.IntN(4) == 0 {
				continue
			}
			wg.Go(func() {
				for {
					from, end := st.shares.take(i)
					if from == end {
						return
					}
					for ; from < end; from++ {
						taken[from]++ // a panel that two take is a data race, too
					}
				}
			})
		}
		wg.Wait()
		for i, n := range taken {
			if n != 1 {
				t.Fatalf("%d threads, runs begin at %v: panel %d of %d was taken %d times", threads, st.starts, i, panels, n)
			}
		}
	}
}

// TestShareBytes checks that workers begin with about as many bytes each.
func TestShareBytes(t *testing.T) {
	small, large := &matrix{n: 4096, panelBytes: 1 << 10}, &matrix{n: 4096, panelBytes: 3 << 10}
	st := &matmulStage{products: []product{{m: small}, {m: large}}}
	st.share(2)
	bytes := 0
	for i := range st.starts[1] {
		bytes += []int{1 << 10, 3 << 10}[min(i/256, 1)]
	}
	if half := 256 * 2 << 10; bytes < half-3<<10 || bytes > half+3<<10 {
		t.Errorf("the first of two runs has %d bytes, want about %d", bytes, half)
	}
}
