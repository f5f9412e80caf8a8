package main

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Scratch memory of the kernels of K-quants: float sums, then int32 sums, both for six activation rows, then the
// scales of the sub-block in work.
const (
	kSums    = 6 * 64
	kScales  = 2 * 6 * 64
	kScratch = kScales + 64
)

// intSum is the place of the int32 sum i of a block.
func (t *tile) intSum(i int) operand.Mem { return mem(t.room, nil, 0, kSums+32*i) }

// twice returns, for the 16 bytes at m, one vector of 8 rows each with the byte in both halves of an int32: as uint16,
// or with signed as int16.
func (t *tile) twice(m operand.Mem, signed bool) []reg.VecVirtual {
	b := t.YMM()
	t.VBROADCASTI128(m, b)
	name, word, shift := "twiceUnsigned", uint32(0x80008000), 0
	if signed {
		name, word, shift = "twiceSigned", 0x00800080, 8
	}
	var index [16]uint32
	for i := range index {
		index[i] = word + uint32(i)*0x00010001<<shift
	}
	pattern := t.words(name, index[:]...)
	v := t.ymms(2)
	for h := range v {
		t.VPSHUFB(pattern.Offset(32*h), b, v[h])
		if signed {
			t.VPSRAW(operand.Imm(8), v[h], v[h])
		}
	}
	return v
}

// multipliers returns the 16 scales at m in the form flush multiplies with.
func (t *tile) multipliers(m operand.Mem, signed bool) []reg.VecVirtual {
	if !t.vnni {
		return t.twice(m, signed)
	}
	v := t.ymms(2)
	for h := range v {
		if signed {
			t.VPMOVSXBD(m.Offset(8*h), v[h])
		} else {
			t.VPMOVZXBD(m.Offset(8*h), v[h])
		}
	}
	return v
}

// flush multiplies the sums of dotU with the scales and adds them to the int32 sums in memory.
func (t *tile) flush(acc, scale []reg.VecVirtual) {
	for i, v := range acc {
		if t.vnni {
			t.VPMULLD(v, scale[i%2], v)
		} else {
			t.VPMADDWD(v, scale[i%2], v)
		}
		t.VPADDD(t.intSum(i), v, v)
		t.VMOVDQU(v, t.intSum(i))
	}
}

// clearIntSums sets the int32 sums in memory to zero.
func (t *tile) clearIntSums() {
	z := t.YMM()
	t.VPXOR(z, z, z)
	for i := range 2 * t.rows {
		t.VMOVDQU(z, t.intSum(i))
	}
}

// minima returns the sums over the sub-blocks of minimum times activation sum, as float32.
func (t *tile) minima() []reg.VecVirtual {
	acc := t.ymms(2 * t.rows)
	for s := range 8 {
		minimum := t.twice(mem(t.w, nil, 0, 192+16*s), false)
		t.addPairs(acc, minimum, 4*s, s == 0)
	}
	for _, v := range acc {
		t.VCVTDQ2PS(v, v)
	}
	return acc
}

// addPairs adds the products of pairs of int16 with the pairs of activation sums at disp; first sets the sums.
func (t *tile) addPairs(acc, pair []reg.VecVirtual, disp int, first bool) {
	for m := range t.rows {
		x := t.broadcast32(t.row(t.r, m, disp))
		for h, p := range pair {
			if first {
				t.VPMADDWD(x, p, acc[2*m+h])
				continue
			}
			if t.vnni {
				t.vexDot("VPDPWSSD", x, p, acc[2*m+h])
				continue
			}
			v := t.YMM()
			t.VPMADDWD(x, p, v)
			t.VPADDD(v, acc[2*m+h], acc[2*m+h])
		}
	}
}

// finishMinima ends a block of PanelQ4K or PanelQ5K.
func (t *tile) finishMinima() {
	low := t.minima()
	for h := range 2 {
		d, dmin := t.half(mem(t.w, nil, 0, 16*h)), t.half(mem(t.w, nil, 0, 32+16*h))
		for m := range t.rows {
			v := t.YMM()
			t.VCVTDQ2PS(t.intSum(2*m+h), v)
			t.VMULPS(d, v, v)
			t.VFNMADD231PS(low[2*m+h], dmin, v)
			t.addProduct(2*m+h, v, t.broadcast(t.row(t.q, m, 0)))
		}
	}
}

// The blocks of K-quants.
var (
	blockQ4K = subBlocks{bytes: 2368, count: 8, codes: 320, step: 256, scales: 64, scale: 16}
	blockQ5K = subBlocks{bytes: 2880, count: 8, codes: 320, step: 320, scales: 64, scale: 16}
	blockQ6K = subBlocks{bytes: 3360, count: 8, codes: 288, step: 384, scales: 32, scale: 32}
)

func genMatMulQ4KAVX2(g *generator) {
	g.genMatMul("matmulQ4K", intTiles, kScratch, func(t *tile) {
		t.quantised(256, 256)
		t.sums(t.rows > 2, 0)
		t.eachLongBlock(&blockQ4K, t.clearIntSums, func() {
			acc := t.ymms(2 * t.rows) // int16: |q*x| of 16 columns is at most 15*127*16 = 30480
			t.nibbleGroups(t.codes, 0, 4, func(g int, w []reg.VecVirtual) { t.dotU(acc, w, 4*g, g == 0) })
			t.flush(acc, t.multipliers(mem(t.scales, nil, 0, 0), false))
		}, t.finishMinima)
	})
}

// withTop puts bits of the vectors at m, moved left by shift, on top of the codes w.
func (t *tile) withTop(w []reg.VecVirtual, m operand.Mem, shift int, mask operand.Mem) {
	for h := range w {
		v := t.loadI(m.Offset(32 * h))
		switch {
		case shift > 0:
			t.VPSLLW(operand.Imm(uint64(shift)), v, v)
		case shift < 0:
			t.VPSRLW(operand.Imm(uint64(-shift)), v, v)
		}
		t.VPAND(mask, v, v)
		t.VPOR(v, w[h], w[h])
	}
}

func genMatMulQ5KAVX2(g *generator) {
	g.genMatMul("matmulQ5K", intTiles, kScratch, func(t *tile) {
		t.quantised(256, 256)
		t.sums(t.rows > 2, 0)
		t.eachLongBlock(&blockQ5K, t.clearIntSums, func() {
			parts := 2 // int16: |q*x| of 8 columns is at most 31*127*8 = 31496
			if t.vnni {
				parts = 1
			}
			for part := range parts {
				acc := t.ymms(2 * t.rows)
				t.nibbleGroups(t.codes, 128*part, 4/parts, func(g int, w []reg.VecVirtual) {
					t.withTop(w, mem(t.codes, nil, 0, 256), 4-4*part-g, t.splat("fifthBits", 0x10101010))
					t.dotU(acc, w, 16*part+4*g, g == 0)
				})
				t.flush(acc, t.multipliers(mem(t.scales, nil, 0, 0), false))
			}
		}, t.finishMinima)
	})
}

func genMatMulQ6KAVX2(g *generator) {
	g.genMatMul("matmulQ6K", intTiles, kScratch, func(t *tile) {
		t.quantised(256, 256)
		t.sums(t.rows > 2, 0)
		t.eachLongBlock(&blockQ6K, t.clearIntSums, func() {
			if t.vnni {
				t.halvesQ6K()
				return
			}
			for part := range 4 { // |q*x| of 4 columns is at most 63*127*4 = 32004
				if part%2 == 0 {
					for h, v := range t.twice(mem(t.scales, nil, 0, 8*part), true) {
						t.VMOVDQU(v, mem(t.room, nil, 0, kScales+32*h))
					}
				}
				acc := t.ymms(2 * t.rows)
				t.nibbleGroups(t.codes, 64*part, 1, func(g int, w []reg.VecVirtual) {
					t.withTop(w, mem(t.codes, nil, 0, 256+part/2*64), 4-part%2*4-2*g, t.splat("topPairs", 0x30303030))
					t.dotU(acc, w, 8*part+4*g, g == 0)
				})
				t.flush(acc, []reg.VecVirtual{t.loadI(mem(t.room, nil, 0, kScales)), t.loadI(mem(t.room, nil, 0, kScales+32))})
			}
		}, t.finishQ6K)
	})
}

// halvesQ6K adds a group of 32 columns to the int32 sums: two halves, each with scales of its own.
func (t *tile) halvesQ6K() {
	for half := range 2 {
		acc := t.ymms(2 * t.rows)
		t.nibbleGroups(t.codes, 128*half, 2, func(g int, w []reg.VecVirtual) {
			t.withTop(w, mem(t.codes, nil, 0, 256+64*half), 4-2*g, t.splat("topPairs", 0x30303030))
			t.dotU(acc, w, 16*half+4*g, g == 0)
		})
		t.flush(acc, t.multipliers(mem(t.scales, nil, 0, 16*half), true))
	}
}

// finishQ6K takes the zero point 32 times the scaled activation sums off and ends the block.
func (t *tile) finishQ6K() {
	acc := t.ymms(2 * t.rows)
	for s := range 8 {
		a, b := t.XMM(), t.XMM()
		t.VMOVDQU(mem(t.w, nil, 0, 32+32*s), a)
		t.VPUNPCKHBW(mem(t.w, nil, 0, 48+32*s), a, b)
		t.VPUNPCKLBW(mem(t.w, nil, 0, 48+32*s), a, a)
		pair := t.ymms(2)
		t.VPMOVSXBW(a, pair[0])
		t.VPMOVSXBW(b, pair[1])
		t.addPairs(acc, pair, 4*s, s == 0)
	}
	for h := range 2 {
		d := t.half(mem(t.w, nil, 0, 16*h))
		for m := range t.rows {
			v, zero := t.loadI(t.intSum(2*m+h)), acc[2*m+h]
			t.VPSLLD(operand.Imm(5), zero, zero)
			t.VPSUBD(zero, v, v)
			t.VCVTDQ2PS(v, v)
			t.VMULPS(d, v, v)
			t.addProduct(2*m+h, v, t.broadcast(t.row(t.q, m, 0)))
		}
	}
}
