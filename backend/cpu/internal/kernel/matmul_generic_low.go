package kernel

import "unsafe"

// matmulLow is the product of a layout with codes of 2 or 3 bits: group returns 32 columns of a block of the panel as a
// block of PanelS16, whose sums they have.
func matmulLow(a *MatMulArgs, l Layout, group func(w unsafe.Pointer, s int) halvesS16) {
	wBytes := layouts[l].blockBytes
	for m0 := 0; m0 < a.M; m0 += genericRows {
		rows := min(genericRows, a.M-m0)
		var sum [genericRows][PanelRows]float32
		for b := range a.K / 32 {
			p := group(unsafe.Add(a.W, b/8*wBytes), b%8)
			for m := range rows {
				x := unsafe.Add(a.X, (m0+m)*a.XStride)
				scales := unsafe.Add(x, a.K)
				sums := unsafe.Add(scales, a.K/8)
				block := actBlock{
					codes: unsafe.Slice((*int8)(unsafe.Add(x, 32*b)), 32),
					scale: *(*float32)(unsafe.Add(scales, 4*b)),
					sums:  unsafe.Slice((*int16)(unsafe.Add(sums, 4*b)), 2),
				}
				if l == PanelQ2K {
					sum[m] = blockS16(sum[m], unsafe.Pointer(&p), block)
					continue
				}
				for r, u := range p.products(block) { // no offsets: not even the sign of a zero is theirs
					sum[m][r] = fma32(block.scale, u, sum[m][r])
				}
			}
		}
		storeRows(a, m0, sum[:rows])
	}
}

func groupQ2K(w unsafe.Pointer, s int) (p halvesS16) {
	h := (*struct {
		d, dmin        [PanelRows]uint16
		scales, minima [16][PanelRows]uint8
		pairs          [16]chunk
	})(w)
	for half := range 2 {
		i := 2*s + half
		for r := range PanelRows {
			p.s[half][r] = halfValue(h.d[r]) * float32(h.scales[i][r])
			p.m[half][r] = -(halfValue(h.dmin[r]) * float32(h.minima[i][r]))
		}
		pairs(p.q[4*half:], &h.pairs[i])
	}
	return p
}

func groupQ3K(w unsafe.Pointer, s int) (p halvesS16) {
	h := (*struct {
		d      [PanelRows]uint16
		scales [16][PanelRows]int8
		groups [8]struct {
			pairs [2]chunk
			third chunk
		}
	})(w)
	for half := range 2 {
		for r := range PanelRows {
			p.s[half][r] = halfValue(h.d[r]) * float32(h.scales[2*s+half][r])
		}
		pairs(p.q[4*half:], &h.groups[s].pairs[half])
	}
	for g := range p.q {
		for r, third := range h.groups[s].third {
			for j, v := range third {
				p.q[g][r][j] += int8(v>>g&1<<2) - 4
			}
		}
	}
	return p
}

// pairs splits a chunk into its four k-groups of 2 bits.
func pairs(q [][PanelRows][4]int8, w *chunk) {
	for b := range 4 {
		for r := range w {
			for j, v := range w[r] {
				q[b][r][j] = int8(v >> (2 * b) & 3)
			}
		}
	}
}
