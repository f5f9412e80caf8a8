package kernel

import (
	"math"
	"unsafe"
)

// Bytes of a block of 32 columns: of the keys of a tile, and of the value of one slot.
const (
	keyBlockQ8   = TileKeys*2 + 32*TileKeys
	keyBlockQ4   = TileKeys*2 + 16*TileKeys
	valueBlockQ8 = 2 + 32
	valueBlockQ4 = 2 + 16
)

// KeyBytes returns the bytes of a tile of 64 keys of d columns, a multiple of 64. d is a multiple of 32 for the
// quantised formats.
func KeyBytes(format CacheFormat, d int) int {
	switch format {
	case CacheF32:
		return d * TileKeys * 4
	case CacheF16:
		return d * TileKeys * 2
	case CacheQ8_0:
		return d / 32 * keyBlockQ8
	case CacheQ4_0:
		return d / 32 * keyBlockQ4
	}
	return 0
}

// ValueBytes returns the bytes of a tile of 64 values of d columns, a multiple of 64. They are as many as of keys.
func ValueBytes(format CacheFormat, d int) int { return KeyBytes(format, d) }

// StoreKey writes the key k of d columns to one slot of a tile of keys, and nothing else. Halves and codes are rounded
// to nearest even. Q8_0: with amax the largest magnitude of 32 columns, the scale is the half of amax/127 and a code
// is x*(1/scale), limited to ±127. Q4_0: with m the value of largest magnitude, the first if there are several, the
// scale is the half of m/-8 and a code is x*(1/scale)+8, limited to 0..15. 1/scale is a float32, and the scale is the
// one that is stored, a half. A scale too large for a half becomes the largest half; where the scale is zero the codes
// mean zero. 32 columns with a NaN or an infinity decode to NaN. The bytes do not depend on the machine.
func StoreKey(format CacheFormat, tile []byte, slot, d int, k []float32) {
	switch k, p := k[:d], unsafe.Pointer(unsafe.SliceData(tile)); format {
	case CacheF32:
		for i, x := range k {
			*(*float32)(unsafe.Add(p, (i*TileKeys+slot)*4)) = x
		}
	case CacheF16:
		storeHalves(unsafe.Add(p, slot*2), TileKeys*2, k)
	case CacheQ8_0:
		for b := range d / 32 {
			var codes [32]int8
			block := unsafe.Add(p, b*keyBlockQ8)
			*(*uint16)(unsafe.Add(block, slot*2)) = encodeQ8(&codes, (*[32]float32)(k[b*32:]))
			for i, c := range codes {
				*(*int8)(unsafe.Add(block, 2*TileKeys+i*TileKeys+slot)) = c
			}
		}
	case CacheQ4_0:
		for b := range d / 32 {
			var codes [16]uint8
			block := unsafe.Add(p, b*keyBlockQ4)
			*(*uint16)(unsafe.Add(block, slot*2)) = encodeQ4(&codes, (*[32]float32)(k[b*32:]))
			for i, c := range codes {
				*(*uint8)(unsafe.Add(block, 2*TileKeys+i*TileKeys+slot)) = c
			}
		}
	}
}

// StoreValue writes the value v of d columns to one slot of a tile of values, as StoreKey does for keys.
func StoreValue(format CacheFormat, tile []byte, slot, d int, v []float32) {
	switch v, p := v[:d], unsafe.Pointer(unsafe.SliceData(tile)); format {
	case CacheF32:
		copy(unsafe.Slice((*float32)(unsafe.Add(p, slot*d*4)), d), v)
	case CacheF16:
		storeHalves(unsafe.Add(p, slot*d*2), 2, v)
	case CacheQ8_0:
		row := unsafe.Add(p, slot*(d/32*valueBlockQ8))
		for b := range d / 32 {
			codes := (*[32]int8)(unsafe.Add(row, d/32*2+b*32))
			*(*uint16)(unsafe.Add(row, b*2)) = encodeQ8(codes, (*[32]float32)(v[b*32:]))
		}
	case CacheQ4_0:
		row := unsafe.Add(p, slot*(d/32*valueBlockQ4))
		for b := range d / 32 {
			codes := (*[16]uint8)(unsafe.Add(row, d/32*2+b*16))
			*(*uint16)(unsafe.Add(row, b*2)) = encodeQ4(codes, (*[32]float32)(v[b*32:]))
		}
	}
}

// LoadKey decodes the key in one slot of a tile to the d elements of out. The kernels see the same values.
func LoadKey(format CacheFormat, tile []byte, slot, d int, out []float32) {
	var column [TileKeys]float32
	for i := range out[:d] {
		keyColumn(&column, format, unsafe.Pointer(unsafe.SliceData(tile)), i)
		out[i] = column[slot]
	}
}

// LoadValue decodes the value in one slot of a tile to the d elements of out. The kernels see the same values.
func LoadValue(format CacheFormat, tile []byte, slot, d int, out []float32) {
	for i := 0; i < d; i += 32 {
		valueColumns(out[i:min(i+32, d)], format, unsafe.Pointer(unsafe.SliceData(tile)), d, slot, i)
	}
}

const (
	halfNaN = 0x7e00
	halfMax = 0x7bff
)

// halfScale returns a scale as half bits and as the number they stand for; NaN stays NaN, infinity becomes NaN.
func halfScale(x float32) (uint16, float32) {
	h := halfBits(x)
	if h&0x7fff == 0x7c00 && float32(math.Abs(float64(x))) <= math.MaxFloat32 {
		h = h&0x8000 | halfMax
	}
	if h&0x7fff >= 0x7c00 {
		h = halfNaN
	}
	return h, halfValue(h)
}

// encodeQ8 encodes one block of 32 columns and returns its scale; see StoreKey.
func encodeQ8(codes *[32]int8, x *[32]float32) uint16 {
	h, d := halfScale(maxMagnitude(x[:]) / 127)
	if h == halfNaN || d == 0 {
		clear(codes[:])
		return h
	}
	inv := 1 / d
	for i, v := range x {
		codes[i] = int8(limitedCode(float32(v*inv), -127, 127))
	}
	return h
}

// encodeQ4 encodes one block of 32 columns, column i in the low and i+16 in the high nibble of byte i, and returns its
// scale; see StoreKey.
func encodeQ4(codes *[16]uint8, x *[32]float32) uint16 {
	var top float32
	var topBits uint32
	for _, v := range x {
		if b := math.Float32bits(v) & (1<<31 - 1); b > topBits {
			top, topBits = v, b
		}
	}
	h, d := halfScale(top / -8)
	if h == halfNaN || d == 0 {
		for i := range codes {
			codes[i] = 0x88
		}
		return h
	}
	inv := 1 / d
	for i := range codes {
		low, high := limitedCode(float32(x[i]*inv), -8, 7), limitedCode(float32(x[i+16]*inv), -8, 7)
		codes[i] = uint8(low+8) | uint8(high+8)<<4
	}
	return h
}

// limitedCode limits x to lo..hi and rounds to nearest even. x is no NaN; lo and hi are within ±2^21.
func limitedCode(x, lo, hi float32) int32 {
	if x < lo {
		x = lo
	}
	if x > hi {
		x = hi
	}
	return int32(math.Float32bits(x+expMagic)) - int32(math.Float32bits(expMagic))
}

// storeHalves writes x as halves that are stride bytes apart. It has the common case of halfBits written out, because
// that does not fit the compiler's budget for inlining.
func storeHalves(dst unsafe.Pointer, stride int, x []float32) {
	for i, v := range x {
		b := math.Float32bits(v)
		a := b & (1<<31 - 1)
		h := uint16(b>>16)&0x8000 | uint16((a-112<<23+0xfff+a>>13&1)>>13)
		if a-(127-14)<<23 >= 30<<23 { // neither a normal half nor rounded to infinity
			h = halfBits(v)
		}
		*(*uint16)(unsafe.Add(dst, i*stride)) = h
	}
}
