package main

// What the products of integer codes share.

// quantised sets the places of scales and sums for blocks of so many columns, and the count of blocks.
func (t *tile) quantised(block int) {
	shift := map[int]int{32: 5, 64: 6, 256: 8}[block]
	t.ins("MOVD %v, %v", rBlocks, rScales)
	t.ins("LSR $%d, %v, %v", shift, rBlocks, rBlocks)
	t.ins("ADD %v<<2, %v, %v", rBlocks, rScales, rSums)
}

// blocks32 runs body for every block of 32 columns of a panel, and moves the activation rows on.
func (t *tile) blocks32(bytes int, body func()) {
	t.quantised(32)
	t.sums(t.dot.wide || t.rows == 1)
	t.eachBlock(bytes, func() {
		body()
		t.moveRows(4)
	})
}

// moveRows moves the codes of the rows by 32 columns, and with them what is relative to them: their sums, which take 4
// bytes, and their scale, which takes 4 bytes, or none where the block goes on.
func (t *tile) moveRows(scaleBytes int) {
	for m := range t.rows {
		t.ins("ADD $32, %v, %v", t.row(m), t.row(m))
	}
	t.ins("SUB $28, %v, %v", rSums, rSums)
	t.ins("SUB $%d, %v, %v", 32-scaleBytes, rScales, rScales)
}

// eachBlock runs body for every block of the panel, of so many bytes, and moves on to the next.
func (t *tile) eachBlock(bytes int, body func()) {
	loop := t.newLabel("block")
	t.place(loop)
	body()
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

// scales widens the scales at an offset from those of the sub-bloct.
func (t *tile) scales(off int, signed bool) []vreg {
	extend := "uxtl"
	if signed {
		extend = "sxtl"
	}
	s := t.vs(t.vectors)
	if t.vectors == 2 {
		t.loadD(s[1], rSubScales.plus(off))
		t.vv(extend+".8h", s[1], s[1])
	} else {
		t.loadQ(s[3], rSubScales.plus(off))
		t.vv(extend+".8h", s[1], s[3])
		t.vv(extend+"2.8h", s[3], s[3])
	}
	for v := 0; v < t.vectors; v += 2 {
		t.vv(extend+".4s", s[v], s[v+1])
		t.vv(extend+"2.4s", s[v+1], s[v+1])
	}
	return s
}

// minusHalf takes so many times one of the next two sums of 16 activation codes off d.
func (t *tile) minusHalf(times uint8, i int) func(m int, d vreg) {
	return func(m int, d vreg) {
		x, factor := t.vLow(), t.v()
		t.sumsOf(m, x)
		t.setMinus("8h", factor, times)
		t.elem("smlal.4s", d, factor, x, i)
		t.free(x, factor)
	}
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
