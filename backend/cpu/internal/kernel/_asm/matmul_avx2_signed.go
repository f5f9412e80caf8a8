package main

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// signedTiles are the numbers of activation rows of the integer kernels of signed codes, for which AVX2 needs two more
// vectors.
func (g *generator) signedTiles() []int {
	if g.vnni {
		return intTiles
	}
	return []int{4, 3, 2, 1}
}

// dotS sets int32 sums, acc[2*m+h], to the products of n k-groups of signed codes at off with the activation codes from
// column on.
func (t *tile) dotS(acc []reg.VecVirtual, off, column, n int) {
	if t.vnni {
		t.dotSVNNI(acc, off, column, n)
		return
	}
	t.dotSAVX2(acc, column, n, func(g int) (w, sign []reg.VecVirtual) { return t.signedBytes(off + 64*g) })
}

// dotSVNNI is dotS with the codes made unsigned by 128 more, for which 128 times the activation sums are taken before.
func (t *tile) dotSVNNI(acc []reg.VecVirtual, off, column, n int) {
	first, second := int16(-128), int16(-128)
	if 4*n == 16 {
		first, second = -128*int16(1-column/16), -128*int16(column/16)
	}
	t.setSums(acc, first, second)
	flip := t.splat("signBits", 0x80808080)
	for g := range n {
		w := t.ymms(2)
		for h := range w {
			t.VMOVDQU(mem(t.w, nil, 0, off+64*g+32*h), w[h])
			t.VPXOR(flip, w[h], w[h])
		}
		t.dotU(acc, w, column+4*g, false)
	}
}

// dotSAVX2 is dotS with pairs of products, of codes given as |w| and s. VPMADDUBSW wants an unsigned factor, so the sign goes to the activation: with
// s = -1 for w < 0 and else 0,
//
//	w*x = |w| * ((x ^ s) - s) = |w|*(x ^ s) - |w|*s
//
// where the last product is the same for all activation rows. Two products |w|*(x ^ s) are between 2*128*-128 and
// 2*127*127, which an int16 holds.
func (t *tile) dotSAVX2(acc []reg.VecVirtual, disp, n int, codes func(g int) (w, sign []reg.VecVirtual)) {
	fix := t.ymms(2)
	for g := range n {
		w, sign := codes(g)
		for h := range w {
			v := fix[h]
			if g > 0 {
				v = t.YMM()
			}
			t.VPMADDUBSW(sign[h], w[h], v)
			if g > 0 {
				t.VPADDW(v, fix[h], fix[h])
			}
		}
		for m := range t.rows {
			x := t.broadcast32(t.row(t.p, m, disp+4*g))
			for h := range w {
				v := t.YMM()
				t.VPXOR(sign[h], x, v)
				t.VPMADDUBSW(v, w[h], v)
				if g == 0 {
					t.VPMADDWD(t.ones16(), v, acc[2*m+h])
					continue
				}
				t.VPMADDWD(t.ones16(), v, v)
				t.VPADDD(v, acc[2*m+h], acc[2*m+h])
			}
		}
	}
	for h, v := range fix {
		t.VPMADDWD(t.ones16(), v, v)
		for m := range t.rows {
			t.VPSUBD(v, acc[2*m+h], acc[2*m+h])
		}
	}
}

// signedBytes returns the magnitudes of the codes at an offset, and -1 where they are negative.
func (t *tile) signedBytes(off int) (w, sign []reg.VecVirtual) {
	w, sign = t.ymms(2), t.ymms(2)
	for h := range w {
		at := mem(t.w, nil, 0, off+32*h)
		t.VPABSB(at, w[h])
		t.VPXOR(sign[h], sign[h], sign[h])
		t.VPCMPGTB(at, sign[h], sign[h])
	}
	return w, sign
}

func genMatMulS16AVX2(g *generator) {
	g.genMatMul("matmulS16", g.signedTiles(), 2*g.signedTiles()[0]*64, func(t *tile) {
		t.quantised(32, 32)
		t.sums(t.rows > 2, 0)
		u := func(i int) operand.Mem { return mem(t.room, nil, 0, g.signedTiles()[0]*64+32*i) }
		t.eachBlock(func() {
			t.touch(t.w, 256)
			acc := t.ymms(2 * t.rows)
			t.dotS(acc, 256, 0, 4)
			for i, v := range acc {
				t.VCVTDQ2PS(v, v)
				t.VMULPS(mem(t.w, nil, 0, 32*(i%2)), v, v)
				t.VMOVUPS(v, u(i))
			}
			acc = t.ymms(2 * t.rows)
			t.dotS(acc, 512, 16, 4)
			for m := range t.rows {
				dx, x := t.broadcast(t.row(t.q, m, 0)), t.activationSums(m)
				for h := range 2 {
					v, s := acc[2*m+h], t.YMM()
					t.VCVTDQ2PS(v, v)
					t.VMOVUPS(mem(t.w, nil, 0, 64+32*h), s)
					t.VFMADD213PS(u(2*m+h), s, v)
					t.VFMADD231PS(mem(t.w, nil, 0, 128+32*h), x[0], v)
					t.VFMADD231PS(mem(t.w, nil, 0, 192+32*h), x[1], v)
					t.addProduct(2*m+h, v, dx)
				}
			}
			t.next(768, 32)
		})
	})
}
