package main

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The products of PanelQ2K and PanelQ3K: blocks of 256 columns with codes of 2 and 3 bits and a scale for 16 columns,
// times activations with a scale for 32 columns. Each group of 32 columns ends as a block of PanelS16 does.

// lowLayout describes one of the layouts.
type lowLayout struct {
	name       string
	blockBytes int
	scales     int  // offset of the scales
	codes      int  // offset of the codes
	codeBytes  int  // of a group: two chunks of 2 bits, and one of third bits when there is room for it
	signed     bool // the scales
	minima     bool // a float32 product dmin*minimum for 16 columns, 256 bytes behind the scales
	zero       int16
}

var (
	lowQ2K = lowLayout{name: "matmulQ2K", blockBytes: 1600, scales: 64, codes: 576, codeBytes: 128, minima: true}
	lowQ3K = lowLayout{name: "matmulQ3K", blockBytes: 1824, scales: 32, codes: 288, codeBytes: 192, signed: true, zero: -4}
)

func (l *lowLayout) third() bool { return l.codeBytes > 128 }

// eachGroup runs body for every group of 32 columns of the panel, with the places of its codes and of its first scales,
// and start before every block.
func (l *lowLayout) eachGroup(t *tile, start func(), body func(codes, scales reg.GPVirtual)) {
	t.eachBlock(func() {
		t.touch(t.w, l.codes)
		t.ahead(t.w, l.codes)
		start()
		t.subBlocks(l.codes, l.codeBytes, l.scales, 32, func(codes, scales reg.GPVirtual) {
			body(codes, scales)
			t.advance(t.q, 4)
			t.advance(t.r, 4)
		})
		t.ADDQ(operand.I32(int32(l.blockBytes)), t.w)
	})
}

// halfPair returns pair factors for the activation sums of one half of a group: x for it and 0 for the other.
func halfPair(half int, x int16) (first, second int16) {
	if half == 0 {
		return x, 0
	}
	return 0, x
}

func genMatMulQ2KAVX512(g *generator) { lowQ2K.genAVX512(g) }
func genMatMulQ3KAVX512(g *generator) { lowQ3K.genAVX512(g) }

func (l *lowLayout) genAVX512(g *generator) {
	g.genMatMul(l.name, vnniTiles, vnniScratch, func(t *tile) {
		t.quantised(32, 256)
		t.sums(t.rows > 6, 0)
		pairs := t.bytesOf("lowPairs", 3)
		var d, dmin operand.Op
		start := func() {
			if d = t.halfZ(0); l.minima {
				dmin = t.halfZ(32)
			}
		}
		l.eachGroup(t, start, func(codes, scales reg.GPVirtual) {
			u := l.halfZ(t, codes, 0, pairs)
			s := l.productZ(t, scales, 0, d)
			for _, v := range u {
				t.VCVTDQ2PS(v, v)
				t.VMULPS(s, v, v)
			}
			acc := l.halfZ(t, codes, 1, pairs)
			s = l.productZ(t, scales, 16, d)
			for m, v := range acc {
				t.VCVTDQ2PS(v, v)
				t.VFMADD231PS(v, s, u[m])
			}
			if l.minima {
				for half, name := range []string{"first", "second"} {
					one, zero := halfPair(half, 1)
					pair, o := t.pairOf(name, one, zero), l.productZ(t, scales, 256+16*half, dmin)
					for m, v := range u {
						t.VFNMADD231PS(o, t.floatSums(m, pair), v)
					}
				}
			}
			for m, v := range u {
				t.addScaledZ(m, v)
			}
		})
	})
}

// halfZ returns the integer sums of half of a group.
func (l *lowLayout) halfZ(t *tile, codes reg.GPVirtual, half int, pairs reg.VecVirtual) []reg.VecVirtual {
	var acc []reg.VecVirtual
	if l.zero == 0 {
		acc = t.zerosZ()
	} else {
		first, second := halfPair(half, l.zero)
		acc = t.zmms(t.rows)
		t.fromSums(acc, t.pairOf([]string{"zeroFirst", "zeroSecond"}[half], first, second))
	}
	raw := t.loadZ(mem(codes, nil, 0, 64*half))
	var top, mask reg.VecVirtual
	if l.third() {
		top, mask = t.loadZ(mem(codes, nil, 0, 128)), t.bytesOf("thirdBits", 4)
	}
	for b := range 4 {
		w, q := t.ZMM(), raw
		if b > 0 {
			t.VPSRLW(operand.Imm(uint64(2*b)), raw, w)
			q = w
		}
		t.VPANDD(pairs, q, w)
		if l.third() {
			t.withTopZ(w, top, 2-4*half-b, mask)
		}
		t.dotZ(acc, w, 16*half+4*b)
	}
	return acc
}

// productZ returns d times the scales or minima at an offset.
func (l *lowLayout) productZ(t *tile, scales reg.GPVirtual, off int, d operand.Op) reg.VecVirtual {
	s := t.ZMM()
	if l.signed {
		t.VPMOVSXBD(mem(scales, nil, 0, off), s)
	} else {
		t.VPMOVZXBD(mem(scales, nil, 0, off), s)
	}
	t.VCVTDQ2PS(s, s)
	t.VMULPS(d, s, s)
	return s
}
