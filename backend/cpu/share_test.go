package cpu

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestShare cuts products of all shapes for few rows: every panel is in one task, and no task is empty.
func TestShare(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		st := &matmulStage{}
		for range 1 + rng.IntN(4) {
			p := product{m: &matrix{n: 1 + rng.IntN(5000), panelBytes: 64 << rng.IntN(14)}}
			if rng.IntN(3) == 0 {
				p.up = &matrix{n: p.m.n, panelBytes: 64 << rng.IntN(14)}
			}
			st.products = append(st.products, p)
		}
		threads := 1 + rng.IntN(128)
		st.share(threads)
		for i := range st.products {
			p := &st.products[i]
			if !slices.IsSorted(p.runs) || len(slices.Compact(slices.Clone(p.runs))) != len(p.runs) || p.runs[0] != 0 ||
				int(p.runs[len(p.runs)-1]) != p.m.panels() {
				t.Fatalf("%d threads, product %d of %d panels: tasks begin at %v", threads, i, p.m.panels(), p.runs)
			}
		}
	}
}
