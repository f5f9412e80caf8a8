package main

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The products of layouts with blocks of several groups of 32 columns, codes of 2 to 4 bits and scales that become floats
// in every group, times activations with a scale for 32 columns.

// lowLayout describes one of the layouts.
type lowLayout struct {
	name       string
	blockBytes int
	scales     int  // offset of the scales, none where d is all
	codes      int  // offset of the codes
	codeBytes  int  // of a group: 128 for codes of 2 bits, 192 with third bits, 256 for codes of 4 bits
	signed     bool // the scales
	minima     bool // a float32 product dmin*minimum for 16 columns, 256 bytes behind the scales
	zero       int16
	whole      bool   // one scale for 32 columns
	levels     []int8 // what codes of 4 bits stand for, when that is not the code with the zero point
	e4m3       bool   // the scales are numbers E4M3 without sign, of which the half counts, and there is no d
	table      bool   // codes stand for the levels of the block, 16 at tableAt, and a float32 at unitAt multiplies d
}

const (
	tableAt = 32
	unitAt  = 48
)

var (
	lowQ2K = lowLayout{name: "matmulQ2K", blockBytes: 1600, scales: 64, codes: 576, codeBytes: 128, minima: true}
	lowQ3K = lowLayout{name: "matmulQ3K", blockBytes: 1824, scales: 32, codes: 288, codeBytes: 192, signed: true, zero: -4}
	lowT4  = lowLayout{name: "matmulT4", blockBytes: 2240, scales: 64, codes: 192, codeBytes: 256, signed: true, whole: true, table: true, zero: -128}
	lowT3  = lowLayout{name: "matmulT3", blockBytes: 1728, scales: 64, codes: 192, codeBytes: 192, signed: true, whole: true, table: true, zero: -128}
	lowQ2  = lowLayout{name: "matmulQ2", blockBytes: 288, codes: 32, codeBytes: 128, whole: true, zero: -1}
	lowT3H = lowLayout{name: "matmulT3H", blockBytes: 1856, scales: 64, codes: 320, codeBytes: 192, signed: true, table: true, zero: -128}
)

var lowNVFP4 = lowLayout{name: "matmulNVFP4", blockBytes: 576, codes: 64, codeBytes: 256, e4m3: true, levels: levelsFP4, zero: -12}

func (l *lowLayout) third() bool   { return l.codeBytes == 192 }
func (l *lowLayout) nibbles() bool { return l.codeBytes == 256 }

// groups returns how many groups a block has.
func (l *lowLayout) groups() int { return (l.blockBytes - l.codes) / l.codeBytes }

// eachGroup runs start for every block of the panel, then body for every group of 32 columns.
func (l *lowLayout) eachGroup(t *tile, start, body func()) {
	b := subBlocks{
		bytes: l.blockBytes, count: l.groups(), codes: l.codes, step: l.codeBytes, scales: l.scales, scale: 32, own: true,
	}
	if l.whole {
		b.scale = 16
	}
	t.eachLongBlock(&b, start, body, func() {})
}

// parts returns the k-groups of each sum of a group.
func (l *lowLayout) parts() int {
	if l.whole {
		return 8
	}
	return 4
}

// zeroPair returns the pair factors of the activation sums that the sum of a half, or of the whole group, starts from.
func (l *lowLayout) zeroPair(half int) (first, second int16) {
	if l.whole {
		return l.zero, l.zero
	}
	return halfPair(half, l.zero)
}

// halfPair returns pair factors for the activation sums of one half of a group: x for it and 0 for the other.
func halfPair(half int, x int16) (first, second int16) {
	if half == 0 {
		return x, 0
	}
	return 0, x
}

// gen writes the product.
func (l *lowLayout) gen(g *generator) {
	if g.lanes == 16 {
		l.genAVX512(g)
	} else {
		l.genAVX2(g)
	}
}

// factorsZ are what the groups of a block have in common.
type factorsZ struct{ d, dmin, mask, table reg.VecVirtual }

func (l *lowLayout) genAVX512(g *generator) {
	g.genMatMul(l.name, vnniTiles, vnniScratch, func(t *tile) {
		t.quantised(32, 32*l.groups())
		t.sums(t.rows > 6 && !l.whole, 0)
		var f factorsZ
		if f.mask = t.bytesOf("lowPairs", 3); l.nibbles() {
			f.mask = t.bytesOf("lowNibbles", 0x0f)
		}
		if l.levels != nil {
			f.table = t.loadZ(l.static(t))
		}
		start := func() {
			t.factors = f
			l.factorsZ(t)
		}
		l.eachGroup(t, start, func() {
			u := l.sumZ(t, 0)
			s := l.productZ(t, 0, t.factors.d)
			for _, v := range u {
				t.VCVTDQ2PS(v, v)
				t.VMULPS(s, v, v)
			}
			if !l.whole {
				l.secondHalfZ(t, u)
			}
			for m, v := range u {
				t.addScaledZ(m, v)
			}
		})
	})
}

// factorsZ loads the factors of a block that are not constants.
func (l *lowLayout) factorsZ(t *tile) {
	f := &t.factors
	if !l.e4m3 {
		f.d = t.halfZ(0)
	}
	if l.minima {
		f.dmin = t.halfZ(32)
	}
	if l.table {
		t.VMULPS_BCST(mem(t.w, nil, 0, unitAt), f.d, f.d)
		f.table = t.ZMM()
		t.VBROADCASTI32X4(mem(t.w, nil, 0, tableAt), f.table)
		t.VPXORD(t.splat("signBits", 0x80808080), f.table, f.table)
	}
}

// secondHalfZ adds the products of the second half of a group, and all minima, to those of the first.
func (l *lowLayout) secondHalfZ(t *tile, u []reg.VecVirtual) {
	acc := l.sumZ(t, 1)
	s := l.productZ(t, 16, t.factors.d)
	for m, v := range acc {
		t.VCVTDQ2PS(v, v)
		t.VFMADD231PS(v, s, u[m])
	}
	if !l.minima {
		return
	}
	for half, name := range []string{"first", "second"} {
		one, zero := halfPair(half, 1)
		pair, o := t.pairOf(name, one, zero), l.productZ(t, 256+16*half, t.factors.dmin)
		for m, v := range u {
			t.VFNMADD231PS(o, t.floatSums(m, pair), v)
		}
	}
}

// sumZ returns the integer sums of half of a group, or of all of it.
func (l *lowLayout) sumZ(t *tile, half int) []reg.VecVirtual {
	var acc []reg.VecVirtual
	if l.zero == 0 {
		acc = t.zerosZ()
	} else {
		first, second := l.zeroPair(half)
		acc = t.zmms(t.rows)
		t.fromSums(acc, t.pairOf([]string{"zeroFirst", "zeroSecond"}[half], first, second))
	}
	dot := func(g int, w reg.VecVirtual) {
		if t.factors.table != nil {
			t.VPSHUFB(w, t.factors.table, w)
		}
		t.dotZ(acc, w, 4*g)
	}
	first := l.parts() * half
	if l.nibbles() {
		t.nibblesZ(t.codes, 32*first, l.parts()/2, t.factors.mask, func(g int, w reg.VecVirtual) { dot(first+g, w) })
		return acc
	}
	var top, mask reg.VecVirtual
	if l.third() {
		top, mask = t.loadZ(mem(t.codes, nil, 0, 128)), t.bytesOf("thirdBits", 4)
	}
	var raw reg.VecVirtual
	for g := first; g < first+l.parts(); g++ {
		if g%4 == 0 {
			raw = t.loadZ(mem(t.codes, nil, 0, 16*g))
		}
		w, q := t.ZMM(), raw
		if b := g % 4; b > 0 {
			t.VPSRLW(operand.Imm(uint64(2*b)), raw, w)
			q = w
		}
		t.VPANDD(t.factors.mask, q, w)
		if l.third() {
			t.withTopZ(w, top, 2-g, mask)
		}
		dot(g, w)
	}
	return acc
}

// static returns the table of the unsigned codes of the levels.
func (l *lowLayout) static(t *tile) operand.Mem {
	b := blockLayout{levels: l.levels, zero: -int(l.zero)}
	return b.codes(t.generator)
}

// halfE4M3 multiplies numbers E4M3 that were taken for halves: their exponent is 8 less, and half of them counts.
const halfE4M3 = 128

// productZ returns d times the scales or minima at an offset.
func (l *lowLayout) productZ(t *tile, off int, d reg.VecVirtual) reg.VecVirtual {
	s := t.ZMM()
	switch {
	case l.e4m3:
		t.VPMOVZXBW(mem(t.scales, nil, 0, off), s.AsY())
		t.VPSLLW(operand.Imm(7), s.AsY(), s.AsY())
		t.VCVTPH2PS(s.AsY(), s)
		t.VMULPS(t.splatFloat("halfE4M3", halfE4M3), s, s)
		return s
	case l.scales == 0:
		return d
	}
	if l.signed {
		t.VPMOVSXBD(mem(t.scales, nil, 0, off), s)
	} else {
		t.VPMOVZXBD(mem(t.scales, nil, 0, off), s)
	}
	t.VCVTDQ2PS(s, s)
	t.VMULPS(d, s, s)
	return s
}
