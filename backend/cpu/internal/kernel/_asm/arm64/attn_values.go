package main

import "fmt"

// The general registers of values, beside rArgs and rQueries.
const (
	rAcc        reg = 1
	rAccStride  reg = 2 // in bytes
	rWeights    reg = 3 // probability of slot Lo, first query of the group
	rCorrection reg = 5
	rTile       reg = 6 // slot Lo
	rRowBytes   reg = 7 // of a slot
	rSlots      reg = 8
	rColumn     reg = 9
	rColumnsTo  reg = 10 // columns left
	rAccRow     reg = 11
	rWeight     reg = 12
	rSlot       reg = 13
	rSlotsLeft  reg = 14
	rSlotScale  reg = 15
)

func (g *attnGen) valuesField(name string, r reg) {
	g.ins("MOVD ValuesArgs_%s(%v), %v", name, rArgs, r)
}

func (g *attnGen) genValues(f attnFormat) {
	g.function("values"+f.name+g.suffix, "(a *ValuesArgs)", fmt.Sprintf("is valuesGeneric(%s, a).", f.twin), 0, 8)
	g.ins("MOVD a+0(FP), %v", rArgs)
	g.valuesField("Acc", rAcc)
	g.valuesField("AccStride", rAccStride)
	g.valuesField("P", rWeights)
	g.valuesField("Correction", rCorrection)
	g.valuesField("N", rQueries)
	g.valuesField("V", rTile)
	g.valuesField("D", rRowBytes)
	g.ins("LSL $2, %v, %v", rAccStride, rAccStride)
	if f.quantized() {
		g.ins("LSR $5, %v, %v", rRowBytes, rRowBytes)
		g.ins("MOVD $%d, %v", 2+4*f.bits, rTmp)
		g.ins("MUL %v, %v, %v", rTmp, rRowBytes, rRowBytes)
	} else {
		g.ins("LSL $%d, %v, %v", f.bits/16, rRowBytes, rRowBytes)
	}
	g.valuesField("Lo", rTmp)
	g.valuesField("Hi", rSlots)
	g.ins("SUB %v, %v, %v", rTmp, rSlots, rSlots)
	g.ins("ADD %v<<2, %v, %v", rTmp, rWeights, rWeights)
	g.ins("MUL %v, %v, %v", rRowBytes, rTmp, rTmp)
	g.ins("ADD %v, %v, %v", rTmp, rTile, rTile)
	g.constants(f)
	tiles, group := valuesTiles, g.valuesGroup
	if f.quantized() {
		tiles, group = valuesTilesQuantized, g.valuesBlocks
	}
	g.eachGroup(tiles, func(queries int, vectors []int) {
		g.ins("MOVD $0, %v", rColumn)
		g.valuesField("D", rColumnsTo)
		group(f, queries, vectors)
		g.ins("ADD $%d, %v, %v", 4*queries, rCorrection, rCorrection)
		g.ins("ADD $%d, %v, %v", 256*queries, rWeights, rWeights)
		for range queries {
			g.ins("ADD %v, %v, %v", rAccStride, rAcc, rAcc)
		}
	})
	g.freeConstants(f)
}

// valuesGroup adds to all columns of a group of queries, so many vectors of columns at a time, and single columns in
// the end.
func (g *attnGen) valuesGroup(f attnFormat, queries int, vectors []int) {
	done := g.newLabel("groupDone")
	for _, n := range vectors {
		loop, next := g.newLabel("tile"), g.newLabel("narrower")
		g.place(loop)
		g.ins("CMP $%d, %v", 4*n, rColumnsTo)
		g.ins("BLT %s", next)
		g.valuesTile(f, queries, n, 0, func(acc, p []vreg) { g.valuesRow(f, acc, p) })
		g.ins("ADD $%d, %v, %v", 4*n, rColumn, rColumn)
		g.ins("SUB $%d, %v, %v", 4*n, rColumnsTo, rColumnsTo)
		g.ins("B %s", loop)
		g.place(next)
	}
	one := g.newLabel("column")
	g.place(one)
	g.ins("CBZ %v, %s", rColumnsTo, done)
	g.valuesTile(f, queries, 0, 0, func(acc, p []vreg) { g.valuesColumn(f, acc, p) })
	g.ins("ADD $1, %v, %v", rColumn, rColumn)
	g.ins("SUB $1, %v, %v", rColumnsTo, rColumnsTo)
	g.ins("B %s", one)
	g.place(done)
}

// valuesBlocks is valuesGroup for a quantised format: it takes blocks of 32 columns in halves.
func (g *attnGen) valuesBlocks(f attnFormat, queries int, vectors []int) {
	loop := g.newLabel("block")
	g.place(loop)
	for half := range 2 {
		g.valuesTile(f, queries, vectors[0], half, func(acc, p []vreg) {
			scale := g.v()
			g.ins("VLD1R (%v), [V%d.H4]", rSlotScale, uint8(scale))
			g.ins("ADD %v, %v, %v", rRowBytes, rSlotScale, rSlotScale)
			g.vv("fcvtl.4s", scale, scale)
			codes := rSlot.plus(0)
			if f.bits == 8 {
				codes = rSlot.plus(16 * half)
			}
			y := g.decode(f, codes, half == 1)
			for v := range y {
				g.vvv("fmul.4s", y[v], y[v], scale)
			}
			g.free(scale)
			for i := range p {
				for v := range y {
					g.elem("fmla.4s", acc[4*i+v], y[v], p[i], 0)
				}
			}
			g.free(y...)
		})
	}
	g.ins("ADD $32, %v, %v", rColumn, rColumn)
	g.ins("SUBS $32, %v, %v", rColumnsTo, rColumnsTo)
	g.ins("BNE %s", loop)
}

// valuesTile adds all slots to some vectors of columns, or to one column when there are none; row does one slot. The
// columns of half 1 are 16 on.
func (g *attnGen) valuesTile(f attnFormat, queries, vectors, half int, row func(acc, p []vreg)) {
	acc := g.vs(queries * max(vectors, 1))
	g.eachAcc(acc, queries, vectors, half, func(v vreg, at string) {
		if vectors == 0 {
			g.loadS(v, at)
		} else {
			g.loadQ(v, at)
		}
	})
	c := g.v()
	for i := range queries {
		g.loadS(c, rCorrection.plus(4*i))
		for _, v := range acc[i*len(acc)/queries : (i+1)*len(acc)/queries] {
			g.elem("fmul.4s", v, v, c, 0)
		}
	}
	g.free(c)
	loop, none := g.newLabel("slots"), g.newLabel("none")
	g.ins("CBZ %v, %s", rSlots, none)
	g.ins("MOVD %v, %v", rSlots, rSlotsLeft)
	g.ins("MOVD %v, %v", rWeights, rWeight)
	g.valuesStart(f)
	g.place(loop)
	p := g.vs(queries)
	for i, v := range p {
		g.loadS(v, rWeight.plus(256*i))
	}
	row(acc, p)
	g.free(p...)
	g.ins("ADD $4, %v, %v", rWeight, rWeight)
	g.ins("ADD %v, %v, %v", rRowBytes, rSlot, rSlot)
	g.ins("SUBS $1, %v, %v", rSlotsLeft, rSlotsLeft)
	g.ins("BNE %s", loop)
	g.place(none)
	g.eachAcc(acc, queries, vectors, half, func(v vreg, at string) {
		if vectors == 0 {
			g.storeS(v, at)
		} else {
			g.storeQ(v, at)
		}
	})
	g.free(acc...)
}

// eachAcc calls body with the place of every accumulator of a tile.
func (g *attnGen) eachAcc(acc []vreg, queries, vectors, half int, body func(v vreg, at string)) {
	g.ins("ADD %v<<2, %v, %v", rColumn, rAcc, rAccRow)
	each := len(acc) / queries
	for i, v := range acc {
		if i > 0 && i%each == 0 {
			g.ins("ADD %v, %v, %v", rAccStride, rAccRow, rAccRow)
		}
		body(v, rAccRow.plus(64*half+16*(i%each)))
	}
}

// valuesStart sets the places of the columns, and of their scale, in slot Lo.
func (g *attnGen) valuesStart(f attnFormat) {
	if !f.quantized() {
		g.ins("ADD %v<<%d, %v, %v", rColumn, f.bits/16, rTile, rSlot)
		return
	}
	g.comment("D/32 scales of two bytes, then the codes")
	g.ins("ADD %v>>4, %v, %v", rColumn, rTile, rSlotScale)
	g.valuesField("D", rTmp)
	g.ins("ADD %v>>4, %v, %v", rTmp, rTile, rSlot)
	if f.bits == 4 {
		g.ins("ADD %v>>1, %v, %v", rColumn, rSlot, rSlot)
	} else {
		g.ins("ADD %v, %v, %v", rColumn, rSlot, rSlot)
	}
}

// valuesRow adds one slot of a float format.
func (g *attnGen) valuesRow(f attnFormat, acc, p []vreg) {
	vectors := len(acc) / len(p)
	add := func(v int, y vreg) {
		for i := range p {
			g.elem("fmla.4s", acc[i*vectors+v], y, p[i], 0)
		}
	}
	a, b := g.v(), g.v()
	for v := 0; v+1 < vectors; v += 2 {
		g.floats(f, rSlot, 4*v, a, b)
		add(v, a)
		add(v+1, b)
	}
	if vectors == 1 {
		g.floats(f, rSlot, 0, a)
		add(0, a)
	}
	g.free(a, b)
}

// valuesColumn adds one slot to a single column.
func (g *attnGen) valuesColumn(f attnFormat, acc, p []vreg) {
	y := g.v()
	if f.bits == 32 {
		g.loadS(y, rSlot.plus(0))
	} else {
		g.ins("VLD1R (%v), [V%d.H4]", rSlot, uint8(y))
		g.vv("fcvtl.4s", y, y)
	}
	for i := range p {
		g.elem("fmla.4s", acc[i], y, p[i], 0)
	}
	g.free(y)
}
