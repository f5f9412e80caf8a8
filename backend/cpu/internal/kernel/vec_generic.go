package kernel

import (
	"math"
	"unsafe"
)

// vectorGeneric fills the vector kernels of s with their plain Go twins. They are the definition: every level gives
// the same bits, except the payload and sign of a NaN.
func vectorGeneric(s *Set) {
	s.Quantize[ActQ32] = quantizeQ32Generic
	s.Quantize[ActQ256] = quantizeQ256Generic
	s.RMSNorm = rmsNormGeneric
	s.Add = addGeneric
	s.SiLUMul = siluMulGeneric
	s.F32ToF16 = f32ToF16Generic
	s.F16ToF32 = f16ToF32Generic
	s.Rotate = rotateGeneric
}

// rmsNormLanes is the number of partial sums of RMSNorm.
const rmsNormLanes = 32

// rmsNormGeneric sums the squares in 32 lanes: lane l takes the elements l, l+32, l+64, … in ascending order, one FMA
// each. The lanes are then folded in halves (lane i += lane i+16, then i+8, i+4, i+2, i+1). The rest is one division
// by the length, one addition of eps, one square root, one reciprocal, and per element (x*reciprocal)*w, each rounded
// to float32.
func rmsNormGeneric(dst, x, w []float32, eps float32) {
	dst, w = dst[:len(x)], w[:len(x)]
	var lane [rmsNormLanes]float32
	for i, v := range x {
		l := &lane[i%rmsNormLanes]
		*l = fma32(v, v, *l)
	}
	for n := rmsNormLanes / 2; n > 0; n /= 2 {
		for i := range n {
			lane[i] += lane[i+n]
		}
	}
	r := 1 / sqrt32(lane[0]/float32(len(x))+eps)
	for i, v := range x {
		dst[i] = float32(v*r) * w[i]
	}
}

// sqrt32 is correctly rounded: a float64 root has enough digits for a second rounding to float32 to be harmless.
func sqrt32(x float32) float32 { return float32(math.Sqrt(float64(x))) }

func addGeneric(dst, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = a[i] + b[i]
	}
}

// siluMulGeneric never overflows: with e = exp(-|g|) the factor of g is e/(1+e) for negative g and 1/(1+e) otherwise.
// g is raised to at least -88, where e is zero, so that the limit at -inf is -0. The value before the multiplication
// by u is within 3.5 ulp of the true one where that is larger than 1e-36 in magnitude, and smaller than 2e-36 elsewhere.
func siluMulGeneric(dst, g, u []float32) {
	g, u = g[:len(dst)], u[:len(dst)]
	for i, x := range g {
		if x < expMin {
			x = expMin
		}
		e := expNonPositive(math.Float32frombits(math.Float32bits(x) | 1<<31))
		f := float32(1)
		if math.Float32bits(x)>>31 != 0 {
			f = e
		}
		dst[i] = float32(x*f) / (1 + e) * u[i]
	}
}

func f32ToF16Generic(dst []uint16, src []float32) {
	storeHalves(unsafe.Pointer(unsafe.SliceData(dst[:len(src)])), 2, src)
}

func f16ToF32Generic(dst []float32, src []uint16) {
	dst = dst[:len(src)]
	for i, h := range src {
		dst[i] = halfValue(h)
	}
}

func rotateGeneric(a *RotateArgs) {
	x := unsafe.Slice((*float32)(a.X), 2*a.Pairs)
	cos, sin := unsafe.Slice((*float32)(a.Cos), a.Pairs), unsafe.Slice((*float32)(a.Sin), a.Pairs)
	for i, c := range cos {
		p, q := i, i+a.Pairs
		if a.Interleaved {
			p, q = 2*i, 2*i+1
		}
		s, v, w := sin[i], x[p], x[q]
		x[p] = float32(v*c) - float32(w*s)
		x[q] = float32(v*s) + float32(w*c)
	}
}
