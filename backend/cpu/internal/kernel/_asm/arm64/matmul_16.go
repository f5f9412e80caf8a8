package main

import "math/bits"

// Products of layouts with a scale for 16 columns and activation scales for 32, w = scale*(code - zero) - offset, and of
// those with a scale for 32 columns that differ from them in nothing else.

// layout16 is one of these layouts.
type layout16 struct {
	name      string
	constants []uint32
	table     *[16]int8
	at        subBlocks
	// scales and offsets load those of half of the 32 columns, part is the products of its codes. With whole they are those
	// of all of them, and there are no offsets. Offsets are taken off.
	whole           bool
	scales, offsets func(t *tile, half int) []vreg
	part            func(t *tile, half int) part
}

var layouts16 = []layout16{
	{
		name: "Q2K", at: subBlocks{1600, 576, 128, 64, 32}, constants: []uint32{lowPairs},
		scales:  func(t *tile, half int) []vreg { return t.scaledHalves(0, 16*half, false) },
		offsets: func(t *tile, half int) []vreg { return t.scaledHalves(32, 256+16*half, false) },
		part:    func(t *tile, half int) part { return part{codes: t.pairs(rCodes, 64*half), narrow: true} },
	},
	{
		name: "Q3K", at: subBlocks{1824, 288, 192, 32, 32}, constants: []uint32{lowPairs, thirdBits},
		scales: func(t *tile, half int) []vreg { return t.scaledHalves(0, 16*half, true) },
		part:   thirdLess4,
	},
	{
		name: "T4", at: subBlocks{2240, 192, 256, 64, 16}, constants: []uint32{lowNibbles}, whole: true, scales: unitScales,
		part: func(t *tile, _ int) part { return part{codes: t.throughTable(t.nibbles(rCodes, 0))} },
	},
	{
		name: "T3", at: subBlocks{1728, 192, 192, 64, 16}, constants: []uint32{lowPairs, thirdBits}, whole: true, scales: unitScales,
		part: thirdTable,
	},
	{
		name: "T3H", at: subBlocks{1856, 320, 192, 64, 32}, constants: []uint32{lowPairs, thirdBits}, scales: unitScales,
		part: func(t *tile, half int) part {
			p := thirdTable(t, half)
			p.narrow = true // four groups: at most 4*64*127
			return p
		},
	},
	{
		name: "Q2", at: subBlocks{288, 32, 128, 0, 0}, constants: []uint32{lowPairs}, table: &pairLess1, whole: true,
		scales: func(t *tile, _ int) []vreg { return t.halves(0) },
		part:   func(t *tile, _ int) part { return part{codes: t.throughTable(t.pairs(rCodes, 0)), narrow: true} },
	},
	{
		name: "NVFP4", at: subBlocks{576, 64, 256, 0, 32}, constants: []uint32{lowNibbles}, table: &e2m1, scales: e4m3Scales,
		part: func(t *tile, half int) part {
			return part{codes: t.throughTable(t.nibbles(rCodes, 128*half)), narrow: true}
		},
	},
}

// pairLess1 are the values of codes of two bits.
var pairLess1 = [16]int8{-1, 0, 1, 2}

// e4m3Scales returns half of the scales of half of a group, which are numbers E4M3 without sign: 20 bits on, with the
// exponent of float32 120 less.
func e4m3Scales(t *tile, half int) []vreg {
	s, by := t.scales(16*half, false), t.v()
	t.splat(by, (127+119)<<23, rTmp)
	for _, v := range s {
		t.shift("shl.4s", v, v, 20)
		t.vvv("fmul.4s", v, v, by)
	}
	t.free(by)
	return s
}

// thirdLess4 takes the zero point off the codes when they are used for several rows, and otherwise off the sums.
func thirdLess4(t *tile, half int) part {
	p := part{codes: t.withTop(t.pairs(rCodes, 64*half), rCodes, 128, thirdBits, 2-4*half, 1), narrow: true}
	if t.unsigned() {
		p.start = t.minusHalf(4, half)
	} else {
		p.codes = t.lessTop(p.codes)
	}
	return p
}

// thirdTable looks codes of three bits up in the table of the block.
func thirdTable(t *tile, half int) part {
	return part{codes: t.throughTable(t.withTop(t.pairs(rCodes, 64*half), rCodes, 128, thirdBits, 2-4*half, 1))}
}

// unitScales returns the scales of half of a group in a block that has levels of its own.
func unitScales(t *tile, half int) []vreg {
	s := t.scales(16*half, true)
	d, unit := t.vs(2), t.v()
	t.loadS(unit, t.sharedBase(rTmp).plus(blockUnit))
	for v := range s {
		if v%2 == 0 {
			t.halfPair(t.halvesBase(), 8*v, d[0], d[1])
		}
		t.elem("fmul.4s", d[v%2], d[v%2], unit, 0)
		t.vv("scvtf.4s", s[v], s[v])
		t.vvv("fmul.4s", s[v], s[v], d[v%2])
	}
	t.free(d...)
	t.free(unit)
	return s
}

func (l layout16) gen(g *generator) {
	constants := append(l.constants[:len(l.constants):len(l.constants)], magic)
	tiles := engines[g.level].tiles16
	if l.whole && len(l.constants) == 1 { // six rows leave registers for one and a table
		tiles = engines[g.level].tiles
	}
	g.genMatMul(l.name, tiles, constants, l.table, func(t *tile) {
		t.quantised(32)
		t.ins("LSR $%d, %v, %v", bits.TrailingZeros(uint(l.at.count())), rBlocks, rBlocks)
		t.sums(t.dot.wide || t.rows == 1)
		t.eachBlock(l.at.blockBytes, func() {
			t.eachSub(l.at, func() {
				l.product(t)
				t.moveRows(4)
			})
		})
	})
}

// product adds dx * (s0*i0 + s1*i1 - m0*float(X16[0]) - m1*float(X16[1])) to the sums.
func (l layout16) product(t *tile) {
	u := l.sum(t, 0)
	if l.whole {
		t.finish32(u, l.scales(t, 0), nil)
		return
	}
	for v, s := range l.scales(t, 0) {
		for m := range t.rows {
			t.vvv("fmul.4s", u[m*t.vectors+v], u[m*t.vectors+v], s)
		}
		t.free(s)
	}
	if !t.dot.wide {
		t.park(u)
	}
	i := l.sum(t, 1)
	if !t.dot.wide {
		u = t.fetch()
	}
	for v, s := range l.scales(t, 1) {
		for m := range t.rows {
			n := m*t.vectors + v
			t.vvv("fmla.4s", u[n], s, i[n])
			t.free(i[n])
		}
		t.free(s)
	}
	l.finish(t, u)
}

// sum returns the sums of half of the columns, or of all of them, as floats.
func (l layout16) sum(t *tile, half int) []vreg {
	p := l.part(t, half)
	if p.groups = 4; l.whole {
		p.groups = 8
	}
	p.disp, p.first = 16*half, t.first()
	i := t.sum(p)
	t.toFloats(i)
	return i
}

// finish adds the offsets to u and dx*u to the sums; u is freed.
func (l layout16) finish(t *tile, u []vreg) {
	var o0, o1 []vreg
	if l.offsets != nil {
		o0, o1 = l.offsets(t, 0), l.offsets(t, 1)
	}
	dx, x := t.v(), t.v()
	t.each(func(m, v int) {
		n := m*t.vectors + v
		if v == 0 {
			t.scaleOf(m, dx)
		}
		if v == 0 && o0 != nil {
			t.sumsOf(m, x)
			t.vv("sxtl.4s", x, x)
			t.vv("scvtf.4s", x, x)
		}
		if o0 != nil {
			t.elem("fmls.4s", u[n], o0[v], x, 0)
			t.elem("fmls.4s", u[n], o1[v], x, 1)
		}
		t.addProduct(n, u[n], dx)
	})
	t.free(o0...)
	t.free(o1...)
	t.free(dx, x)
	t.free(u...)
}

// scaledHalves returns the half floats at an offset of the block times the bytes at an offset from the scales of the
// sub-block.
func (t *tile) scaledHalves(off, bytesAt int, signed bool) []vreg {
	s := t.scales(bytesAt, signed)
	d := t.halves(off)
	for v := range s {
		t.vv("scvtf.4s", s[v], s[v])
		t.vvv("fmul.4s", s[v], s[v], d[v])
	}
	t.free(d...)
	return s
}

// park stores the vectors of a result in local memory, because a narrow engine needs the registers; fetch loads them.
func (t *tile) park(u []vreg) {
	for n, v := range u {
		t.storeQ(v, local(blockAt+16*n))
	}
	t.free(u...)
}

func (t *tile) fetch() []vreg {
	u := t.vs(t.count())
	for n, v := range u {
		t.loadQ(v, local(blockAt+16*n))
	}
	return u
}
