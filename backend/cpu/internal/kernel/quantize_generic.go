package kernel

import (
	"math"
	"unsafe"
)

func quantizeQ32Generic(dst []byte, x []float32)  { quantizeGeneric(dst, x, 32) }
func quantizeQ256Generic(dst []byte, x []float32) { quantizeGeneric(dst, x, 256) }

// quantizeGeneric encodes blocks of the given length. With amax the largest magnitude of a block, its scale is
// amax/127 and a code is x*(127/amax) rounded to nearest even, each step rounded to float32; codes are in -127..127.
// All codes of a block are zero when amax is zero, when it is so small that 127/amax is infinite (below 2^-121), and
// when it is not finite. The scale is then infinite or NaN, so the products are NaN and not silently wrong.
// dst is 4-byte aligned.
func quantizeGeneric(dst []byte, x []float32, block int) {
	k := len(x)
	codes := unsafe.Slice((*int8)(unsafe.Pointer(unsafe.SliceData(dst))), k)
	scales := unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(dst[k:]))), k/block)
	sums := unsafe.Slice((*int16)(unsafe.Pointer(unsafe.SliceData(dst[k+k/block*4:]))), k/16)
	for b := range scales {
		xs := x[b*block : (b+1)*block]
		amax := maxMagnitude(xs)
		scales[b] = amax / 127
		inv := 127 / amax
		if !(inv > 0 && inv <= math.MaxFloat32) {
			clear(codes[b*block : (b+1)*block])
			clear(sums[b*block/16 : (b+1)*block/16])
			continue
		}
		for i, v := range xs {
			codes[b*block+i] = roundCode(float32(v * inv))
		}
		for i := b * block / 16; i < (b+1)*block/16; i++ {
			var sum int16
			for _, c := range codes[i*16 : (i+1)*16] {
				sum += int16(c)
			}
			sums[i] = sum
		}
	}
}

// maxMagnitude returns the largest |x|, or a NaN if there is one, which has the largest bits.
func maxMagnitude(x []float32) float32 {
	var m uint32
	for _, v := range x {
		m = max(m, math.Float32bits(v)&(1<<31-1))
	}
	return math.Float32frombits(m)
}

// roundCode rounds to nearest even; |x| is at most 127.4. A product passed to it must be converted to float32 first, or
// the compiler may fuse it with the addition.
func roundCode(x float32) int8 {
	return int8(math.Float32bits(x + expMagic))
}
