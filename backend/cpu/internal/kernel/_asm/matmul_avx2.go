package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The integer kernels for AVX2, and those for AVX-VNNI, which differ in the sums of a k-group: AVX2 has products summed
// in pairs, in int16, AVX-VNNI in fours, in int32. See dotU and dotS.

// intTiles are the numbers of activation rows of the integer kernels. Six rows leave registers for two vectors of
// weights, a broadcast and a temporary.
var intTiles = []int{6, 4, 3, 2, 1}

func (t *tile) ymms(n int) []reg.VecVirtual {
	v := make([]reg.VecVirtual, n)
	for i := range v {
		v[i] = t.YMM()
	}
	return v
}

// half widens 8 half floats.
func (t *tile) half(m operand.Mem) reg.VecVirtual {
	v := t.YMM()
	t.VCVTPH2PS(m, v)
	return v
}

func (t *tile) broadcast32(m operand.Mem) reg.VecVirtual {
	v := t.YMM()
	t.VPBROADCASTD(m, v)
	return v
}

func (t *tile) loadI(m operand.Mem) reg.VecVirtual {
	v := t.YMM()
	t.VMOVDQU(m, v)
	return v
}

func (t *tile) ones16() operand.Mem { return t.splat("ones16", 1<<16|1) }

// dotU adds the products of the unsigned codes w of a k-group with the activation codes at disp to the sums, int16 for
// AVX2 and int32 for AVX-VNNI; first sets them.
func (t *tile) dotU(acc []reg.VecVirtual, w []reg.VecVirtual, disp int, first bool) {
	for m := range t.rows {
		x := t.broadcast32(t.row(t.p, m, disp))
		for h := range w {
			i := m*t.halves + h
			if t.vnni {
				if first {
					t.VPXOR(acc[i], acc[i], acc[i])
				}
				t.vexDot("VPDPBUSD", x, w[h], acc[i])
				continue
			}
			if first {
				t.VPMADDUBSW(x, w[h], acc[i])
				continue
			}
			v := t.YMM()
			t.VPMADDUBSW(x, w[h], v)
			t.VPADDW(v, acc[i], acc[i])
		}
	}
}

// nibbleGroups calls each with the codes of every k-group of the 64-byte chunks at off from base.
func (t *tile) nibbleGroups(base reg.Register, off, chunks int, each func(g int, w []reg.VecVirtual)) {
	mask := t.splat("lowNibbles", 0x0f0f0f0f)
	for c := range chunks {
		raw := []reg.VecVirtual{t.loadI(mem(base, nil, 0, off+64*c)), t.loadI(mem(base, nil, 0, off+64*c+32))}
		low := t.ymms(2)
		for h := range raw {
			t.VPAND(mask, raw[h], low[h])
		}
		each(2*c, low)
		for h := range raw {
			if t.rows > 4 { // no register to keep it in
				t.VMOVDQU(mem(base, nil, 0, off+64*c+32*h), raw[h])
			}
			t.VPSRLW(operand.Imm(4), raw[h], raw[h])
			t.VPAND(mask, raw[h], raw[h])
		}
		each(2*c+1, raw)
	}
}

// setSums sets the int32 sums to first and second times the two activation sums of 16 columns.
func (t *tile) setSums(acc []reg.VecVirtual, first, second int16) {
	pair := uint32(uint16(first)) | uint32(uint16(second))<<16
	factors := t.splat(fmt.Sprintf("pair%08x", pair), pair)
	for m := range t.rows {
		x := t.broadcast32(t.row(t.r, m, 0))
		t.VPMADDWD(factors, x, acc[2*m])
		t.VMOVDQA(acc[2*m], acc[2*m+1])
	}
}
