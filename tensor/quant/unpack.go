package quant

// The code levels that four bits select.
var (
	unsigned4 = [16]int8{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
	signed4   = [16]int8{-8, -7, -6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7}

	// nonlinear4 are the levels of IQ4_NL and IQ4_XS, denser around zero.
	nonlinear4 = [16]int8{-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113}

	// e2m1 are twice the values of E2M1: sign, 2 exponent bits of bias 1, 1 mantissa bit.
	e2m1 = [16]int8{0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12}
)

// half reads the binary16 number at the start of b.
func half(b []byte) float32 { return F16ToF32(le.Uint16(b)) }

// nibbles sets the first half of q from the low and the second from the high four bits of b, len(q) = 2·len(b).
func nibbles(q []int8, b []byte, levels *[16]int8) {
	lo, hi := q[:len(b)], q[len(b):][:len(b)]
	for i, v := range b {
		lo[i] = levels[v&15]
		hi[i] = levels[v>>4]
	}
}

// planes2 sets q from pairs of bits, lowest pair first: element 32·j+i is in byte i. len(q) = 128, len(b) = 32.
func planes2(q []int8, b []byte) {
	q, b = q[:128], b[:32]
	for i, v := range b {
		q[i] = int8(v & 3)
		q[32+i] = int8(v >> 2 & 3)
		q[64+i] = int8(v >> 4 & 3)
		q[96+i] = int8(v >> 6)
	}
}

// addPlanes1 adds bit<<shift to q: the bit of element 32·j+i is bit j of byte i. len(q) = 256, len(b) = 32.
func addPlanes1(q []int8, b []byte, shift int) {
	for j := range 8 {
		row := q[32*j:][:32]
		for i, v := range b[:32] {
			row[i] += int8(v >> j & 1 << shift)
		}
	}
}

// addBits adds bit i of the little-endian mask times 16, less bias, to q[i]. len(q) = 32.
func addBits(q []int8, mask uint32, bias int8) {
	for i := range q {
		q[i] += int8(mask>>i&1<<4) - bias
	}
}

// shift adds d to all codes.
func shift(q []int8, d int8) {
	for i := range q {
		q[i] += d
	}
}
