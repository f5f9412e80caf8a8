package cpu

import (
	"math/rand/v2"
	"testing"

	"github.com/seed64708441/ember/backend/cpu/internal/kernel"
	"github.com/seed64708441/ember/tensor"
)

// overlap returns two intervals that live together and share memory, or -1.
func overlap(list []interval, offsets []int) (int, int) {
	for i, a := range list {
		for j, b := range list[:i] {
			if a.first <= b.last && b.first <= a.last && offsets[i] < offsets[j]+b.size && offsets[j] < offsets[i]+a.size {
				return j, i
			}
		}
	}
	return -1, -1
}

// TestPlace checks that intervals that live together never overlap, that nothing ends behind the total, and that the
// total is no less than what lives at one time and no more than what a place for each would take.
func TestPlace(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		list := make([]interval, 1+rng.IntN(40))
		sum, last := 0, 0
		for i := range list {
			first := rng.IntN(20)
			list[i] = interval{first, first + rng.IntN(6), 64 * (1 + rng.IntN(50))}
			sum += list[i].size
			last = max(last, list[i].last)
		}
		offsets, total := place(list)
		if i, j := overlap(list, offsets); i >= 0 {
			t.Fatalf("%+v at %d and %+v at %d overlap", list[i], offsets[i], list[j], offsets[j])
		}
		peak := 0
		for at := 0; at <= last; at++ {
			n := 0
			for i := range list {
				if offsets[i] < 0 || offsets[i]+list[i].size > total {
					t.Fatalf("%+v at %d lies outside %d bytes", list[i], offsets[i], total)
				}
				if list[i].first <= at && at <= list[i].last {
					n += list[i].size
				}
			}
			peak = max(peak, n)
		}
		if total < peak || total > sum {
			t.Fatalf("%d bytes for intervals of %d that need %d at one time", total, sum, peak)
		}
	}
	// Lives that follow each other share one place.
	chain := []interval{{0, 1, 640}, {2, 3, 640}, {4, 4, 64}}
	if _, total := place(chain); total != 640 {
		t.Errorf("a chain of intervals takes %d bytes, want 640", total)
	}
	// The check above can fail.
	if i, _ := overlap([]interval{{0, 2, 100}, {2, 3, 100}}, []int{0, 64}); i < 0 {
		t.Error("overlap does not see that intervals overlap")
	}
}

// TestPlan checks the places of a whole model's buffers: rows do not overlap, and the scratch memory of many layers is
// that of two, because layers use it one after the other.
func TestPlan(t *testing.T) {
	for _, d := range []tensor.DType{tensor.F32, tensor.Q4_0, tensor.Q4_K} {
		sizes := map[int]int{}
		for _, layers := range []int{2, 12} {
			c := shapeTest
			c.layers = layers
			lo, stages := lowered(t, c, d)
			sc, err := lo.plan(stages, 100, 10)
			if err != nil {
				t.Fatal(err)
			}
			sizes[layers] = sc.shared
			checkPlan(t, lo, stages)
		}
		if sizes[2] != sizes[12] {
			t.Errorf("%v: 2 layers take %d bytes, 12 layers %d", d, sizes[2], sizes[12])
		}
	}
	lo, stages := lowered(t, shapeTest, tensor.F32)
	if _, err := lo.plan(stages, maxRowsLimit, 1); err != nil {
		t.Error(err)
	}
	lo.buffers[3].n = 1 << 58
	if _, err := lo.plan(stages, maxRowsLimit, 1); err == nil {
		t.Error("buffers that cannot be addressed are planned")
	}
}

// lowered returns the items and stages of a model whose matrices have one type.
func lowered(t *testing.T, c shape, d tensor.DType) (*lowering, []stage) {
	t.Helper()
	layout, _ := kernel.LayoutFor(d)
	lo, err := lower(c.graph(t), func(int) kernel.Layout { return layout })
	if err != nil {
		t.Fatal(err)
	}
	return lo, lo.schedule()
}

// checkPlan compares the places of buffers that are used in one stage.
func checkPlan(t *testing.T, lo *lowering, stages []stage) {
	t.Helper()
	var list []interval
	var offsets []int
	for i := range lo.buffers {
		b := &lo.buffers[i]
		if b.first < 0 || b.n == 0 || b.loc.space == logits {
			continue
		}
		if b.loc.space == local {
			if b.first != b.last || stages[b.first].class != rowClass {
				t.Errorf("buffer %d, which lives from stage %d to %d, lies in the memory of one worker", i, b.first, b.last)
			}
			continue
		}
		rows := 100
		switch b.extent {
		case eachOut:
			rows = 10
		case fewRow, fewOut:
			rows = fewRows
		}
		if b.loc.stride < b.act.RowBytes(b.n) || b.loc.stride%align != 0 || b.loc.off%align != 0 {
			t.Errorf("buffer %d of %d elements has stride %d at %d", i, b.n, b.loc.stride, b.loc.off)
		}
		list, offsets = append(list, interval{b.first, b.last, rows * b.loc.stride}), append(offsets, b.loc.off)
	}
	if i, j := overlap(list, offsets); i >= 0 {
		t.Errorf("%+v at %d and %+v at %d overlap", list[i], offsets[i], list[j], offsets[j])
	}
}
