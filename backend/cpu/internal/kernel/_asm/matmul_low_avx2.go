package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Scratch memory of the kernels of PanelQ2K and PanelQ3K for 256 bits: float sums, then the sums of the first half of a
// group, both for six activation rows, then the scales of the second half and the minima of both.
const (
	lowHalf    = 6 * 64
	lowFactors = 2 * 6 * 64
	lowScratch = lowFactors + 3*64
)

func genMatMulQ2KAVX2(g *generator) { lowQ2K.genAVX2(g) }
func genMatMulQ3KAVX2(g *generator) { lowQ3K.genAVX2(g) }

func (l *lowLayout) genAVX2(g *generator) {
	g.genMatMul(l.name, intTiles, lowScratch, func(t *tile) {
		t.quantised(32, 256)
		t.sums(t.rows > 2, 0)
		u := func(i int) operand.Mem { return mem(t.room, nil, 0, lowHalf+32*i) }
		factor := func(i, h int) operand.Mem { return mem(t.room, nil, 0, lowFactors+64*i+32*h) }
		l.eachGroup(t, func() {}, func(codes, scales reg.GPVirtual) {
			acc := l.half(t, codes, 0)
			for h := range 2 {
				s := l.product(t, 0, mem(scales, nil, 0, 8*h), h)
				for m := range t.rows {
					v := acc[2*m+h]
					t.VCVTDQ2PS(v, v)
					t.VMULPS(s, v, v)
					t.VMOVUPS(v, u(2*m+h))
				}
				t.VMOVUPS(l.product(t, 0, mem(scales, nil, 0, 16+8*h), h), factor(0, h))
				if l.minima {
					for half := range 2 {
						t.VMOVUPS(l.product(t, 32, mem(scales, nil, 0, 256+16*half+8*h), h), factor(1+half, h))
					}
				}
			}
			acc = l.half(t, codes, 1)
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
		})
	})
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

// half returns the integer sums of half of a group. Sums of int16 for AVX2: |q*x| of 8 columns is at most 7*127*8 =
// 7112, and 4 times the sum of 16 activation codes at most 8128.
func (l *lowLayout) half(t *tile, codes reg.GPVirtual, half int) []reg.VecVirtual {
	acc := t.ymms(2 * t.rows)
	first, second := halfPair(half, l.zero)
	if t.vnni && l.zero != 0 {
		t.setSums(acc, first, second)
	}
	for b := range 4 {
		w := []reg.VecVirtual{t.loadI(mem(codes, nil, 0, 64*half)), t.loadI(mem(codes, nil, 0, 64*half+32))}
		for h := range w {
			if b > 0 {
				t.VPSRLW(operand.Imm(uint64(2*b)), w[h], w[h])
			}
			t.VPAND(t.splat("lowPairs", 0x03030303), w[h], w[h])
		}
		if l.third() {
			t.withTop(w, mem(codes, nil, 0, 128), 2-4*half-b, t.splat("thirdBits", 0x04040404))
		}
		t.dotU(acc, w, 16*half+4*b, b == 0 && (!t.vnni || l.zero == 0))
	}
	if t.vnni {
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

// product returns 8 of the half floats at off times the integers at m.
func (l *lowLayout) product(t *tile, off int, m operand.Mem, h int) reg.VecVirtual {
	s := t.YMM()
	if l.signed {
		t.VPMOVSXBD(m, s)
	} else {
		t.VPMOVZXBD(m, s)
	}
	t.VCVTDQ2PS(s, s)
	t.VMULPS(t.half(mem(t.w, nil, 0, off+16*h)), s, s)
	return s
}
