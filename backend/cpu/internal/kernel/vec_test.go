package kernel

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
	"unsafe"
)

// specials are the numbers where kernels go wrong.
var specials = []float32{
	0, float32(math.Copysign(0, -1)), 1, -1, 127, -127, 0x1p-149, -0x1p-149, 0x1p-127, -0x1.8p-130, 0x1p-126, 65504, 65519.99,
	65520, -65536, 0x1p-14, 0x1p-24, 0x1p-25, -0x1.8p-25, math.MaxFloat32, -math.MaxFloat32, -87.33654, -87.4, -88, -88.1, 88.5,
	float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN()), math.Float32frombits(0xff800001),
}

// fencedFloats returns n floats with a no-access page directly behind, or, with atStart, before them.
func fencedFloats(t testing.TB, n int, atStart bool) []float32 {
	return unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(fenced(t, 4*n, atStart)))), n)
}

func fencedHalves(t testing.TB, n int, atStart bool) []uint16 {
	return unsafe.Slice((*uint16)(unsafe.Pointer(unsafe.SliceData(fenced(t, 2*n, atStart)))), n)
}

// fillFloats fills x with normally distributed numbers, and some specials when wild.
func fillFloats(rng *rand.Rand, x []float32, wild bool) {
	for i := range x {
		x[i] = float32(rng.NormFloat64())
		if wild && rng.IntN(16) == 0 {
			x[i] = specials[rng.IntN(len(specials))]
		} else if wild && rng.IntN(4) == 0 {
			x[i] = math.Float32frombits(rng.Uint32())
		}
	}
}

// sameFloat says whether two floats have the same bits, or are both NaN.
func sameFloat(a, b float32) bool {
	return math.Float32bits(a) == math.Float32bits(b) || a != a && b != b
}

func compareFloats(t *testing.T, got, want []float32, format string, args ...any) {
	t.Helper()
	for i := range want {
		if !sameFloat(got[i], want[i]) {
			t.Fatalf("%s: element %d is %g (%#x), want %g (%#x)", fmt.Sprintf(format, args...),
				i, got[i], math.Float32bits(got[i]), want[i], math.Float32bits(want[i]))
		}
	}
}

// lengths are all lengths up to some vectors, and some longer ones.
func lengths() []int {
	var n []int
	for i := range 71 {
		n = append(n, i)
	}
	return append(n, 95, 96, 97, 128, 256, 1000, 1024, 2047)
}

// TestVectorLevels compares every level with the Go twin: equal bits for all lengths, alignments and special numbers,
// in place and not, with operands that end or begin at a page that faults.
func TestVectorLevels(t *testing.T) {
	kernels := map[string]func(s *Set, dst, a, b []float32){
		"RMSNorm": func(s *Set, dst, a, b []float32) { s.RMSNorm(dst, a, b, 1e-5) },
		"Add":     func(s *Set, dst, a, b []float32) { s.Add(dst, a, b) },
		"SiLUMul": func(s *Set, dst, a, b []float32) { s.SiLUMul(dst, a, b) },
	}
	rng := rand.New(rand.NewPCG(1, 2))
	generic := genericSet()
	for name, run := range kernels {
		for _, n := range lengths() {
			for variant := range 8 {
				atStart, wild := variant&1 != 0, variant&2 != 0
				a, b, want := make([]float32, n), make([]float32, n), make([]float32, n)
				fillFloats(rng, a, wild)
				fillFloats(rng, b, wild)
				run(generic, want, a, b)
				for _, s := range levels() {
					fa, fb, dst := fencedFloats(t, n, atStart), fencedFloats(t, n, atStart), fencedFloats(t, n, atStart)
					copy(fa, a)
					copy(fb, b)
					run(s, dst, fa, fb)
					compareFloats(t, dst, want, "%s of level %s, length %d", name, s.Name, n)
					if name != "RMSNorm" && variant&4 != 0 {
						run(s, fb, fa, fb)
						compareFloats(t, fb, want, "%s of level %s, length %d, in place of b", name, s.Name, n)
						continue
					}
					run(s, fa, fa, fb)
					compareFloats(t, fa, want, "%s of level %s, length %d, in place of a", name, s.Name, n)
				}
			}
		}
	}
}

// TestFMA compares fma32 with exact arithmetic, above all where two roundings differ from one.
func TestFMA(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	random := func() float32 {
		x := math.Float32frombits(rng.Uint32()&^0x7f800000 | uint32(127-rng.IntN(30))<<23)
		switch rng.IntN(8) {
		case 0:
			x = math.Float32frombits(math.Float32bits(x) &^ 0xffff)
		case 1:
			x *= 0x1p-75
		case 2:
			x *= 0x1p-125
		}
		return x
	}
	for range 300000 {
		x, y, z := random(), random(), random()
		if rng.IntN(4) == 0 { // the product is the middle between two floats near z, give or take
			z = math.Float32frombits(math.Float32bits(z)&0xff800000 | 0x7fffff)
			x, y = math.Nextafter32(z, 0)*0x1p-24, 0.5+0x1p-23*float32(rng.IntN(3))
		}
		p := new(big.Float).SetPrec(600).Mul(big.NewFloat(float64(x)), big.NewFloat(float64(y)))
		p.Add(p, big.NewFloat(float64(z)))
		want, _ := p.Float32()
		if got := fma32(x, y, z); got != want {
			t.Fatalf("fma32(%g, %g, %g) = %g, want %g", x, y, z, got, want)
		}
	}
	inf := float32(math.Inf(1))
	if got := fma32(inf, 1, 2); got != inf {
		t.Errorf("fma32(inf, 1, 2) = %g", got)
	}
	if got := fma32(inf, 0, 2); got == got {
		t.Errorf("fma32(inf, 0, 2) = %g, want NaN", got)
	}
}

// ulp returns the distance of the float32 numbers around x.
func ulp(x float64) float64 {
	_, e := math.Frexp(x)
	return math.Ldexp(1, max(e-24, -149))
}

// TestExp holds expNonPositive to its documented error.
func TestExp(t *testing.T) {
	worst := 0.0
	for bits := uint32(1 << 31); bits <= math.Float32bits(-87.33654); bits += 907 {
		x := math.Float32frombits(bits)
		want := math.Exp(float64(x))
		if err := math.Abs(float64(expNonPositive(x))-want) / ulp(want); err > worst {
			worst = err
		}
	}
	t.Logf("largest error %.3f ulp", worst)
	if worst >= 1 {
		t.Errorf("largest error is %.3f ulp, want less than 1", worst)
	}
	inf := float32(math.Inf(1))
	for _, c := range [][2]float32{{0, 1}, {float32(math.Copysign(0, -1)), 1}, {-0x1p-149, 1}, {-88, 0}, {-1e30, 0}, {-inf, 0}} {
		if got := expNonPositive(c[0]); got != c[1] {
			t.Errorf("expNonPositive(%g) = %g, want %g", c[0], got, c[1])
		}
	}
	if got := expNonPositive(float32(math.NaN())); got == got {
		t.Errorf("expNonPositive(NaN) = %g", got)
	}
}

// TestSiLUMul holds SiLUMul to its documented error and limits. Its relative error has four parts: one of 2^-24 each
// from the sum 1+e, the product and the quotient, and the exponential's, less than 2^-23 and damped by 1/(1+e). That is
// 5·2^-24, or 5 ulp where an ulp is smallest, if all were worst at once; 3.0 is the worst found.
func TestSiLUMul(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	for _, s := range levels() {
		var g []float32
		for bits := uint32(0); bits <= math.Float32bits(200); bits += 4001 {
			g = append(g, math.Float32frombits(bits), -math.Float32frombits(bits))
		}
		dst, u := make([]float32, len(g)), make([]float32, len(g))
		for i := range u {
			u[i] = 1
		}
		s.SiLUMul(dst, g, u)
		worst, worstAbs := 0.0, 0.0
		for i, x := range g {
			want := float64(x) / (1 + math.Exp(-float64(x)))
			err := math.Abs(float64(dst[i]) - want)
			if math.Abs(want) < 1e-36 {
				worstAbs = max(worstAbs, err)
				continue
			}
			worst = max(worst, err/ulp(want))
		}
		t.Logf("%s: largest error %.3f ulp, absolute %.3g for the smallest", s.Name, worst, worstAbs)
		if worst > 3.5 || worstAbs > 2e-36 {
			t.Errorf("%s: largest error is %.3f ulp, or %.3g for results under 1e-36", s.Name, worst, worstAbs)
		}

		g, u = []float32{inf, -inf, nan, 0, inf, -inf}, []float32{2, 2, 2, 3, -1, inf}
		want := []float32{inf, float32(math.Copysign(0, -1)), nan, 0, -inf, nan}
		s.SiLUMul(g, g, u)
		compareFloats(t, g, want, "SiLUMul of level %s at its limits", s.Name)
	}
}

// TestRMSNorm compares with float64. The sum of n squares in 32 lanes of FMAs, folded in 5 steps, has a relative error
// of at most (n/32+6)/2 ulp of 2^-23, the root halves it; division, addition, root, reciprocal and two products add at
// most three ulp.
func TestRMSNorm(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for _, s := range levels() {
		for _, n := range []int{1, 17, 64, 896, 4096} {
			x, w, dst := make([]float32, n), make([]float32, n), make([]float32, n)
			fillFloats(rng, x, false)
			fillFloats(rng, w, false)
			s.RMSNorm(dst, x, w, 1e-6)
			sum := 0.0
			for _, v := range x {
				sum += float64(v) * float64(v)
			}
			r := 1 / math.Sqrt(sum/float64(n)+float64(float32(1e-6)))
			limit := (float64(n)/32+6)/4*0x1p-23 + 3*0x1p-23
			for i := range dst {
				want := float64(x[i]) * r * float64(w[i])
				if math.Abs(float64(dst[i])-want) > limit*math.Abs(want) {
					t.Fatalf("%s, length %d: element %d is %g, want %g", s.Name, n, i, dst[i], want)
				}
			}
		}
	}
}

// TestHalf checks both conversions of every level against the definition of the format.
func TestHalf(t *testing.T) {
	all, wide := make([]uint16, 1<<16), make([]float32, 1<<16)
	for i := range all {
		all[i] = uint16(i)
	}
	for _, s := range levels() {
		s.F16ToF32(wide, all)
		for i, got := range wide {
			sign, e, f := 1-float64(i>>15*2), i>>10&31, float64(i&1023)
			want := sign * math.Ldexp(1024+f, e-25)
			switch {
			case e == 0:
				want = math.Copysign(math.Ldexp(f, -24), sign)
			case e == 31 && f == 0:
				want = math.Inf(int(sign))
			case e == 31:
				want = math.NaN()
			}
			if !sameFloat(got, float32(want)) {
				t.Fatalf("%s: F16ToF32(%#x) = %g, want %g", s.Name, i, got, want)
			}
		}
		// Each finite half, the middle to the next one, and the floats beside both.
		for h := range 0x7c00 {
			low, high := float64(halfValue(uint16(h))), float64(halfValue(uint16(h+1)))
			if h == 0x7bff {
				high = 65536
			}
			middle := float32((low + high) / 2)
			even := uint16(h + h&1)
			src := []float32{float32(low), math.Nextafter32(middle, 0), middle, math.Nextafter32(middle, 1e9), -float32(low), -middle}
			dst := make([]uint16, len(src))
			s.F32ToF16(dst, src)
			want := [...]uint16{uint16(h), uint16(h), even, uint16(h + 1), uint16(h) | 1<<15, even | 1<<15}
			if [6]uint16(dst) != want {
				t.Fatalf("%s: F32ToF16(%g) = %#x, want %#x", s.Name, src, dst, want)
			}
		}
	}
}

// TestHalfLevels compares the conversions of every level with the Go twins, NaN payloads included.
func TestHalfLevels(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for _, n := range lengths() {
		for variant := range 2 {
			src, want := make([]float32, n), make([]uint16, n)
			fillFloats(rng, src, true)
			f32ToF16Generic(want, src)
			back := make([]float32, n)
			f16ToF32Generic(back, want)
			for _, s := range levels() {
				a, h, b := fencedFloats(t, n, variant > 0), fencedHalves(t, n, variant > 0), fencedFloats(t, n, variant > 0)
				copy(a, src)
				s.F32ToF16(h, a)
				s.F16ToF32(b, h)
				for i := range h {
					if h[i] != want[i] || math.Float32bits(b[i]) != math.Float32bits(back[i]) {
						t.Fatalf("%s, length %d: element %d, %g, is %#x and %g, want %#x and %g",
							s.Name, n, i, src[i], h[i], b[i], want[i], back[i])
					}
				}
			}
		}
	}
}

// TestRotate compares every level with the Go twin, and the twin with float64: each result has three roundings.
func TestRotate(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	for _, n := range lengths() {
		for variant := range 8 {
			atStart, interleaved, wild := variant&1 != 0, variant&2 != 0, variant&4 != 0
			x, cos, sin := make([]float32, 2*n), make([]float32, n), make([]float32, n)
			fillFloats(rng, x, wild)
			for i := range cos {
				s, c := math.Sincos(rng.Float64() * 100)
				cos[i], sin[i] = float32(c), float32(s)
			}
			want := append([]float32{}, x...)
			rotateGeneric(&RotateArgs{X: ptr(want), Cos: ptr(cos), Sin: ptr(sin), Pairs: n, Interleaved: interleaved})
			for _, s := range levels() {
				a, b, c := fencedFloats(t, 2*n, atStart), fencedFloats(t, n, atStart), fencedFloats(t, n, atStart)
				copy(a, x)
				copy(b, cos)
				copy(c, sin)
				s.Rotate(&RotateArgs{X: ptr(a), Cos: ptr(b), Sin: ptr(c), Pairs: n, Interleaved: interleaved})
				compareFloats(t, a, want, "Rotate of level %s, %d pairs, interleaved %v", s.Name, n, interleaved)
			}
			for i := range cos {
				p, q := i, i+n
				if interleaved {
					p, q = 2*i, 2*i+1
				}
				v, w, c, s := float64(x[p]), float64(x[q]), float64(cos[i]), float64(sin[i])
				limit := 0x1p-23 * (math.Abs(v) + math.Abs(w))
				if !wild && (math.Abs(float64(want[p])-(v*c-w*s)) > limit || math.Abs(float64(want[q])-(v*s+w*c)) > limit) {
					t.Fatalf("pair %d is %g, %g, want %g, %g", i, want[p], want[q], v*c-w*s, v*s+w*c)
				}
			}
		}
	}
}

func ptr(x []float32) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(x)) }
