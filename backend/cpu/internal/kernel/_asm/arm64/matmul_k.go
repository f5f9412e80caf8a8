package main

// Products of layouts with blocks of 256 columns: eight sub-blocks of 32 columns, with integer scales.

// kTile is the state of a tile of a K-quant. Its float sums are in local memory.
type kTile struct {
	*tile
	block []vreg // scaled integer sums of the block in registers, or nil: then they are at blockAt
}

func (g *generator) genMatMulK(name string, constants []uint32, body func(k *kTile)) {
	g.genMatMul(name, engines[g.level].tiles, constants, nil, func(t *tile) {
		t.quantised(256)
		t.sums(false)
		body(&kTile{tile: t})
	})
}

// subBlocks gives the places in a block: codes and scales of a sub-block follow those of the one before.
type subBlocks struct {
	blockBytes        int
	codes, codeBytes  int
	scales, scaleStep int
}

// eachK runs body for the sub-blocks of every block, then finish with the block done. The activation rows have moved on
// then.
func (k *kTile) eachK(at subBlocks, body, finish func()) {
	k.eachBlock(at.blockBytes, func() {
		if k.dot.wide || k.rows == 1 {
			k.block = k.zeros(k.count())
		} else {
			k.zeroLocal(blockAt)
		}
		k.eachSub(at, func() {
			body()
			k.moveRows(0)
		})
		if k.block != nil {
			k.block = k.settle(k.block)
		}
		finish()
		k.free(k.block...)
		k.block = nil
		k.ins("ADD $4, %v, %v", rScales, rScales)
	})
}

// count returns how many sub-blocks a block has.
func (s subBlocks) count() int { return (s.blockBytes - s.codes) / s.codeBytes }

// eachSub runs body for the sub-blocks of a block.
func (t *tile) eachSub(at subBlocks, body func()) {
	t.ins("ADD $%d, %v, %v", at.codes, rW, rCodes)
	t.ins("ADD $%d, %v, %v", at.scales, t.bytesBase(), rSubScales)
	t.ins("MOVD $%d, %v", at.count(), rSub)
	loop := t.newLabel("sub")
	t.place(loop)
	body()
	t.ins("ADD $%d, %v, %v", at.codeBytes, rCodes, rCodes)
	t.ins("ADD $%d, %v, %v", at.scaleStep, rSubScales, rSubScales)
	t.ins("SUBS $1, %v, %v", rSub, rSub)
	t.ins("BNE %s", loop)
}

// addPart adds the sums of a part times the 16 scales at an offset from those of the sub-block.
func (k *kTile) addPart(p part, scalesAt int, signed bool) {
	i := k.rawSum(p)
	scale := k.arrange(k.scales(scalesAt, signed))
	for n, v := range i {
		s := scale[n%len(scale)]
		if k.block != nil {
			k.vvv("mla.4s", k.block[n], v, s)
			continue
		}
		t := k.v()
		k.loadQ(t, local(blockAt+16*n))
		k.vvv("mla.4s", t, v, s)
		k.storeQ(t, local(blockAt+16*n))
		k.free(t)
	}
	k.free(i...)
	k.free(scale...)
}

// toFloat sets t to sum i of the block as float32.
func (k *kTile) toFloat(i int, t vreg) {
	if k.block != nil {
		k.vv("scvtf.4s", t, k.block[i])
		return
	}
	k.loadQ(t, local(blockAt+16*i))
	k.vv("scvtf.4s", t, t)
}

func genMatMulQ4K(g *generator) {
	g.genMatMulK("Q4K", []uint32{lowNibbles}, func(k *kTile) {
		k.eachK(subBlocks{2368, 320, 256, 64, 16}, func() {
			k.addPart(part{groups: 8, codes: k.nibbles(rCodes, 0), narrow: true}, 0, false)
		}, k.finishMinima)
	})
}

func genMatMulQ5K(g *generator) {
	g.genMatMulK("Q5K", []uint32{lowNibbles, fifthBits}, func(k *kTile) {
		k.eachK(subBlocks{2880, 320, 320, 64, 16}, func() {
			k.addPart(part{groups: 8, codes: k.withTop(k.nibbles(rCodes, 0), rCodes, 256, fifthBits, 4, 1), narrow: true}, 0, false)
		}, k.finishMinima)
	})
}

// finishMinima ends a block of PanelQ4K or PanelQ5K: it adds dx * (d*float(i) - dmin*float(j)), with j the sum of the
// minima times the sums of 32 activation codes.
func (k *kTile) finishMinima() {
	for v0 := 0; v0 < k.vectors; v0 += 2 {
		j := k.minima(v0)
		d, dmin, dx, u := k.vs(2), k.vs(2), k.v(), k.v()
		k.halfPair(k.halvesBase(), 8*v0, d[0], d[1])
		k.halfPair(k.halvesBase(), 32+8*v0, dmin[0], dmin[1])
		for m := range k.rows {
			k.scaleOf(m, dx)
			for h := range 2 {
				n := m*k.vectors + v0 + h
				k.toFloat(n, u)
				k.vvv("fmul.4s", u, u, d[h])
				k.vv("scvtf.4s", j[2*m+h], j[2*m+h])
				k.vvv("fmls.4s", u, dmin[h], j[2*m+h])
				k.addProduct(n, u, dx)
				k.free(j[2*m+h])
			}
		}
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
	j := k.zeros(2 * k.rows)
	minimum := k.v()
	for s := range 8 {
		k.loadD(minimum, k.bytesBase().plus(192+16*s+4*v0))
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

const (
	topPairs   = 0x30303030
	pairsFlips = 0xaaaaaaaa // the upper bit of every pair
)

// genMatMulQ6K takes the zero point off the codes, or off the sums where four times a code is too much for 16 bits.
func genMatMulQ6K(g *generator) {
	constants := []uint32{highNibbles, pairsFlips}
	if !engines[g.level].wide {
		constants = []uint32{lowNibbles, topPairs}
	}
	g.genMatMulK("Q6K", constants, func(k *kTile) {
		k.eachK(subBlocks{3360, 288, 384, 32, 32}, func() {
			for half := range 2 {
				p := part{groups: 4, disp: 16 * half}
				if k.dot.wide {
					p.codes = k.signedQ6K(half)
				} else {
					p.codes, p.narrow, p.start = k.withTop(k.nibbles(rCodes, 128*half), rCodes, 256+64*half, topPairs, 4, 2), true, k.minusHalf(32, half)
				}
				k.addPart(p, 16*half, true)
			}
		}, k.finishQ6K)
	})
}

// signedQ6K loads 4 times the codes less 32 of half a group: the upper bit of a code, turned over, is the sign.
func (k *kTile) signedQ6K(half int) *codes {
	w := &codes{constants: []uint32{highNibbles, pairsFlips}}
	w.load = func(c, v int, low, high vreg) {
		at, t := rCodes.plus(128*half+64*c+16*v), k.v()
		k.loadQ(high, rCodes.plus(256+64*half+16*v))
		k.vvv("eor.16b", high, high, w.held[1])
		k.shift("shl.16b", low, high, 6-4*c)
		if c == 0 {
			k.shift("shl.16b", high, high, 4)
		}
		k.loadQ(t, at)
		k.vvv("and.16b", t, t, w.held[0])
		k.shift("sri.16b", high, t, 2)
		k.loadQ(t, at)
		k.shift("shl.16b", t, t, 4)
		k.shift("sri.16b", low, t, 2)
		k.free(t)
	}
	return w
}

// finishQ6K ends a block of PanelQ6K: it adds dx * d*float(i).
func (k *kTile) finishQ6K() {
	d, dx, u := k.halves(0), k.v(), k.v()
	if k.dot.wide { // i is 4 times as large
		k.splat(u, quarter, rTmp)
		for _, v := range d {
			k.vvv("fmul.4s", v, v, u)
		}
	}
	k.each(func(m, v int) {
		if v == 0 {
			k.scaleOf(m, dx)
		}
		n := m*k.vectors + v
		k.toFloat(n, u)
		k.vvv("fmul.4s", u, u, d[v])
		k.addProduct(n, u, dx)
	})
	k.free(d...)
	k.free(dx, u)
}

// quarter are the bits of 2^-2.
const quarter = 0x3e800000
