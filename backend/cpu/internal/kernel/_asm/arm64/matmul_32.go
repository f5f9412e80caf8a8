package main

// Products of layouts with blocks of 32 columns and one scale of a row: w = scale*(code - zero) + offset.

// layout32 is one of these layouts. A block is the scales, the offsets if there are any, and the codes.
type layout32 struct {
	name          string
	scale, offset number
	codeBytes     int
	table         *[16]int8
	constants     []uint32
	// part is the products of the codes, which are at an offset from rW.
	part func(t *tile, at int) part
}

// number is the form of the scales or offsets of a block.
type number int

const (
	none number = iota
	half
	brain // bfloat16
)

// bytes returns the bytes of one for each of 16 weight rows.
func (n number) bytes() int {
	if n == none {
		return 0
	}
	return 32
}

// layouts32 has one row per layout.
var layouts32 = []layout32{
	{"Q8", half, none, 512, nil, nil, signedPart},
	{"Q4", half, none, 256, nil, []uint32{lowNibbles, highNibbles, 0x88888888}, nibblesLess8},
	{"IQ4NL", half, none, 256, &nonlinear4, []uint32{lowNibbles}, tablePart},
	{"MXFP4", brain, none, 256, &e2m1, []uint32{lowNibbles}, tablePart},
	{"Q41", half, half, 256, nil, []uint32{lowNibbles}, nibblesPart},
	{"Q50", half, none, 320, nil, []uint32{lowNibbles, fifthBits}, fifthLess16},
	{"Q51", half, half, 320, nil, []uint32{lowNibbles, fifthBits}, fifthPart},
}

// The values of codes, as tensor/quant has them; those of E2M1 are doubled.
var (
	nonlinear4 = [16]int8{-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113}
	e2m1       = [16]int8{0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12}
)

func (l layout32) gen(g *generator) {
	offsetAt := l.scale.bytes()
	codesAt := offsetAt + l.offset.bytes()
	g.genMatMul(l.name, engines[g.level].tiles, append(l.constants[:len(l.constants):len(l.constants)], magic), l.table, func(t *tile) {
		t.blocks32(codesAt+l.codeBytes, func() {
			p := l.part(t, codesAt)
			p.groups, p.first = 8, t.first()
			i := t.sum(p)
			scale := t.numbers(l.scale, 0)
			t.timesUnit(scale, p.unit)
			t.toFloats(i)
			t.finish32(i, scale, t.numbers(l.offset, offsetAt))
		})
	})
}

// numbers loads the scales or offsets at an offset of the block.
func (t *tile) numbers(n number, off int) []vreg {
	switch n {
	case half:
		return t.halves(off)
	case brain:
		return t.brains(off)
	}
	return nil
}

// brains widens the bfloat16 numbers at an offset of the block.
func (t *tile) brains(off int) []vreg {
	s := t.vs(t.vectors)
	for v := 0; v < t.vectors; v += 2 {
		t.loadQ(s[v], t.halvesBase().plus(off+8*v))
		t.vv("shll2.4s", s[v+1], s[v])
		t.vv("shll.4s", s[v], s[v])
	}
	return s
}

// timesUnit multiplies scales by the unit of a part.
func (t *tile) timesUnit(scale []vreg, unit uint32) {
	if unit == 0 {
		return
	}
	by := t.v()
	t.splat(by, unit, rTmp)
	for _, s := range scale {
		t.vvv("fmul.4s", s, s, by)
	}
	t.free(by)
}

// finish32 adds dx * (scale*i + offset*float(sum of the activation codes)) to the sums; what it is given is freed.
func (t *tile) finish32(i, scale, offset []vreg) {
	dx, x := t.v(), t.v()
	t.each(func(m, v int) {
		n := m*t.vectors + v
		if v == 0 {
			t.scaleOf(m, dx)
		}
		if v == 0 && offset != nil {
			t.sumsOf(m, x)
			t.vv("saddlp.4s", x, x)
			t.vv("scvtf.4s", x, x)
		}
		t.vvv("fmul.4s", i[n], i[n], scale[v])
		if offset != nil {
			t.elem("fmla.4s", i[n], offset[v], x, 0)
		}
		t.addProduct(n, i[n], dx)
	})
	t.free(dx, x)
	t.free(scale...)
	t.free(offset...)
	t.free(i...)
}

func signedPart(t *tile, at int) part { return part{codes: t.signedCodes(at)} }

func nibblesPart(t *tile, at int) part { return part{codes: t.nibbles(rW, at), narrow: true} }

func fifthPart(t *tile, at int) part {
	return part{codes: t.withTop(t.nibbles(rW, at), rW, at+256, fifthBits, 4, 1), narrow: true}
}

func tablePart(t *tile, at int) part {
	p := part{codes: t.throughTable(t.nibbles(rW, at)), narrow: true}
	for _, v := range t.table {
		p.narrow = p.narrow && max(int(v), -int(v))*127*8 < 1<<15
	}
	return p
}

// nibblesLess8 takes the zero point off the codes when they are used for several rows, and otherwise off the sums.
func nibblesLess8(t *tile, at int) part {
	if t.unsigned() {
		p := nibblesPart(t, at)
		p.start = t.minusSums(8)
		return p
	}
	return part{codes: t.signedNibbles(at), unit: sixteenth}
}

// fifthLess16 does as nibblesLess8.
func fifthLess16(t *tile, at int) part {
	if t.unsigned() {
		p := fifthPart(t, at)
		p.start = t.minusSums(16)
		return p
	}
	return part{codes: t.lessTop(fifthPart(t, at).codes)}
}

// sixteenth are the bits of 2^-4.
const sixteenth = 0x3d800000

// unsigned says whether a zero point costs less on the sums than on the codes.
func (t *tile) unsigned() bool { return !t.dot.wide || t.rows <= 2 }

// minusSums takes so many times the sum of the activation codes of the block off d.
func (t *tile) minusSums(times uint8) func(m int, d vreg) {
	return func(m int, d vreg) {
		factor, s := t.v(), t.v()
		t.setMinus("4s", factor, times)
		t.sumsOf(m, s)
		t.vv("saddlp.4s", s, s)
		t.elem("mla.4s", d, factor, s, 0)
		t.free(factor, s)
	}
}
