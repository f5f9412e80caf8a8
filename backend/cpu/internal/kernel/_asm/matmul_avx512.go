package main

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// vnniTiles are the numbers of activation rows of the integer kernels for AVX-512: twelve rows have 24 registers of
// integer and of float sums. No number below twelve needs more than two tiles.
var vnniTiles = []int{12, 8, 6, 4, 3, 2, 1}

// vnniScratch holds the float sums of the layouts that need all registers for integers.
const vnniScratch = 12 * 64

func (t *tile) zmms(n int) []reg.VecVirtual {
	v := make([]reg.VecVirtual, n)
	for i := range v {
		v[i] = t.ZMM()
	}
	return v
}

func (t *tile) loadZ(m operand.Mem) reg.VecVirtual {
	v := t.ZMM()
	t.VMOVDQU32(m, v)
	return v
}

// pairOf returns a vector of pairs of int16.
func (t *tile) pairOf(name string, low, high int16) reg.VecVirtual {
	return t.loadZ(t.splat(name, uint32(uint16(low))|uint32(uint16(high))<<16))
}

func (t *tile) bytesOf(name string, b uint32) reg.VecVirtual {
	return t.loadZ(t.splat(name, b*0x01010101))
}

// halfZ widens the 16 half floats of a block at an offset.
func (t *tile) halfZ(off int) reg.VecVirtual {
	v := t.ZMM()
	t.VCVTPH2PS(mem(t.w, nil, 0, off), v)
	return v
}

// fromSums sets the int32 sums to pair times the activation sums of the block.
func (t *tile) fromSums(acc []reg.VecVirtual, pair reg.VecVirtual) {
	for m, v := range acc {
		t.zero(v)
		t.VPDPWSSD_BCST(t.row(t.r, m, 0), pair, v)
	}
}

// dotZ adds the products of the unsigned codes w of a k-group with the activation codes at disp.
func (t *tile) dotZ(acc []reg.VecVirtual, w reg.VecVirtual, disp int) {
	for m, v := range acc {
		t.VPDPBUSD_BCST(t.row(t.p, m, disp), w, v)
	}
}

// nibblesZ calls each with the codes of every k-group of the 64-byte chunks at off from base.
func (t *tile) nibblesZ(base reg.Register, off, chunks int, mask reg.VecVirtual, each func(g int, w reg.VecVirtual)) {
	for c := range chunks {
		high, low := t.loadZ(mem(base, nil, 0, off+64*c)), t.ZMM()
		t.VPANDD(mask, high, low)
		each(2*c, low)
		t.VPSRLW(operand.Imm(4), high, high)
		t.VPANDD(mask, high, high)
		each(2*c+1, high)
	}
}

// addScaledZ adds v times the activation scale to the float sum m; v may be lost.
func (t *tile) addScaledZ(m int, v reg.VecVirtual) {
	dx := t.row(t.q, m, 0)
	if t.acc != nil {
		t.VFMADD231PS_BCST(dx, v, t.acc[m])
		return
	}
	s := t.ZMM()
	t.VMOVUPS(t.accAt(m), s)
	t.VFMADD231PS_BCST(dx, v, s)
	t.VMOVUPS(s, t.accAt(m))
}

// floatSums returns pair times the activation sums of row m as float32.
func (t *tile) floatSums(m int, pair reg.VecVirtual) reg.VecVirtual {
	v := t.ZMM()
	t.fromSumsOf(v, m, pair)
	t.VCVTDQ2PS(v, v)
	return v
}

func (t *tile) fromSumsOf(v reg.VecVirtual, m int, pair reg.VecVirtual) {
	t.zero(v)
	t.VPDPWSSD_BCST(t.row(t.r, m, 0), pair, v)
}

// addIntsZ adds the sums of a sub-block times its scales to those of the block.
func (t *tile) addIntsZ(acc []reg.VecVirtual, scale reg.VecVirtual) {
	for m, v := range acc {
		t.VPMULLD(scale, v, v)
		t.VPADDD(v, t.ints[m], t.ints[m])
	}
}

func (t *tile) zerosZ() []reg.VecVirtual {
	v := t.zmms(t.rows)
	for _, z := range v {
		t.zero(z)
	}
	return v
}

// addPairsZ adds the products of pairs of int16 with the pairs of activation sums at disp.
func (t *tile) addPairsZ(acc []reg.VecVirtual, pair reg.VecVirtual, disp int) {
	for m, v := range acc {
		t.VPDPWSSD_BCST(t.row(t.r, m, disp), pair, v)
	}
}

// finishMinimaZ ends a block of PanelQ4K or PanelQ5K, whose scaled integer sums are given.
func (t *tile) finishMinimaZ() {
	low := t.zerosZ()
	for s := range 8 {
		pair, high := t.ZMM(), t.ZMM()
		t.VPMOVZXBD(mem(t.w, nil, 0, 192+16*s), pair)
		t.VPSLLD(operand.Imm(16), pair, high)
		t.VPORD(high, pair, pair)
		t.addPairsZ(low, pair, 4*s)
	}
	d, dmin := t.halfZ(0), t.halfZ(32)
	for m, v := range t.ints {
		t.VCVTDQ2PS(v, v)
		t.VMULPS(d, v, v)
		t.VCVTDQ2PS(low[m], low[m])
		t.VFNMADD231PS(low[m], dmin, v)
		t.addScaledZ(m, v)
	}
}

// kTile starts a tile of a K-quant.
func (t *tile) kTile() {
	t.quantised(256, 256)
	t.sums(t.rows > 6, 0)
}

func genMatMulQ4KAVX512(g *generator) {
	g.genMatMul("matmulQ4K", vnniTiles, vnniScratch, func(t *tile) {
		t.kTile()
		mask := t.bytesOf("lowNibbles", 0x0f)
		t.eachLongBlock(&blockQ4K, func() { t.ints = t.zerosZ() }, func() {
			acc := t.zerosZ()
			t.nibblesZ(t.codes, 0, 4, mask, func(g int, w reg.VecVirtual) { t.dotZ(acc, w, 4*g) })
			scale := t.ZMM()
			t.VPMOVZXBD(mem(t.scales, nil, 0, 0), scale)
			t.addIntsZ(acc, scale)
		}, t.finishMinimaZ)
	})
}

// withTopZ puts bits of top, moved left by shift, on top of the codes w.
func (t *tile) withTopZ(w, top reg.VecVirtual, shift int, mask reg.VecVirtual) {
	const orAnd = 0xf8 // a | b & c
	v := top
	switch {
	case shift > 0:
		v = t.ZMM()
		t.VPSLLW(operand.Imm(uint64(shift)), top, v)
	case shift < 0:
		v = t.ZMM()
		t.VPSRLW(operand.Imm(uint64(-shift)), top, v)
	}
	t.VPTERNLOGD(operand.Imm(orAnd), mask, v, w)
}

func genMatMulQ5KAVX512(g *generator) {
	g.genMatMul("matmulQ5K", vnniTiles, vnniScratch, func(t *tile) {
		t.kTile()
		mask, fifth := t.bytesOf("lowNibbles", 0x0f), t.bytesOf("fifthBits", 0x10)
		t.eachLongBlock(&blockQ5K, func() { t.ints = t.zerosZ() }, func() {
			acc := t.zerosZ()
			top := t.loadZ(mem(t.codes, nil, 0, 256))
			t.nibblesZ(t.codes, 0, 4, mask, func(g int, w reg.VecVirtual) {
				t.withTopZ(w, top, 4-g, fifth)
				t.dotZ(acc, w, 4*g)
			})
			scale := t.ZMM()
			t.VPMOVZXBD(mem(t.scales, nil, 0, 0), scale)
			t.addIntsZ(acc, scale)
		}, t.finishMinimaZ)
	})
}

func genMatMulQ6KAVX512(g *generator) {
	g.genMatMul("matmulQ6K", vnniTiles, vnniScratch, func(t *tile) {
		t.kTile()
		mask, pairs := t.bytesOf("lowNibbles", 0x0f), t.bytesOf("topPairs", 0x30)
		t.eachLongBlock(&blockQ6K, func() { t.ints = t.zerosZ() }, func() {
			for half := range 2 {
				acc := t.zerosZ()
				top := t.loadZ(mem(t.codes, nil, 0, 256+64*half))
				t.nibblesZ(t.codes, 128*half, 2, mask, func(g int, w reg.VecVirtual) {
					t.withTopZ(w, top, 4-2*g, pairs)
					t.dotZ(acc, w, 16*half+4*g)
				})
				scale := t.ZMM()
				t.VPMOVSXBD(mem(t.scales, nil, 0, 16*half), scale)
				t.addIntsZ(acc, scale)
			}
		}, t.finishQ6KZ)
	})
}

// finishQ6KZ takes the zero point, 32 times the scaled activation sums, off and ends the block.
func (t *tile) finishQ6KZ() {
	const blend = 0xca // a ? b : c
	zero := t.zerosZ()
	for s := range 8 {
		first, second, pair := t.ZMM(), t.ZMM(), t.ZMM()
		t.VPMOVSXBD(mem(t.w, nil, 0, 32+32*s), first)
		t.VPMOVSXBD(mem(t.w, nil, 0, 48+32*s), second)
		t.VPSLLD(operand.Imm(16), second, second)
		t.VMOVDQU32(t.splat("lowWords", 0xffff), pair)
		t.VPTERNLOGD(operand.Imm(blend), second, first, pair)
		t.addPairsZ(zero, pair, 4*s)
	}
	d := t.halfZ(0)
	for m, v := range t.ints {
		t.VPSLLD(operand.Imm(5), zero[m], zero[m])
		t.VPSUBD(zero[m], v, v)
		t.VCVTDQ2PS(v, v)
		t.VMULPS(d, v, v)
		t.addScaledZ(m, v)
	}
}
