package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// valuesState is what a group of queries shares.
type valuesState struct {
	a                          func(field string) operand.Mem
	acc, stride                reg.GPVirtual
	end, correction            reg.GPVirtual // of the first query: P + 4*Hi; Correction
	tile, rowBytes, row, slots reg.GPVirtual // slot Lo; place; -slots left
	column, left, scale        reg.GPVirtual // first column of the vectors; columns left; place of the scale from row
	place                      reg.GPVirtual // in acc

	scales operand.Mem // with AVX-512: memory for two scales
	levels reg.VecVirtual
}

func (g *attnGen) genValues(f attnFormat) {
	name := "values" + f.name + g.suffix
	g.function(name, "func(a *ValuesArgs)", fmt.Sprintf("%s is valuesGeneric(%s, a).", name, f.twin))
	args := g.Dereference(g.Param("a"))
	// There are too few registers to keep the address of the arguments.
	s := &valuesState{a: func(field string) operand.Mem { return g.addr(g.Dereference(g.Param("a")).Field(field)) }}
	s.acc, s.stride = g.load64(args.Field("Acc")), g.load64(args.Field("AccStride"))
	s.end, s.correction, s.tile = g.load64(args.Field("P")), g.load64(args.Field("Correction")), g.load64(args.Field("V"))
	n := g.load64(args.Field("N"))
	s.rowBytes, s.row, s.slots, s.column, s.left, s.place = g.GP64(), g.GP64(), g.GP64(), g.GP64(), g.GP64(), g.GP64()
	s.scale = g.GP64()
	g.SHLQ(operand.Imm(2), s.stride)
	g.MOVQ(s.a("Hi"), s.slots)
	g.LEAQ(mem(s.end, s.slots, 4, 0), s.end)
	g.MOVQ(s.a("D"), s.rowBytes)
	if f.quantized() {
		g.SHRQ(operand.Imm(5), s.rowBytes)
		g.IMUL3Q(operand.Imm(uint64(2+4*f.bits)), s.rowBytes, s.rowBytes)
	} else {
		g.IMUL3Q(operand.Imm(uint64(f.bits/8)), s.rowBytes, s.rowBytes)
	}
	g.MOVQ(s.a("Lo"), s.row)
	g.IMULQ(s.rowBytes, s.row)
	g.ADDQ(s.row, s.tile)
	tiles := g.tiles.values
	if f.quantized() {
		tiles = g.tiles.valuesQuantized
		if g.lanes == 16 {
			s.scales = g.AllocLocal(8)
			if f.bits == 4 {
				s.levels = g.levels()
			}
		}
	}
	g.eachGroup(n, tiles, func(queries int, vectors []int) {
		g.valuesGroup(f, s, queries, vectors)
		g.LEAQ(mem(s.correction, nil, 0, 4*queries), s.correction)
		g.ADDQ(operand.U32(256*queries), s.end)
		for range queries {
			g.ADDQ(s.stride, s.acc)
		}
	})
}

// valuesGroup adds to all columns of a group of queries, vectors*lanes columns at a time.
func (g *attnGen) valuesGroup(f attnFormat, s *valuesState, queries int, vectors []int) {
	g.aheadStart(f, s.a("Next"), s.a("D"), queries)
	g.XORQ(s.column, s.column)
	g.MOVQ(s.a("D"), s.left)
	done := g.label("groupDone")
	for _, n := range vectors {
		loop, next := g.label("tile"), g.label("narrower")
		g.Label(loop)
		g.SUBQ(operand.U32(n*g.lanes), s.left)
		g.JL(operand.LabelRef(next))
		g.valuesTile(f, s, queries, n, nil)
		g.ADDQ(operand.U32(n*g.lanes), s.column)
		g.JMP(operand.LabelRef(loop))
		g.Label(next)
		g.ADDQ(operand.U32(n*g.lanes), s.left)
		g.JZ(operand.LabelRef(done))
	}
	switch {
	case f.quantized(): // no columns can be left
	case g.lanes == 16:
		g.valuesTile(f, s, queries, 1, g.firstLanes(s.left))
	default:
		one := g.label("column")
		g.Label(one)
		g.valuesColumn(f, s, queries)
		g.INCQ(s.column)
		g.DECQ(s.left)
		g.JNZ(operand.LabelRef(one))
	}
	g.Label(done)
}

// valuesStart sets row and place to the columns of a tile, and slots to minus the number of slots.
func (g *attnGen) valuesStart(f attnFormat, s *valuesState) {
	g.LEAQ(mem(s.acc, s.column, 4, 0), s.place)
	switch f.bits {
	case 4, 8:
		// Codes begin behind D/32 scales of two bytes. The scale of the columns is 2*(column/32) into the row.
		t := g.GP64()
		g.MOVQ(s.a("D"), s.row)
		g.SHRQ(operand.Imm(4), s.row)
		g.MOVQ(s.column, s.scale)
		g.SHRQ(operand.Imm(5), s.scale)
		g.SHLQ(operand.Imm(1), s.scale)
		g.MOVQ(s.column, t)
		if f.bits == 4 {
			g.SHRQ(operand.Imm(1), t)
		}
		g.ADDQ(t, s.row)
		g.SUBQ(s.row, s.scale)
		g.ADDQ(s.tile, s.row)
		if f.bits == 4 && g.lanes == 8 {
			g.Comment("the second half of a block belongs to columns 8 and 24")
			g.MOVQ(s.column, t)
			g.ANDQ(operand.Imm(16), t)
			g.SHLQ(operand.Imm(1), t)
			g.SUBQ(t, s.place)
		}
	default:
		g.LEAQ(mem(s.tile, s.column, f.bits/8, 0), s.row)
	}
	g.MOVQ(s.a("Lo"), s.slots)
	g.SUBQ(s.a("Hi"), s.slots)
}

// offsets returns the byte offsets in acc of the vectors of a tile.
func (g *attnGen) offsets(f attnFormat, vectors int) []int {
	var o []int
	for v := range vectors {
		if f.bits == 4 && g.lanes == 8 { // low nibbles first, then high nibbles 16 columns on
			o = append(o, v%(vectors/2)*g.floatBytes()+v/(vectors/2)*64)
		} else {
			o = append(o, v*g.floatBytes())
		}
	}
	return o
}

// valuesTile adds to some vectors of columns; with a mask, to those columns of one vector that it selects.
func (g *attnGen) valuesTile(f attnFormat, s *valuesState, queries, vectors int, mask reg.Register) {
	g.valuesStart(f, s)
	offsets := g.offsets(f, vectors)
	var acc [][]reg.VecVirtual
	place := g.GP64()
	g.MOVQ(s.place, place)
	for i := range queries {
		c, row := g.broadcast(mem(s.correction, nil, 0, 4*i)), g.vecs(vectors)
		for v, o := range offsets {
			if mask == nil {
				g.VMULPS(mem(place, nil, 0, o), c, row[v])
			} else {
				g.VMULPS_Z(mem(place, nil, 0, o), c, mask, row[v])
			}
		}
		acc = append(acc, row)
		if i < queries-1 {
			g.ADDQ(s.stride, place)
		}
	}
	if f.quantized() {
		g.ahead(f, queries, 4*vectors*g.lanes) // as many bytes as scales
	}
	loop, none := g.label("slots"), g.label("none")
	g.TESTQ(s.slots, s.slots)
	g.JZ(operand.LabelRef(none))
	g.Label(loop)
	g.valuesRow(f, s, acc, mask)
	g.ADDQ(s.rowBytes, s.row)
	g.INCQ(s.slots)
	g.JNZ(operand.LabelRef(loop))
	g.Label(none)
	for i, row := range acc {
		for v, o := range offsets {
			g.store(row[v], mem(s.place, nil, 0, o), mask)
		}
		if i < queries-1 {
			g.ADDQ(s.stride, s.place)
		}
	}
}

// valuesRow adds one slot.
func (g *attnGen) valuesRow(f attnFormat, s *valuesState, acc [][]reg.VecVirtual, mask reg.Register) {
	if f.quantized() && g.lanes == 16 {
		g.valuesBlocks(f, s, acc)
		return
	}
	var p []reg.VecVirtual
	for i := range acc {
		p = append(p, g.broadcast(mem(s.end, s.slots, 4, 256*i)))
	}
	var scale reg.Register
	if f.quantized() {
		y := g.vec()
		g.VPBROADCASTW(mem(s.row, s.scale, 1, 0), g.half(y))
		g.VCVTPH2PS(g.half(y), y)
		scale = y
	}
	add := func(v int, y reg.VecVirtual) {
		for i := range acc {
			g.VFMADD231PS(y, p[i], acc[i][v])
		}
	}
	vectors := len(acc[0])
	g.ahead(f, len(acc), vectors*g.bytes(f)*min(f.bits, 8)/8)
	if f.bits == 4 {
		for v := range vectors / 2 {
			codes := g.vec()
			g.VPMOVZXBD(mem(s.row, nil, 0, v*g.lanes), codes)
			for high := range 2 {
				y := g.vec()
				g.nibble(codes, y, high == 1)
				g.VCVTDQ2PS(y, y)
				g.VMULPS(scale, y, y)
				add(v+high*vectors/2, y)
			}
		}
		return
	}
	for v := range vectors {
		m := mem(s.row, nil, 0, v*g.bytes(f))
		switch {
		case mask != nil && f.bits == 16:
			y := g.vec()
			g.VCVTPH2PS_Z(m, mask, y)
			add(v, y)
			continue
		case mask != nil:
			add(v, g.load(m, mask))
			continue
		case f.bits == 32 && len(acc) == 1:
			g.VFMADD231PS(m, p[0], acc[0][v])
			continue
		}
		add(v, g.element(f, m, false, scale))
	}
}

// valuesColumn is valuesTile for a single column.
func (g *attnGen) valuesColumn(f attnFormat, s *valuesState, queries int) {
	g.valuesStart(f, s)
	acc := make([]reg.VecVirtual, queries)
	place := g.GP64()
	g.MOVQ(s.place, place)
	for i := range acc {
		acc[i] = g.XMM()
		g.VMOVSS(mem(place, nil, 0, 0), acc[i])
		g.VMULSS(mem(s.correction, nil, 0, 4*i), acc[i], acc[i])
		g.ADDQ(s.stride, place)
	}
	loop, none := g.label("slots"), g.label("none")
	g.TESTQ(s.slots, s.slots)
	g.JZ(operand.LabelRef(none))
	g.Label(loop)
	var v reg.VecVirtual
	if f.bits == 32 {
		v = g.XMM()
		g.VMOVSS(mem(s.row, nil, 0, 0), v)
	} else {
		v = g.halfScalar(mem(s.row, nil, 0, 0))
	}
	for i := range acc {
		g.VFMADD231SS(mem(s.end, s.slots, 4, 256*i), v, acc[i])
	}
	g.ADDQ(s.rowBytes, s.row)
	g.INCQ(s.slots)
	g.JNZ(operand.LabelRef(loop))
	g.Label(none)
	for i := range acc {
		g.VMOVSS(acc[i], mem(s.place, nil, 0, 0))
		g.ADDQ(s.stride, s.place)
	}
}
