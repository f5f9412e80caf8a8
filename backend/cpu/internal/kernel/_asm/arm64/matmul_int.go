package main

// Products of layouts with blocks of 32 columns.

// sixteenth are the bits of 2^-4.
const sixteenth = 0x3d800000

func (g *generator) genMatMul32(name string, blockBytes int, constants []uint32, block func(t *tile)) {
	tiles := engines[g.level].tiles
	if name == "S16" {
		tiles = engines[g.level].tiles16
	}
	g.genMatMul(name, tiles, append(constants, magic), func(t *tile) {
		t.quantised(32)
		t.sums(t.dot.wide || t.rows == 1)
		t.eachBlock(blockBytes, func() {
			block(t)
			t.moveRows()
		})
	})
}

// quantised sets the places of scales and sums for blocks of so many columns, and the count of blocks.
func (t *tile) quantised(block int) {
	shift := map[int]int{32: 5, 256: 8}[block]
	t.ins("MOVD %v, %v", rBlocks, rScales)
	t.ins("LSR $%d, %v, %v", shift, rBlocks, rBlocks)
	t.ins("ADD %v<<2, %v, %v", rBlocks, rScales, rSums)
}

// moveRows moves the codes of the rows by 32 columns, and with them what is relative to them: their sums, which take 4
// bytes, and the scale of the block, which stays where it is.
func (t *tile) moveRows() {
	for m := range t.rows {
		t.ins("ADD $32, %v, %v", t.row(m), t.row(m))
	}
	t.ins("SUB $28, %v, %v", rSums, rSums)
	t.ins("SUB $32, %v, %v", rScales, rScales)
}

// eachBlock runs body for every block of the panel, of so many bytes, and moves on to the next.
func (t *tile) eachBlock(bytes int, body func()) {
	loop := t.newLabel("block")
	t.place(loop)
	body()
	t.ins("ADD $4, %v, %v", rScales, rScales)
	t.nextBlock(bytes)
	t.ins("SUBS $1, %v, %v", rBlocks, rBlocks)
	t.ins("BNE %s", loop)
}

// scaleOf loads the activation scale of the block, and sumsOf its next two sums of 16 codes.
func (t *tile) scaleOf(m int, v vreg) { t.ins("FMOVS (%v)(%v), %s", t.row(m), rScales, v.f()) }
func (t *tile) sumsOf(m int, v vreg)  { t.ins("FMOVS (%v)(%v), %s", t.row(m), rSums, v.f()) }

// halves widens the half floats at an offset of the block.
func (t *tile) halves(off int) []vreg {
	d := t.vs(t.vectors)
	for v := 0; v < t.vectors; v += 2 {
		t.halfPair(t.halvesBase(), off+8*v, d[v], d[v+1])
	}
	return d
}

// halfPair widens eight half floats.
func (g *generator) halfPair(base reg, off int, low, high vreg) {
	g.loadQ(low, base.plus(off))
	g.vv("fcvtl2.4s", high, low)
	g.vv("fcvtl.4s", low, low)
}

// singles loads the float32 values at an offset of the block.
func (t *tile) singles(off int) []vreg {
	s := t.vs(t.vectors)
	for v := range s {
		t.loadQ(s[v], rW.plus(off+16*v))
	}
	return s
}

// signedCodes loads k-groups of int8 at an offset of the block.
func (t *tile) signedCodes(off int) *codes {
	return &codes{load: func(c, v int, low, high vreg) {
		t.loadQ(low, rW.plus(off+128*c+16*v))
		t.loadQ(high, rW.plus(off+128*c+64+16*v))
	}}
}

const lowNibbles, highNibbles = 0x0f0f0f0f, 0xf0f0f0f0

// nibbles loads k-groups of four bits at an offset from base.
func (t *tile) nibbles(base reg, off int) *codes {
	k := &codes{constants: []uint32{lowNibbles}}
	k.load = func(c, v int, low, high vreg) {
		t.loadQ(high, base.plus(off+64*c+16*v))
		t.vvv("and.16b", low, high, k.held[0])
		t.shift("ushr.16b", high, high, 4)
	}
	return k
}

// signedNibbles loads 16 times the codes of four bits less 8.
func (t *tile) signedNibbles(off int) *codes {
	k := &codes{constants: []uint32{0x88888888, highNibbles}}
	k.load = func(c, v int, low, high vreg) {
		t.loadQ(high, rW.plus(off+64*c+16*v))
		t.vvv("eor.16b", high, high, k.held[0])
		t.shift("shl.16b", low, high, 4)
		t.vvv("and.16b", high, high, k.held[1])
	}
	return k
}

// first is what sums that become floats start from.
func (t *tile) first() uint32 {
	if t.dot.wide {
		return magic
	}
	return 0
}

// toFloats converts integer sums that started from first and have at most 22 bits.
func (t *tile) toFloats(i []vreg) {
	if !t.dot.wide {
		for _, v := range i {
			t.vv("scvtf.4s", v, v)
		}
		return
	}
	zero := t.constant(magic)
	for _, v := range i {
		t.vvv("fsub.4s", v, v, zero)
	}
	t.free(zero)
}

// finishScaled adds dx * d*float(i) to the sums; i and d are lost.
func (t *tile) finishScaled(i, d []vreg) {
	t.toFloats(i)
	dx := t.v()
	t.each(func(m, v int) {
		if v == 0 {
			t.scaleOf(m, dx)
		}
		n := m*t.vectors + v
		t.vvv("fmul.4s", i[n], i[n], d[v])
		t.addProduct(n, i[n], dx)
	})
	t.free(dx)
	t.free(d...)
	t.free(i...)
}

func genMatMulQ8(g *generator) {
	g.genMatMul32("Q8", 544, nil, func(t *tile) {
		i := t.sum(part{groups: 8, codes: t.signedCodes(32), first: t.first()})
		t.finishScaled(i, t.halves(0))
	})
}

// genMatMulQ4 takes the zero point off the codes when they are used for several rows, and otherwise off the sums.
func genMatMulQ4(g *generator) {
	g.genMatMul32("Q4", 288, []uint32{lowNibbles, highNibbles, 0x88888888}, func(t *tile) {
		if !t.dot.wide || t.rows <= 2 {
			p := part{groups: 8, codes: t.nibbles(rW, 32), narrow: true, start: t.minus8Sums, first: t.first()}
			t.finishScaled(t.sum(p), t.halves(0))
			return
		}
		i := t.sum(part{groups: 8, codes: t.signedNibbles(32), first: t.first()})
		d, by := t.halves(0), t.v()
		t.splat(by, sixteenth, rTmp)
		for _, v := range d {
			t.vvv("fmul.4s", v, v, by)
		}
		t.free(by)
		t.finishScaled(i, d)
	})
}

// minus8Sums takes 8 times the sum of the activation codes of the block off d.
func (t *tile) minus8Sums(m int, d vreg) {
	factor, s := t.v(), t.v()
	t.setMinus("4s", factor, 8)
	t.sumsOf(m, s)
	t.vv("saddlp.4s", s, s)
	t.elem("mla.4s", d, factor, s, 0)
	t.free(factor, s)
}

func genMatMulS32(g *generator) {
	g.genMatMul32("S32", 640, nil, func(t *tile) {
		i := t.sum(part{groups: 8, codes: t.signedCodes(128), first: t.first()})
		t.finishOffset(i)
		t.free(i...)
	})
}

// finishOffset adds dx * (s*float(i) + m*float(sum of the activation codes)).
func (t *tile) finishOffset(i []vreg) {
	t.toFloats(i)
	for v, s := range t.singles(0) {
		for m := range t.rows {
			t.vvv("fmul.4s", i[m*t.vectors+v], i[m*t.vectors+v], s)
		}
		t.free(s)
	}
	offset, dx, x := t.singles(64), t.v(), t.v()
	t.each(func(m, v int) {
		if v == 0 {
			t.scaleOf(m, dx)
			t.sumsOf(m, x)
			t.vv("saddlp.4s", x, x)
			t.vv("scvtf.4s", x, x)
		}
		n := m*t.vectors + v
		t.elem("fmla.4s", i[n], offset[v], x, 0)
		t.addProduct(n, i[n], dx)
	})
	t.free(offset...)
	t.free(dx, x)
}

func genMatMulS16(g *generator) {
	g.genMatMul32("S16", 768, nil, func(t *tile) {
		u := t.sum(part{groups: 4, codes: t.signedCodes(256), first: t.first()})
		t.toFloats(u)
		for v, s := range t.singles(0) {
			for m := range t.rows {
				t.vvv("fmul.4s", u[m*t.vectors+v], u[m*t.vectors+v], s)
			}
			t.free(s)
		}
		if !t.dot.wide {
			t.park(u)
		}
		i := t.sum(part{groups: 4, disp: 16, codes: t.signedCodes(512), first: t.first()})
		if !t.dot.wide {
			u = t.fetch()
		}
		t.toFloats(i)
		t.finishHalves(u, i)
		t.free(u...)
	})
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

// finishHalves adds dx * (u + s1*i1 + m0*float(X16[0]) + m1*float(X16[1])); i1 is freed.
func (t *tile) finishHalves(u, i1 []vreg) {
	for v, s := range t.singles(64) {
		for m := range t.rows {
			n := m*t.vectors + v
			t.vvv("fmla.4s", u[n], s, i1[n])
			t.free(i1[n])
		}
		t.free(s)
	}
	o0, o1, dx, x := t.singles(128), t.singles(192), t.v(), t.v()
	t.each(func(m, v int) {
		if v == 0 {
			t.scaleOf(m, dx)
			t.sumsOf(m, x)
			t.vv("sxtl.4s", x, x)
			t.vv("scvtf.4s", x, x)
		}
		n := m*t.vectors + v
		t.elem("fmla.4s", u[n], o0[v], x, 0)
		t.elem("fmla.4s", u[n], o1[v], x, 1)
		t.addProduct(n, u[n], dx)
	})
	t.free(o0...)
	t.free(o1...)
	t.free(dx, x)
}
