package backendtest

import (
	"math"
	"slices"
	"testing"

	"github.com/seed64708441/ember/ops"
	"github.com/seed64708441/ember/ops/ref"
	"github.com/seed64708441/ember/tensor"
	"github.com/seed64708441/ember/tensor/quant"
)

// floatBar is the largest difference of logits that float32 arithmetic may cause, as a part of their range. A sum of n
// products rounded to float32 is off by about sqrt(n)*2^-24 of the sum of magnitudes, 1.4e-6 for n = 512; a few layers
// add up to several of those. The recorded float32 runs of other implementations lie at 2e-7 to 3e-6.
const floatBar = 1e-5

// same fails unless both have the same bits.
func same(t *testing.T, what string, got, want []float32) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d logits, want %d", what, len(got), len(want))
		return
	}
	different, first := 0, -1
	for i := range want {
		if math.Float32bits(got[i]) != math.Float32bits(want[i]) {
			if different++; first < 0 {
				first = i
			}
		}
	}
	if different > 0 {
		t.Errorf("%s: %d of %d logits have other bits, the first at %d: %v, want %v", what, different, len(want), first, got[first], want[first])
	}
}

// span returns the range of some logits, which includes zero.
func span(x []float64) float64 {
	low, high := 0.0, 0.0
	for _, v := range x {
		low, high = min(low, v), max(high, v)
	}
	return high - low
}

// distance returns the largest and the root-mean-square difference; NaN when a number is one.
func distance(a []float64, b []float64) (largest, rms float64) {
	for i := range a {
		d := math.Abs(a[i] - b[i])
		if !(d <= largest) {
			largest = d
		}
		rms += d * d
	}
	return largest, math.Sqrt(rms / float64(len(a)))
}

func widen(x []float32) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	return y
}

// near fails when a logit is further from the reference than float32 arithmetic explains.
func near(t *testing.T, what string, got []float32, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d logits, want %d", what, len(got), len(want))
		return
	}
	if d, _ := distance(widen(got), want); !(d <= floatBar*span(want)) {
		t.Errorf("%s: the largest difference is %.3g, which is %.2g of the range: want at most %g", what, d, d/span(want), floatBar)
	}
}

// rounded fails when got is further from the exact logits than rounding explains. How far rounding moves the logits is
// measured: want is the reference, and imitation is the reference with the same numbers rounded to the same types. A
// backend that rounds as well, perhaps at other places, makes errors of the same size but not the same errors, so the
// root mean square may be half as much again, and the largest difference three times that of the imitation. A bit less
// would double both.
func rounded(t *testing.T, what string, got []float32, want, imitation []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d logits, want %d", what, len(got), len(want))
		return
	}
	slack := floatBar * span(want)
	largest, rms := distance(widen(got), want)
	mayLargest, mayRMS := distance(imitation, want)
	if !(largest <= 3*mayLargest+slack) || !(rms <= 1.5*mayRMS+slack) {
		t.Errorf("%s: the largest difference is %.3g and the root mean square %.3g of the range: rounding explains %.3g and %.3g",
			what, largest/span(want), rms/span(want), mayLargest/span(want), mayRMS/span(want))
	}
}

// operandRounding imitates a backend that multiplies block formats with activations of 8 bits: in each block of 32
// columns, or of the weight's own block when it is longer, x becomes a whole multiple of amax/127. So each x is off by at
// most amax/254, evenly distributed. Weights that are plain floats are multiplied with activations as they are.
func (m *model) operandRounding() ref.Rounding {
	return ref.Rounding{Operand: func(weight string, x []float64) {
		d := m.weights[weight].dtype
		if d.BlockLen() == 1 {
			return
		}
		for block := range slices.Chunk(x, max(32, d.BlockLen())) {
			step := amax(block) / 127
			for i := range block {
				if step > 0 {
					block[i] = math.RoundToEven(block[i]/step) * step
				}
			}
		}
	}}
}

// storage imitates a cache that stores heads in a type. Halves are rounded to nearest. The quantised types have a scale
// per 32 elements that is a half: Q8_0 whole multiples of amax/127, Q4_0 the multiples -8 to 7 of m/-8, where m is the
// element of largest magnitude.
func storage(d tensor.DType) ref.Rounding {
	half := func(x float64) float64 { return float64(quant.F16ToF32(quant.F32ToF16(float32(x)))) }
	scaled := func(scale func(block []float64) float64, low, high float64) func(x []float64) {
		return func(x []float64) {
			for block := range slices.Chunk(x, 32) {
				step := half(scale(block))
				for i := range block {
					if step != 0 {
						block[i] = max(low, min(high, math.RoundToEven(block[i]/step))) * step
					}
				}
			}
		}
	}
	var f func(x []float64)
	switch d {
	case tensor.F16:
		f = func(x []float64) {
			for i := range x {
				x[i] = half(x[i])
			}
		}
	case tensor.Q8_0:
		f = scaled(func(block []float64) float64 { return amax(block) / 127 }, -127, 127)
	case tensor.Q4_0:
		f = scaled(func(block []float64) float64 {
			top := 0.0
			for _, v := range block {
				if math.Abs(v) > math.Abs(top) {
					top = v
				}
			}
			return top / -8
		}, -8, 7)
	}
	return ref.Rounding{Key: f, Value: f}
}

// both rounds operands and stored heads.
func both(a, b ref.Rounding) ref.Rounding {
	return ref.Rounding{Operand: a.Operand, Key: b.Key, Value: b.Value}
}

func amax(x []float64) float64 {
	top := 0.0
	for _, v := range x {
		top = max(top, math.Abs(v))
	}
	return top
}

// needsRounding reports whether a backend may round the activations of the model.
func (m *model) needsRounding() bool {
	for _, n := range m.graph.Nodes {
		if n.Op == ops.OpMatMul && m.weights[m.graph.Weights[n.In[1].Weight()].Name].dtype.BlockLen() > 1 {
			return true
		}
	}
	return false
}
