package main

import "github.com/mmcloughlin/avo/reg"

// signedTiles are the numbers of activation rows of the integer kernels of signed codes, for which AVX2 needs two more
// vectors.
func (g *generator) signedTiles() []int {
	if g.vnni {
		return intTiles
	}
	return []int{4, 3, 2, 1}
}

// dotS sets int32 sums, acc[2*m+h], to the products of 8 k-groups of signed codes at off with activation codes.
func (t *tile) dotS(acc []reg.VecVirtual, off int) {
	if t.vnni {
		t.dotSVNNI(acc, off)
		return
	}
	t.dotSAVX2(acc, 0, 8, func(g int) (w, sign []reg.VecVirtual) { return t.signedBytes(off + 64*g) })
}

// dotSVNNI is dotS with the codes made unsigned by 128 more, for which 128 times the activation sums are taken before.
func (t *tile) dotSVNNI(acc []reg.VecVirtual, off int) {
	t.setSums(acc, -128, -128)
	flip := t.splat("signBits", 0x80808080)
	for g := range 8 {
		w := t.ymms(2)
		for h := range w {
			t.VMOVDQU(mem(t.w, nil, 0, off+64*g+32*h), w[h])
			t.VPXOR(flip, w[h], w[h])
		}
		t.dotU(acc, w, 4*g, false)
	}
}

// dotSAVX2 is dotS with pairs of products, of n k-groups of codes given as |w| and s. VPMADDUBSW wants an unsigned factor,
// so the sign goes to the activation: with s = -1 for w < 0 and else 0,
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
