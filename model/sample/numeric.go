package sample

import "math"

// The functions here use only operations that IEEE 754 rounds exactly (+ - * / sqrt, conversions), in a written order,
// and convert every product explicitly, which forbids the compiler to fuse it with a sum. So they give the same bits
// everywhere; math.Exp and math.Log do not (RATIONALE.md).

const (
	// expSteps is the number of table entries per octave.
	expSteps = 1024
	// stepsPerNat turns a difference of logits into table steps.
	stepsPerNat = expSteps / math.Ln2
	// expFloor is the argument of exp2Steps, in steps, below which a weight counts as zero: 2^-1000.
	expFloor = -1000 * expSteps
	// expCeil is the greatest argument of exp2Steps.
	expCeil = 1000 * expSteps
	// roundMagic added to a float64 of magnitude below 2^51 rounds it to an integer, which then stands in the low bits.
	roundMagic = 0x1.8p52

	expC1 = math.Ln2 / expSteps
	expC2 = expC1 * expC1 / 2
)

// exp2Table[j] holds the bits of 2^(j/expSteps), less j<<42, so that adding n<<42 for n = e*expSteps + j gives the bits
// of 2^(n/expSteps). It is filled once and never written again.
var exp2Table = newExp2Table()

func newExp2Table() (t [expSteps]uint64) {
	var root [10]float64 // root[b] = 2^(2^b/expSteps)
	for b, r := 9, 2.0; b >= 0; b-- {
		r = math.Sqrt(r)
		root[b] = r
	}
	for j := range t {
		v := 1.0
		for b := range root {
			if j>>b&1 != 0 {
				v *= root[b]
			}
		}
		t[j] = math.Float64bits(v) - uint64(j)<<42
	}
	return t
}

// exp2Steps returns 2^(t/expSteps) for expFloor <= t <= expCeil. The relative error is below 1e-11: t is rounded to a
// table entry and the rest, at most half a step, goes through the quadratic of the exponential.
func exp2Steps(t float64) float64 {
	k := t + roundMagic
	n := math.Float64bits(k)
	r := t - (k - roundMagic)
	s := math.Float64frombits(exp2Table[n%expSteps] + n<<42)
	return s + float64(s*float64(r*(expC1+float64(r*expC2))))
}

// expOf returns e^d; 0 where the result is below 2^-1000 or d is NaN, and at most 2^1000.
func expOf(d float64) float64 {
	t := float64(d * stepsPerNat)
	if !(t >= expFloor) {
		return 0
	}
	return exp2Steps(min(t, expCeil))
}

// logOf returns the natural logarithm of a finite x > 0 by 2·artanh((m-1)/(m+1)) of its mantissa, with relative error
// below 1e-15.
func logOf(x float64) float64 {
	m, e := math.Frexp(x)
	if m < math.Sqrt2/2 {
		m, e = m*2, e-1
	}
	s := (m - 1) / (m + 1)
	z := float64(s * s)
	p := 0.0
	for k := 25; k >= 1; k -= 2 {
		p = 1/float64(k) + float64(z*p)
	}
	const ln2Hi, ln2Lo = 6.93147180369123816490e-01, 1.90821492927058770002e-10
	return float64(float64(e)*ln2Hi) + (float64(float64(2*s)*p) + float64(float64(e)*ln2Lo))
}

// powInt returns base^n for base >= 1, at most math.MaxFloat32.
func powInt(base float64, n int) float64 {
	v := 1.0
	for ; n > 0 && v < math.MaxFloat32; n >>= 1 {
		if n&1 != 0 {
			v *= base
		}
		base *= base
	}
	return min(v, math.MaxFloat32)
}

// blockLen is the number of logits that blockMax and sumExp take as one block.
const blockLen = 256

var negInf = float32(math.Inf(-1))

// sumExp returns the sum of e^((x[i]-top)·steps/stepsPerNat) over the x that are neither -Inf nor NaN. steps is
// stepsPerNat divided by the temperature. Four partial sums take every fourth element each, and a tail shorter than
// four goes to the first; they are added as (s0+s1)+(s2+s3).
func sumExp(x []float32, top, steps float64) float64 {
	var s0, s1, s2, s3 float64
	i := 3
	for ; i < len(x); i += 4 {
		t0 := float64((float64(x[i-3]) - top) * steps)
		t1 := float64((float64(x[i-2]) - top) * steps)
		t2 := float64((float64(x[i-1]) - top) * steps)
		t3 := float64((float64(x[i]) - top) * steps)
		if t0 >= expFloor {
			s0 += exp2Steps(t0)
		}
		if t1 >= expFloor {
			s1 += exp2Steps(t1)
		}
		if t2 >= expFloor {
			s2 += exp2Steps(t2)
		}
		if t3 >= expFloor {
			s3 += exp2Steps(t3)
		}
	}
	for _, v := range x[i-3:] {
		if t := float64((float64(v) - top) * steps); t >= expFloor {
			s0 += exp2Steps(t)
		}
	}
	return (s0 + s1) + (s2 + s3)
}

// blockMax returns the greatest of x, or -Inf if all are -Inf or NaN.
//
// Bits of floats that are not negative are ordered like integers, and integers have a maximum without a branch. Bits
// of negative floats are ordered the other way round, so a block without any other is scanned again for the minimum.
func blockMax(x []float32) float32 {
	const posInf, nanBits = 0x7f800000, 0xff800000
	hi := int32(math.MinInt32)
	m0, m1, m2, m3 := hi, hi, hi, hi
	y := x
	for ; len(y) >= 4; y = y[4:] {
		m0 = max(m0, int32(math.Float32bits(y[0])))
		m1 = max(m1, int32(math.Float32bits(y[1])))
		m2 = max(m2, int32(math.Float32bits(y[2])))
		m3 = max(m3, int32(math.Float32bits(y[3])))
	}
	for _, v := range y {
		m0 = max(m0, int32(math.Float32bits(v)))
	}
	hi = max(m0, m1, m2, m3)
	if hi > posInf { // a NaN without sign
		best := negInf
		for _, v := range x {
			if v > best {
				best = v
			}
		}
		return best
	}
	if hi >= 0 {
		return math.Float32frombits(uint32(hi))
	}
	lo := uint32(math.MaxUint32)
	l0, l1, l2, l3 := lo, lo, lo, lo
	for y = x; len(y) >= 4; y = y[4:] {
		l0 = min(l0, math.Float32bits(y[0]))
		l1 = min(l1, math.Float32bits(y[1]))
		l2 = min(l2, math.Float32bits(y[2]))
		l3 = min(l3, math.Float32bits(y[3]))
	}
	for _, v := range y {
		l0 = min(l0, math.Float32bits(v))
	}
	lo = min(l0, l1, l2, l3)
	if lo > nanBits {
		return negInf
	}
	return math.Float32frombits(lo)
}
