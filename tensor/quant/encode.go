package quant

import (
	"fmt"
	"math"

	"github.com/seed64708441/ember/tensor"
)

// Encode sets dst to the stored form of src, the inverse of Decode up to rounding. len(src) must be a multiple of
// t.BlockLen and dst exactly t.RowBytes(len(src)) long.
//
// F32, F16 and BF16 take any number, as F32ToF16 and F32ToBF16 do: too large becomes infinite, NaN stays NaN. The
// block formats Q4_0 Q4_1 Q5_0 Q5_1 Q8_0 Q4_K Q5_K Q6_K IQ4_NL and MXFP4 take finite numbers only; an infinity or NaN
// is an error that names the first, and dst is then unchanged. Finite numbers beyond the range of a format saturate.
//
// Q8_0 and MXFP4 derive the scale from the largest magnitude of the block, so the bytes equal those of other writers;
// the other block formats search for the scales of the least sum of squared errors.
func Encode(dst []byte, src []float32, t tensor.DType) error {
	f := lookup(t)
	if f.encode == nil {
		return fmt.Errorf("quant: Encode: cannot write %v; types that can be written: %s", t,
			names(func(f format) bool { return f.encode != nil }))
	}
	if err := check("Encode", t, len(src), len(dst)); err != nil {
		return err
	}
	if f.view != nil {
		for i, v := range src {
			if v-v != 0 {
				return fmt.Errorf("quant: Encode: element %d is %v, expected a finite number for %v", i, v, t)
			}
		}
	}
	f.encode(dst, src)
	return nil
}

// f16Max is the largest finite binary16 number.
const f16Max = 65504

// putHalf stores v as binary16, saturated to finite numbers and without the sign of zero, and returns the stored value.
func putHalf(b []byte, v float64) float64 {
	h := F32ToF16(float32(min(max(v, -f16Max), f16Max)))
	if h&0x7fff == 0 {
		h = 0
	}
	le.PutUint16(b, h)
	return float64(F16ToF32(h))
}

// extreme returns the element of largest magnitude, the first of several.
func extreme(x []float32) (v float32) {
	for _, f := range x {
		if abs(f) > abs(v) {
			v = f
		}
	}
	return v
}

// bounds returns the least and the largest element.
func bounds(x []float32) (lo, hi float32) {
	lo, hi = x[0], x[0]
	for _, f := range x {
		lo, hi = min(lo, f), max(hi, f)
	}
	return lo, hi
}

func abs(f float32) float32 { return math.Float32frombits(math.Float32bits(f) &^ (1 << 31)) }
