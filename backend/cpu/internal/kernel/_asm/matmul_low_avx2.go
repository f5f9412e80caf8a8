package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Scratch memory of the kernels of lowLayout for 256 bits: float sums, then the sums of the first half of a
// group, both for six activation rows, then the scales of the second half and the minima of both, then the table of what
// codes stand for.
const (
	lowHalf    = 6 * 64
	lowFactors = 2 * 6 * 64
	lowTable   = lowFactors + 3*64
	lowScratch = lowTable + 32
)

// signs reports whether the codes are multiplied as sign and magnitude: products with two of them that are made unsigned
// do not fit into int16.
func (l *lowLayout) signs(g *generator) bool { return l.table && l.nibbles() && !g.vnni }

// pairwise reports whether products with two levels fit into int16, and those with four do not. The zero point is 64.
func (l *lowLayout) pairwise(g *generator) bool { return l.table && !l.nibbles() && !g.vnni }

func (l *lowLayout) genAVX2(g *generator) {
	tiles := intTiles
	if l.signs(g) {
		tiles = g.signedTiles()
	}
	g.genMatMul(l.name, tiles, lowScratch, func(t *tile) {
		t.quantised(32, 32*l.groups())
		t.sums(t.rows > 2, 0)
		l.eachGroup(t, func() { l.keepTable(t) }, func() {
			if l.whole {
				l.wholeGroup(t)
			} else {
				l.halves(t)
			}
		})
	})
}

// keepTable writes the table of the block to scratch memory: levels, or unsigned codes.
func (l *lowLayout) keepTable(t *tile) {
	if !l.table {
		return
	}
	v := t.YMM()
	t.VBROADCASTI128(mem(t.w, nil, 0, tableAt), v)
	switch {
	case t.vnni:
		t.VPXOR(t.splat("signBits", 0x80808080), v, v)
	case l.pairwise(t.generator):
		t.VPADDB(t.splat("zero64", 0x40404040), v, v)
	}
	t.VMOVDQU(v, mem(t.room, nil, 0, lowTable))
}

// wholeGroup adds the products of a group with one scale.
func (l *lowLayout) wholeGroup(t *tile) {
	acc := l.sum(t, 0)
	for h := range 2 {
		s := l.product(t, 0, mem(t.scales, nil, 0, 8*h), h)
		for m := range t.rows {
			v := acc[2*m+h]
			t.VCVTDQ2PS(v, v)
			t.VMULPS(s, v, v)
			t.addProduct(2*m+h, v, t.broadcast(t.row(t.q, m, 0)))
		}
	}
}

// halves adds the products of a group with two scales.
func (l *lowLayout) halves(t *tile) {
	u := func(i int) operand.Mem { return mem(t.room, nil, 0, lowHalf+32*i) }
	factor := func(i, h int) operand.Mem { return mem(t.room, nil, 0, lowFactors+64*i+32*h) }
	acc := l.sum(t, 0)
	for h := range 2 {
		s := l.product(t, 0, mem(t.scales, nil, 0, 8*h), h)
		for m := range t.rows {
			v := acc[2*m+h]
			t.VCVTDQ2PS(v, v)
			t.VMULPS(s, v, v)
			t.VMOVUPS(v, u(2*m+h))
		}
		t.VMOVUPS(l.product(t, 0, mem(t.scales, nil, 0, 16+8*h), h), factor(0, h))
		if l.minima {
			for half := range 2 {
				t.VMOVUPS(l.product(t, 32, mem(t.scales, nil, 0, 256+16*half+8*h), h), factor(1+half, h))
			}
		}
	}
	acc = l.sum(t, 1)
	for m := range t.rows {
		dx := t.broadcast(t.row(t.q, m, 0))
		var x []reg.VecVirtual
		if l.minima {
			x = t.activationSums(m)
		}
		for h := range 2 {
			v, s := acc[2*m+h], t.YMM()
			t.VCVTDQ2PS(v, v)
			t.VMOVUPS(factor(0, h), s)
			t.VFMADD213PS(u(2*m+h), s, v)
			for half := range x {
				t.VFNMADD231PS(factor(1+half, h), x[half], v)
			}
			t.addProduct(2*m+h, v, dx)
		}
	}
}

// activationSums returns the two next sums of 16 activation codes as float32.
func (t *tile) activationSums(m int) []reg.VecVirtual {
	x0, x1 := t.YMM(), t.broadcast32(t.row(t.r, m, 0))
	t.VPSLLD(operand.Imm(16), x1, x0)
	t.VPSRAD(operand.Imm(16), x0, x0)
	t.VPSRAD(operand.Imm(16), x1, x1)
	t.VCVTDQ2PS(x0, x0)
	t.VCVTDQ2PS(x1, x1)
	return []reg.VecVirtual{x0, x1}
}

// sum returns the integer sums of half of a group, or of all of it. Sums of int16 for AVX2: |q*x| of 8 columns is at most
// 24*127*8 = 24384, as much as 12 times the sum of 16 activation codes, and less than that without the zero point.
func (l *lowLayout) sum(t *tile, half int) []reg.VecVirtual {
	acc, n := t.ymms(2*t.rows), l.parts()
	if l.signs(t.generator) {
		t.dotSAVX2(acc, 4*n*half, n, func(g int) (w, sign []reg.VecVirtual) {
			return t.magnitudes(l.group(t, n*half+g))
		})
		return acc
	}
	first, second := l.zeroPair(half)
	pairwise := l.pairwise(t.generator)
	if pairwise {
		first, second = first/2, second/2
	}
	if (t.vnni || pairwise) && l.zero != 0 {
		t.setSums(acc, first, second)
	}
	for g := n * half; g < n*(half+1); g++ {
		if w := l.group(t, g); pairwise {
			t.dotPairs(acc, w, 4*g)
		} else {
			t.dotU(acc, w, 4*g, g == n*half && (!t.vnni || l.zero == 0))
		}
	}
	if t.vnni || pairwise {
		return acc
	}
	for m := range t.rows {
		if l.zero != 0 {
			zero, pair := t.broadcast32(t.row(t.r, m, 0)), uint32(uint16(first))|uint32(uint16(second))<<16
			t.VPMULLW(t.splat(fmt.Sprintf("pair%08x", pair), pair), zero, zero)
			t.VPADDW(zero, acc[2*m], acc[2*m])
			t.VPADDW(zero, acc[2*m+1], acc[2*m+1])
		}
		t.VPMADDWD(t.ones16(), acc[2*m], acc[2*m])
		t.VPMADDWD(t.ones16(), acc[2*m+1], acc[2*m+1])
	}
	return acc
}

// group returns the codes of k-group g, or the levels they stand for.
func (l *lowLayout) group(t *tile, g int) []reg.VecVirtual {
	off, shift, mask := g/4*64, g%4*2, t.splat("lowPairs", 0x03030303)
	if l.nibbles() {
		off, shift, mask = g/2*64, g%2*4, t.splat("lowNibbles", 0x0f0f0f0f)
	}
	w := []reg.VecVirtual{t.loadI(mem(t.codes, nil, 0, off)), t.loadI(mem(t.codes, nil, 0, off+32))}
	for h := range w {
		if shift > 0 {
			t.VPSRLW(operand.Imm(uint64(shift)), w[h], w[h])
		}
		t.VPAND(mask, w[h], w[h])
	}
	if l.third() {
		t.withTop(w, mem(t.codes, nil, 0, 128), 2-g, t.splat("thirdBits", 0x04040404))
	}
	table := mem(t.room, nil, 0, lowTable)
	if l.levels != nil {
		table = l.static(t)
	}
	if l.levels != nil || l.table {
		for _, v := range w {
			t.VPSHUFB(v, t.loadI(table), v)
		}
	}
	return w
}

// dotPairs adds the products of the unsigned codes w of a k-group, at most 127, with the activation codes at disp to int32
// sums: |q*x| of 2 columns is at most 127*127*2 = 32258.
func (t *tile) dotPairs(acc, w []reg.VecVirtual, disp int) {
	for m := range t.rows {
		x := t.broadcast32(t.row(t.p, m, disp))
		for h := range w {
			v := t.YMM()
			t.VPMADDUBSW(x, w[h], v)
			t.VPMADDWD(t.ones16(), v, v)
			t.VPADDD(v, acc[2*m+h], acc[2*m+h])
		}
	}
}

// magnitudes returns the magnitudes of signed bytes, which are lost, and -1 where they are negative.
func (t *tile) magnitudes(w []reg.VecVirtual) (magnitude, sign []reg.VecVirtual) {
	sign = t.ymms(2)
	for h, v := range w {
		t.VPXOR(sign[h], sign[h], sign[h])
		t.VPCMPGTB(v, sign[h], sign[h])
		t.VPABSB(v, v)
	}
	return w, sign
}

// product returns 8 of the half floats at off, times the unit if there is one, times the integers at m.
func (l *lowLayout) product(t *tile, off int, m operand.Mem, h int) reg.VecVirtual {
	s := t.YMM()
	switch {
	case l.e4m3:
		t.VPMOVZXBW(m, s.AsX())
		t.VPSLLW(operand.Imm(7), s.AsX(), s.AsX())
		t.VCVTPH2PS(s.AsX(), s)
		t.VMULPS(t.splatFloat("halfE4M3", halfE4M3), s, s)
		return s
	case l.scales == 0:
		return t.half(mem(t.w, nil, 0, off+16*h))
	}
	if l.signed {
		t.VPMOVSXBD(m, s)
	} else {
		t.VPMOVZXBD(m, s)
	}
	t.VCVTDQ2PS(s, s)
	d := t.half(mem(t.w, nil, 0, off+16*h))
	if l.table {
		t.VMULPS(t.broadcast(mem(t.w, nil, 0, unitAt)), d, d)
	}
	t.VMULPS(d, s, s)
	return s
}
