package main

import (
	"slices"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// blockLayout describes a layout with blocks of 32 columns: what its products are composed of. A code c, unsigned,
// stands for c - zero.
type blockLayout struct {
	name    string
	brain   bool // the scales are bfloat16, not halves
	offsets bool // halves too
	bytes   bool
	fifth   bool   // bits behind codes of 4 bits
	levels  []int8 // what the codes of 4 bits stand for, when that is not c - zero
	zero    int
}

var (
	levelsIQ4 = []int8{-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113}
	levelsFP4 = []int8{0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12}

	blockQ8    = blockLayout{name: "matmulQ8", bytes: true, zero: 128}
	blockQ4    = blockLayout{name: "matmulQ4", zero: 8}
	blockIQ4NL = blockLayout{name: "matmulIQ4NL", levels: levelsIQ4, zero: 127}
	blockMXFP4 = blockLayout{name: "matmulMXFP4", brain: true, levels: levelsFP4, zero: 12}
	blockQ41   = blockLayout{name: "matmulQ41", offsets: true}
	blockQ50   = blockLayout{name: "matmulQ50", fifth: true, zero: 16}
	blockQ51   = blockLayout{name: "matmulQ51", offsets: true, fifth: true}
)

// header returns the offset of the codes.
func (l *blockLayout) header() int {
	if l.offsets {
		return 4 * panelRows
	}
	return 2 * panelRows
}

// blockBytes returns the bytes of a block.
func (l *blockLayout) blockBytes() int {
	switch {
	case l.bytes:
		return l.header() + 512
	case l.fifth:
		return l.header() + 256 + 64
	}
	return l.header() + 256
}

// maxCode returns the largest unsigned code, that of a level included.
func (l *blockLayout) maxCode() int {
	switch {
	case l.bytes:
		return 255
	case l.levels != nil:
		return int(slices.Max(l.levels)) + l.zero
	case l.fifth:
		return 31
	}
	return 15
}

// table returns 64 bytes for VPSHUFB, which give f of the level of every code of 4 bits.
func (l *blockLayout) table(g *generator, name string, f func(level int) byte) operand.Mem {
	var w [16]uint32
	for i := range 64 {
		w[i/4] |= uint32(f(int(l.levels[i%16]))) << (i % 4 * 8)
	}
	return g.words(name, w[:]...)
}

// codes returns the table of the unsigned codes.
func (l *blockLayout) codes(g *generator) operand.Mem {
	return l.table(g, "codes", func(level int) byte { return byte(level + l.zero) })
}

// touch asks for what of the block is not read in order.
func (l *blockLayout) touch(t *tile) {
	switch {
	case l.fifth:
		t.touch(t.w, l.blockBytes())
	case l.header() > 32:
		t.touch(t.w, l.header())
	}
}

// gen writes the product.
func (l *blockLayout) gen(g *generator) {
	if g.lanes == 16 {
		l.genAVX512(g)
	} else {
		l.genAVX2(g)
	}
}

func (l *blockLayout) genAVX512(g *generator) {
	g.genMatMul(l.name, vnniTiles, 0, func(t *tile) {
		t.quantised(32, 32)
		t.sums(false, 0)
		each := l.groupsZ(t)
		var zero, both reg.VecVirtual
		if l.zero > 0 {
			zero = t.pairOf("minusZero", int16(-l.zero), int16(-l.zero))
		}
		if l.offsets {
			both = t.pairOf("both", 1, 1)
		}
		t.eachBlock(32, l.blockBytes(), func() {
			l.touch(t)
			acc := t.zmms(t.rows)
			for m, v := range acc {
				if l.zero > 0 {
					t.fromSumsOf(v, m, zero)
				} else {
					t.zero(v)
				}
			}
			each(func(g int, w reg.VecVirtual) { t.dotZ(acc, w, 4*g) })
			s := l.scalesZ(t)
			var o reg.VecVirtual
			if l.offsets {
				o = t.halfZ(2 * panelRows)
			}
			for m, v := range acc {
				t.VCVTDQ2PS(v, v)
				t.VMULPS(s, v, v)
				if l.offsets {
					t.VFMADD231PS(o, t.floatSums(m, both), v)
				}
				t.addScaledZ(m, v)
			}
		})
	})
}

// scalesZ loads the scales of a block.
func (l *blockLayout) scalesZ(t *tile) reg.VecVirtual {
	if !l.brain {
		return t.halfZ(0)
	}
	s := t.ZMM()
	t.VPMOVZXWD(mem(t.w, nil, 0, 0), s)
	t.VPSLLD(operand.Imm(16), s, s)
	return s
}

// groupsZ loads constants and returns a function that calls dot with the unsigned codes of every k-group of a block.
func (l *blockLayout) groupsZ(t *tile) func(dot func(g int, w reg.VecVirtual)) {
	if l.bytes {
		flip := t.bytesOf("signBits", 0x80)
		return func(dot func(g int, w reg.VecVirtual)) {
			for g := range 8 {
				w := t.ZMM()
				t.VPXORD(mem(t.w, nil, 0, l.header()+64*g), flip, w)
				dot(g, w)
			}
		}
	}
	mask := t.bytesOf("lowNibbles", 0x0f)
	var fifth, table reg.VecVirtual
	if l.fifth {
		fifth = t.bytesOf("fifthBits", 0x10)
	}
	if l.levels != nil {
		table = t.loadZ(l.codes(t.generator))
	}
	return func(dot func(g int, w reg.VecVirtual)) {
		var top reg.VecVirtual
		if l.fifth {
			top = t.loadZ(mem(t.w, nil, 0, l.header()+256))
		}
		t.nibblesZ(t.w, l.header(), 4, mask, func(g int, w reg.VecVirtual) {
			if l.fifth {
				t.withTopZ(w, top, 4-g, fifth)
			}
			if l.levels != nil {
				t.VPSHUFB(w, table, w)
			}
			dot(g, w)
		})
	}
}
