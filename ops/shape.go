package ops

import (
	"slices"
	"strconv"
	"strings"
)

// Dim is the extent of an axis: a positive number, or one of the symbols Rows and Outs.
type Dim int

// The symbolic extents.
const (
	// Rows is T, the rows of a step.
	Rows Dim = -1
	// Outs is O, the rows of a step for which an output is asked.
	Outs Dim = -2
)

// String writes a symbol as its letter.
func (d Dim) String() string {
	switch d {
	case Rows:
		return "T"
	case Outs:
		return "O"
	}
	return strconv.Itoa(int(d))
}

// Shape is the extent of each axis, outermost first. Activations have a symbolic first axis; weights have none.
type Shape []Dim

// Equal reports whether both shapes have the same axes.
func (s Shape) Equal(o Shape) bool { return slices.Equal(s, o) }

// Inner returns the innermost extent, 1 for a scalar.
func (s Shape) Inner() int {
	if len(s) == 0 {
		return 1
	}
	return int(s[len(s)-1])
}

// RowLen returns the number of elements of one row: the product of all axes but the first.
func (s Shape) RowLen() int {
	n := 1
	for _, d := range s[min(1, len(s)):] {
		n *= int(d)
	}
	return n
}

// Symbolic reports whether the first axis is Rows or Outs.
func (s Shape) Symbolic() bool { return len(s) > 0 && s[0] < 0 }

// String writes the shape as in "[T 32 64]".
func (s Shape) String() string {
	var b strings.Builder
	b.WriteByte('[')
	for i, d := range s {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(d.String())
	}
	b.WriteByte(']')
	return b.String()
}

// maxElements bounds the elements of a weight or of one row: it keeps every product of extents far from overflow.
const maxElements = 1 << min(48, strconv.IntSize-2)

// check returns the first problem of the extents of a shape, "" for none.
func (s Shape) check() string {
	n := Dim(1)
	for i, d := range s {
		if d < 1 && !(i == 0 && (d == Rows || d == Outs)) {
			return "axis " + strconv.Itoa(i) + " is not positive"
		}
		if d > 0 {
			if d > maxElements/n {
				return "more elements than can be addressed"
			}
			n *= d
		}
	}
	return ""
}
