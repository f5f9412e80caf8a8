package main

// The forms of codes in a panel.

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

// throughTable makes of codes what is at their places in the table of the product or of the block.
func (t *tile) throughTable(n *codes) *codes {
	last := len(n.constants)
	k := &codes{constants: n.constants, table: true}
	k.load = func(c, v int, low, high vreg) {
		n.held = k.held
		n.load(c, v, low, high)
		t.vvv("tbl.16b", low, k.held[last], low)
		t.vvv("tbl.16b", high, k.held[last], high)
	}
	return k
}

const fifthBits, thirdBits, lowPairs = 0x10101010, 0x04040404, 0x03030303

// withTop puts more bits on top of codes: those of k-group g are bits bits*g and up of the bytes at topAt, from base.
func (t *tile) withTop(n *codes, base reg, topAt int, mask uint32, shift, bits int) *codes {
	last := len(n.constants)
	w := &codes{constants: append(n.constants, mask)}
	w.load = func(c, v int, low, high vreg) {
		n.held = w.held
		n.load(c, v, low, high)
		top := t.v()
		t.loadQ(top, base.plus(topAt+16*v))
		switch left := shift - 2*bits*c; {
		case left > 0:
			t.shift("shl.16b", top, top, left)
		case left < 0:
			t.shift("ushr.16b", top, top, -left)
		}
		t.vvv("bit.16b", low, top, w.held[last])
		t.shift("ushr.16b", top, top, bits)
		t.vvv("bit.16b", high, top, w.held[last])
		t.free(top)
	}
	return w
}

// lessTop takes the value of the one bit that withTop put on codes off them.
func (t *tile) lessTop(n *codes) *codes {
	last := len(n.constants) - 1
	k := &codes{constants: n.constants}
	k.load = func(c, v int, low, high vreg) {
		n.held = k.held
		n.load(c, v, low, high)
		t.vvv("sub.16b", low, low, k.held[last])
		t.vvv("sub.16b", high, high, k.held[last])
	}
	return k
}

// pairs loads k-groups of two bits: four of them are in the bytes at an offset from base, the next four 64 bytes on.
func (t *tile) pairs(base reg, off int) *codes {
	k := &codes{constants: []uint32{lowPairs}}
	k.load = func(c, v int, low, high vreg) {
		t.loadQ(high, base.plus(off+c/2*64+16*v))
		if c%2 == 0 {
			t.vvv("and.16b", low, high, k.held[0])
			t.shift("ushr.16b", high, high, 2)
			t.vvv("and.16b", high, high, k.held[0])
			return
		}
		t.shift("ushr.16b", low, high, 4)
		t.vvv("and.16b", low, low, k.held[0])
		t.shift("ushr.16b", high, high, 6)
	}
	return k
}
