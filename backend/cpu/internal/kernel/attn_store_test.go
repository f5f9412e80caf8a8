package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestStore checks the encoders by their definitions, and that a store touches its own slot only.
func TestStore(t *testing.T) {
	rng := rand.New(rand.NewPCG(33, 34))
	for f, name := range cacheFormats {
		for _, d := range headSizes(f) {
			keys, values := keyTile(t, rng, f, d, false, false), valueTile(t, rng, f, d, false, true)
			if len(keys)%64 != 0 || len(values)%64 != 0 {
				t.Errorf("%s, head size %d: tiles have %d and %d bytes", name, d, len(keys), len(values))
			}
			x, got, other, again := make([]float32, d), make([]float32, d), make([]float32, d), make([]float32, d)
			fillFloats(rng, x, false)
			if d > 1 {
				x[d/2] = 0
			}
			const slot = 41
			for kind, c := range map[string]struct {
				tile  []byte
				store func(CacheFormat, []byte, int, int, []float32)
				load  func(CacheFormat, []byte, int, int, []float32)
			}{"key": {keys, StoreKey, LoadKey}, "value": {values, StoreValue, LoadValue}} {
				for _, neighbour := range []int{0, 40, 42, 63} {
					c.load(f, c.tile, neighbour, d, other)
					c.store(f, c.tile, slot, d, x)
					c.load(f, c.tile, neighbour, d, again)
					compareFloats(t, again, other, "%s %s of head size %d: slot %d", name, kind, d, neighbour)
				}
				c.load(f, c.tile, slot, d, got)
				checkStored(t, name+" "+kind, f, x, got)
			}
		}
	}
}

// checkStored compares decoded with original numbers. A half keeps 11 bits. A code of Q8_0 is half a step off, and
// half a code at 127 more because the scale is rounded; Q4_0 has steps of an eighth of the largest number, and cuts
// off one step on the side opposite to it.
func checkStored(t *testing.T, name string, f CacheFormat, x, got []float32) {
	for i := range x {
		b := i / 32 * 32
		amax := float64(maxMagnitude(x[b:min(b+32, len(x))]))
		limit := map[CacheFormat]float64{CacheF16: math.Abs(float64(x[i]))*0x1p-11 + 0x1p-25, CacheF32: 0,
			CacheQ8_0: amax / 127 * 0.57, CacheQ4_0: amax / 8 * 1.01}[f]
		if f == CacheQ4_0 && math.Abs(float64(x[i])) < 7.4/8*amax {
			limit = amax / 8 * 0.51
		}
		if err := math.Abs(float64(got[i]) - float64(x[i])); err > limit {
			t.Fatalf("%s: column %d, %g, is stored as %g", name, i, x[i], got[i])
		}
	}
}

// TestStoreSpecial states what becomes of zeros, numbers too large and too small for a half, NaN and infinities, and
// of ties.
func TestStoreSpecial(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	cases := []struct {
		name   string
		format CacheFormat
		x      []float32 // the rest is zero
		want   []float32
	}{
		{"zeros", CacheQ8_0, []float32{0}, []float32{0, 0}},
		{"zeros", CacheQ4_0, []float32{0}, []float32{0, 0}},
		{"too small", CacheQ8_0, []float32{1e-7}, []float32{0, 0}},
		{"too small", CacheQ4_0, []float32{-1e-8}, []float32{0, 0}},
		{"too large", CacheQ8_0, []float32{1e9, -65504}, []float32{65504 * 127, -65504}},
		{"too large", CacheQ4_0, []float32{1e9, -65504 * 3}, []float32{65504 * 8, -65504 * 3}},
		{"NaN", CacheQ8_0, []float32{1, nan}, []float32{nan, nan, nan}},
		{"NaN", CacheQ4_0, []float32{1, nan}, []float32{nan, nan, nan}},
		{"infinity", CacheQ8_0, []float32{1, -inf}, []float32{nan, nan, nan}},
		{"infinity", CacheQ4_0, []float32{1, inf}, []float32{nan, nan, nan}},
		{"ties", CacheQ8_0, []float32{127, 0.5, 1.5, -2.5, -3.5}, []float32{127, 0, 2, -2, -4}},
		{"ties", CacheQ4_0, []float32{-8, 0.5, 1.5, -2.5, 8}, []float32{-8, 0, 2, -2, 7}},
		{"sign of the largest", CacheQ4_0, []float32{8, -8, 1}, []float32{8, -7, 1}},
	}
	for _, c := range cases {
		x, got := make([]float32, 32), make([]float32, 32)
		copy(x, c.x)
		key, value := make([]byte, KeyBytes(c.format, 32)), make([]byte, ValueBytes(c.format, 32))
		StoreKey(c.format, key, 9, 32, x)
		LoadKey(c.format, key, 9, 32, got)
		for i := range c.want {
			if got[i] != c.want[i] && (got[i] == got[i] || c.want[i] == c.want[i]) {
				t.Errorf("%s, %s: column %d of the key is %g, want %g", cacheFormats[c.format], c.name, i, got[i], c.want[i])
			}
		}
		StoreValue(c.format, value, 9, 32, x)
		again := make([]float32, 32)
		LoadValue(c.format, value, 9, 32, again)
		compareFloats(t, again, got, "%s, %s: value", cacheFormats[c.format], c.name)
	}
}
