package main

// Products of layouts with blocks of 256 columns: eight sub-blocks of 32 columns, with integer scales.

// kTile is the state of a tile of a K-quant.
type kTile struct {
	*tile
	block []vreg // scaled sums of the block in registers, or nil: then they are at blockAt
}

func (g *generator) genMatMulK(name string, body func(k *kTile)) {
	g.genMatMulInt(name, func(t *tile) {
		t.quantised(256)
		t.sums(false)
		body(&kTile{tile: t})
	})
}

// eachK runs body for the sub-blocks of every block, whose codes begin at an offset and whose scales are scaleBytes
// long, then finish with the block done. The activation rows have moved on then.
func (k *kTile) eachK(blockBytes, codes, codeBytes, scales, scaleBytes int, body, finish func()) {
	k.eachBlock(blockBytes, func() {
		if k.rows <= k.dot.inRegs {
			k.block = k.vs(4 * k.rows)
			for _, v := range k.block {
				k.zero(v)
			}
		} else {
			k.zeroLocal(blockAt)
		}
		k.ins("ADD $%d, %v, %v", codes, rW, rCodes)
		k.ins("ADD $%d, %v, %v", scales, rW, rSubScales)
		k.ins("MOVD $8, %v", rSub)
		loop := k.newLabel("sub")
		k.place(loop)
		body()
		k.moveRows()
		k.ins("ADD $%d, %v, %v", codeBytes, rCodes, rCodes)
		k.ins("ADD $%d, %v, %v", scaleBytes, rSubScales, rSubScales)
		k.ins("SUBS $1, %v, %v", rSub, rSub)
		k.ins("BNE %s", loop)
		finish()
		k.free(k.block...)
		k.block = nil
	})
}

// flush adds the sums i of a part times its scales, of which the four vectors are given, to those of the block.
func (k *kTile) flush(i, scale []vreg) {
	t := k.v()
	eachVector(k.rows, func(m, v int) {
		n := 4*m + v
		if k.block != nil {
			k.vvv("mla.4s", k.block[n], i[n], scale[v])
			return
		}
		k.loadQ(t, local(blockAt+16*n))
		k.vvv("mla.4s", t, i[n], scale[v])
		k.storeQ(t, local(blockAt+16*n))
	})
	k.free(t)
	k.free(i...)
	k.free(scale...)
}

// scales widens the 16 bytes at an offset of the scales of the sub-block.
func (k *kTile) scales(off int, signed bool) []vreg {
	extend := "uxtl"
	if signed {
		extend = "sxtl"
	}
	s := k.vs(4)
	k.loadQ(s[3], rSubScales.plus(off))
	k.vv(extend+".8h", s[1], s[3])
	k.vv(extend+"2.8h", s[3], s[3])
	for i := 0; i < 4; i += 2 {
		k.vv(extend+".4s", s[i], s[i+1])
		k.vv(extend+"2.4s", s[i+1], s[i+1])
	}
	return s
}

// sumOfBlock returns sum i of the block as float32; t is room for it.
func (k *kTile) sumOfBlock(i int, t vreg) {
	if k.block != nil {
		k.vv("scvtf.4s", t, k.block[i])
		return
	}
	k.loadQ(t, local(blockAt+16*i))
	k.vv("scvtf.4s", t, t)
}

// withBit puts a bit of every byte of top, moved left by the shift, on top of the codes w.
func (k *kTile) withBit(w, top, mask vreg, shift int) {
	switch {
	case shift > 0:
		k.shift("shl.16b", top, top, shift)
	case shift < 0:
		k.shift("ushr.16b", top, top, -shift)
	}
	k.vvv("bit.16b", w, top, mask)
}

func genMatMulQ4K(g *generator) {
	g.genMatMulK("Q4K", func(k *kTile) {
		mask := k.v()
		k.setBytes(mask, 15)
		k.eachK(2368, 320, 256, 64, 16, func() {
			i := k.dot.sum(k.tile, part{groups: 8, narrow: true, load: k.nibbles(rCodes, 0, mask)})
			k.flush(i, k.scales(0, false))
		}, k.finishMinima)
		k.free(mask)
	})
}

func genMatMulQ5K(g *generator) {
	g.genMatMulK("Q5K", func(k *kTile) {
		mask, fifth := k.v(), k.v()
		k.setBytes(mask, 15)
		k.setBytes(fifth, 16)
		nibbles := k.nibbles(rCodes, 0, mask)
		load := func(c, v int, low, high vreg) {
			nibbles(c, v, low, high)
			top := k.v()
			k.loadQ(top, rCodes.plus(256+16*v))
			k.withBit(low, top, fifth, 4-2*c)
			k.withBit(high, top, fifth, -1)
			k.free(top)
		}
		k.eachK(2880, 320, 320, 64, 16, func() {
			i := k.dot.sum(k.tile, part{groups: 8, narrow: true, load: load})
			k.flush(i, k.scales(0, false))
		}, k.finishMinima)
		k.free(mask, fifth)
	})
}

// finishMinima ends a block of PanelQ4K or PanelQ5K: it adds dx * (d*float(i) - dmin*float(j)), with j the sum of the
// minima times the sums of 32 activation codes.
func (k *kTile) finishMinima() {
	for v0 := 0; v0 < 4; v0 += 2 {
		j := k.minima(v0)
		d, dmin, dx, u := k.vs(2), k.vs(2), k.v(), k.v()
		k.halfPair(8*v0, d[0], d[1])
		k.halfPair(32+8*v0, dmin[0], dmin[1])
		for m := range k.rows {
			k.scaleOf(m, dx)
			for h := range 2 {
				n := 4*m + v0 + h
				k.sumOfBlock(n, u)
				k.vvv("fmul.4s", u, u, d[h])
				k.vv("scvtf.4s", j[2*m+h], j[2*m+h])
				k.vvv("fmls.4s", u, dmin[h], j[2*m+h])
				k.addProduct(n, u, dx)
			}
		}
		k.free(j...)
		k.free(d...)
		k.free(dmin...)
		k.free(dx, u)
	}
}

// minima returns the sums over the sub-blocks of minimum times 32 activation codes, for the vectors v0 and v0+1.
func (k *kTile) minima(v0 int) []vreg {
	x := make([]vreg, k.rows) // the sums of 32 codes
	t := k.v()
	for m := range x {
		x[m] = k.vLow()
		k.ins("ADD %v, %v, %v", rSums, k.row(m), rTmp)
		k.loadQ(x[m], rTmp.plus(-32))
		k.loadQ(t, rTmp.plus(-16))
		k.vvv("addp.8h", x[m], x[m], t)
	}
	k.free(t)
	j := k.vs(2 * k.rows)
	for _, v := range j {
		k.zero(v)
	}
	minimum := k.v()
	for s := range 8 {
		k.loadD(minimum, rW.plus(192+16*s+4*v0))
		k.vv("uxtl.8h", minimum, minimum)
		for m := range x {
			k.elem("smlal.4s", j[2*m], minimum, x[m], s)
			k.elem("smlal2.4s", j[2*m+1], minimum, x[m], s)
		}
	}
	k.free(minimum)
	k.free(x...)
	return j
}

func genMatMulQ6K(g *generator) {
	g.genMatMulK("Q6K", func(k *kTile) {
		mask, pairs := k.v(), k.v()
		k.setBytes(mask, 15)
		k.setBytes(pairs, 0x30)
		k.eachK(3360, 288, 384, 32, 32, func() {
			for half := range 2 {
				nibbles := k.nibbles(rCodes, 128*half, mask)
				load := func(c, v int, low, high vreg) {
					nibbles(c, v, low, high)
					top := k.v()
					k.loadQ(top, rCodes.plus(256+64*half+16*v))
					k.withBit(low, top, pairs, 4-4*c)
					k.withBit(high, top, pairs, -2)
					k.free(top)
				}
				i := k.dot.sum(k.tile, part{groups: 4, disp: 16 * half, narrow: true, load: load, start: k.minus32Sum(half)})
				k.flush(i, k.scales(16*half, true))
			}
		}, k.finishQ6K)
		k.free(mask, pairs)
	})
}

// minus32Sum sets d to -32 times one of the next two sums of 16 activation codes.
func (k *kTile) minus32Sum(i int) func(m int, d vreg) {
	return func(m int, d vreg) {
		x := k.vLow()
		k.sumsOf(m, x)
		k.setMinus("8h", d, 32)
		k.elem("smull.4s", d, d, x, i)
		k.free(x)
	}
}

// finishQ6K ends a block of PanelQ6K: it adds dx * d*float(i).
func (k *kTile) finishQ6K() {
	d, dx, u := k.halves(0), k.v(), k.v()
	eachVector(k.rows, func(m, v int) {
		if v == 0 {
			k.scaleOf(m, dx)
		}
		k.sumOfBlock(4*m+v, u)
		k.vvv("fmul.4s", u, u, d[v])
		k.addProduct(4*m+v, u, dx)
	})
	k.free(d...)
	k.free(dx, u)
}
