package main

import (
	"math"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// levels returns what the nibbles of Q4_0 stand for, in units of the scale: VPERMPS looks them up by the low four bits
// of an index, whatever the others are.
func (g *attnGen) levels() reg.VecVirtual {
	var words [16]uint32
	for i := range words {
		words[i] = math.Float32bits(float32(i - 8))
	}
	v := g.ZMM()
	g.VMOVUPS(g.words("levels", words[:]...), v)
	return v
}

// scoresNibbles runs over the blocks of 32 columns of Q4_0 with AVX-512.
func (g *attnGen) scoresNibbles(f attnFormat, s *scoresState) {
	vectors, levels := len(s.acc[0]), g.levels()
	g.MOVQ(s.a("K"), s.block)
	blocks := g.label("blocks")
	g.Label(blocks)
	g.ahead(f, len(s.acc), 128)
	scales := g.vecs(vectors)
	for v, scale := range scales {
		g.VCVTPH2PS(mem(s.block, nil, 0, 32*v), scale)
	}
	for _, high := range []bool{false, true} {
		g.LEAQ(mem(s.block, nil, 0, 128), s.row)
		g.MOVQ(operand.U32(16), s.left)
		loop := g.label("columns")
		g.Label(loop)
		if !high {
			g.ahead(f, len(s.acc), 64)
		}
		k := g.vecs(vectors)
		for v := range k {
			g.VPMOVZXBD(mem(s.row, nil, 0, 16*v), k[v])
			if high {
				g.VPSRLD(operand.Imm(4), k[v], k[v])
			}
			g.VPERMPS(levels, k[v], k[v])
			g.VMULPS(scales[v], k[v], k[v])
		}
		for i, end := range s.ends {
			q := g.broadcast(mem(end, s.d, 4, 0))
			for v := range k {
				g.VFMADD231PS(k[v], q, s.acc[i][v])
			}
		}
		g.ADDQ(operand.Imm(64), s.row)
		g.INCQ(s.d)
		g.DECQ(s.left)
		g.JNZ(operand.LabelRef(loop))
	}
	g.ADDQ(operand.U32(128+64*16), s.block)
	g.TESTQ(s.d, s.d)
	g.JNZ(operand.LabelRef(blocks))
}

// valuesBlocks adds one slot of a quantised format with AVX-512: one or two blocks of 32 columns. Their scales become
// float32 together and are read back from memory, which takes less of the vector units than copying lanes.
func (g *attnGen) valuesBlocks(f attnFormat, s *valuesState, acc [][]reg.VecVirtual) {
	vectors := len(acc[0])
	g.ahead(f, len(acc), vectors*2*f.bits)
	scales := g.XMM()
	g.VMOVD(mem(s.row, s.scale, 1, 0), scales) // of two blocks, or of one and codes
	g.VCVTPH2PS(scales, scales)
	g.VMOVLPS(scales, s.scales)
	y := g.vecs(vectors)
	for b := range vectors / 2 {
		pair := y[2*b : 2*b+2]
		if f.bits == 4 {
			levels := g.ZMM()
			g.VMULPS_BCST(s.scales.Offset(4*b), s.levels, levels)
			g.VPMOVZXBD(mem(s.row, nil, 0, 16*b), pair[0])
			g.VPSRLD(operand.Imm(4), pair[0], pair[1])
			for _, v := range pair {
				g.VPERMPS(levels, v, v)
			}
			continue
		}
		scale := g.broadcast(s.scales.Offset(4 * b))
		for i, v := range pair {
			g.VPMOVSXBD(mem(s.row, nil, 0, 32*b+16*i), v)
			g.VCVTDQ2PS(v, v)
			g.VMULPS(scale, v, v)
		}
	}
	for i := range acc {
		p := g.broadcast(mem(s.end, s.slots, 4, 256*i))
		for v := range y {
			g.VFMADD231PS(y[v], p, acc[i][v])
		}
	}
}
