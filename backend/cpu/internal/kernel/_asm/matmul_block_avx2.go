package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// signs reports whether the codes are multiplied as sign and magnitude: they do not fit into sums of int16.
func (l *blockLayout) signs(g *generator) bool { return !g.vnni && l.maxCode() > 31 }

func (l *blockLayout) genAVX2(g *generator) {
	tiles := intTiles
	if l.signs(g) {
		tiles = g.signedTiles()
	}
	g.genMatMul(l.name, tiles, kScratch, func(t *tile) {
		t.quantised(32, 32)
		t.sums(t.rows > 2, 0)
		t.eachBlock(32, l.blockBytes(), func() {
			l.touch(t)
			acc := l.products(t)
			s := l.scalesY(t)
			var o []operand.Op
			if l.offsets {
				o = t.halfPair(2 * panelRows)
				t.spill(o)
			}
			for m := range t.rows {
				dx, x32 := t.broadcast(t.row(t.q, m, 0)), reg.VecVirtual(nil)
				if l.offsets {
					x32 = t.broadcast32(t.row(t.r, m, 0))
					t.VPMADDWD(t.ones16(), x32, x32)
					t.VCVTDQ2PS(x32, x32)
				}
				for h := range 2 {
					v := acc[2*m+h]
					t.VCVTDQ2PS(v, v)
					t.VMULPS(s[h], v, v)
					if l.offsets {
						t.VFMADD231PS(o[h], x32, v)
					}
					t.addProduct(2*m+h, v, dx)
				}
			}
		})
	})
	if l.signs(g) && !l.offsets {
		l.genPair(g)
	}
}

// halfPair returns the 16 half floats at an offset, widened.
func (t *tile) halfPair(off int) []operand.Op {
	return []operand.Op{t.half(mem(t.w, nil, 0, off)), t.half(mem(t.w, nil, 0, off+16))}
}

// scalesY returns the scales of a block.
func (l *blockLayout) scalesY(t *tile) []operand.Op {
	if !l.brain {
		return t.halfPair(0)
	}
	s := t.ymms(2)
	for h, v := range s {
		t.VPMOVZXWD(mem(t.w, nil, 0, 16*h), v)
		t.VPSLLD(operand.Imm(16), v, v)
	}
	return []operand.Op{s[0], s[1]}
}

// spill moves two vectors to memory when the tile has no registers for them.
func (t *tile) spill(v []operand.Op) {
	for h, op := range v {
		if r, ok := op.(reg.VecVirtual); ok && t.rows > 4 {
			v[h] = mem(t.room, nil, 0, kScales+32*h)
			t.VMOVUPS(r, v[h])
		}
	}
}

// products returns the int32 sums of a block, acc[2*m+h].
func (l *blockLayout) products(t *tile) []reg.VecVirtual {
	acc := t.ymms(2 * t.rows)
	switch {
	case l.bytes:
		t.dotS(acc, l.header())
	case l.signs(t.generator) && t.rows == 1:
		l.dotSplit(t, acc)
	case l.signs(t.generator):
		t.dotSAVX2(acc, 0, 8, func(g int) (w, sign []reg.VecVirtual) { return l.signedGroup(t, g) })
	case t.vnni:
		if l.zero > 0 {
			t.setSums(acc, int16(-l.zero), int16(-l.zero))
		}
		l.dotGroups(t, acc, 0, 4, l.zero == 0)
	case l.maxCode() > 15:
		// Sums of int16: |q*x| of 8 columns is at most 31*127*8 = 31496.
		l.dotGroups(t, acc, 0, 2, true)
		for i, v := range acc {
			t.VPMADDWD(t.ones16(), v, v)
			t.VMOVDQU(v, t.intSum(i))
		}
		l.dotGroups(t, acc, 2, 2, true)
		for m := range t.rows {
			var zero reg.VecVirtual
			if l.zero > 0 {
				zero = t.broadcast32(t.row(t.r, m, 0))
				pair := uint32(uint16(-l.zero))
				t.VPMADDWD(t.splat("minusZero", pair|pair<<16), zero, zero)
			}
			for h := range 2 {
				v := acc[2*m+h]
				t.VPMADDWD(t.ones16(), v, v)
				t.VPADDD(t.intSum(2*m+h), v, v)
				if l.zero > 0 {
					t.VPADDD(zero, v, v)
				}
			}
		}
	default:
		// Sums of int16: |q*x| of 16 columns is at most 15*127*16 = 30480. Without the zero point, 8 times the sums of 16
		// columns in stored order, it is at most 127*(8*8 + 8*15 + 8*8) = 31496 in every lane.
		l.dotGroups(t, acc, 0, 4, true)
		for m := range t.rows {
			var zero reg.VecVirtual
			if l.zero > 0 {
				zero = t.broadcast32(t.row(t.r, m, 0))
				t.VPSLLW(operand.Imm(3), zero, zero)
			}
			for h := range 2 {
				v := acc[2*m+h]
				if l.zero > 0 {
					t.VPSUBW(zero, v, v)
				}
				t.VPMADDWD(t.ones16(), v, v)
			}
		}
	}
	return acc
}

// dotGroups adds the products of the unsigned codes of some chunks of the block to the sums, or sets them.
func (l *blockLayout) dotGroups(t *tile, acc []reg.VecVirtual, chunk, chunks int, set bool) {
	t.nibbleGroups(t.w, l.header()+64*chunk, chunks, func(g int, w []reg.VecVirtual) {
		if l.fifth {
			t.withTop(w, mem(t.w, nil, 0, l.header()+256), 4-2*chunk-g, t.splat("fifthBits", 0x10101010))
		}
		if l.levels != nil {
			table := t.loadI(l.codes(t.generator))
			for _, v := range w {
				t.VPSHUFB(v, table, v)
			}
		}
		t.dotU(acc, w, 8*chunk+4*g, set && g == 0)
	})
}

// dotSplit sets int32 sums to the products of a block with one activation row. The unsigned codes c are 16*u + v with
// u and v below 16, so all sums of u*x and of v*x of 8 k-groups fit int16, at most 15*128*16 = 30720: two operations for each,
// where dotSAVX2 needs four and as many again for the weights, and one more table.
func (l *blockLayout) dotSplit(t *tile, acc []reg.VecVirtual) {
	parts := []struct {
		shift int
		table reg.VecVirtual
	}{{shift: 4}, {shift: 0}}
	for i := range parts {
		p := &parts[i]
		p.table = t.loadI(l.table(t.generator, fmt.Sprintf("bits%d", p.shift), func(level int) byte { return byte((level+l.zero)>>p.shift) & 15 }))
	}
	sums := [2][]reg.VecVirtual{t.ymms(len(acc)), t.ymms(len(acc))}
	mask := t.splat("lowNibbles", 0x0f0f0f0f)
	for g := range 8 {
		x := t.broadcast32(t.row(t.p, 0, 4*g))
		for h := range acc {
			q := t.loadI(mem(t.w, nil, 0, l.header()+64*(g/2)+32*h))
			if g%2 == 1 {
				t.VPSRLW(operand.Imm(4), q, q)
			}
			t.VPAND(mask, q, q)
			for i, p := range parts {
				w := t.YMM()
				t.VPSHUFB(q, p.table, w)
				if g == 0 {
					t.VPMADDUBSW(x, w, sums[i][h])
					continue
				}
				t.VPMADDUBSW(x, w, w)
				t.VPADDW(w, sums[i][h], sums[i][h])
			}
		}
	}
	t.setSums(acc, int16(-l.zero), int16(-l.zero))
	for i, p := range parts {
		factor := uint32(1) << p.shift
		for j, v := range sums[i] {
			t.VPMADDWD(t.splat(fmt.Sprintf("times%d", factor), factor<<16|factor), v, v)
			t.VPADDD(v, acc[j], acc[j])
		}
	}
}

// signedGroup returns the magnitudes of the levels of a k-group, and -1 where they are negative.
func (l *blockLayout) signedGroup(t *tile, g int) (w, sign []reg.VecVirtual) {
	magnitudes := l.table(t.generator, "magnitudes", func(level int) byte { return byte(max(level, -level)) })
	signs := l.table(t.generator, "signs", func(level int) byte { return byte(min(max(level, -1), 0)) })
	w, sign = t.ymms(2), t.ymms(2)
	for h := range w {
		q := t.loadI(mem(t.w, nil, 0, l.header()+64*(g/2)+32*h))
		if g%2 == 1 {
			t.VPSRLW(operand.Imm(4), q, q)
		}
		t.VPAND(t.splat("lowNibbles", 0x0f0f0f0f), q, q)
		t.VMOVDQU(magnitudes, w[h])
		t.VPSHUFB(q, w[h], w[h])
		t.VMOVDQU(signs, sign[h])
		t.VPSHUFB(q, sign[h], sign[h])
	}
	return w, sign
}
