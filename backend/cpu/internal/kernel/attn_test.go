package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"
)

// cacheFormats names the formats in tests and benchmarks.
var cacheFormats = map[CacheFormat]string{CacheF16: "f16", CacheF32: "f32", CacheQ8_0: "q8_0", CacheQ4_0: "q4_0"}

// headSizes returns the head sizes to test for a format.
func headSizes(f CacheFormat) []int {
	if f == CacheQ8_0 || f == CacheQ4_0 {
		return []int{32, 64, 96, 128, 256}
	}
	return []int{1, 7, 8, 9, 16, 17, 32, 40, 64, 80, 95, 96, 112, 128, 256}
}

// randomTile returns a tile of random bytes, which has scales that are infinite, NaN or denormal.
func randomTile(t testing.TB, rng *rand.Rand, f CacheFormat, d int, atStart bool) []byte {
	tile := fenced(t, KeyBytes(f, d), atStart)
	for i := range tile {
		tile[i] = byte(rng.Uint32())
	}
	return tile
}

// keyTile returns a tile of random keys in memory that faults on stray accesses.
func keyTile(t testing.TB, rng *rand.Rand, f CacheFormat, d int, wild, atStart bool) []byte {
	tile, k := fenced(t, KeyBytes(f, d), atStart), make([]float32, d)
	if wild && rng.IntN(2) == 0 {
		return randomTile(t, rng, f, d, atStart)
	}
	for slot := range TileKeys {
		fillFloats(rng, k, wild)
		StoreKey(f, tile, slot, d, k)
	}
	return tile
}

func valueTile(t testing.TB, rng *rand.Rand, f CacheFormat, d int, wild, atStart bool) []byte {
	tile, v := fenced(t, ValueBytes(f, d), atStart), make([]float32, d)
	if wild && rng.IntN(2) == 0 {
		return randomTile(t, rng, f, d, atStart)
	}
	for slot := range TileKeys {
		fillFloats(rng, v, wild)
		StoreValue(f, tile, slot, d, v)
	}
	return tile
}

// TestScoresLevels compares every level with the Go twin: equal bits for every head size and number of queries.
func TestScoresLevels(t *testing.T) {
	rng := rand.New(rand.NewPCG(21, 22))
	for f, name := range cacheFormats {
		for _, d := range headSizes(f) {
			for n := 1; n <= 14; n++ {
				wild, atStart, stride := rng.IntN(2) > 0, rng.IntN(2) > 0, d+rng.IntN(3)
				tile := keyTile(t, rng, f, d, wild, atStart)
				q := fencedFloats(t, (n-1)*stride+d, atStart)
				fillFloats(rng, q, wild)
				want := make([]float32, n*TileKeys)
				a := ScoresArgs{Dst: ptr(want), Q: ptr(q), QStride: stride, N: n,
					K: unsafe.Pointer(unsafe.SliceData(tile)), D: d, Scale: 0.125}
				scoresGeneric(f, &a)
				for _, s := range levels() {
					dst := fencedFloats(t, n*TileKeys, atStart)
					a.Dst = ptr(dst)
					s.Scores[f](&a)
					compareFloats(t, dst, want, "Scores of %s, level %s, head size %d, %d queries", name, s.Name, d, n)
				}
			}
		}
	}
}

// TestScores compares with float64 over the decoded keys: d FMAs and the scale, each half an ulp of the sum of
// magnitudes at most.
func TestScores(t *testing.T) {
	rng := rand.New(rand.NewPCG(23, 24))
	for f, name := range cacheFormats {
		for _, s := range levels() {
			const d, n = 96, 3
			tile, q, dst, k := keyTile(t, rng, f, d, false, false), make([]float32, n*d), make([]float32, n*TileKeys), make([]float32, d)
			fillFloats(rng, q, false)
			s.Scores[f](&ScoresArgs{Dst: ptr(dst), Q: ptr(q), QStride: d, N: n,
				K: unsafe.Pointer(unsafe.SliceData(tile)), D: d, Scale: 0.3})
			for j := range TileKeys {
				LoadKey(f, tile, j, d, k)
				for i := range n {
					sum, limit := 0.0, 0.0
					for c, x := range k {
						p := float64(q[i*d+c]) * float64(x) * float64(float32(0.3))
						sum, limit = sum+p, limit+math.Abs(p)
					}
					if got := float64(dst[i*TileKeys+j]); math.Abs(got-sum) > limit*(d+1)*0x1p-24 {
						t.Fatalf("%s, level %s: score of query %d, key %d is %g, want %g", name, s.Name, i, j, got, sum)
					}
				}
			}
		}
	}
}

// TestValuesLevels compares every level with the Go twin: equal bits for every head size, number of queries and range
// of slots. Slots outside the range are NaN.
func TestValuesLevels(t *testing.T) {
	rng := rand.New(rand.NewPCG(25, 26))
	ranges := [][2]int{{0, 64}, {0, 0}, {5, 38}, {0, 1}, {63, 64}, {64, 64}, {17, 18}}
	for f := range cacheFormats {
		for _, d := range headSizes(f) {
			for n := 1; n <= 14; n++ {
				for i := range 3 { // always the whole tile and no slots
					r := ranges[i]
					if i == 2 {
						r = ranges[2+rng.IntN(5)]
					}
					compareValues(t, rng, f, d, n, r)
				}
			}
		}
	}
}

func compareValues(t *testing.T, rng *rand.Rand, f CacheFormat, d, n int, r [2]int) {
	wild, atStart, stride := rng.IntN(3) == 0, rng.IntN(2) > 0, d+rng.IntN(3)
	tile := valueTile(t, rng, f, d, wild, atStart)
	for slot := range TileKeys {
		if slot < r[0] || slot >= r[1] {
			StoreValue(f, tile, slot, d, slices.Repeat([]float32{float32(math.NaN())}, d))
		}
	}
	p, correction := fencedFloats(t, n*TileKeys, atStart), fencedFloats(t, n, atStart)
	before := make([]float32, (n-1)*stride+d)
	fillFloats(rng, p, wild)
	fillFloats(rng, correction, wild)
	fillFloats(rng, before, wild)
	want := slices.Clone(before)
	a := ValuesArgs{Acc: ptr(want), AccStride: stride, P: ptr(p), Correction: ptr(correction), N: n,
		V: unsafe.Pointer(unsafe.SliceData(tile)), D: d, Lo: r[0], Hi: r[1]}
	valuesGeneric(f, &a)
	for _, s := range levels() {
		acc := fencedFloats(t, len(before), atStart)
		copy(acc, before)
		a.Acc = ptr(acc)
		s.Values[f](&a)
		compareFloats(t, acc, want, "Values of %s, level %s, head size %d, %d queries, slots %v", cacheFormats[f], s.Name, d, n, r)
	}
}

// TestValues compares with float64 over the decoded values: one product and 64 FMAs, each half an ulp of the sum of
// magnitudes at most.
func TestValues(t *testing.T) {
	rng := rand.New(rand.NewPCG(27, 28))
	for f, name := range cacheFormats {
		for _, s := range levels() {
			const d, n, lo, hi = 96, 3, 3, 60
			tile, p, acc, v := valueTile(t, rng, f, d, false, false), make([]float32, n*TileKeys), make([]float32, n*d), make([]float32, d)
			correction := []float32{1, 0.5, 0}
			fillFloats(rng, p, false)
			fillFloats(rng, acc, false)
			want, limit := make([]float64, n*d), make([]float64, n*d)
			for i := range want {
				want[i] = float64(acc[i]) * float64(correction[i/d])
				limit[i] = math.Abs(want[i])
			}
			for j := lo; j < hi; j++ {
				LoadValue(f, tile, j, d, v)
				for i := range want {
					x := float64(p[i/d*TileKeys+j]) * float64(v[i%d])
					want[i], limit[i] = want[i]+x, limit[i]+math.Abs(x)
				}
			}
			s.Values[f](&ValuesArgs{Acc: ptr(acc), AccStride: d, P: ptr(p), Correction: ptr(correction), N: n,
				V: unsafe.Pointer(unsafe.SliceData(tile)), D: d, Lo: lo, Hi: hi})
			for i, got := range acc {
				if math.Abs(float64(got)-want[i]) > limit[i]*65*0x1p-24 {
					t.Fatalf("%s, level %s: element %d is %g, want %g", name, s.Name, i, got, want[i])
				}
			}
		}
	}
}

// TestSoftmaxLevels compares every level with the Go twin: equal bits for numbers of queries, ranges of slots, running
// states and special scores. The maximum is compared as a number, because the sign of a zero maximum is not defined.
func TestSoftmaxLevels(t *testing.T) {
	rng := rand.New(rand.NewPCG(29, 30))
	inf := float32(math.Inf(1))
	for round := range 2000 {
		n, stride := 1+round%5, 2+rng.IntN(4)
		scores := make([]float32, n*TileKeys)
		fillFloats(rng, scores, round%3 == 0)
		for i := range scores {
			if round%5 == 0 {
				scores[i] *= 40
			}
			if round%7 == 0 && rng.IntN(4) > 0 {
				scores[i] = -inf
			}
		}
		a := SoftmaxArgs{N: n, RunningStride: stride, Hi: TileKeys}
		if round%2 == 1 {
			a.Lo = rng.IntN(TileKeys)
			a.Hi -= rng.IntN(TileKeys - a.Lo)
		}
		before := make([]float32, (n-1)*stride+2)
		fillFloats(rng, before, false) // what lies between the queries must stay
		for i := 0; i < len(before); i += stride {
			if before[i+1] = rng.Float32() * 100; rng.IntN(2) == 0 {
				before[i], before[i+1] = -inf, 0
			}
		}
		wantS, wantRunning, wantCorrection := slices.Clone(scores), slices.Clone(before), make([]float32, n)
		a.S, a.Running, a.Correction = ptr(wantS), ptr(wantRunning), ptr(wantCorrection)
		softmaxGeneric(&a)
		for _, s := range levels() {
			atStart := round%4 < 2
			gotS, running, correction := fencedFloats(t, len(scores), atStart), fencedFloats(t, len(before), atStart), fencedFloats(t, n, atStart)
			copy(gotS, scores)
			copy(running, before)
			a.S, a.Running, a.Correction = ptr(gotS), ptr(running), ptr(correction)
			s.Softmax(&a)
			where := fmt.Sprintf("Softmax of level %s, %d queries, slots %d to %d", s.Name, n, a.Lo, a.Hi)
			compareFloats(t, gotS, wantS, "%s", where)
			compareFloats(t, correction, wantCorrection, "%s: corrections", where)
			for i := 0; i < len(running); i += stride {
				if running[i] != wantRunning[i] {
					t.Fatalf("%s: maximum %g, want %g", where, running[i], wantRunning[i])
				}
				running[i] = wantRunning[i]
			}
			compareFloats(t, running, wantRunning, "%s: sums", where)
		}
	}
}

// TestSoftmax merges tiles and compares with float64. A probability has the error of the exponential (1 ulp) and that
// of its argument (half an ulp of at most 64); the sum adds at most 12 roundings a tile.
func TestSoftmax(t *testing.T) {
	rng := rand.New(rand.NewPCG(31, 32))
	for _, s := range levels() {
		const tiles = 9
		scores := make([]float32, tiles*TileKeys)
		fillFloats(rng, scores, false)
		m, sum := math.Inf(-1), 0.0
		for i := range scores {
			scores[i] *= 8
			m = max(m, float64(scores[i]))
		}
		running, correction := []float32{float32(math.Inf(-1)), 0}, make([]float32, 1)
		a := SoftmaxArgs{N: 1, Hi: TileKeys, Running: ptr(running), Correction: ptr(correction)}
		p := slices.Clone(scores)
		for i := range tiles {
			a.S = ptr(p[i*TileKeys:])
			s.Softmax(&a)
			if i == 0 && correction[0] != 0 {
				t.Errorf("%s: correction of the first tile is %g, want 0", s.Name, correction[0])
			}
			for j := range i * TileKeys { // what the caller does to its accumulator
				p[j] *= correction[0]
			}
		}
		for _, x := range scores {
			sum += math.Exp(float64(x) - m)
		}
		const limit = 64*0x1p-24 + 12*tiles*0x1p-24
		if float64(running[0]) != m || math.Abs(float64(running[1])-sum) > sum*limit {
			t.Errorf("%s: maximum and sum %g, want %g and %g", s.Name, running, m, sum)
		}
		for i, x := range scores {
			if want := math.Exp(float64(x) - m); math.Abs(float64(p[i])-want) > want*limit {
				t.Errorf("%s: probability %d is %g, want %g", s.Name, i, p[i], want)
			}
		}
	}
}

// TestSoftmaxSpecial states what happens with scores of -inf only, and with NaN.
func TestSoftmaxSpecial(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	type result struct{ max, sum, correction, p float32 } // p is the probability of slot 3
	cases := []struct {
		name         string
		score, other float32 // of slot 3, of the rest
		lo, hi       int
		max, sum     float32
		want         result
	}{
		{"first tile, one slot", 2, nan, 3, 4, -inf, 0, result{2, 1, 0, 1}},
		{"all masked at first", -inf, -inf, 0, 64, -inf, 0, result{-inf, 0, 0, 0}},
		{"all masked later", -inf, -inf, 0, 64, 4, 9, result{4, 9, 1, 0}},
		{"smaller scores", -100, -100, 0, 64, 4, 9, result{4, 9, 1, 0}},
		{"a NaN", nan, 1, 0, 64, -inf, 0, result{1, nan, 0, nan}},
		{"only NaN", nan, nan, 0, 64, -inf, 0, result{-inf, nan, 0, nan}},
		{"an infinity", inf, 1, 0, 64, 0, 1, result{inf, nan, 0, nan}},
	}
	for _, s := range levels() {
		for _, c := range cases {
			x, running, correction := slices.Repeat([]float32{c.other}, TileKeys), []float32{c.max, c.sum}, make([]float32, 1)
			x[3] = c.score
			s.Softmax(&SoftmaxArgs{S: ptr(x), N: 1, Lo: c.lo, Hi: c.hi, Running: ptr(running), Correction: ptr(correction)})
			got := result{running[0], running[1], correction[0], x[3]}
			if !sameFloat(got.max, c.want.max) || !sameFloat(got.sum, c.want.sum) ||
				!sameFloat(got.correction, c.want.correction) || !sameFloat(got.p, c.want.p) {
				t.Errorf("%s: %s: got %+v, want %+v", s.Name, c.name, got, c.want)
			}
		}
	}
}

// TestAttentionAllocates: kernels and stores must not allocate.
func TestAttentionAllocates(t *testing.T) {
	rng := rand.New(rand.NewPCG(35, 36))
	const d, n = 64, 3
	q, dst, acc, c := make([]float32, n*d), make([]float32, n*TileKeys), make([]float32, n*d), make([]float32, n)
	for f, name := range cacheFormats {
		keys, values := keyTile(t, rng, f, d, false, false), valueTile(t, rng, f, d, false, false)
		sa := &ScoresArgs{Dst: ptr(dst), Q: ptr(q), QStride: d, N: n, K: unsafe.Pointer(unsafe.SliceData(keys)), D: d}
		va := &ValuesArgs{Acc: ptr(acc), AccStride: d, P: ptr(dst), Correction: ptr(c), N: n,
			V: unsafe.Pointer(unsafe.SliceData(values)), D: d, Hi: TileKeys}
		ma := &SoftmaxArgs{S: ptr(dst), N: n, Hi: TileKeys, Running: ptr(acc), RunningStride: 2, Correction: ptr(c)}
		for _, s := range levels() {
			if a := testing.AllocsPerRun(10, func() {
				s.Scores[f](sa)
				s.Softmax(ma)
				s.Values[f](va)
				StoreKey(f, keys, 1, d, q)
				StoreValue(f, values, 1, d, q)
			}); a != 0 {
				t.Errorf("%s, level %s: %g allocations", name, s.Name, a)
			}
		}
	}
}
