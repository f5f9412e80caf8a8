package kernel

import "unsafe"

// packHalves packs columns of 16-bit elements of all rows of a panel, from the first column on, four at a time, and
// returns how many. Squares of four rows and four columns are transposed in registers, several times as fast as moving
// elements one by one.
func packHalves(dst []byte, k int, rows *[PanelRows][]byte) int {
	k -= k % 4
	_ = dst[:2*PanelRows*k]
	for k0 := 0; k0 < k; k0 += packColumns {
		for r := 0; r < PanelRows; r += 4 {
			a, b, x, y := rows[r][:2*k], rows[r+1][:2*k], rows[r+2][:2*k], rows[r+3][:2*k]
			for c := k0; c < min(k0+packColumns, k); c += 4 {
				transposeHalves(unsafe.Pointer(&dst[2*(PanelRows*c+r)]), le.Uint64(a[2*c:]), le.Uint64(b[2*c:]), le.Uint64(x[2*c:]), le.Uint64(y[2*c:]))
			}
		}
	}
	return k
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
