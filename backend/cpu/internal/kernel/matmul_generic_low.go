package kernel

import "unsafe"

// lowGroups has a row for each layout with blocks of several groups of 32 columns: it returns group
// s of a block as plain codes. What the layout has no offsets for is zero.
var lowGroups = [NumLayouts]func(w unsafe.Pointer, s int) plain16{
	PanelQ2K: groupQ2K,
	PanelQ3K: groupQ3K,
	PanelT4:  groupT4,
	PanelT3:  groupT3,
	PanelT3H: groupT3H,

	PanelQ2:    groupQ2,
	PanelNVFP4: groupNVFP4,
}

// wholeScale reports whether a layout of lowGroups has a scale for 32 columns: both halves of a group have the same.
func (l Layout) wholeScale() bool { return l == PanelT4 || l == PanelT3 || l == PanelQ2 }

// matmulLow is the product of a layout of lowGroups.
func matmulLow(a *MatMulArgs, l Layout, group func(w unsafe.Pointer, s int) plain16) {
	groups, wBytes := layouts[l].block/32, layouts[l].blockBytes
	for m0 := 0; m0 < a.M; m0 += genericRows {
		rows := min(genericRows, a.M-m0)
		var sum [genericRows][PanelRows]float32
		for b := range a.K / 32 {
			p := group(unsafe.Add(a.W, b/groups*wBytes), b%groups)
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
					sum[m] = p.add(sum[m], block)
					continue
				}
				// No offsets: not even the sign of a zero is theirs.
				var u [PanelRows]float32
				if l.wholeScale() {
					u = p.product(block)
				} else {
					u = p.products(block)
				}
				for r, v := range u {
					sum[m][r] = fma32(block.scale, v, sum[m][r])
				}
			}
		}
		storeRows(a, m0, sum[:rows])
	}
}

// product is products for halves with the same scales, which have one sum.
func (p *plain16) product(x actBlock) (u [PanelRows]float32) {
	var i [PanelRows]int32
	for g := range p.q {
		dotGroup(&i, &p.q[g], x.codes[4*g:])
	}
	for r := range u {
		u[r] = p.s[0][r] * float32(i[r])
	}
	return u
}

func groupQ2K(w unsafe.Pointer, s int) (p plain16) {
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

// triples is a group of codes of 3 bits.
type triples struct {
	low   [2]chunk
	third chunk
}

// codes sets q to the codes less zero.
func (t *triples) codes(q *[8][PanelRows][4]int8, zero int8) {
	pairs(q[:4], &t.low[0])
	pairs(q[4:], &t.low[1])
	for g := range q {
		for r, third := range t.third {
			for j, v := range third {
				q[g][r][j] += int8(v>>g&1<<2) - zero
			}
		}
	}
}

func groupQ3K(w unsafe.Pointer, s int) (p plain16) {
	h := (*struct {
		d      [PanelRows]uint16
		scales [16][PanelRows]int8
		groups [8]triples
	})(w)
	for half := range 2 {
		for r := range PanelRows {
			p.s[half][r] = halfValue(h.d[r]) * float32(h.scales[2*s+half][r])
		}
	}
	h.groups[s].codes(&p.q, 4)
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
