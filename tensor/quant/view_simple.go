package quant

// Blocks of one scale. Layouts name the fields in order: d is a binary16 scale, m a binary16 offset.

// viewQ4_0: d, 16 bytes of codes + 8. w = d·q.
func viewQ4_0(src []byte) (c chunk) {
	for i := 0; len(src) >= 18; i, src = i+1, src[18:] {
		c.s[i] = half(src)
		nibbles(c.q[32*i:][:32], src[2:18], &signed4)
	}
	return c
}

// viewQ4_1: d, m, 16 bytes of codes. w = d·q + m.
func viewQ4_1(src []byte) (c chunk) {
	for i := 0; len(src) >= 20; i, src = i+1, src[20:] {
		c.s[i], c.m[i] = half(src), half(src[2:])
		nibbles(c.q[32*i:][:32], src[4:20], &unsigned4)
	}
	return c
}

// viewQ5_0: d, 32 fifth bits, 16 bytes of low bits; codes + 16. w = d·q.
func viewQ5_0(src []byte) (c chunk) {
	for i := 0; len(src) >= 22; i, src = i+1, src[22:] {
		q := c.q[32*i:][:32]
		c.s[i] = half(src)
		nibbles(q, src[6:22], &unsigned4)
		addBits(q, le.Uint32(src[2:]), 16)
	}
	return c
}

// viewQ5_1: d, m, 32 fifth bits, 16 bytes of low bits. w = d·q + m.
func viewQ5_1(src []byte) (c chunk) {
	for i := 0; len(src) >= 24; i, src = i+1, src[24:] {
		q := c.q[32*i:][:32]
		c.s[i], c.m[i] = half(src), half(src[2:])
		nibbles(q, src[8:24], &unsigned4)
		addBits(q, le.Uint32(src[4:]), 0)
	}
	return c
}

// viewQ8_0: d, 32 codes. w = d·q.
func viewQ8_0(src []byte) (c chunk) {
	for i := 0; len(src) >= 34; i, src = i+1, src[34:] {
		c.s[i] = half(src)
		copyCodes(c.q[32*i:][:32], src[2:34])
	}
	return c
}

// viewQ8_1: d, d·Σq (not needed here), 32 codes. w = d·q.
func viewQ8_1(src []byte) (c chunk) {
	for i := 0; len(src) >= 36; i, src = i+1, src[36:] {
		c.s[i] = half(src)
		copyCodes(c.q[32*i:][:32], src[4:36])
	}
	return c
}

// viewIQ4_NL: d, 16 bytes of indices into the non-linear levels. w = d·level.
func viewIQ4_NL(src []byte) (c chunk) {
	for i := 0; len(src) >= 18; i, src = i+1, src[18:] {
		c.s[i] = half(src)
		nibbles(c.q[32*i:][:32], src[2:18], &nonlinear4)
	}
	return c
}

// viewMXFP4: E8M0 scale e, 16 bytes of E2M1 numbers. w = 2^(e−128)·(2·e2m1); e = 255 is not read as NaN.
func viewMXFP4(src []byte) (c chunk) {
	for i := 0; len(src) >= 17; i, src = i+1, src[17:] {
		c.s[i] = mxScale(src[0])
		nibbles(c.q[32*i:][:32], src[1:17], &e2m1)
	}
	return c
}

// mxScale returns half of the E8M0 scale e.
func mxScale(e uint8) float32 { return pow2(int(e) - 128) }

// viewNVFP4: four E4M3 scales without sign, one per 16 elements, then 8 bytes of E2M1 numbers for each of them.
// w = scale/2·(2·e2m1); the scale pattern 0x7f counts as zero.
func viewNVFP4(src []byte) (c chunk) {
	for i := 0; len(src) >= 36; i, src = i+4, src[36:] {
		for j := range 4 {
			if src[j] != 0x7f {
				c.s[i+j] = ue4m3(src[j]) / 2
			}
			nibbles(c.q[16*(i+j):][:16], src[4+8*j:][:8], &e2m1)
		}
	}
	return c
}

// viewQ1_0: d, 128 bits in order. w = d where the bit is set, else −d.
func viewQ1_0(src []byte) (c chunk) {
	for i := 0; len(src) >= 18; i, src = i+4, src[18:] {
		repeat(c.s[i:i+4], half(src))
		q := c.q[32*i:][:128]
		for j := range q {
			q[j] = int8(src[2+j/8]>>(j%8)&1)*2 - 1
		}
	}
	return c
}

// viewQ2_0: d, 64 pairs of bits in order, codes + 1. w = d·q.
func viewQ2_0(src []byte) (c chunk) {
	for i := 0; len(src) >= 18; i, src = i+2, src[18:] {
		repeat(c.s[i:i+2], half(src))
		q := c.q[32*i:][:64]
		for j := range q {
			q[j] = int8(src[2+j/4]>>(j%4*2)&3) - 1
		}
	}
	return c
}

// copyCodes sets q to the bytes of b as signed numbers.
func copyCodes(q []int8, b []byte) {
	for i, v := range b[:len(q)] {
		q[i] = int8(v)
	}
}

// repeat sets all of s to v.
func repeat(s []float32, v float32) {
	for i := range s {
		s[i] = v
	}
}
