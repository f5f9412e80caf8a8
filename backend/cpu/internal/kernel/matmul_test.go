package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"
)

// matmulCase is a product with its operands in memory that faults on stray reads.
type matmulCase struct {
	layout  Layout
	k, m    int
	w, x    []byte
	xStride int
}

// halfFields and floatFields give the places of the scales in a block of a layout: offset and count.
var (
	halfFields = map[Layout][2]int{
		PanelQ8: {0, 16}, PanelQ4: {0, 16}, PanelQ4K: {0, 32}, PanelQ5K: {0, 32}, PanelQ6K: {0, 16},
		PanelQ2K: {0, 32}, PanelQ3K: {0, 16},
		PanelIQ4NL: {0, 16}, PanelQ41: {0, 32}, PanelQ50: {0, 16}, PanelQ51: {0, 32},
		PanelT4: {0, 16}, PanelT3: {0, 16}, PanelT3H: {0, 16}, PanelQ2: {0, 16},
	}
	floatFields = map[Layout][2]int{
		PanelF32: {0, 16},
		PanelT4:  {48, 1}, PanelT3: {48, 1}, PanelT3H: {48, 1},
	}
)

// newCase makes a product of random operands. With extreme, codes and scales of blocks are at their limits, and all
// of one sign in every lane, which is where integer sums would overflow.
func newCase(t testing.TB, rng *rand.Rand, l Layout, k, m int, extreme, atStart bool) *matmulCase {
	c := &matmulCase{layout: l, k: k, m: m}
	c.w = fenced(t, l.PanelBytes(k), atStart)
	fillPanel(rng, c.w, l, extreme)
	rowBytes := l.Act().RowBytes(k)
	c.xStride = l.Act().Stride(k)
	c.x = fenced(t, (m-1)*c.xStride+rowBytes, atStart)
	for i := range m {
		fillActivation(rng, c.x[i*c.xStride:][:rowBytes], l.Act(), k, extreme)
	}
	return c
}

// randomScale returns a half between 2^-8 and 2^-4 of either sign, rarely zero.
func randomScale(rng *rand.Rand) uint16 {
	if rng.IntN(20) == 0 {
		return 0
	}
	return uint16(rng.IntN(2))<<15 | uint16(7+rng.IntN(4))<<10 | uint16(rng.IntN(1024))
}

func fillPanel(rng *rand.Rand, w []byte, l Layout, extreme bool) {
	for i := range w {
		w[i] = byte(rng.Uint32())
	}
	size := layouts[l].blockBytes
	for b := 0; b < len(w); b += size {
		block := w[b : b+size]
		if extreme {
			v := byte(rng.IntN(256))
			if rng.IntN(4) > 0 {
				v = []byte{0xff, 0x80, 0x7f, 0}[rng.IntN(4)]
			}
			for i := range block {
				block[i] = v
			}
		}
		if l == PanelQ4K || l == PanelQ5K {
			for i := range 128 { // scales and minima
				block[64+i] &= 63
			}
		}
		if l == PanelNVFP4 {
			for i := range 64 { // scales
				block[i] &= 0x7f
			}
		}
		if l == PanelT3 || l == PanelT3H {
			for i, v := range block[32:48] { // levels
				block[32+i] = byte(int8(v) >> 1)
			}
		}
		switch l {
		case PanelF16:
			for i := 0; i < size; i += 2 {
				le.PutUint16(block[i:], randomScale(rng))
			}
		case PanelBF16:
			for i := 0; i < size; i += 2 {
				le.PutUint16(block[i:], uint16(math.Float32bits(float32(rng.NormFloat64()))>>16))
			}
		case PanelMXFP4:
			for i := 0; i < 32; i += 2 {
				le.PutUint16(block[i:], uint16(math.Float32bits(float32(rng.NormFloat64()))>>16))
			}
		default:
			f, n := halfFields[l][0], halfFields[l][1]
			for i := range n {
				le.PutUint16(block[f+2*i:], randomScale(rng))
			}
			f, n = floatFields[l][0], floatFields[l][1]
			for i := range n {
				le.PutUint32(block[f+4*i:], math.Float32bits(float32(rng.NormFloat64())))
			}
		}
	}
}

func fillActivation(rng *rand.Rand, x []byte, f ActFormat, k int, extreme bool) {
	if f == ActF32 {
		for i := range k {
			le.PutUint32(x[4*i:], math.Float32bits(float32(rng.NormFloat64())))
		}
		return
	}
	n := 32
	if f == ActQ256 {
		n = 256
	}
	mode := rng.IntN(4)
	for i := range k {
		q := int8(rng.IntN(255) - 127)
		if extreme {
			switch mode {
			case 0:
				q = 127
			case 1:
				q = -127
			case 2: // the two lanes of 16 bits of opposite sign
				q = int8(127 - i/2%2*254)
			default: // the two sums of 16 codes of opposite sign
				q = int8(127 - i/16%2*254)
			}
		}
		x[i] = byte(q)
	}
	for i := range k / n {
		le.PutUint32(x[k+4*i:], math.Float32bits(float32(rng.ExpFloat64()/64)))
	}
	for i := range k / 16 {
		var s int16
		for _, q := range x[16*i:][:16] {
			s += int16(int8(q))
		}
		le.PutUint16(x[k+k/n*4+2*i:], uint16(s))
	}
}

// run calls the kernel for the rows lo ≤ m < hi and returns its M x 16 results, after a check of the words around them.
func (c *matmulCase) run(t testing.TB, s *Set, lo, hi int, accumulate bool, offset int) []float32 {
	t.Helper()
	const guard = float32(12345.5)
	stride := PanelRows + 3
	buf := make([]float32, offset+(hi-lo)*stride+PanelRows)
	for i := range buf {
		buf[i] = guard
	}
	s.MatMul[c.layout](&MatMulArgs{
		Dst: unsafe.Pointer(&buf[offset]), DstStride: stride,
		W: unsafe.Pointer(unsafe.SliceData(c.w)), Panels: 1,
		X: unsafe.Pointer(unsafe.SliceData(c.x[lo*c.xStride:])), XStride: c.xStride, K: c.k, M: hi - lo, Accumulate: accumulate,
	})
	out := make([]float32, 0, (hi-lo)*PanelRows)
	for i, v := range buf {
		row, col := (i-offset)/stride, (i-offset)%stride
		if i >= offset && row < hi-lo && col < PanelRows {
			out = append(out, v)
		} else if v != guard {
			t.Fatalf("word %d, row %d column %d, outside the result was written", i, row, col)
		}
	}
	return out
}

// sameBits compares results by bits; all NaN are one value.
func sameBits(t testing.TB, got, want []float32) {
	t.Helper()
	for i := range want {
		if math.Float32bits(got[i]) != math.Float32bits(want[i]) && (got[i] == got[i] || want[i] == want[i]) {
			t.Fatalf("row %d column %d is %v, want %v", i/PanelRows, i%PanelRows, got[i], want[i])
		}
	}
}

// testColumns returns the values of K a layout is tested with.
func testColumns(l Layout) []int {
	switch l.BlockLen() {
	case 1:
		return []int{1, 2, 3, 63, 64, 65, 128, 191, 256, 257, 320, 512, 601}
	case 32:
		return []int{32, 64, 96, 160, 512, 2048}
	}
	return []int{256, 512, 768, 2048}
}

// forLevels runs f for every level and layout.
func forLevels(t *testing.T, f func(t *testing.T, s *Set, l Layout)) {
	for _, s := range Available() {
		for l := range NumLayouts {
			t.Run(fmt.Sprintf("level=%s/type=%v", s.Name, l), func(t *testing.T) { f(t, s, l) })
		}
	}
}

// TestMatMul compares every level with the twin, bit for bit: see the order of sums in matmul_generic.go.
func TestMatMul(t *testing.T) {
	twin := genericSet()
	forLevels(t, func(t *testing.T, s *Set, l Layout) {
		rng := rand.New(rand.NewPCG(1, uint64(l)))
		for _, k := range testColumns(l) {
			for _, m := range []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 23, 24, 25, 33, 48, 83} {
				if testing.Short() && m > 9 && k > 600 {
					continue
				}
				for i, extreme := range []bool{false, true} {
					c := newCase(t, rng, l, k, m, extreme, (k+m+i)%2 == 0)
					accumulate, offset := m%2 == i, (m+i)%5
					sameBits(t, c.run(t, s, 0, m, accumulate, offset), c.run(t, twin, 0, m, accumulate, 0))
				}
			}
		}
	})
}

// TestMatMulPanels compares the products of some panels with something between them with the twin of each, bit for bit.
func TestMatMulPanels(t *testing.T) {
	twin := genericSet()
	const guard = float32(12345.5)
	cases := []struct{ m, panels int }{{1, 2}, {1, 3}, {1, 6}, {2, 3}, {3, 2}, {5, 3}, {8, 3}, {13, 3}, {17, 2}, {31, 3}}
	forLevels(t, func(t *testing.T, s *Set, l Layout) {
		rng := rand.New(rand.NewPCG(7, uint64(l)))
		for i, k := range testColumns(l) {
			for _, n := range cases {
				m, panels, width := n.m, n.panels, n.panels*PanelRows
				c := newCase(t, rng, l, k, m, false, (k+m)%2 == 0)
				size, step := len(c.w), len(c.w)+64*(m%3)
				w := fenced(t, (panels-1)*step+size, (i+m)%2 == 0)
				for j := range panels {
					fillPanel(rng, w[j*step:][:size], l, false)
				}
				stride, accumulate := width+3, (i+m)%2 == 0
				got := slices.Repeat([]float32{guard}, m*stride)
				a := MatMulArgs{
					Dst: unsafe.Pointer(&got[0]), DstStride: stride, W: unsafe.Pointer(&w[0]), Panels: panels, PanelBytes: step,
					X: unsafe.Pointer(&c.x[0]), XStride: c.xStride, K: k, M: m, Accumulate: accumulate,
				}
				given := a
				if s.MatMul[l](&a); a != given {
					t.Fatalf("arguments became %+v, they were %+v", a, given)
				}
				for j := range panels {
					c.w = w[j*step:]
					want := c.run(t, twin, 0, m, accumulate, 0)
					for r := range m {
						sameBits(t, got[r*stride+j*PanelRows:][:PanelRows], want[r*PanelRows:][:PanelRows])
					}
				}
				for r := range m {
					if !slices.Equal(got[r*stride+width:][:3], slices.Repeat([]float32{guard}, 3)) {
						t.Fatalf("what follows row %d of %d was written", r, m)
					}
				}
			}
		}
	})
}

// TestMatMulPair compares the products of two panels with the twin of each, bit for bit.
func TestMatMulPair(t *testing.T) {
	twin := genericSet()
	const guard, width = float32(12345.5), 2 * PanelRows
	forLevels(t, func(t *testing.T, s *Set, l Layout) {
		if s.MatMulPair[l] == nil {
			t.Skip("no product of two panels")
		}
		rng := rand.New(rand.NewPCG(6, uint64(l)))
		for _, k := range testColumns(l) {
			for i, m := range []int{PairRows, 2 * PairRows, 4 * PairRows, 5 * PairRows, 9 * PairRows} {
				c := newCase(t, rng, l, k, m, false, (k+i)%2 == 0)
				pair := *c
				pair.w = fenced(t, 2*len(c.w), i%2 == 0)
				fillPanel(rng, pair.w, l, false)
				stride, accumulate := width+3, i%2 == 0
				got := slices.Repeat([]float32{guard}, m*stride)
				s.MatMulPair[l](&MatMulArgs{
					Dst: unsafe.Pointer(&got[0]), DstStride: stride, W: unsafe.Pointer(&pair.w[0]), Panels: 2, PanelBytes: len(c.w),
					X: unsafe.Pointer(&c.x[0]), XStride: c.xStride, K: k, M: m, Accumulate: accumulate,
				})
				for j := range 2 {
					c.w = pair.w[j*len(pair.w)/2:]
					want := c.run(t, twin, 0, m, accumulate, 0)
					for r := range m {
						sameBits(t, got[r*stride+j*PanelRows:][:PanelRows], want[r*PanelRows:][:PanelRows])
					}
				}
				for r := range m {
					if !slices.Equal(got[r*stride+width:][:3], slices.Repeat([]float32{guard}, 3)) {
						t.Fatalf("what follows row %d of %d was written", r, m)
					}
				}
			}
		}
	})
}

// TestMatMulSegment compares the sums of all segments with the products of the twin for each panel, bit for bit.
func TestMatMulSegment(t *testing.T) {
	twin := genericSet()
	const guard, width = float32(12345.5), SegmentPanels * PanelRows
	forLevels(t, func(t *testing.T, s *Set, l Layout) {
		if s.MatMulSegment[l] == nil {
			t.Skip("no products of segments")
		}
		rng := rand.New(rand.NewPCG(6, uint64(l)))
		for _, k := range testColumns(l) {
			for i, m := range []int{1, 2, 3, 5, 6, 7, 10, 12, 41} {
				c := newCase(t, rng, l, k, m, false, (k+i)%2 == 0)
				panel := len(c.w)
				w := fenced(t, SegmentPanels*panel, i%2 == 0)
				fillPanel(rng, w, l, false)
				stride := width + i
				got := make([]float32, m*stride)
				for r := range m {
					copy(got[r*stride+width:(r+1)*stride], slices.Repeat([]float32{guard}, stride))
				}
				for at := 0; at < k; at += SegmentColumns {
					s.MatMulSegment[l](&SegmentArgs{
						Dst: unsafe.Pointer(&got[0]), DstStride: stride, W: unsafe.Pointer(&w[at*(panel/k)]), PanelBytes: panel,
						X: unsafe.Pointer(&c.x[4*at]), XStride: c.xStride, K: min(SegmentColumns, k-at), M: m,
					})
				}
				for j := range SegmentPanels {
					c.w = w[j*panel:]
					want := c.run(t, twin, 0, m, false, 0)
					for r := range m {
						sameBits(t, got[r*stride+j*PanelRows:][:PanelRows], want[r*PanelRows:][:PanelRows])
					}
				}
				for r := range m {
					if !slices.Equal(got[r*stride+width:(r+1)*stride], slices.Repeat([]float32{guard}, i)) {
						t.Fatalf("what follows row %d of %d was written", r, m)
					}
				}
			}
		}
	})
}

// TestMatMulRowsAlone holds the promise that a result does not depend on the number of activation rows.
func TestMatMulRowsAlone(t *testing.T) {
	forLevels(t, func(t *testing.T, s *Set, l Layout) {
		rng := rand.New(rand.NewPCG(2, uint64(l)))
		k, m := 3*256, 31
		c := newCase(t, rng, l, k, m, false, false)
		all := c.run(t, s, 0, m, false, 0)
		for _, piece := range []int{1, 2, 3, 5, 7, 12} {
			var parts []float32
			for lo := 0; lo < m; lo += piece {
				parts = append(parts, c.run(t, s, lo, min(lo+piece, m), false, 1)...)
			}
			sameBits(t, parts, all)
		}
	})
}

// TestMatMulSpecialScales feeds NaN, infinities and the largest numbers as scales and values.
func TestMatMulSpecialScales(t *testing.T) {
	twin := genericSet()
	halves := []uint16{0x7c00, 0xfc00, 0x7e00, 0x7d01, 0x7bff, 0x0001, 0x8000}
	floats := []uint32{0x7f800000, 0xff800000, 0x7fc00000, 0x7fa00001, 0x7f7fffff, 1, 1 << 31}
	forLevels(t, func(t *testing.T, s *Set, l Layout) {
		rng := rand.New(rand.NewPCG(3, uint64(l)))
		k, m := 512, 16+7 // a tile and rows beside it
		for range 30 {
			c := newCase(t, rng, l, k, m, false, false)
			block := layouts[l].blockBytes
			b := c.w[rng.IntN(len(c.w)/block)*block:]
			i := rng.IntN(len(halves))
			switch l {
			case PanelF16, PanelBF16:
				le.PutUint16(b[2*rng.IntN(16):], halves[i])
			case PanelF32:
				le.PutUint32(b[4*rng.IntN(16):], floats[i])
			case PanelNVFP4: // all scales are finite: the least and the largest
				b[rng.IntN(64)] = byte(1 + 0x7e*(i%2))
			default:
				le.PutUint16(b[2*rng.IntN(16):], halves[i])
			}
			if rng.IntN(2) == 0 {
				x := c.x[rng.IntN(m)*c.xStride:]
				if l.Act() != ActF32 {
					x = x[k:]
				}
				le.PutUint32(x[4*rng.IntN(2):], floats[rng.IntN(len(floats))])
			}
			sameBits(t, c.run(t, s, 0, m, false, 0), c.run(t, twin, 0, m, false, 0))
		}
	})
}

// TestMatMulAccuracy compares with float64 on the widened weights. An activation code is off by at most half its
// scale, so the result by at most Σ|w|*dx/2; float32 rounding adds a few units in the last place of Σ|w*x| for each
// block, and 2^-14 of it covers them for these lengths.
func TestMatMulAccuracy(t *testing.T) {
	forLevels(t, func(t *testing.T, s *Set, l Layout) {
		rng := rand.New(rand.NewPCG(4, uint64(l)))
		k, m := 1024, 5
		c := newCase(t, rng, l, k, m, false, false)
		w := make([]float32, PanelRows*k)
		Unpack(w, l, k, c.w)
		xs := make([][]float32, m)
		scales := make([][]float64, m) // of every column
		for i := range xs {
			xs[i], scales[i] = make([]float32, k), make([]float64, k)
			for j := range xs[i] {
				xs[i][j] = float32(rng.NormFloat64())
			}
			row := c.x[i*c.xStride:][:l.Act().RowBytes(k)]
			if l.Act() == ActF32 {
				copy(row, unsafe.Slice((*byte)(unsafe.Pointer(&xs[i][0])), 4*k))
				continue
			}
			genericSet().Quantize[l.Act()](row, xs[i])
			n := 32
			if l.Act() == ActQ256 {
				n = 256
			}
			for j := range scales[i] {
				scales[i][j] = float64(math.Float32frombits(le.Uint32(row[k+j/n*4:])))
			}
		}
		got := c.run(t, s, 0, m, false, 0)
		for i := range got {
			row, r := i/PanelRows, i%PanelRows
			var want, size, bound float64
			for j := range k {
				v := float64(w[r*k+j])
				want += v * float64(xs[row][j])
				size += math.Abs(v * float64(xs[row][j]))
				bound += math.Abs(v) * scales[row][j] / 2
			}
			if d := math.Abs(float64(got[i]) - want); !(d <= bound+size/(1<<14)) {
				t.Errorf("row %d column %d is %v, want %v: off by %v, bound %v", row, r, got[i], want, d, bound)
			}
		}
	})
}
