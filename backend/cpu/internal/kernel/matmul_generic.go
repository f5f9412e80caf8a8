package kernel

import (
	"math"
	"unsafe"
)

// The sums of one output element, in the order and with the roundings that all levels keep. Every operation on floats
// is one float32 operation rounded to nearest even; fma(a, b, c) = a*b + c is rounded once (fma32); float(i) converts an exact
// int32. Sums of integers are exact, so their order is free. q are codes as stored (0..15 for PanelQ4), x activation
// codes, dx the activation scale of the block, X16 the stored sums of 16 activation codes.
//
// PanelF32, PanelF16, PanelBF16: columns are cut into segments of floatSegment, the last one may be shorter.
//
//	sum = 0;  for each segment: c = 0; for each column k: c = fma(w[k], x[k], c);  sum = sum + c
//
// PanelQ8, PanelQ4, per block: i = Σ (q-zero)*x;  sum = fma(dx, d*float(i), sum)
//
// PanelQ4K, PanelQ5K, per block: i = Σ scale*Σ q*x;  j = Σ minimum*ΣX16;
//
//	u = d*float(i);  u = fma(-dmin, float(j), u);  sum = fma(dx, u, sum)
//
// PanelQ6K, per block: i = Σ scale*Σ (q-32)*x;  sum = fma(dx, d*float(i), sum)
//
// PanelQ41, PanelQ51, per block: i = Σ q*x;  u = d*float(i);  u = fma(m, float(ΣX16), u);  sum = fma(dx, u, sum)
//
// PanelIQ4NL, PanelMXFP4, PanelQ50, per block: the same without m, with i over the levels of the codes.
//
// The layouts with groups of 32 columns have scales s, exact products of those in the block. PanelT4, PanelT3, PanelQ2, per
// group: i = Σ level*x;  sum = fma(dx, s*float(i), sum). PanelQ2K, PanelQ3K, PanelT3H, PanelNVFP4, per group with halves 0
// and 1: i0 = Σ level*x of half 0, i1 of half 1;
//
//	u = s0*float(i0);  u = fma(s1, float(i1), u);  u = fma(m0, float(X16[0]), u);  u = fma(m1, float(X16[1]), u);
//	sum = fma(dx, u, sum)
//
// where only PanelQ2K has m = -dmin*minimum, and the others no operation for it.
//
// The result is sum, or sum + old with Accumulate. The twins below give these bits on every machine, so an assembly
// level must equal them except for the payload of a NaN.

// floatSegment is the length of the inner FMA chains of the float layouts. Two levels keep the rounding error small
// and give a single activation row several independent chains.
const floatSegment = SegmentColumns

// genericRows is the number of activation rows the twins work on at a time.
const genericRows = 8

func matmulGeneric(s *Set) {
	s.MatMul = [NumLayouts]func(a *MatMulArgs){
		PanelF32:  func(a *MatMulArgs) { matmulFloat(a, 4*PanelRows, widenF32) },
		PanelF16:  func(a *MatMulArgs) { matmulFloat(a, 2*PanelRows, widenF16) },
		PanelBF16: func(a *MatMulArgs) { matmulFloat(a, 2*PanelRows, widenBF16) },
		PanelQ8:   func(a *MatMulArgs) { matmulInt(a, PanelQ8, blockQ8) },
		PanelQ4:   func(a *MatMulArgs) { matmulInt(a, PanelQ4, blockQ4) },
		PanelQ4K:  func(a *MatMulArgs) { matmulInt(a, PanelQ4K, blockQ4K) },
		PanelQ5K:  func(a *MatMulArgs) { matmulInt(a, PanelQ5K, blockQ5K) },
		PanelQ6K:  func(a *MatMulArgs) { matmulInt(a, PanelQ6K, blockQ6K) },
	}
	for i, group := range lowGroups {
		if group != nil {
			s.MatMul[i] = func(a *MatMulArgs) { matmulLow(a, Layout(i), group) }
		}
	}
	for i := range nibbleLayouts {
		if n := &nibbleLayouts[i]; n.levels != nil {
			block := n.block
			s.MatMul[i] = func(a *MatMulArgs) { matmulInt(a, Layout(i), block) }
		}
	}
	for i, f := range s.MatMul {
		s.MatMul[i] = panelByPanel(f)
	}
}

// panelByPanel returns the product of panels of which each is multiplied by one, which knows of no others. It moves a
// while it works, since a copy would be allocated.
func panelByPanel(one func(a *MatMulArgs)) func(a *MatMulArgs) {
	return func(a *MatMulArgs) {
		all := *a
		a.Panels = 1
		for i := range all.Panels {
			a.W, a.Dst = unsafe.Add(all.W, i*all.PanelBytes), unsafe.Add(all.Dst, 4*PanelRows*i)
			one(a)
		}
		*a = all
	}
}

func widenF32(w unsafe.Pointer) [PanelRows]float32 { return *(*[PanelRows]float32)(w) }

func widenF16(w unsafe.Pointer) (dst [PanelRows]float32) {
	for r, h := range (*[PanelRows]uint16)(w) {
		dst[r] = halfValue(h)
	}
	return dst
}

func widenBF16(w unsafe.Pointer) (dst [PanelRows]float32) {
	for r, h := range (*[PanelRows]uint16)(w) {
		dst[r] = math.Float32frombits(uint32(h) << 16)
	}
	return dst
}

// matmulFloat is the product of the float layouts; widen gives one column of the panel, of columnBytes bytes.
func matmulFloat(a *MatMulArgs, columnBytes int, widen func(w unsafe.Pointer) [PanelRows]float32) {
	for m0 := 0; m0 < a.M; m0 += genericRows {
		rows := min(genericRows, a.M-m0)
		var sum, c [genericRows][PanelRows]float32
		for k := 0; k < a.K; k++ {
			w := widen(unsafe.Add(a.W, k*columnBytes))
			for m := range rows {
				x := *(*float32)(unsafe.Add(a.X, (m0+m)*a.XStride+4*k))
				for r := range w {
					c[m][r] = fma32(w[r], x, c[m][r])
				}
			}
			if (k+1)%floatSegment != 0 && k+1 != a.K {
				continue
			}
			for m := range rows {
				for r := range c[m] {
					sum[m][r] += c[m][r]
				}
			}
			c = [genericRows][PanelRows]float32{}
		}
		storeRows(a, m0, sum[:rows])
	}
}

// storeRows writes the sums of the activation rows from m0 on.
func storeRows(a *MatMulArgs, m0 int, sum [][PanelRows]float32) {
	for m := range sum {
		dst := (*[PanelRows]float32)(unsafe.Add(a.Dst, 4*(m0+m)*a.DstStride))
		for r := range dst {
			if a.Accumulate {
				dst[r] = sum[m][r] + dst[r]
			} else {
				dst[r] = sum[m][r]
			}
		}
	}
}

// actBlock is one block of one activation row.
type actBlock struct {
	codes []int8
	scale float32
	sums  []int16 // of 16 codes
}

// matmulInt is the product of the integer layouts: block adds one block of the panel times one block of an activation
// row to sum. Arrays are passed as values, since what a function value is given the address of is moved to the heap.
func matmulInt(a *MatMulArgs, l Layout, block func(sum [PanelRows]float32, w unsafe.Pointer, x actBlock) [PanelRows]float32) {
	n, wBytes := layouts[l].block, layouts[l].blockBytes
	for m0 := 0; m0 < a.M; m0 += genericRows {
		rows := min(genericRows, a.M-m0)
		var sum [genericRows][PanelRows]float32
		for b := range a.K / n {
			w := unsafe.Add(a.W, b*wBytes)
			for m := range rows {
				x := unsafe.Add(a.X, (m0+m)*a.XStride)
				scales := unsafe.Add(x, a.K)
				sums := unsafe.Add(scales, a.K/n*4)
				sum[m] = block(sum[m], w, actBlock{
					codes: unsafe.Slice((*int8)(unsafe.Add(x, b*n)), n),
					scale: *(*float32)(unsafe.Add(scales, 4*b)),
					sums:  unsafe.Slice((*int16)(unsafe.Add(sums, b*n/8)), n/16),
				})
			}
		}
		storeRows(a, m0, sum[:rows])
	}
}

// chunk is one k-group, or two k-groups of 4 bits, of a panel.
type chunk = [PanelRows][4]uint8

// dotGroup adds the product of a k-group of signed codes with four activation codes.
func dotGroup(i *[PanelRows]int32, w *[PanelRows][4]int8, x []int8) {
	x0, x1, x2, x3 := int32(x[0]), int32(x[1]), int32(x[2]), int32(x[3])
	for r := range i {
		i[r] += int32(w[r][0])*x0 + int32(w[r][1])*x1 + int32(w[r][2])*x2 + int32(w[r][3])*x3
	}
}

// dotGroupU is dotGroup for unsigned codes.
func dotGroupU(i *[PanelRows]int32, w *chunk, x []int8) {
	x0, x1, x2, x3 := int32(x[0]), int32(x[1]), int32(x[2]), int32(x[3])
	for r := range i {
		i[r] += int32(w[r][0])*x0 + int32(w[r][1])*x1 + int32(w[r][2])*x2 + int32(w[r][3])*x3
	}
}

// nibbles splits a chunk into its two k-groups.
func nibbles(lo, hi *chunk, w unsafe.Pointer) {
	for r, q := range (*chunk)(w) {
		for j, v := range q {
			lo[r][j], hi[r][j] = v&15, v>>4
		}
	}
}

// addScaled adds dx * d*float(i) to sum, with the half d.
func addScaled(sum *[PanelRows]float32, d *[PanelRows]uint16, i *[PanelRows]int32, dx float32) {
	for r := range sum {
		sum[r] = fma32(dx, halfValue(d[r])*float32(i[r]), sum[r])
	}
}

func blockQ8(sum [PanelRows]float32, w unsafe.Pointer, x actBlock) [PanelRows]float32 {
	var i [PanelRows]int32
	for g := range 8 {
		dotGroup(&i, (*[PanelRows][4]int8)(unsafe.Add(w, 32+64*g)), x.codes[4*g:])
	}
	addScaled(&sum, (*[PanelRows]uint16)(w), &i, x.scale)
	return sum
}

func blockQ4(sum [PanelRows]float32, w unsafe.Pointer, x actBlock) [PanelRows]float32 {
	var i [PanelRows]int32
	for c := range 4 {
		var lo, hi chunk
		nibbles(&lo, &hi, unsafe.Add(w, 32+64*c))
		dotGroupU(&i, &lo, x.codes[8*c:])
		dotGroupU(&i, &hi, x.codes[8*c+4:])
	}
	for r := range i {
		i[r] -= 8 * (int32(x.sums[0]) + int32(x.sums[1]))
	}
	addScaled(&sum, (*[PanelRows]uint16)(w), &i, x.scale)
	return sum
}

// headerK is the start of a block of PanelQ4K and PanelQ5K.
type headerK struct {
	d, dmin        [PanelRows]uint16
	scales, minima [8][PanelRows]uint8
}

// addK finishes a block of PanelQ4K or PanelQ5K, whose integer sums over the scaled codes are i.
func (h *headerK) addK(sum *[PanelRows]float32, i *[PanelRows]int32, x *actBlock) {
	var j [PanelRows]int32
	for s := range h.minima {
		x32 := int32(x.sums[2*s]) + int32(x.sums[2*s+1])
		for r, v := range h.minima[s] {
			j[r] += int32(v) * x32
		}
	}
	for r := range sum {
		u := halfValue(h.d[r]) * float32(i[r])
		u = fma32(-halfValue(h.dmin[r]), float32(j[r]), u)
		sum[r] = fma32(x.scale, u, sum[r])
	}
}

func blockQ4K(sum [PanelRows]float32, w unsafe.Pointer, x actBlock) [PanelRows]float32 {
	h := (*headerK)(w)
	var i [PanelRows]int32
	for s := range h.scales {
		var t [PanelRows]int32
		for c := range 4 {
			var lo, hi chunk
			nibbles(&lo, &hi, unsafe.Add(w, 320+256*s+64*c))
			dotGroupU(&t, &lo, x.codes[32*s+8*c:])
			dotGroupU(&t, &hi, x.codes[32*s+8*c+4:])
		}
		for r, v := range h.scales[s] {
			i[r] += int32(v) * t[r]
		}
	}
	h.addK(&sum, &i, &x)
	return sum
}

func blockQ5K(sum [PanelRows]float32, w unsafe.Pointer, x actBlock) [PanelRows]float32 {
	h := (*headerK)(w)
	var i [PanelRows]int32
	for s := range h.scales {
		var t [PanelRows]int32
		fifth := (*chunk)(unsafe.Add(w, 320+320*s+256))
		for c := range 4 {
			var lo, hi chunk
			nibbles(&lo, &hi, unsafe.Add(w, 320+320*s+64*c))
			for r := range fifth {
				for j, v := range fifth[r] {
					lo[r][j] |= v >> (2 * c) & 1 << 4
					hi[r][j] |= v >> (2*c + 1) & 1 << 4
				}
			}
			dotGroupU(&t, &lo, x.codes[32*s+8*c:])
			dotGroupU(&t, &hi, x.codes[32*s+8*c+4:])
		}
		for r, v := range h.scales[s] {
			i[r] += int32(v) * t[r]
		}
	}
	h.addK(&sum, &i, &x)
	return sum
}

func blockQ6K(sum [PanelRows]float32, w unsafe.Pointer, x actBlock) [PanelRows]float32 {
	scales := (*[16][PanelRows]int8)(unsafe.Add(w, 32))
	var i [PanelRows]int32
	for s := range scales { // 16 columns: half s%2 of the group s/2
		group := unsafe.Add(w, 288+384*(s/2))
		top := (*chunk)(unsafe.Add(group, 256+64*(s%2)))
		var t [PanelRows]int32
		for c := range 2 {
			var lo, hi chunk
			nibbles(&lo, &hi, unsafe.Add(group, 64*(s%2*2+c)))
			for r := range top {
				for j, v := range top[r] {
					lo[r][j] |= v >> (4 * c) & 3 << 4
					hi[r][j] |= v >> (4*c + 2) & 3 << 4
				}
			}
			dotGroupU(&t, &lo, x.codes[16*s+8*c:])
			dotGroupU(&t, &hi, x.codes[16*s+8*c+4:])
		}
		for r, v := range scales[s] {
			i[r] += int32(v) * (t[r] - 32*int32(x.sums[s]))
		}
	}
	addScaled(&sum, (*[PanelRows]uint16)(w), &i, x.scale)
	return sum
}

// plain32 is 32 columns of codes as levels, with a scale and an offset.
type plain32 struct {
	s, m [PanelRows]float32
	q    [8][PanelRows][4]int8
}

// add adds the product with an activation block to sum.
func (p *plain32) add(sum [PanelRows]float32, x actBlock) [PanelRows]float32 {
	var i [PanelRows]int32
	for g := range p.q {
		dotGroup(&i, &p.q[g], x.codes[4*g:])
	}
	x32 := float32(int32(x.sums[0]) + int32(x.sums[1]))
	for r := range sum {
		u := fma32(p.m[r], x32, p.s[r]*float32(i[r]))
		sum[r] = fma32(x.scale, u, sum[r])
	}
	return sum
}

// plain16 is plain32 with a scale and an offset for each half.
type plain16 struct {
	s, m [2][PanelRows]float32
	q    [8][PanelRows][4]int8
}

// add adds the product with an activation block to sum.
func (p *plain16) add(sum [PanelRows]float32, x actBlock) [PanelRows]float32 {
	u := p.products(x)
	x0, x1 := float32(x.sums[0]), float32(x.sums[1])
	for r := range sum {
		u[r] = fma32(p.m[1][r], x1, fma32(p.m[0][r], x0, u[r]))
		sum[r] = fma32(x.scale, u[r], sum[r])
	}
	return sum
}

// products returns the sums of the block without offsets and without the activation scale.
func (p *plain16) products(x actBlock) (u [PanelRows]float32) {
	var i [2][PanelRows]int32
	for g := range p.q {
		dotGroup(&i[g/4], &p.q[g], x.codes[4*g:])
	}
	for r := range u {
		u[r] = fma32(p.s[1][r], float32(i[1][r]), p.s[0][r]*float32(i[0][r]))
	}
	return u
}
