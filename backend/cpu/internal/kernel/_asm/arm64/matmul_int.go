package main

// Products of layouts with blocks of 32 columns.

func (g *generator) genMatMulInt(name string, body func(t *tile)) {
	g.genMatMul(name, engines[g.level].tiles, body)
}

// signedCodes loads k-groups of int8 at an offset of the block.
func (t *tile) signedCodes(off int) func(c, v int, low, high vreg) {
	return func(c, v int, low, high vreg) {
		t.loadQ(low, rW.plus(off+128*c+16*v))
		t.loadQ(high, rW.plus(off+128*c+64+16*v))
	}
}

// nibbles loads k-groups of four bits at an offset from base; mask has 15 in every byte.
func (t *tile) nibbles(base reg, off int, mask vreg) func(c, v int, low, high vreg) {
	return func(c, v int, low, high vreg) {
		t.loadQ(high, base.plus(off+64*c+16*v))
		t.vvv("and.16b", low, high, mask)
		t.shift("ushr.16b", high, high, 4)
	}
}

// finishScaled adds dx * d*float(i) to the sums, with the half floats d at the start of the block; i is lost.
func (t *tile) finishScaled(i []vreg) {
	d := t.halves(0)
	dx := t.v()
	eachVector(t.rows, func(m, v int) {
		if v == 0 {
			t.scaleOf(m, dx)
		}
		u := i[4*m+v]
		t.vv("scvtf.4s", u, u)
		t.vvv("fmul.4s", u, u, d[v])
		t.addProduct(4*m+v, u, dx)
	})
	t.free(dx)
	t.free(d...)
	t.free(i...)
}

func genMatMulQ8(g *generator) {
	g.genMatMulInt("Q8", func(t *tile) {
		t.quantised(32)
		t.sums(t.rows <= t.dot.inRegs)
		t.eachBlock(544, func() {
			t.finishScaled(t.dot.sum(t, part{groups: 8, load: t.signedCodes(32)}))
			t.moveRows()
		})
	})
}

func genMatMulQ4(g *generator) {
	g.genMatMulInt("Q4", func(t *tile) {
		t.quantised(32)
		t.sums(t.rows <= t.dot.inRegs)
		mask := t.v()
		t.setBytes(mask, 15)
		t.eachBlock(288, func() {
			t.finishScaled(t.dot.sum(t, part{groups: 8, narrow: true, load: t.nibbles(rW, 32, mask), start: t.minus8Sums}))
			t.moveRows()
		})
		t.free(mask)
	})
}

// minus8Sums sets d to -8 times the sum of the activation codes of the block.
func (t *tile) minus8Sums(m int, d vreg) {
	zero := t.v()
	t.setMinus("4s", zero, 8)
	t.sumsOf(m, d)
	t.vv("saddlp.4s", d, d)
	t.elem("mul.4s", d, zero, d, 0)
	t.free(zero)
}

func genMatMulS32(g *generator) {
	g.genMatMulInt("S32", func(t *tile) {
		t.quantised(32)
		t.sums(t.rows <= t.dot.inRegs)
		t.eachBlock(640, func() {
			i := t.dot.sum(t, part{groups: 8, load: t.signedCodes(128)})
			for v0 := 0; v0 < 4; v0 += 2 {
				t.finishOffset(i, v0)
			}
			t.free(i...)
			t.moveRows()
		})
	})
}

// finishOffset adds dx * (s*float(i) + m*float(sum of the activation codes)) for the vectors v0 and v0+1.
func (t *tile) finishOffset(i []vreg, v0 int) {
	s, o, dx, x := t.vs(2), t.vs(2), t.v(), t.v()
	for h := range 2 {
		t.loadQ(s[h], rW.plus(16*(v0+h)))
		t.loadQ(o[h], rW.plus(64+16*(v0+h)))
	}
	for m := range t.rows {
		t.scaleOf(m, dx)
		t.sumsOf(m, x)
		t.vv("saddlp.4s", x, x)
		t.vv("scvtf.4s", x, x)
		for h := range 2 {
			u := i[4*m+v0+h]
			t.vv("scvtf.4s", u, u)
			t.vvv("fmul.4s", u, u, s[h])
			t.elem("fmla.4s", u, o[h], x, 0)
			t.addProduct(4*m+v0+h, u, dx)
		}
	}
	t.free(s...)
	t.free(o...)
	t.free(dx, x)
}

func genMatMulS16(g *generator) {
	g.genMatMulInt("S16", func(t *tile) {
		t.quantised(32)
		t.sums(t.rows == 1)
		t.eachBlock(768, func() {
			i := t.dot.sum(t, part{groups: 4, load: t.signedCodes(256)})
			s := t.vs(4)
			for v := range s {
				t.loadQ(s[v], rW.plus(16*v))
			}
			eachVector(t.rows, func(m, v int) { // u = s0*float(i0) waits in memory
				u := i[4*m+v]
				t.vv("scvtf.4s", u, u)
				t.vvv("fmul.4s", u, u, s[v])
				t.storeQ(u, local(blockAt+16*(4*m+v)))
			})
			t.free(s...)
			t.free(i...)
			i = t.dot.sum(t, part{groups: 4, disp: 16, load: t.signedCodes(512)})
			for v := range 4 {
				t.finishHalves(i, v)
			}
			t.free(i...)
			t.moveRows()
		})
	})
}

// finishHalves adds dx * (u + s1*float(i1) + m0*float(X16[0]) + m1*float(X16[1])) for vector v.
func (t *tile) finishHalves(i []vreg, v int) {
	s1, o0, o1 := t.v(), t.v(), t.v()
	t.loadQ(s1, rW.plus(64+16*v))
	t.loadQ(o0, rW.plus(128+16*v))
	t.loadQ(o1, rW.plus(192+16*v))
	dx, x, u := t.v(), t.v(), t.v()
	for m := range t.rows {
		t.scaleOf(m, dx)
		t.sumsOf(m, x)
		t.vv("sxtl.4s", x, x)
		t.vv("scvtf.4s", x, x)
		t.loadQ(u, local(blockAt+16*(4*m+v)))
		f := i[4*m+v]
		t.vv("scvtf.4s", f, f)
		t.vvv("fmla.4s", u, s1, f)
		t.elem("fmla.4s", u, o0, x, 0)
		t.elem("fmla.4s", u, o1, x, 1)
		t.addProduct(4*m+v, u, dx)
	}
	t.free(s1, o0, o1, dx, x, u)
}
