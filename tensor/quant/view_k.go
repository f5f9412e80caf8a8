package quant

import "math"

// Blocks of 256 elements with a scale of their own for every 16 or 32 of them, themselves integers times a binary16
// scale d. A field of n×b bits in the comments below is n numbers of b bits.

// viewQ2_K: 16 bytes of 4-bit scale and 4-bit offset, 256×2 bits in two halves of planes, d, dmin.
// w = d·scale·q − dmin·offset.
func viewQ2_K(src []byte) (c chunk) {
	d, dmin := half(src[80:]), half(src[82:])
	for i, v := range src[:16] {
		c.s[i] = d * float32(v&15)
		c.m[i] = -(dmin * float32(v>>4))
	}
	planes2(c.q[:128], src[16:48])
	planes2(c.q[128:], src[48:80])
	return c
}

// viewQ3_K: 256 high bits, 256×2 low bits in two halves of planes, 16×6-bit scales + 32, d. Codes + 4. w = d·scale·q.
func viewQ3_K(src []byte) (c chunk) {
	d, sc := half(src[108:]), src[96:108]
	for i := range 16 {
		low, high := sc[i%8]>>(i/8*4)&15, sc[8+i%4]>>(i/4*2)&3
		c.s[i] = d * float32(int(low|high<<4)-32)
	}
	planes2(c.q[:128], src[32:64])
	planes2(c.q[128:], src[64:96])
	addPlanes1(c.q[:], src[:32], 2)
	shift(c.q[:], -4)
	return c
}

// viewQ4_K: d, dmin, 8×6-bit scales and offsets, 128 bytes of codes. w = d·scale·q − dmin·offset.
func viewQ4_K(src []byte) (c chunk) {
	c.scales6(src)
	for i := range 4 {
		nibbles(c.q[64*i:][:64], src[16+32*i:][:32], &unsigned4)
	}
	return c
}

// viewQ5_K: as Q4_K, with 256 fifth bits in planes before the low bits.
func viewQ5_K(src []byte) (c chunk) {
	c.scales6(src)
	for i := range 4 {
		nibbles(c.q[64*i:][:64], src[48+32*i:][:32], &unsigned4)
	}
	addPlanes1(c.q[:], src[16:48], 4)
	return c
}

// scales6 sets scales and offsets from the start of a Q4_K or Q5_K block.
func (c *chunk) scales6(src []byte) {
	d, dmin := half(src), half(src[2:])
	for i := range 8 {
		s, m := get6(src[4:16], i)
		c.s[i] = d * float32(s)
		c.m[i] = -(dmin * float32(m))
	}
}

// get6 returns the i-th of 8 pairs of 6-bit numbers. The first four pairs are in the low bits of bytes i and i+4; the
// low nibbles of the others share bytes 8 to 11 and their upper two bits are the upper bits of the bytes before.
func get6(b []byte, i int) (s, m uint8) {
	if i < 4 {
		return b[i] & 63, b[i+4] & 63
	}
	return b[i+4]&15 | b[i-4]>>6<<4, b[i+4]>>4 | b[i]>>6<<4
}

// viewQ6_K: 128 bytes of low 4 bits, 64 bytes of high 2 bits in planes, 16 int8 scales, d. Codes + 32. w = d·scale·q.
func viewQ6_K(src []byte) (c chunk) {
	d := half(src[208:])
	for i, v := range src[192:208] {
		c.s[i] = d * float32(int8(v))
	}
	for i := range 2 {
		q := c.q[128*i:][:128]
		var high [128]int8
		planes2(high[:], src[128+32*i:][:32])
		nibbles(q, src[64*i:][:64], &unsigned4)
		for j, h := range high {
			q[j] += h<<4 - 32
		}
	}
	return c
}

// viewQ8_K: float32 d, 256 codes, 16 sums of codes (not needed here). w = d·q.
func viewQ8_K(src []byte) (c chunk) {
	repeat(c.s[:8], math.Float32frombits(le.Uint32(src)))
	copyCodes(c.q[:], src[4:260])
	return c
}

// viewIQ4_XS: d, 8×2 high bits of scales, 8×4 low bits, 128 bytes of indices into the non-linear levels.
// w = d·(scale − 32)·level.
func viewIQ4_XS(src []byte) (c chunk) {
	d, high := half(src), le.Uint16(src[2:])
	for i := range 8 {
		low := src[4+i/2] >> (i % 2 * 4) & 15
		c.s[i] = d * float32(int(low)+int(high>>(2*i)&3<<4)-32)
		nibbles(c.q[32*i:][:32], src[8+16*i:][:16], &nonlinear4)
	}
	return c
}

// viewTQ1_0: 52 bytes of trits, d. A byte b stands for the fraction b/256 whose first base-3 digits are its elements:
// five in each of 32 + 16 bytes, four in the last four bytes. Digits run slowest within each group of bytes.
// w = d·(digit − 1).
func viewTQ1_0(src []byte) (c chunk) {
	repeat(c.s[:8], half(src[52:]))
	q := trits(c.q[:], src[:32], 5)
	q = trits(q, src[32:48], 5)
	trits(q, src[48:52], 4)
	return c
}

// trits sets the first n·len(b) codes from n base-3 digits of each byte and returns the codes that follow.
func trits(q []int8, b []byte, n int) []int8 {
	mul := uint8(1)
	for range n {
		for i, v := range b {
			q[i] = int8(uint16(v*mul)*3>>8) - 1
		}
		q, mul = q[len(b):], mul*3
	}
	return q
}

// viewTQ2_0: 256×2 bits in two halves of planes, d. Codes + 1. w = d·q.
func viewTQ2_0(src []byte) (c chunk) {
	repeat(c.s[:8], half(src[64:]))
	planes2(c.q[:128], src[:32])
	planes2(c.q[128:], src[32:64])
	shift(c.q[:], -1)
	return c
}
