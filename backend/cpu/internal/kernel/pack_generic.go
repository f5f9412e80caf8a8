package kernel

import (
	"unsafe"

	"github.com/seed64708441/ember/tensor"
)

// packGeneric sets the packers for all machines.
func packGeneric(s *Set) {
	q4, halves := packer{32, packQ4Pairs}, packer{4, packHalves}
	s.packers = [storedTypes]packer{tensor.F16: halves, tensor.BF16: halves, tensor.Q4_0: q4, tensor.IQ4_NL: q4}
}

// strided is rows of so many bytes at one distance from each other.
type strided struct {
	first         *byte
	stride, bytes int
}

func (s strided) row(r int) []byte {
	return unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(s.first), r*s.stride)), s.bytes)
}

// packHalves is the packer of 16-bit elements for all machines, with four columns a step: squares of four rows and four
// columns are transposed in registers, several times as fast as moving elements one by one.
func packHalves(dst, src *byte, stride, n, _ int) {
	k := 4 * n
	panel, rows := unsafe.Slice(dst, 2*PanelRows*k), strided{src, stride, 2 * k}
	for k0 := 0; k0 < k; k0 += packColumns {
		for r := 0; r < PanelRows; r += 4 {
			a, b, x, y := rows.row(r), rows.row(r+1), rows.row(r+2), rows.row(r+3)
			for c := k0; c < min(k0+packColumns, k); c += 4 {
				transposeHalves(unsafe.Pointer(&panel[2*(PanelRows*c+r)]), le.Uint64(a[2*c:]), le.Uint64(b[2*c:]), le.Uint64(x[2*c:]), le.Uint64(y[2*c:]))
			}
		}
	}
}

// transposeHalves writes four columns of four rows, whose elements are a, b, x and y, to the panel.
func transposeHalves(dst unsafe.Pointer, a, b, x, y uint64) {
	const even, low = 0x0000ffff0000ffff, 0xffffffff
	ab0, ab1 := a&even|b&even<<16, a>>16&even|b&^even // columns 0 and 2, 1 and 3 of the first two rows
	xy0, xy1 := x&even|y&even<<16, x>>16&even|y&^even
	put := func(column int, v uint64) {
		le.PutUint64((*[8]byte)(unsafe.Add(dst, 2*PanelRows*column))[:], v)
	}
	put(0, ab0&low|xy0<<32)
	put(1, ab1&low|xy1<<32)
	put(2, ab0>>32|xy0&^low)
	put(3, ab1>>32|xy1&^low)
}
