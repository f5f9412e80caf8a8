package sample

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestExpAndLogAgainstMath(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	worstExp, worstLog := 0.0, 0.0
	for range 200000 {
		d := r.Float64()*1380 - 690
		worstExp = max(worstExp, math.Abs(expOf(d)/math.Exp(d)-1))
		x := math.Exp(d)
		if x > 1.1 || x < 0.9 {
			worstLog = max(worstLog, math.Abs(logOf(x)/math.Log(x)-1))
		}
	}
	require.Less(t, worstExp, 1e-11)
	require.Less(t, worstLog, 1e-15)
	for _, x := range []float64{1, 1 + 1e-15, 1 - 1e-15, 0.99, 1.01, 2, 0.5, math.MaxFloat64} {
		require.InDelta(t, math.Log(x), logOf(x), 1e-15*max(1, math.Abs(math.Log(x))), "%v", x)
	}
	require.InDelta(t, -744.4400719213812, logOf(5e-324), 1e-12) // math.Log of Go 1.26 on amd64 gives -709.09
	require.Equal(t, 1.0, expOf(0))
	for _, d := range []float64{math.Inf(-1), math.NaN(), -1e300, -700} {
		require.Zero(t, expOf(d), "%v", d)
	}
	require.Equal(t, math.Ldexp(1, 1000), expOf(1e300))
	for n := range 300 {
		require.InEpsilon(t, min(math.Pow(1.3, float64(n)), math.MaxFloat32), powInt(1.3, n), 1e-13)
	}
}

// The bits that every machine must compute. They were written on amd64; a test run with GOARCH=386, GOAMD64=v3 (which
// has fused multiply-add) or on arm64 must find the same.
func TestNumbersAreTheSameEverywhere(t *testing.T) {
	h := uint64(14695981039346656037)
	mix := func(v float64) { h = (h ^ math.Float64bits(v)) * 1099511628211 }
	for i := range 20000 {
		d := float64(i) * -0.0347
		mix(expOf(d))
		mix(logOf(1 + float64(float64(i)*0.731)))
	}
	x := fixedLogits(3001, 8)
	mix(sumExp(x, 16, stepsPerNat/0.7))
	require.Equal(t, uint64(0x7ea1b1e5adfcb1a2), h)
}

func TestBlockMax(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	negNaN := math.Float32frombits(0xffc00000)
	special := []float32{0, float32(math.Copysign(0, -1)), inf, -inf, nan, negNaN, math.MaxFloat32, -math.MaxFloat32, 1e-45, -1e-45}
	r := rand.New(rand.NewPCG(5, 6))
	for i := range 20000 {
		x := make([]float32, r.IntN(21))
		for j := range x {
			switch {
			case i%4 == 0:
				x[j] = special[r.IntN(len(special))]
			case i%4 == 1:
				x[j] = -r.Float32() - 1e-3
			case i%4 == 2 && r.IntN(4) == 0:
				x[j] = negNaN
			default:
				x[j] = float32(r.NormFloat64())
			}
		}
		want := -inf
		for _, v := range x {
			if v > want {
				want = v
			}
		}
		require.Equal(t, want, blockMax(x)+0, "%v", x)
	}
}

func TestSumExp(t *testing.T) {
	inf := float32(math.Inf(-1))
	for n := range 23 {
		x := fixedLogits(n, 1)
		if n > 4 {
			x[1], x[n-1] = inf, float32(math.NaN())
		}
		want := 0.0
		for _, v := range x {
			if v > inf {
				want += math.Exp((float64(v) - 16) / 0.5)
			}
		}
		require.InDelta(t, want, sumExp(x, 16, stepsPerNat/0.5), 1e-10*want, "n=%d", n)
	}
}

func TestKeyOrder(t *testing.T) {
	inf := float32(math.Inf(1))
	values := []float32{inf, math.MaxFloat32, 2, 1e-45, 0, -1e-45, -2, -math.MaxFloat32, -inf}
	var keys []uint64
	for _, v := range values {
		keys = append(keys, keyOf(v, 0), keyOf(v, 1), keyOf(v, math.MaxInt32))
	}
	require.True(t, slices.IsSorted(keys))
	require.Equal(t, keyOf(0, 3), keyOf(float32(math.Copysign(0, -1)), 3))
	require.Equal(t, int32(77), idOf(keyOf(-3, 77)))
}

func TestSelectKeys(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for i := range 600 {
		n := 1 + r.IntN(3000)
		keys := make([]uint64, n)
		for j := range keys {
			switch i % 4 {
			case 0:
				keys[j] = uint64(j) // sorted
			case 1:
				keys[j] = uint64(n - j)
			case 2:
				keys[j] = uint64(min(j, n-j))<<32 | uint64(j) // organ pipe
			default:
				keys[j] = r.Uint64()
			}
		}
		want := slices.Sorted(slices.Values(keys))
		k := r.IntN(n + 1)
		selectKeys(keys, k)
		head := slices.Sorted(slices.Values(keys[:k]))
		require.Equal(t, want[:k], head)
		require.Equal(t, want, slices.Sorted(slices.Values(keys)), "keys were lost")
	}
}

// fixedLogits gives multiples of 2^-19 between -16 and 16 from integer arithmetic.
func fixedLogits(n int, seed uint64) []float32 {
	x := make([]float32, n)
	for i := range x {
		h := (uint64(i) + 1 + seed<<32) * 0x9e3779b97f4a7c15
		h = (h ^ h>>31) * 0xbf58476d1ce4e5b9
		x[i] = float32(int32(h>>40)-1<<23) / (1 << 19)
	}
	return x
}
