package quant

import "math"

// F16ToF32 returns the value of an IEEE 754 binary16 number. It is exact; NaN keeps sign and payload.
func F16ToF32(h uint16) float32 {
	sign, mag := uint32(h&0x8000)<<16, uint32(h&0x7fff)
	switch {
	case mag >= 0x7c00: // infinity or NaN
		return math.Float32frombits(sign | 0x7f800000 | mag<<13)
	case mag < 0x0400: // zero or subnormal: mag units of 2⁻²⁴
		return math.Float32frombits(sign | math.Float32bits(float32(mag)*0x1p-24))
	}
	return math.Float32frombits(sign | (mag<<13 + (127-15)<<23))
}

// F32ToF16 returns the binary16 number nearest to f, ties to even. Magnitudes from 65520 become infinity; NaN becomes
// a quiet NaN of the same sign with the upper bits of the payload.
func F32ToF16(f float32) uint16 {
	u := math.Float32bits(f)
	sign := uint16(u >> 16 & 0x8000)
	u &= 0x7fffffff
	switch {
	case u > 0x7f800000:
		return sign | 0x7e00 | uint16(u>>13&0x3ff)
	case u >= 0x477ff000: // 65520
		return sign | 0x7c00
	case u < 0x38800000: // below 2⁻¹⁴: adding ½ leaves units of 2⁻²⁴ in the mantissa, rounded to even
		return sign | uint16(math.Float32bits(math.Float32frombits(u)+0.5)-0x3f000000)
	}
	u += 0xfff + u>>13&1
	return sign | uint16((u-(127-15)<<23)>>13)
}

// BF16ToF32 returns the value of a bfloat16 number, the upper half of a float32. It is exact.
func BF16ToF32(b uint16) float32 { return math.Float32frombits(uint32(b) << 16) }

// F32ToBF16 returns the bfloat16 number nearest to f, ties to even. NaN becomes a quiet NaN.
func F32ToBF16(f float32) uint16 {
	u := math.Float32bits(f)
	if u&0x7fffffff > 0x7f800000 {
		return uint16(u>>16) | 0x40
	}
	return uint16((u + 0x7fff + u>>16&1) >> 16)
}

// E8M0ToF32 returns the value of an OCP E8M0 scale, 2^(e−127), with NaN for 255. It is exact.
func E8M0ToF32(e uint8) float32 {
	if e == 0xff {
		return float32(math.NaN())
	}
	return pow2(int(e) - 127)
}

// E4M3ToF32 returns the value of an OCP E4M3 number: sign, 4 exponent bits of bias 7, 3 mantissa bits, no infinity,
// and NaN for 0x7f and 0xff. It is exact.
func E4M3ToF32(b uint8) float32 {
	if b&0x7f == 0x7f {
		return float32(math.NaN())
	}
	v := ue4m3(b)
	if b&0x80 != 0 {
		return -v
	}
	return v
}

// ue4m3 returns the magnitude of an E4M3 number and gives the NaN pattern the value 480 that follows in order.
func ue4m3(b uint8) float32 {
	exp, man := int(b>>3&15), float32(b&7)
	if exp == 0 {
		return man * 0x1p-9
	}
	return (8 + man) * pow2(exp-10)
}

// pow2 returns 2^n for n in [−149, 127].
func pow2(n int) float32 { return float32(math.Float64frombits(uint64(n+1023) << 52)) }
