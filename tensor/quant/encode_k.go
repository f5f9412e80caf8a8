package quant

import "math"

// encodeQ4_K fits eight blocks of 32 to codes 0 to 15.
func encodeQ4_K(dst []byte, src []float32) {
	for ; len(src) >= 256; dst, src = dst[144:], src[256:] {
		var q [256]uint8
		encodeScales6(&q, dst, src[:256], 15)
		for i := range 4 {
			packNibbles(dst[16+32*i:][:32], q[64*i:])
		}
	}
}

// encodeQ5_K fits eight blocks of 32 to codes 0 to 31.
func encodeQ5_K(dst []byte, src []float32) {
	for ; len(src) >= 256; dst, src = dst[176:], src[256:] {
		var q [256]uint8
		encodeScales6(&q, dst, src[:256], 31)
		clear(dst[16:48])
		for i, v := range q {
			dst[16+i%32] |= v >> 4 << (i / 32)
		}
		for i := range 4 {
			packNibbles(dst[48+32*i:][:32], q[64*i:])
		}
	}
}

// encodeScales6 stores d, dmin and the eight 6-bit scales and offsets of a Q4_K or Q5_K block and sets the codes,
// 0 to n. The largest scale and the largest offset get 63; the others are the best pair near their fit, given d and dmin.
func encodeScales6(q *[256]uint8, dst []byte, x []float32, n int) {
	var fits [8]fit
	var top, low float64
	for i := range fits {
		fits[i] = fitAffine(x[32*i:][:32], n, 0)
		top, low = max(top, fits[i].s), max(low, -fits[i].m)
	}
	d, dmin := putHalf(dst, top/63), putHalf(dst[2:], low/63)
	clear(dst[4:16])
	for i, f := range fits {
		x, q := x[32*i:][:32], q[32*i:][:32]
		s0, m0 := near(f.s, d), near(-f.m, dmin)
		s, m, best := s0, m0, math.Inf(1)
		for si := max(s0-2, 0); si <= min(s0+2, 63); si++ {
			for mi := max(m0-2, 0); mi <= min(m0+2, 63); mi++ {
				roundCodes(q, x, d*float64(si), -dmin*float64(mi), n)
				if e := errorOf(q, x, d*float64(si), -dmin*float64(mi)); e < best {
					s, m, best = si, mi, e
				}
			}
		}
		put6(dst[4:16], i, uint8(s), uint8(m))
		roundCodes(q, x, d*float64(s), -dmin*float64(m), n)
	}
}

// near returns v/unit rounded to [0, 63].
func near(v, unit float64) int {
	if unit == 0 {
		return 0
	}
	return int(min(max(v/unit+0.5, 0), 63))
}

// put6 stores the i-th pair of 6-bit numbers where get6 reads it; b must have been cleared.
func put6(b []byte, i int, s, m uint8) {
	if i < 4 {
		b[i] |= s
		b[i+4] |= m
		return
	}
	b[i+4] = s&15 | m<<4
	b[i-4] |= s >> 4 << 6
	b[i] |= m >> 4 << 6
}

// encodeQ6_K fits sixteen blocks of 16 to codes −32 to 31, with scales that are int8 multiples of d; the largest gets
// −128.
func encodeQ6_K(dst []byte, src []float32) {
	for ; len(src) >= 256; dst, src = dst[210:], src[256:] {
		var fits [16]float64
		top := 0.0
		for i := range fits {
			fits[i] = levels6.fitScale(src[16*i:][:16]).s
			if math.Abs(fits[i]) > math.Abs(top) {
				top = fits[i]
			}
		}
		d := putHalf(dst[208:], top/-128)
		var q [256]uint8
		for i, s := range fits {
			x := src[16*i:][:16]
			sc := levels6.bestMultiple(x, d, s)
			dst[192+i] = byte(int8(sc))
			levels6.roundCodes(q[16*i:][:16], x, d*float64(sc))
		}
		packQ6(dst, &q)
	}
}

// bestMultiple returns the int8 multiple of d near s that leaves the least error, 0 when d is 0.
func (l levels) bestMultiple(x []float32, d, s float64) int {
	if d == 0 {
		return 0
	}
	mid := int(math.Round(min(max(s/d, -128), 127)))
	at, best := mid, math.Inf(1)
	for c := max(mid-1, -128); c <= min(mid+1, 127); c++ {
		if e, _ := l.measure(x, d*float64(c)); e < best {
			at, best = c, e
		}
	}
	return at
}

// packQ6 stores the low nibbles and the high pairs of bits of 256 codes.
func packQ6(dst []byte, q *[256]uint8) {
	for h := range 2 {
		q := q[128*h:][:128]
		packNibbles(dst[64*h:][:64], q)
		for i := range 32 {
			dst[128+32*h+i] = q[i]>>4 | q[32+i]>>4<<2 | q[64+i]>>4<<4 | q[96+i]>>4<<6
		}
	}
}
