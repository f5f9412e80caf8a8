package quant

import (
	"math/bits"
	"slices"

	"github.com/seed64708441/ember/tensor"
)

// Blocks of 256 elements whose codes are picked eight (IQ1, IQ2) or four (IQ3) at a time from a grid of good points.
// The grids hold level numbers, see grids.go.

var (
	levelsIQ2    = [4]int8{8, 25, 43}
	levelsIQ3XXS = [8]int8{4, 12, 20, 28, 36, 44, 52, 62}
	levelsIQ3S   = [8]int8{1, 3, 5, 7, 9, 11, 13, 15}

	// IQ1 has levels −1, 0 and 1, all moved up or down by ⅛: as eighths.
	levelsIQ1 = [2][4]int8{{-7, 1, 9}, {-9, -1, 7}}
)

// Grid returns the points that the codes of the type are picked from, by index: level numbers, first coordinate lowest, of
// eight coordinates in pairs of bits for IQ1 and IQ2, of four in triples for IQ3. It is nil for other types.
func Grid(t tensor.DType) []uint16 {
	switch t {
	case tensor.IQ1_S, tensor.IQ1_M:
		return slices.Clone(gridIQ1[:])
	case tensor.IQ2_XXS:
		return slices.Clone(gridIQ2XXS[:])
	case tensor.IQ2_XS:
		return slices.Clone(gridIQ2XS[:])
	case tensor.IQ2_S:
		return slices.Clone(gridIQ2S[:])
	case tensor.IQ3_XXS:
		return slices.Clone(gridIQ3XXS[:])
	case tensor.IQ3_S:
		return slices.Clone(gridIQ3S[:])
	}
	return nil
}

// grid8 sets eight codes to the levels of a grid point of 2-bit level numbers.
func grid8(q []int8, point uint16, levels *[4]int8) {
	q = q[:8]
	for i := range q {
		q[i] = levels[point>>(2*i)&3]
	}
}

// grid4 sets four codes to the levels of a grid point of 3-bit level numbers.
func grid4(q []int8, point uint16, levels *[8]int8) {
	q = q[:4]
	for i := range q {
		q[i] = levels[point>>(3*i)&7]
	}
}

// negate changes the sign of each of eight codes whose bit is set.
func negate(q []int8, signs uint8) {
	q = q[:8]
	for i := range q {
		n := int8(signs >> i & 1)
		q[i] = q[i] * (1 - 2*n)
	}
}

// evenSigns completes seven sign bits by an eighth that makes their number even.
func evenSigns(v uint32) uint8 {
	s := uint8(v & 127)
	return s | uint8(bits.OnesCount8(s)&1)<<7
}

// viewIQ2_XXS: d, then for each 32 elements four grid indices and a word of 4×7 sign bits and a 4-bit scale.
// w = d·(scale + ½)/4·level.
func viewIQ2_XXS(src []byte) (c chunk) {
	d := half(src)
	for i := range 8 {
		b := src[2+8*i:][:8]
		word := le.Uint32(b[4:])
		c.s[i] = d * (0.5 + float32(word>>28)) * 0.25
		for j := range 4 {
			q := c.q[32*i+8*j:]
			grid8(q, gridIQ2XXS[b[j]], &levelsIQ2)
			negate(q, evenSigns(word>>(7*j)))
		}
	}
	return c
}

// viewIQ2_XS: d, 32 words of 9-bit grid index and 7 sign bits, 16×4-bit scales. w = d·(scale + ½)/4·level.
func viewIQ2_XS(src []byte) (c chunk) {
	c.scales4(half(src), src[66:74])
	for i := range 32 {
		word := le.Uint16(src[2+2*i:])
		q := c.q[8*i:]
		grid8(q, gridIQ2XS[word&511], &levelsIQ2)
		negate(q, evenSigns(uint32(word>>9)))
	}
	return c
}

// viewIQ2_S: d, 32 low bytes of grid indices, 32 bytes of signs, 32×2 high bits of indices, 16×4-bit scales.
// w = d·(scale + ½)/4·level.
func viewIQ2_S(src []byte) (c chunk) {
	c.scales4(half(src), src[74:82])
	for i := range 32 {
		high := src[66+i/4] >> (i % 4 * 2) & 3
		q := c.q[8*i:]
		grid8(q, gridIQ2S[uint16(src[2+i])|uint16(high)<<8], &levelsIQ2)
		negate(q, src[34+i])
	}
	return c
}

// scales4 sets 16 scales d·(s + ½)/4 from 8 bytes, low nibble first.
func (c *chunk) scales4(d float32, b []byte) {
	for i, v := range b[:8] {
		c.s[2*i] = d * (0.5 + float32(v&15)) * 0.25
		c.s[2*i+1] = d * (0.5 + float32(v>>4)) * 0.25
	}
}

// viewIQ3_XXS: d, 64 grid indices, 8 words of 4×7 sign bits and a 4-bit scale. w = d·(scale + ½)/2·level.
func viewIQ3_XXS(src []byte) (c chunk) {
	d := half(src)
	for i := range 8 {
		word := le.Uint32(src[66+4*i:])
		c.s[i] = d * (0.5 + float32(word>>28)) * 0.5
		for j := range 4 {
			q, at := c.q[32*i+8*j:], src[2+8*i+2*j:]
			grid4(q, gridIQ3XXS[at[0]], &levelsIQ3XXS)
			grid4(q[4:], gridIQ3XXS[at[1]], &levelsIQ3XXS)
			negate(q, evenSigns(word>>(7*j)))
		}
	}
	return c
}

// viewIQ3_S: d, 64 low bytes of grid indices, 64 ninth bits, 32 bytes of signs, 8×4-bit scales.
// w = d·(2·scale + 1)·level.
func viewIQ3_S(src []byte) (c chunk) {
	d := half(src)
	for i := range 8 {
		scale := src[106+i/2] >> (i % 2 * 4) & 15
		c.s[i] = d * float32(1+2*scale)
		high := uint16(src[66+i])
		for j := range 8 {
			index := uint16(src[2+8*i+j]) | high>>j&1<<8
			grid4(c.q[32*i+4*j:], gridIQ3S[index], &levelsIQ3S)
		}
		for j := range 4 {
			negate(c.q[32*i+8*j:], src[74+4*i+j])
		}
	}
	return c
}

// viewIQ1_S: d, 32 low bytes of grid indices, 8 words of 4×3 high bits, a 3-bit scale and the direction of the shift.
// w = d·(2·scale + 1)·(level ± ⅛), down where the direction is set.
func viewIQ1_S(src []byte) (c chunk) {
	d := half(src)
	for i := range 8 {
		word := le.Uint16(src[34+2*i:])
		c.s[i] = d * float32(word>>12&7*2+1) * 0.125
		for j := range 4 {
			index := uint16(src[2+4*i+j]) | word>>(3*j)&7<<8
			grid8(c.q[32*i+8*j:], gridIQ1[index], &levelsIQ1[word>>15])
		}
	}
	return c
}

// viewIQ1_M: 32 low bytes of grid indices, 32 nibbles of 3 high bits and the direction of the shift, 4 words of 4×3-bit
// scales whose upper nibbles together are d. w = d·(2·scale + 1)·(level ± ⅛).
func viewIQ1_M(src []byte) (c chunk) {
	var bits16 uint16
	for i := range 4 {
		bits16 |= le.Uint16(src[48+2*i:]) >> 12 << (4 * i)
	}
	d := F16ToF32(bits16)
	for i := range 16 {
		scale := le.Uint16(src[48+i/4*2:]) >> (i % 4 * 3) & 7
		c.s[i] = d * float32(scale*2+1) * 0.125
	}
	for i := range 32 {
		n := src[32+i/2] >> (i % 2 * 4) & 15
		index := uint16(src[i]) | uint16(n&7)<<8
		grid8(c.q[8*i:], gridIQ1[index], &levelsIQ1[n>>3])
	}
	return c
}
