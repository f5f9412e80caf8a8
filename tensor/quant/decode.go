package quant

import (
	"fmt"
	"math"

	"github.com/seed64708441/ember/tensor"
)

// chunkLen is the most elements that a view unpacks at once: the longest block.
const chunkLen = 256

// chunk is the int8 view of up to chunkLen elements: element i is s[i/sub]·q[i] + m[i/sub], with sub from the row of
// the format. It is passed by value, because what is passed by reference to a function of a table is moved to the heap.
type chunk struct {
	q    [chunkLen]int8
	s, m [chunkLen / 16]float32
}

// Decode sets dst to the values of the len(dst) elements stored in src:
//
//	dst[i] = float32(s·q[i]) + m
//
// len(dst) must be a multiple of t.BlockLen and src exactly t.RowBytes(len(dst)) long. All types of package tensor
// are supported. Integers and F64 are rounded to float32. Any bytes are valid: a stored scale that is infinite or NaN
// gives infinities and NaN.
func Decode(dst []float32, src []byte, t tensor.DType) error {
	if err := check("Decode", t, len(dst), len(src)); err != nil {
		return err
	}
	f := lookup(t)
	if f.plain != nil {
		f.plain(dst, src)
		return nil
	}
	for len(dst) > 0 {
		n := min(chunkLen, len(dst))
		bytes := n / t.BlockLen() * t.BlockBytes()
		c := f.view(src[:bytes])
		if f.offset {
			c.scaleOffset(dst[:n], f.sub)
		} else {
			c.scale(dst[:n], f.sub)
		}
		dst, src = dst[n:], src[bytes:]
	}
	return nil
}

// scale sets dst = s·q. Adding a zero offset instead would lose the sign of zeros.
func (c *chunk) scale(dst []float32, sub int) {
	for i := 0; len(dst) >= sub; i++ {
		s, q := c.s[i], c.q[i*sub:][:sub]
		for j, d := range q {
			dst[j] = s * float32(d)
		}
		dst = dst[sub:]
	}
}

// scaleOffset sets dst = s·q + m. The conversion keeps machines that have fused multiply-add from using it.
func (c *chunk) scaleOffset(dst []float32, sub int) {
	for i := 0; len(dst) >= sub; i++ {
		s, m, q := c.s[i], c.m[i], c.q[i*sub:][:sub]
		for j, d := range q {
			dst[j] = float32(s*float32(d)) + m
		}
		dst = dst[sub:]
	}
}

// DecodeInt8 sets codes, scale and offset to the int8 view of the len(codes) elements stored in src. With
// b = Int8Block(t), the value of element i is
//
//	w = scale[i/b]·codes[i] + offset[i/b],   −127 ≤ codes[i] ≤ 127
//
// and float32(scale·code) + offset is bit for bit what Decode returns, but that a zero may differ in sign. Codes are
// small integers as the format has them: IQ2 and IQ3 give the grid values with their signs, MXFP4 and NVFP4 the
// doubled E2M1 values, IQ1 eighths of the grid values with their shift (±1, ±7, ±9).
//
// len(codes) must be a multiple of t.BlockLen, scale and offset must have len(codes)/b elements, and src exactly
// t.RowBytes(len(codes)) bytes. offset may be nil where Int8Offset(t) is false. It is an error when t has no int8
// view, or when a Q8_0, Q8_1 or Q8_K block holds the code −128, which no encoder writes; the outputs are then partly
// written.
func DecodeInt8(codes []int8, scale, offset []float32, src []byte, t tensor.DType) error {
	f := lookup(t)
	if f.sub == 0 {
		return fmt.Errorf("quant: DecodeInt8: %v has no int8 view; types that have one: %s", t,
			names(func(f format) bool { return f.sub > 0 }))
	}
	if err := check("DecodeInt8", t, len(codes), len(src)); err != nil {
		return err
	}
	groups := len(codes) / f.sub
	if len(scale) != groups {
		return fmt.Errorf("quant: DecodeInt8: %d elements of %v have %d scales, room for %d",
			len(codes), t, groups, len(scale))
	}
	if len(offset) != groups && (f.offset || offset != nil) {
		return fmt.Errorf("quant: DecodeInt8: %d elements of %v have %d offsets, room for %d",
			len(codes), t, groups, len(offset))
	}
	for at := 0; at < len(codes); at += chunkLen {
		n := min(chunkLen, len(codes)-at)
		bytes := n / t.BlockLen() * t.BlockBytes()
		c := f.view(src[:bytes])
		for i, q := range c.q[:n] {
			if q == math.MinInt8 {
				return fmt.Errorf("quant: DecodeInt8: element %d of %v has code -128, expected -127 to 127", at+i, t)
			}
			codes[at+i] = q
		}
		copy(scale[at/f.sub:], c.s[:n/f.sub])
		if offset != nil {
			copy(offset[at/f.sub:], c.m[:n/f.sub])
		}
		src = src[bytes:]
	}
	return nil
}
