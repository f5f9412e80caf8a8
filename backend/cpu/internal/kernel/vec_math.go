package kernel

import "math"

// The constants of expNonPositive. The polynomial is 1 + r + c2 r² + … + c6 r⁶, minimax in relative error on
// |r| ≤ ln2/2 with the first two coefficients fixed; its own error is below 2^-28.
const (
	expMin   = -88        // below it the result is zero
	expMagic = 12582912   // 1.5·2^23: adding it rounds to an integer
	expLog2e = 1.44269504 //
	expLn2Hi = 0.693145751953125
	expLn2Lo = 1.42860677e-06 // ln2 - expLn2Hi
	expC2    = 0.4999999403953552
	expC3    = 0.1666652113199234
	expC4    = 0.04166826978325844
	expC5    = 0.008368677459657192
	expC6    = 0.001382041140459478
)

// expNonPositive returns exp(x) for x ≤ 0, and NaN for NaN. The error is below 1 ulp down to exp(-87.33), the
// smallest normal number; results under 2^-126.5 are flushed to zero, so that no level works on denormal numbers.
// exp(0) is exactly 1.
func expNonPositive(x float32) float32 {
	if x < expMin {
		x = expMin
	}
	t := fma32(x, expLog2e, expMagic)
	n := t - expMagic
	r := fma32(n, -expLn2Hi, x)
	r = fma32(n, -expLn2Lo, r)
	p := fma32(expC6, r, expC5)
	p = fma32(p, r, expC4)
	p = fma32(p, r, expC3)
	p = fma32(p, r, expC2)
	p = fma32(p, r, 1)
	p = fma32(p, r, 1)
	return float32(p * math.Float32frombits(math.Float32bits(t)<<23+1<<30-1<<23))
}

// fma32 returns x*y+z rounded once. The product is exact in float64; the float64 sum is rounded to odd where a second
// rounding to float32 could go wrong, which is in the middle between two float32 and below the normal range.
func fma32(x, y, z float32) float32 {
	s := float64(x)*float64(y) + float64(z)
	if b := math.Float64bits(s); b<<35 == 1<<63 || b&(1<<63-1) < (1023-126)<<52 {
		return fma32Odd(x, y, z)
	}
	return float32(s)
}

// fma32Row sets acc[i] = fma32(x, y[i], acc[i]) for the elements of acc. It is fma32 written out, because that does not
// fit the compiler's budget for inlining.
func fma32Row(acc []float32, x float32, y []float32) {
	y = y[:len(acc)]
	for i, z := range acc {
		s := float64(x)*float64(y[i]) + float64(z)
		if b := math.Float64bits(s); b<<35 == 1<<63 || b&(1<<63-1) < (1023-126)<<52 {
			acc[i] = fma32Odd(x, y[i], z)
			continue
		}
		acc[i] = float32(s)
	}
}

// fma32Odd is fma32 with the intermediate sum rounded to odd (Boldo and Melquiond 2008).
//
//go:noinline
func fma32Odd(x, y, z float32) float32 {
	p, q := float64(x)*float64(y), float64(z)
	s := p + q
	v := s - p
	err := (p - (s - v)) + (q - v)
	b := math.Float64bits(s)
	if err == 0 || b&1 != 0 {
		return float32(s)
	}
	if (err > 0) == (s > 0) {
		b++
	} else {
		b--
	}
	return float32(math.Float64frombits(b))
}

// halfBits rounds to nearest even; a NaN keeps the upper bits of its payload and becomes quiet.
func halfBits(x float32) uint16 {
	b := math.Float32bits(x)
	sign, a := uint16(b>>16)&0x8000, b&(1<<31-1)
	switch {
	case a > 0xff<<23: // NaN
		return sign | 0x7e00 | uint16(a>>13)&0x3ff
	case a >= (127+16)<<23:
		return sign | 0x7c00
	case a < (127-14)<<23: // denormal: the addition rounds at 2^-24
		return sign | uint16(math.Float32bits(math.Float32frombits(a)+0.5)-math.Float32bits(0.5))
	}
	return sign | uint16((a-112<<23+0xfff+a>>13&1)>>13)
}

// halfValue is exact; a signalling NaN becomes quiet.
func halfValue(h uint16) float32 {
	sign, a := uint32(h&0x8000)<<16, uint32(h&0x7fff)<<13
	switch {
	case a > 0x1f<<23:
		a |= 0xff<<23 | 1<<22
	case a == 0x1f<<23:
		a = 0xff << 23
	case a >= 1<<23:
		a += 112 << 23
	default:
		a = math.Float32bits(float32(a>>13) * 0x1p-24)
	}
	return math.Float32frombits(sign | a)
}
