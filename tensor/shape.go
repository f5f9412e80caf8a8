package tensor

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Shape is the extent of each axis, outermost first. The empty shape is a scalar.
type Shape []int

// Elements returns the product of the extents. It is an error when an extent is negative or the product does not fit
// an int.
func (s Shape) Elements() (int, error) {
	n := 1
	for i, d := range s {
		if d < 0 {
			return 0, fmt.Errorf("tensor: axis %d of shape %v is negative", i, s)
		}
		if d > 0 && n > math.MaxInt/d {
			return 0, fmt.Errorf("tensor: shape %v has more elements than an int can count", s)
		}
		n *= d
	}
	return n, nil
}

// Bytes returns the size of a contiguous tensor of this shape and type. The innermost axis must be a whole number of
// blocks.
func (s Shape) Bytes(t DType) (int, error) {
	if _, err := s.Elements(); err != nil {
		return 0, err
	}
	inner := 1
	if len(s) > 0 {
		inner = s[len(s)-1]
	}
	row, err := t.RowBytes(inner)
	if err != nil {
		return 0, err
	}
	rows, err := s[:max(len(s)-1, 0)].Elements()
	if err != nil {
		return 0, err
	}
	if row > 0 && rows > math.MaxInt/row {
		return 0, fmt.Errorf("tensor: %v of shape %v is larger than the address space", t, s)
	}
	return rows * row, nil
}

// Equal reports whether both shapes have the same axes.
func (s Shape) Equal(o Shape) bool { return slices.Equal(s, o) }

// String writes the shape as in "[32000 2048]".
func (s Shape) String() string {
	var b strings.Builder
	b.WriteByte('[')
	for i, d := range s {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(strconv.Itoa(d))
	}
	b.WriteByte(']')
	return b.String()
}
