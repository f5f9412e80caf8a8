package main

import "fmt"

// The general registers of scores, beside rArgs and rQueries.
const (
	rScoreDst reg = 1
	rQuery    reg = 2 // first query of the group
	rQStride  reg = 3 // in bytes
	rKey      reg = 5 // first key of the vectors
	rKeyRow   reg = 6 // keys of one column
	rLeft     reg = 7 // columns, or blocks of them
	rQ0       reg = 8 // next element of the queries: up to six registers
	rBlock    reg = 14
	rPlace    reg = 15
	rRowsLeft reg = 16
)

func (g *attnGen) scoresField(name string, r reg) {
	g.ins("MOVD ScoresArgs_%s(%v), %v", name, rArgs, r)
}

func (g *attnGen) genScores(f attnFormat) {
	g.function("scores"+f.name+g.suffix, "(a *ScoresArgs)", fmt.Sprintf("is scoresGeneric(%s, a).", f.twin), 0, 8)
	g.ins("MOVD a+0(FP), %v", rArgs)
	g.scoresField("Dst", rScoreDst)
	g.scoresField("Q", rQuery)
	g.scoresField("QStride", rQStride)
	g.scoresField("N", rQueries)
	g.ins("LSL $2, %v, %v", rQStride, rQStride)
	g.constants(f)
	tiles := scoresTiles
	if f.quantized() {
		tiles = scoresTilesQuantized
	}
	g.eachGroup(tiles, func(queries int, vectors []int) { g.scoresGroup(f, queries, vectors[0]) })
	g.freeConstants(f)
}

// scoresGroup computes all 64 scores of a group of queries, so many vectors of keys at a time.
func (g *attnGen) scoresGroup(f attnFormat, queries, vectors int) {
	keys := g.newLabel("keys")
	g.ins("MOVD $0, %v", rKey)
	g.place(keys)
	g.ins("MOVD %v, %v", rQuery, rQ0)
	for i := 1; i < queries; i++ {
		g.ins("ADD %v, %v, %v", rQStride, rQ0+reg(i-1), rQ0+reg(i))
	}
	acc := g.vs(queries * vectors)
	for _, v := range acc {
		g.zero(v)
	}
	g.scoresField("D", rLeft)
	if f.quantized() {
		g.scoresBlocks(f, acc, queries)
	} else {
		g.scoresColumns(f, acc, queries)
	}
	scale := g.v()
	g.loadS(scale, fmt.Sprintf("ScoresArgs_Scale(%v)", rArgs))
	g.ins("ADD %v<<2, %v, %v", rKey, rScoreDst, rPlace)
	for i, v := range acc {
		g.elem("fmul.4s", v, v, scale, 0)
		g.storeQ(v, rPlace.plus(256*(i/vectors)+16*(i%vectors)))
	}
	g.free(scale)
	g.free(acc...)
	if vectors < 16 {
		g.ins("ADD $%d, %v, %v", 4*vectors, rKey, rKey)
		g.ins("CMP $64, %v", rKey)
		g.ins("BLT %s", keys)
	}
	g.ins("ADD $%d, %v, %v", 256*queries, rScoreDst, rScoreDst)
	for range queries {
		g.ins("ADD %v, %v, %v", rQStride, rQuery, rQuery)
	}
}

// nextQ loads the next element of every query.
func (g *attnGen) nextQ(q []vreg) {
	for i, v := range q {
		g.ins("FMOVS.P 4(%v), %s", rQ0+reg(i), v.f())
	}
}

func (g *attnGen) scoresColumns(f attnFormat, acc []vreg, queries int) {
	vectors := len(acc) / queries
	g.scoresField("K", rKeyRow)
	g.ins("ADD %v<<%d, %v, %v", rKey, f.bits/16, rKeyRow, rKeyRow)
	loop := g.newLabel("columns")
	g.place(loop)
	q := g.vs(queries)
	g.nextQ(q)
	for v := 0; v < vectors; v += 2 {
		a, b := g.v(), g.v()
		g.floats(f, rKeyRow, 4*v, a, b)
		for i := range q {
			g.elem("fmla.4s", acc[i*vectors+v], a, q[i], 0)
			g.elem("fmla.4s", acc[i*vectors+v+1], b, q[i], 0)
		}
		g.free(a, b)
	}
	g.free(q...)
	g.ins("ADD $%d, %v, %v", 8*f.bits, rKeyRow, rKeyRow)
	g.ins("SUBS $1, %v, %v", rLeft, rLeft)
	g.ins("BNE %s", loop)
}

// scoresBlocks runs over the blocks of 32 columns of a quantised format, 16 keys at a time.
func (g *attnGen) scoresBlocks(f attnFormat, acc []vreg, queries int) {
	g.scoresField("K", rBlock)
	g.ins("LSR $5, %v, %v", rLeft, rLeft)
	blocks := g.newLabel("blocks")
	g.place(blocks)
	scales := g.vs(4)
	g.ins("ADD %v<<1, %v, %v", rKey, rBlock, rPlace)
	for i := 0; i < 4; i += 2 {
		g.loadQ(scales[i], rPlace.plus(8*i))
		g.vv("fcvtl2.4s", scales[i+1], scales[i])
		g.vv("fcvtl.4s", scales[i], scales[i])
	}
	for pass := range 8 / f.bits {
		g.ins("ADD %v, %v, %v", rKey, rBlock, rKeyRow)
		g.ins("ADD $128, %v, %v", rKeyRow, rKeyRow)
		g.ins("MOVD $%d, %v", 4*f.bits, rRowsLeft)
		rows := g.newLabel("rows")
		g.place(rows)
		k := g.decode(f, rKeyRow.plus(0), pass == 1)
		for v := range k {
			g.vvv("fmul.4s", k[v], k[v], scales[v])
		}
		q := g.vs(queries)
		g.nextQ(q)
		for i := range q {
			for v := range k {
				g.elem("fmla.4s", acc[4*i+v], k[v], q[i], 0)
			}
		}
		g.free(q...)
		g.free(k...)
		g.ins("ADD $64, %v, %v", rKeyRow, rKeyRow)
		g.ins("SUBS $1, %v, %v", rRowsLeft, rRowsLeft)
		g.ins("BNE %s", rows)
	}
	g.free(scales...)
	g.ins("ADD $%d, %v, %v", 128+256*f.bits, rBlock, rBlock)
	g.ins("SUBS $1, %v, %v", rLeft, rLeft)
	g.ins("BNE %s", blocks)
}
