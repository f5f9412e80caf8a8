package model_test

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"

	"github.com/seed64708441/ember/backend"
	"github.com/seed64708441/ember/model"
	"github.com/seed64708441/ember/model/testmodel"
)

// determinismTokens is the length of the sequences compared.
const determinismTokens = 200

// logitsOf feeds ids in pieces and returns the logits after each piece's last token: those at the positions of ends.
func logitsOf(t *testing.T, m *model.Model, ids []int32, piece int) map[int][]float32 {
	t.Helper()
	s := newSession(t, m)
	defer s.Close()
	out := map[int][]float32{}
	at := 0
	for part := range slices.Chunk(ids, piece) {
		err := s.Forward(t.Context(), part, func(i int, logits []float32) error {
			out[at+i] = slices.Clone(logits)
			return nil
		})
		if err != nil {
			t.Error(err)
			return nil
		}
		at += len(part)
	}
	return out
}

// differing counts logits with other bits.
func differing(a, b map[int][]float32) (n int) {
	if len(a) != len(b) {
		return math.MaxInt
	}
	for i := range a {
		for j := range a[i] {
			if math.Float32bits(a[i][j]) != math.Float32bits(b[i][j]) {
				n++
			}
		}
	}
	return n
}

// TestDeterminism compares the bits of 200 rows of logits over ways to divide the prompt, threads, sessions computed
// together, stored types and cache types; with -short fewer of the types.
func TestDeterminism(t *testing.T) {
	ids := tokens(determinismTokens, 1)
	mixes := testmodel.Mixes()
	caches := []backend.CacheType{backend.CacheF16, backend.CacheF32, backend.CacheQ8_0, backend.CacheQ4_0}
	if testing.Short() {
		mixes, caches = []testmodel.Mix{testmodel.F32, testmodel.Q4_K_M}, []backend.CacheType{backend.CacheF16, backend.CacheQ8_0}
	}
	for _, mix := range mixes {
		for _, cache := range caches {
			t.Run(fmt.Sprintf("weights=%v/cache=%v", mix, cache), func(t *testing.T) {
				shape := small()
				shape.Mix = mix
				var want map[int][]float32
				for _, threads := range []int{1, 2, 4} {
					c := withThreads(t, threads, "")
					c.Cache = cache
					c.StepOutputs = 64
					m := openShape(t, shape, c)
					for _, piece := range []int{1, 7, 64, 512} {
						got := logitsOf(t, m, ids, piece)
						if want == nil {
							want = got
						}
						if n := differing(got, want); n != 0 {
							t.Errorf("%d threads, pieces of %d: %d logits have other bits", threads, piece, n)
						}
					}
				}
				for _, others := range []int{1, 7} {
					c := withThreads(t, 2, "")
					c.Cache = cache
					testBeside(t, openShape(t, shape, c), ids, want, others)
				}
			})
		}
	}
}

// testBeside computes the sequence while other sessions compute theirs.
func testBeside(t *testing.T, m *model.Model, ids []int32, want map[int][]float32, others int) {
	t.Helper()
	var wg sync.WaitGroup
	for i := range others {
		wg.Go(func() { logitsOf(t, m, tokens(150, uint32(i+2)), 1+10*i) })
	}
	got := logitsOf(t, m, ids, 13)
	wg.Wait()
	if n := differing(got, want); n != 0 {
		t.Errorf("beside %d sessions: %d logits have other bits", others, n)
	}
}

// TestDeterminismControl shows that the comparison can fail: the same model with the hidden units of its feed-forward
// layers in reverse order computes the same sums in another order, and gives other bits.
func TestDeterminismControl(t *testing.T) {
	ids := tokens(30, 1)
	want := logitsOf(t, openShape(t, small(), withThreads(t, 1, "")), ids, 7)
	file := reversedUnits(t, small())
	m, err := model.OpenReader(t.Context(), file, file.Size(), withThreads(t, 1, ""))
	if err != nil {
		t.Fatal(err)
	}
	defer closeModel(t, m)
	got := logitsOf(t, m, ids, 7)
	if differing(got, want) == 0 {
		t.Error("another order of sums gives the same bits: the comparison sees nothing")
	}
	for i := range want {
		if d := largestDifference(got[i], want[i]); d > 1e-5 {
			t.Errorf("position %d: the reversed model differs by %.2g of the range: it is another model", i, d)
		}
	}
}

// TestForkRewind compares forks and rewound sessions with fresh ones, bit for bit, over all cache types.
func TestForkRewind(t *testing.T) {
	ids, way := tokens(190, 1), tokens(60, 2)
	for _, cache := range []backend.CacheType{backend.CacheF16, backend.CacheF32, backend.CacheQ8_0, backend.CacheQ4_0} {
		c := withThreads(t, 2, "")
		c.Cache = cache
		m := openShape(t, small(), c)
		want := logitsOf(t, m, ids, 50)
		wantWay := logitsOf(t, m, slices.Concat(ids[:100], way), 50)
		s := newSession(t, m)
		feed := func(s *model.Session, ids []int32, at int) map[int][]float32 {
			out := map[int][]float32{}
			err := s.Forward(t.Context(), ids, func(i int, logits []float32) error {
				out[at+i] = slices.Clone(logits)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		tail := func(all map[int][]float32, from, to int) map[int][]float32 {
			out := map[int][]float32{}
			for i := from; i < to; i++ {
				out[i] = all[i]
			}
			return out
		}
		feed(s, ids[:100], 0)
		f, err := s.Fork()
		if err != nil {
			t.Fatal(err)
		}
		if n := differing(feed(f, way, 100), tail(wantWay, 100, 160)); n != 0 {
			t.Errorf("cache %v: a fork differs in %d logits", cache, n)
		}
		if n := differing(feed(s, ids[100:], 100), tail(want, 100, 190)); n != 0 {
			t.Errorf("cache %v: after a fork went its way the original differs in %d logits", cache, n)
		}
		for _, at := range []int{150, 128, 127, 64, 1, 0} {
			if err := s.Rewind(at); err != nil {
				t.Fatal(err)
			}
			if n := differing(feed(s, ids[at:], at), tail(want, at, 190)); n != 0 {
				t.Errorf("cache %v: rewound to %d, %d logits differ", cache, at, n)
			}
		}
		s.Close()
		f.Close()
	}
}
