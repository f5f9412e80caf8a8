package tensor

import (
	"math"
	"testing"
)

// TestDTypes checks that names, block sizes and row sizes of all types agree with each other and with the numbers that
// the GGUF format fixes.
func TestDTypes(t *testing.T) {
	all := DTypes()
	if len(all) != 35 {
		t.Errorf("%d types, GGUF has 35", len(all))
	}
	for _, d := range all {
		if back, err := ParseDType(d.String()); err != nil || back != d {
			t.Errorf("%v is parsed as %v: %v", d, back, err)
		}
		n, err := d.RowBytes(3 * d.BlockLen())
		if err != nil || n != 3*d.BlockBytes() {
			t.Errorf("three blocks of %v take %d bytes: %v", d, n, err)
		}
		if d.BlockLen() > 1 {
			if _, err := d.RowBytes(d.BlockLen() - 1); err == nil {
				t.Errorf("%v: a part of a block is not refused", d)
			}
		}
		if _, err := d.RowBytes(-d.BlockLen()); err == nil {
			t.Errorf("%v: a negative row is not refused", d)
		}
		if _, err := d.RowBytes(math.MaxInt / d.BlockLen() * d.BlockLen()); err == nil && d.BlockBytes() > d.BlockLen() {
			t.Errorf("%v: a row beyond the address space is not refused", d)
		}
	}
	for _, c := range []struct {
		d           DType
		block, size int
	}{{F32, 1, 4}, {BF16, 1, 2}, {Q4_0, 32, 18}, {Q8_0, 32, 34}, {Q4_K, 256, 144}, {Q6_K, 256, 210}, {IQ1_S, 256, 50}, {MXFP4, 32, 17}} {
		if c.d.BlockLen() != c.block || c.d.BlockBytes() != c.size {
			t.Errorf("%v has blocks of %d in %d bytes, want %d in %d", c.d, c.d.BlockLen(), c.d.BlockBytes(), c.block, c.size)
		}
	}
	for _, d := range []DType{4, 5, 31, 33, 36, 38, 43, 255} {
		if d.Valid() || d.BlockLen() != 0 || d.BlockBytes() != 0 {
			t.Errorf("%v is valid", d)
		}
	}
	if _, err := ParseDType("Q4_K_M"); err == nil {
		t.Error("a name of files is taken for a type")
	}
}

// TestShape checks sizes of shapes, those that overflow among them.
func TestShape(t *testing.T) {
	for _, c := range []struct {
		shape    Shape
		d        DType
		elements int
		bytes    int
		ok       bool
	}{
		{Shape{}, F32, 1, 4, true},
		{Shape{0, 5}, F32, 0, 0, true},
		{Shape{3, 256}, Q4_K, 768, 432, true},
		{Shape{3, 255}, Q4_K, 765, 0, false},
		{Shape{2, -1}, F32, 0, 0, false},
		{Shape{math.MaxInt, 2}, F32, 0, 0, false},
		{Shape{math.MaxInt/2 + 1, 1}, F32, math.MaxInt/2 + 1, 0, false},
	} {
		n, err := c.shape.Elements()
		if err == nil && n != c.elements {
			t.Errorf("%v has %d elements, want %d", c.shape, n, c.elements)
		}
		b, err := c.shape.Bytes(c.d)
		if (err == nil) != c.ok || err == nil && b != c.bytes {
			t.Errorf("%v of %v takes %d bytes (%v), want %d", c.d, c.shape, b, err, c.bytes)
		}
	}
	if s := (Shape{32, 4}).String(); s != "[32 4]" || !(Shape{1}).Equal(Shape{1}) || (Shape{1}).Equal(Shape{1, 1}) {
		t.Errorf("text or comparison of shapes: %s", s)
	}
}
