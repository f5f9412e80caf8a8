package model

import (
	"fmt"
	"math"
	"unsafe"

	"github.com/seed64708441/ember/tensor/mem"
)

// floats are numbers in a block of memory outside the Go heap.
type floats struct {
	block *mem.Block
	v     []float32
}

// newFloats returns rows of width numbers.
func newFloats(a *mem.Account, rows, width int) (floats, error) {
	if rows > math.MaxInt/4/max(width, 1) {
		return floats{}, fmt.Errorf("%w: %d rows of %d numbers", mem.ErrLimit, rows, width)
	}
	n := rows * width
	b, err := a.Alloc(4 * n)
	if err != nil {
		return floats{}, err
	}
	return floats{b, unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(b.Bytes()))), n)}, nil
}

func (f *floats) free() error {
	if f.block == nil {
		return nil
	}
	err := f.block.Free()
	*f = floats{}
	return err
}
