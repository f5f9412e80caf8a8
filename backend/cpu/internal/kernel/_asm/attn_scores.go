package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// scoresState is what a group of queries shares.
type scoresState struct {
	a                 func(field string) operand.Mem
	dst, q, stride    reg.GPVirtual
	key, row, d, left reg.GPVirtual   // first key of the vectors; place in the tile; -columns left; rows left in a block
	ends              []reg.GPVirtual // of the queries
	acc               [][]reg.VecVirtual
	block             reg.GPVirtual
}

func (g *attnGen) genScores(f attnFormat) {
	name := "scores" + f.name + g.suffix
	g.function(name, "func(a *ScoresArgs)", fmt.Sprintf("%s is scoresGeneric(%s, a).", name, f.twin))
	args := g.Dereference(g.Param("a"))
	s := &scoresState{a: func(field string) operand.Mem { return g.addr(args.Field(field)) }}
	s.dst, s.q, s.stride = g.load64(args.Field("Dst")), g.load64(args.Field("Q")), g.load64(args.Field("QStride"))
	n := g.load64(args.Field("N"))
	g.SHLQ(operand.Imm(2), s.stride)
	s.key, s.row, s.d, s.left, s.block = g.GP64(), g.GP64(), g.GP64(), g.GP64(), g.GP64()
	tiles := g.tiles.scores
	if f.quantized() {
		tiles = g.tiles.scoresQuantized
	}
	g.eachGroup(n, tiles, func(queries int, vectors []int) { g.scoresGroup(f, s, queries, vectors[0]) })
}

// scoresGroup computes all 64 scores of a group of queries, vectors*lanes keys at a time.
func (g *attnGen) scoresGroup(f attnFormat, s *scoresState, queries, vectors int) {
	g.MOVQ(s.a("D"), s.d)
	s.ends = nil
	for range queries { // leaves q behind the group
		end := g.GP64()
		g.LEAQ(mem(s.q, s.d, 4, 0), end)
		s.ends = append(s.ends, end)
		g.ADDQ(s.stride, s.q)
	}
	g.aheadStart(f, s.a("Next"), s.a("D"), queries)
	keys := g.label("keys")
	g.XORQ(s.key, s.key)
	g.Label(keys)
	s.acc = nil
	for range queries {
		row := g.vecs(vectors)
		for _, v := range row {
			g.zero(v)
		}
		s.acc = append(s.acc, row)
	}
	g.MOVQ(s.a("D"), s.d)
	g.NEGQ(s.d)
	if f.bits == 4 && g.lanes == 16 {
		g.scoresNibbles(f, s)
	} else if f.quantized() {
		g.scoresBlocks(f, s)
	} else {
		g.MOVQ(s.a("K"), s.row)
		g.LEAQ(mem(s.row, s.key, f.bits/8, 0), s.row)
		g.scoresColumns(f, s, false, nil)
	}
	scale := g.broadcast(s.a("Scale"))
	for i, row := range s.acc {
		for v, acc := range row {
			g.VMULPS(scale, acc, acc)
			g.VMOVUPS(acc, mem(s.dst, s.key, 4, 256*i+g.floatBytes()*v))
		}
	}
	if vectors*g.lanes < 64 {
		g.ADDQ(operand.Imm(uint64(vectors*g.lanes)), s.key)
		g.CMPQ(s.key, operand.Imm(64))
		g.JL(operand.LabelRef(keys))
	}
	g.ADDQ(operand.U32(256*queries), s.dst)
}

// scoresColumns runs over the rows from s.row: until the columns are used up, or, for the quantised formats, until
// s.left rows are done.
func (g *attnGen) scoresColumns(f attnFormat, s *scoresState, high bool, scales []reg.VecVirtual) {
	loop := g.label("columns")
	g.Label(loop)
	var q []reg.VecVirtual
	for _, end := range s.ends {
		q = append(q, g.broadcast(mem(end, s.d, 4, 0)))
	}
	if !high {
		g.ahead(f, len(s.acc), len(s.acc[0])*g.bytes(f))
	}
	for v := range s.acc[0] {
		m := mem(s.row, nil, 0, v*g.bytes(f))
		if f.bits == 32 && len(q) == 1 {
			g.VFMADD231PS(m, q[0], s.acc[0][v])
			continue
		}
		var scale reg.Register
		if scales != nil {
			scale = scales[v]
		}
		k := g.element(f, m, high, scale)
		for i := range q {
			g.VFMADD231PS(k, q[i], s.acc[i][v])
		}
	}
	g.ADDQ(operand.U32(64*max(f.bits, 8)/8), s.row)
	g.INCQ(s.d)
	if f.quantized() {
		g.DECQ(s.left)
	}
	g.JNZ(operand.LabelRef(loop))
}

// scoresBlocks runs over the blocks of 32 columns of a quantised format.
func (g *attnGen) scoresBlocks(f attnFormat, s *scoresState) {
	g.MOVQ(s.a("K"), s.block)
	blocks := g.label("blocks")
	g.Label(blocks)
	g.ahead(f, len(s.acc), 2*g.lanes*len(s.acc[0])) // as many bytes as scales
	var scales []reg.VecVirtual
	for v := range s.acc[0] {
		scale := g.vec()
		g.VCVTPH2PS(mem(s.block, s.key, 2, 2*g.lanes*v), scale)
		scales = append(scales, scale)
	}
	for pass := range 8 / f.bits {
		g.LEAQ(mem(s.block, s.key, 1, 128), s.row)
		g.MOVQ(operand.U32(4*f.bits), s.left)
		g.scoresColumns(f, s, pass == 1, scales)
	}
	g.ADDQ(operand.U32(128+64*4*f.bits), s.block)
	g.TESTQ(s.d, s.d)
	g.JNZ(operand.LabelRef(blocks))
}
