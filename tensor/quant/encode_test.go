package quant

import (
	"math"
	"strings"
	"testing"

	"github.com/seed64708441/ember/tensor"
)

// normalRMSE is the largest relative error that Encode may leave on 4096 normal numbers: what it left when it was
// written, rounded up in the third digit. It guards the searches where there is no recorded data.
var normalRMSE = map[tensor.DType]float64{
	tensor.F32: 0, tensor.F16: 0.000211, tensor.BF16: 0.00168, tensor.Q8_0: 0.00522, tensor.MXFP4: 0.113,
	tensor.Q4_0: 0.0791, tensor.Q4_1: 0.0682, tensor.Q5_0: 0.0389, tensor.Q5_1: 0.0329, tensor.IQ4_NL: 0.0725,
	tensor.Q4_K: 0.0685, tensor.Q5_K: 0.0339, tensor.Q6_K: 0.0164,
}

// roundTrip encodes and decodes x.
func roundTrip(t *testing.T, x []float32, typ tensor.DType) ([]byte, []float32) {
	t.Helper()
	size, err := typ.RowBytes(len(x))
	if err != nil {
		t.Fatal(err)
	}
	b, y := make([]byte, size), make([]float32, len(x))
	for i := range b {
		b[i] = 0xa5 // what was in dst must not matter
	}
	if err := Encode(b, x, typ); err != nil {
		t.Fatalf("%v: %v", typ, err)
	}
	if err := Decode(y, b, typ); err != nil {
		t.Fatal(err)
	}
	return b, y
}

func TestEncodeNormal(t *testing.T) {
	x := randomFloats(4096)
	for _, typ := range tensor.DTypes() {
		_, ok := Supported(typ)
		limit, listed := normalRMSE[typ]
		if ok != listed {
			t.Errorf("%v: can be written: %v, has a limit: %v", typ, ok, listed)
		}
		if !ok {
			continue
		}
		b, y := roundTrip(t, x, typ)
		if e := relRMSE(x, y); e > limit {
			t.Errorf("%v: relative RMSE %.6f, limit %v", typ, e, limit)
		}
		// A second encoding must not drift: it changes far less than the first.
		_, z := roundTrip(t, y, typ)
		if e := relRMSE(y, z); e > limit/4 {
			t.Errorf("%v: encoding again changes it by %.6f", typ, e)
		}
		// Blocks do not depend on their neighbours.
		n := typ.BlockLen()
		if one, _ := roundTrip(t, x[n:2*n], typ); string(one) != string(b[len(one):2*len(one)]) {
			t.Errorf("%v: the second block differs when encoded alone", typ)
		}
	}
}

// TestEncodeExtremes encodes blocks at the edges of float32: no panic, and finite results throughout.
func TestEncodeExtremes(t *testing.T) {
	const big, tiny = math.MaxFloat32, math.SmallestNonzeroFloat32
	blocks := map[string]func(i int) float32{
		"zero":          func(int) float32 { return 0 },
		"negative zero": func(int) float32 { return float32(math.Copysign(0, -1)) },
		"one":           func(int) float32 { return 1 },
		"minus three":   func(int) float32 { return -3 },
		"one of many":   func(i int) float32 { return float32(i / 255) },
		"largest":       func(int) float32 { return big },
		"least":         func(int) float32 { return -big },
		"both":          func(i int) float32 { return big * float32(1-2*(i&1)) },
		"one huge":      func(i int) float32 { return float32(i) + big*float32(i/255) },
		"tiny":          func(i int) float32 { return tiny * float32(i) },
		"tiny negative": func(i int) float32 { return -tiny * float32(i) },
		"subnormal d":   func(i int) float32 { return 1e-7 * float32(i%32-16) },
		"half limit":    func(i int) float32 { return 65504 * float32(1-2*(i&1)) },
	}
	for name, f := range blocks {
		x := make([]float32, 256)
		for i := range x {
			x[i] = f(i)
		}
		for typ := range normalRMSE {
			_, y := roundTrip(t, x, typ)
			for i, v := range y {
				if lookup(typ).view == nil {
					break // plain types round as F32ToF16 and F32ToBF16 do
				}
				if v-v != 0 {
					t.Errorf("%s as %v: element %d is %v", name, typ, i, v)
					break
				}
				if name == "zero" && math.Float32bits(v) != 0 {
					t.Errorf("zero as %v: element %d is %v", typ, i, v)
					break
				}
			}
			if e := relRMSE(x, y); (name == "one" || name == "minus three") && e > 0.35 {
				t.Errorf("%s as %v: relative RMSE %v", name, typ, e)
			}
		}
	}
}

func TestEncodeErrors(t *testing.T) {
	for _, c := range []struct {
		typ    tensor.DType
		n, dst int
		bad    float64
		want   string
	}{
		{tensor.Q4_K, 256, 144, math.NaN(), "quant: Encode: element 7 is NaN, expected a finite number for Q4_K"},
		{tensor.MXFP4, 32, 17, math.Inf(-1), "quant: Encode: element 7 is -Inf, expected a finite number for MXFP4"},
		{tensor.Q8_0, 32, 33, 0, "quant: Encode: 32 elements of Q8_0 take 34 bytes, have 33"},
		{tensor.Q8_0, 31, 34, 0, "not a whole number of Q8_0 blocks of 32"},
		{tensor.IQ2_XS, 256, 74, 0, "cannot write IQ2_XS; types that can be written: F32 F16 Q4_0 Q4_1 Q5_0 Q5_1 Q8_0 Q4_K Q5_K Q6_K IQ4_NL BF16 MXFP4"},
		{tensor.DType(99), 32, 32, 0, "cannot write DType(99)"},
	} {
		x := make([]float32, c.n)
		x[7] = float32(c.bad)
		dst := make([]byte, c.dst)
		err := Encode(dst, x, c.typ)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: error %v, want %q", c.typ, err, c.want)
		}
		if string(dst) != string(make([]byte, c.dst)) {
			t.Errorf("%v: an error left bytes behind", c.typ)
		}
	}
	for _, typ := range []tensor.DType{tensor.F32, tensor.F16, tensor.BF16} {
		x := []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1))}
		if _, y := roundTrip(t, x, typ); y[0] == y[0] || y[1] != x[1] || y[2] != x[2] {
			t.Errorf("%v: %v became %v", typ, x, y)
		}
	}
}

// TestScales6 walks every place of the packed 6-bit pairs.
func TestScales6(t *testing.T) {
	for i := range 8 {
		for v := range uint8(64) {
			b := make([]byte, 12)
			for j := range 8 {
				s, m := uint8(j*9), uint8(63-j*9)
				if j == i {
					s, m = v, 63-v
				}
				put6(b, j, s, m)
			}
			if s, m := get6(b, i); s != v || m != 63-v {
				t.Fatalf("pair %d: put %d and %d, got %d and %d", i, v, 63-v, s, m)
			}
		}
	}
}

func FuzzEncode(f *testing.F) {
	for typ := range normalRMSE {
		f.Add(uint8(typ), uint32(0x3f800000), uint32(0xc0490fdb), uint64(3))
	}
	f.Fuzz(func(t *testing.T, number uint8, a, b uint32, mix uint64) {
		typ := tensor.DType(number)
		if _, ok := Supported(typ); !ok || lookup(typ).view == nil {
			return
		}
		va, vb := math.Float32frombits(a), math.Float32frombits(b)
		if va-va != 0 || vb-vb != 0 {
			return
		}
		x := make([]float32, 256)
		for i := range x {
			if x[i] = va; mix>>(i%64)&1 == 1 {
				x[i] = vb / float32(1+i%7)
			}
		}
		_, y := roundTrip(t, x, typ)
		for i, v := range y {
			if v-v != 0 {
				t.Fatalf("%v: %v became %v", typ, x[i], v)
			}
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	const n = 4096
	src, dst := randomFloats(n), make([]byte, 4*n)
	for _, typ := range tensor.DTypes() {
		if _, ok := Supported(typ); !ok {
			continue
		}
		size, err := typ.RowBytes(n)
		if err != nil {
			b.Fatal(err)
		}
		b.Run("type="+typ.String(), func(b *testing.B) {
			b.SetBytes(4 * n)
			for b.Loop() {
				if err := Encode(dst[:size], src, typ); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
