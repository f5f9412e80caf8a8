package quant

import "math"

// The levels of the formats without offset.
var (
	levels4  = levels{signed4[:], true}
	levels5  = levels{linear6[16:48], true}
	levels6  = levels{linear6[:], true}
	levelsNL = levels{nonlinear4[:], false}
)

// linear6 are the levels of Q6_K; the 32 in the middle are those of Q5_0.
var linear6 = [64]int8{
	-32, -31, -30, -29, -28, -27, -26, -25, -24, -23, -22, -21, -20, -19, -18, -17,
	-16, -15, -14, -13, -12, -11, -10, -9, -8, -7, -6, -5, -4, -3, -2, -1,
	0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
	16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
}

func encodeQ4_0(dst []byte, src []float32) {
	for ; len(src) >= 32; dst, src = dst[18:], src[32:] {
		q := symmetric(dst, src[:32], levels4)
		packNibbles(dst[2:18], q[:])
	}
}

func encodeQ5_0(dst []byte, src []float32) {
	for ; len(src) >= 32; dst, src = dst[22:], src[32:] {
		q := symmetric(dst, src[:32], levels5)
		le.PutUint32(dst[2:], fifthBits(&q))
		packNibbles(dst[6:22], q[:])
	}
}

func encodeIQ4_NL(dst []byte, src []float32) {
	for ; len(src) >= 32; dst, src = dst[18:], src[32:] {
		q := symmetric(dst, src[:32], levelsNL)
		packNibbles(dst[2:18], q[:])
	}
}

func encodeQ4_1(dst []byte, src []float32) {
	for ; len(src) >= 32; dst, src = dst[20:], src[32:] {
		q := affine(dst, src[:32], 15)
		packNibbles(dst[4:20], q[:])
	}
}

func encodeQ5_1(dst []byte, src []float32) {
	for ; len(src) >= 32; dst, src = dst[24:], src[32:] {
		q := affine(dst, src[:32], 31)
		le.PutUint32(dst[4:], fifthBits(&q))
		packNibbles(dst[8:24], q[:])
	}
}

// symmetric stores the best scale for x and returns the codes under the stored scale.
func symmetric(dst []byte, x []float32, l levels) (q [32]uint8) {
	d := putHalf(dst, l.fitScale(x).s)
	l.roundCodes(q[:], x, d)
	return q
}

// affine stores the best scale and offset for x and returns the codes under the stored pair, 0 to n.
func affine(dst []byte, x []float32, n int) (q [32]uint8) {
	f := fitAffine(x, n, math.Inf(1))
	d, m := putHalf(dst, f.s), putHalf(dst[2:], f.m)
	roundCodes(q[:], x, d, m, n)
	return q
}

// encodeQ8_0: d = |extreme|/127, codes rounded half away from zero.
func encodeQ8_0(dst []byte, src []float32) {
	for ; len(src) >= 32; dst, src = dst[34:], src[32:] {
		d := min(abs(extreme(src[:32]))/127, f16Max)
		putHalf(dst, float64(d))
		inv := 1 / d
		if d == 0 || math.IsInf(float64(inv), 0) { // far below what binary16 can hold
			inv = 0
		}
		for i, v := range src[:32] {
			dst[2+i] = byte(int8(math.Round(float64(min(max(v*inv, -127), 127)))))
		}
	}
}

// encodeMXFP4: the scale is 2^(⌊log₂|extreme|⌋ − 2), so that the extreme comes to lie in [4, 8), of which E2M1 reaches
// 6; each number becomes the nearest E2M1 number, the smaller magnitude of two equally near.
func encodeMXFP4(dst []byte, src []float32) {
	for ; len(src) >= 32; dst, src = dst[17:], src[32:] {
		e := 0
		if v := extreme(src[:32]); v != 0 {
			_, exp := math.Frexp(float64(v)) // |v| in [2^(exp−1), 2^exp)
			e = max(exp-3+127, 0)
		}
		dst[0] = uint8(e)
		inv := math.Ldexp(1, 128-e)
		var q [32]uint8
		for i, v := range src[:32] {
			q[i] = nearestE2M1(float64(v) * inv)
		}
		packNibbles(dst[1:17], q[:])
	}
}

// nearestE2M1 returns the code whose doubled value is nearest to v. Negative numbers that round to zero become +0.
func nearestE2M1(v float64) uint8 {
	a, n := math.Abs(v), uint8(0)
	for n < 7 && a > (float64(e2m1[n])+float64(e2m1[n+1]))/2 {
		n++
	}
	if v < 0 && n > 0 {
		n |= 8
	}
	return n
}

// packNibbles stores the low four bits of the first half of q in the low, of the second in the high nibbles of b.
func packNibbles(b []byte, q []uint8) {
	for i := range b {
		b[i] = q[i]&15 | q[len(b)+i]<<4
	}
}

// fifthBits collects bit 4 of each code.
func fifthBits(q *[32]uint8) (mask uint32) {
	for i, v := range q {
		mask |= uint32(v>>4&1) << i
	}
	return mask
}
