package main

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// floatSegment is kernel.floatSegment.
const floatSegment = 64

// weightVectors loads one column of the panel, widened to float32.
type weightVectors struct {
	columnBytes int
	load        func(t *tile, m operand.Mem) []reg.VecVirtual
}

// floatTiles are the numbers of activation rows of the float kernels: as many chains of sums as registers hold.
var floatTiles = map[int][]int{8: {6, 4, 3, 2, 1}, 16: {12, 8, 6, 4, 3, 2, 1}}

func (g *generator) genMatMulFloat(name string, weights weightVectors) {
	tiles, scratch := floatTiles[g.lanes], 0
	if g.lanes == 8 {
		scratch = tiles[0] * 64
	}
	g.genMatMul(name, tiles, scratch, func(t *tile) { t.floatTile(weights) })
	g.genMatMulSegment(name+"Segment", weights)
}

// floatTile sums segment by segment. One activation row has few chains, each of which waits for the FMA before: 4 to 5
// cycles for 32 bytes of half floats, half of that with two panels. Chains of several segments of a panel side by side are
// not better: they read it at several places near each other, which halves the rate at which it comes from memory.
func (t *tile) floatTile(weights weightVectors) {
	t.sums(t.scratch > 0 && t.rows > 3, 0)
	left, columns := t.n, t.GP64()
	segment, partial := t.label("segment"), t.label("columns")
	t.Label(segment)
	t.MOVQ(operand.U64(floatSegment), columns)
	t.CMPQ(left, columns)
	t.JGE(operand.LabelRef(partial))
	t.MOVQ(left, columns)
	t.Label(partial)
	t.SUBQ(columns, left)
	t.segment(weights, columns)
	t.TESTQ(left, left)
	t.JNE(operand.LabelRef(segment))
}

// segment adds the products of so many columns to the sums and moves w and p behind them. The register columns is lost.
func (t *tile) segment(weights weightVectors, columns reg.GPVirtual) {
	const unroll = 4
	sums := make([][]reg.VecVirtual, len(t.places))
	for i := range sums {
		sums[i] = t.vecs(t.rows * t.halves)
		for _, v := range sums[i] {
			t.zero(v)
		}
	}
	step := func(n int) {
		for j, p := range t.places {
			acc := sums[j]
			if n == unroll {
				t.ahead(p.w, n*weights.columnBytes)
			}
			for i := range n {
				w := weights.load(t, mem(p.w, nil, 0, i*weights.columnBytes))
				for m := range t.rows {
					at := t.row(t.p, m, 4*i)
					if t.lanes == 16 {
						t.VFMADD231PS_BCST(at, w[0], acc[m])
						continue
					}
					x := t.broadcast(at)
					for h := range w {
						t.VFMADD231PS(x, w[h], acc[m*t.halves+h])
					}
				}
			}
			t.ADDQ(operand.I32(int32(n*weights.columnBytes)), p.w)
		}
		t.advance(t.p, 4*n)
	}
	four, rest, one, end := t.label("four"), t.label("rest"), t.label("one"), t.label("end")
	t.SUBQ(operand.Imm(unroll), columns)
	t.JLT(operand.LabelRef(rest))
	t.Label(four)
	step(unroll)
	t.SUBQ(operand.Imm(unroll), columns)
	t.JGE(operand.LabelRef(four))
	t.Label(rest)
	t.ADDQ(operand.Imm(unroll), columns)
	t.JEQ(operand.LabelRef(end))
	t.Label(one)
	step(1)
	t.DECQ(columns)
	t.JNZ(operand.LabelRef(one))
	t.Label(end)
	for j, p := range t.places {
		for i, v := range sums[j] {
			if p.acc != nil {
				t.VADDPS(v, p.acc[i], p.acc[i])
				continue
			}
			t.VADDPS(t.accAt(i), v, v)
			t.VMOVUPS(v, t.accAt(i))
		}
	}
}

func genMatMulF32(g *generator) {
	g.genMatMulFloat("matmulF32", weightVectors{64, func(t *tile, m operand.Mem) []reg.VecVirtual {
		v := t.vecs(t.halves)
		for h := range v {
			t.VMOVUPS(m.Offset(h*t.vectorBytes()), v[h])
		}
		return v
	}})
}

func genMatMulF16(g *generator) {
	g.genMatMulFloat("matmulF16", weightVectors{32, func(t *tile, m operand.Mem) []reg.VecVirtual {
		v := t.vecs(t.halves)
		for h := range v {
			t.VCVTPH2PS(m.Offset(h*t.vectorBytes()/2), v[h])
		}
		return v
	}})
}

func genMatMulBF16(g *generator) {
	g.genMatMulFloat("matmulBF16", weightVectors{32, func(t *tile, m operand.Mem) []reg.VecVirtual {
		v := t.vecs(t.halves)
		for h := range v {
			t.VPMOVZXWD(m.Offset(h*t.vectorBytes()/2), v[h])
			t.VPSLLD(operand.Imm(16), v[h], v[h])
		}
		return v
	}})
}
