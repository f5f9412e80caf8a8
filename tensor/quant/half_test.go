package quant

import (
	"math"
	"testing"
)

// f16Value is the definition of binary16 in float64.
func f16Value(h uint16) float64 {
	sign, exp, man := 1.0, int(h>>10&31), float64(h&1023)
	if h>>15 == 1 {
		sign = -1
	}
	switch {
	case exp == 31 && man == 0:
		return math.Inf(int(sign))
	case exp == 31:
		return math.NaN()
	case exp == 0:
		return math.Copysign(math.Ldexp(man, -24), sign)
	}
	return sign * math.Ldexp(1024+man, exp-25)
}

func TestF16(t *testing.T) {
	for i := range 1 << 16 {
		h := uint16(i)
		f := F16ToF32(h)
		if want := float32(f16Value(h)); !same(f, want) {
			t.Fatalf("F16ToF32(%#04x) = %v, want %v", h, f, want)
		}
		back := F32ToF16(f)
		if f != f {
			if back&0x7fff <= 0x7c00 || back>>15 != h>>15 {
				t.Fatalf("NaN %#04x became %#04x", h, back)
			}
		} else if back != h {
			t.Fatalf("F32ToF16(%v) = %#04x, want %#04x", f, back, h)
		}
	}
}

// TestF32ToF16Rounding looks at the middle of every two neighbours, and one float32 to both sides of it.
func TestF32ToF16Rounding(t *testing.T) {
	for i := range uint16(0x7c00) {
		lo, hi := f16Value(i), f16Value(i+1)
		if i+1 == 0x7c00 {
			hi = 65536
		}
		mid := float32((lo + hi) / 2)
		for _, c := range []struct {
			f    float32
			want uint16
		}{
			{mid, i + i&1},
			{math.Nextafter32(mid, 0), i},
			{math.Nextafter32(mid, 1e9), i + 1},
		} {
			if got := F32ToF16(c.f); got != c.want {
				t.Fatalf("F32ToF16(%v) = %#04x, want %#04x", c.f, got, c.want)
			}
			if got := F32ToF16(-c.f); got != c.want|0x8000 {
				t.Fatalf("F32ToF16(%v) = %#04x, want %#04x", -c.f, got, c.want|0x8000)
			}
		}
	}
	for f, want := range map[float32]uint16{0x1p-149: 0, math.MaxFloat32: 0x7c00, float32(math.Inf(-1)): 0xfc00} {
		if got := F32ToF16(f); got != want {
			t.Errorf("F32ToF16(%v) = %#04x, want %#04x", f, got, want)
		}
	}
}

func TestBF16(t *testing.T) {
	for i := range 1 << 16 {
		b := uint16(i)
		f := BF16ToF32(b)
		if math.Float32bits(f) != uint32(i)<<16 {
			t.Fatalf("BF16ToF32(%#04x) = %v", b, f)
		}
		if f != f {
			if got := F32ToBF16(f); got&0x7fff <= 0x7f80 {
				t.Fatalf("NaN %#04x became %#04x", b, got)
			}
			continue
		}
		if b&0x7fff == 0x7f80 { // infinity has no neighbour above
			if got := F32ToBF16(f); got != b {
				t.Fatalf("F32ToBF16(%v) = %#04x, want %#04x", f, got, b)
			}
			continue
		}
		for _, c := range []struct {
			low  uint32
			want uint16
		}{{0, b}, {0x7fff, b}, {0x8000, b + b&1}, {0x8001, b + 1}} {
			f := math.Float32frombits(uint32(b)<<16 | c.low)
			if got := F32ToBF16(f); got != c.want {
				t.Fatalf("F32ToBF16(%v) = %#04x, want %#04x", f, got, c.want)
			}
		}
	}
	if got := F32ToBF16(math.Float32frombits(0x7f800001)); got&0x7fff <= 0x7f80 {
		t.Errorf("NaN with a low payload became %#04x", got)
	}
}

func TestE8M0(t *testing.T) {
	for e := range 255 {
		if got, want := E8M0ToF32(uint8(e)), math.Ldexp(1, e-127); float64(got) != want {
			t.Errorf("E8M0ToF32(%d) = %v, want %v", e, got, want)
		}
	}
	if got := E8M0ToF32(255); got == got {
		t.Errorf("E8M0ToF32(255) = %v, want NaN", got)
	}
}

func TestE4M3(t *testing.T) {
	for i := range 256 {
		b := uint8(i)
		exp, man := int(b>>3&15), float64(b&7)
		want := math.Ldexp(8+man, exp-10)
		switch {
		case b&0x7f == 0x7f:
			want = math.NaN()
		case exp == 0:
			want = math.Ldexp(man, -9)
		}
		if b >= 128 {
			want = -want
		}
		if got := E4M3ToF32(b); !same(got, float32(want)) {
			t.Errorf("E4M3ToF32(%#02x) = %v, want %v", b, got, want)
		}
	}
	if E4M3ToF32(0x7e) != 448 {
		t.Errorf("largest E4M3 is %v, want 448", E4M3ToF32(0x7e))
	}
}
