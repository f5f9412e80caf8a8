package quant

import (
	"encoding/binary"
	"math"
)

var le = binary.LittleEndian

func decodeF32(dst []float32, src []byte) {
	for i := range dst {
		dst[i] = math.Float32frombits(le.Uint32(src[4*i:]))
	}
}

func decodeF16(dst []float32, src []byte) {
	for i := range dst {
		dst[i] = F16ToF32(le.Uint16(src[2*i:]))
	}
}

func decodeBF16(dst []float32, src []byte) {
	for i := range dst {
		dst[i] = BF16ToF32(le.Uint16(src[2*i:]))
	}
}

func decodeF64(dst []float32, src []byte) {
	for i := range dst {
		dst[i] = float32(math.Float64frombits(le.Uint64(src[8*i:])))
	}
}

func decodeI8(dst []float32, src []byte) {
	for i := range dst {
		dst[i] = float32(int8(src[i]))
	}
}

func decodeI16(dst []float32, src []byte) {
	for i := range dst {
		dst[i] = float32(int16(le.Uint16(src[2*i:])))
	}
}

func decodeI32(dst []float32, src []byte) {
	for i := range dst {
		dst[i] = float32(int32(le.Uint32(src[4*i:])))
	}
}

func decodeI64(dst []float32, src []byte) {
	for i := range dst {
		dst[i] = float32(int64(le.Uint64(src[8*i:])))
	}
}

func encodeF32(dst []byte, src []float32) {
	for i, f := range src {
		le.PutUint32(dst[4*i:], math.Float32bits(f))
	}
}

func encodeF16(dst []byte, src []float32) {
	for i, f := range src {
		le.PutUint16(dst[2*i:], F32ToF16(f))
	}
}

func encodeBF16(dst []byte, src []float32) {
	for i, f := range src {
		le.PutUint16(dst[2*i:], F32ToBF16(f))
	}
}
