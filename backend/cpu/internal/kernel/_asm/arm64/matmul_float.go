package main

// floatSegment is kernel.floatSegment.
const floatSegment = 64

// floatTiles are the tiles of the float kernels: six rows have 24 registers of sums, six of activations and two of
// weights. Half floats take as long to widen as to multiply, so that more rows of half a panel are better.
var (
	floatTiles = []shape{{6, 4}, {4, 4}, {2, 4}, {1, 4}}
	halfTiles  = []shape{{8, 2}, {4, 4}, {2, 4}, {1, 4}}
)

// weights loads two of the four vectors of a column at an offset from the panel.
type weights struct {
	tiles       []shape
	columnBytes int
	load        func(t *tile, off, pair int, a, b vreg)
}

func (g *generator) genMatMulFloat(name string, w weights) {
	g.genMatMul(name, w.tiles, nil, nil, func(t *tile) {
		t.sums(false)
		segment, whole := t.newLabel("segment"), t.newLabel("whole")
		t.place(segment)
		t.ins("MOVD $%d, %v", floatSegment, rColumns)
		t.ins("CMP %v, %v", rColumns, rBlocks)
		t.ins("BGE %s", whole)
		t.ins("MOVD %v, %v", rBlocks, rColumns)
		t.place(whole)
		t.ins("SUB %v, %v, %v", rColumns, rBlocks, rBlocks)
		t.segment(w)
		t.ins("CBNZ %v, %s", rBlocks, segment)
	})
}

// segment adds the products of rColumns columns to the sums and moves on behind them.
func (t *tile) segment(w weights) {
	const unroll = 4
	acc := t.zeros(t.count())
	x := t.vs(t.rows)
	step := func(n int) {
		for m := range x {
			if n == unroll {
				t.loadQ(x[m], t.row(m).plus(0))
			} else {
				t.loadS(x[m], t.row(m).plus(0))
			}
			t.ins("ADD $%d, %v, %v", 4*n, t.row(m), t.row(m))
		}
		for i := range n {
			for pair := range t.vectors / 2 {
				a, b := t.v(), t.v()
				w.load(t, i*w.columnBytes, pair, a, b)
				for m := range x {
					t.elem("fmla.4s", acc[m*t.vectors+2*pair], a, x[m], i)
					t.elem("fmla.4s", acc[m*t.vectors+2*pair+1], b, x[m], i)
				}
				t.free(a, b)
			}
		}
		t.nextBlock(n * w.columnBytes)
	}
	four, rest, one, end := t.newLabel("four"), t.newLabel("rest"), t.newLabel("one"), t.newLabel("end")
	t.ins("SUBS $%d, %v, %v", unroll, rColumns, rColumns)
	t.ins("BLT %s", rest)
	t.place(four)
	step(unroll)
	t.ins("SUBS $%d, %v, %v", unroll, rColumns, rColumns)
	t.ins("BGE %s", four)
	t.place(rest)
	t.ins("ADDS $%d, %v, %v", unroll, rColumns, rColumns)
	t.ins("BEQ %s", end)
	t.place(one)
	step(1)
	t.ins("SUBS $1, %v, %v", rColumns, rColumns)
	t.ins("BNE %s", one)
	t.place(end)
	t.free(x...)
	s := t.v()
	for i, v := range acc {
		t.loadQ(s, local(sumsAt+16*i))
		t.vvv("fadd.4s", s, s, v)
		t.storeQ(s, local(sumsAt+16*i))
	}
	t.free(s)
	t.free(acc...)
}

func genMatMulF32(g *generator) {
	g.genMatMulFloat("F32", weights{floatTiles, 64, func(t *tile, off, pair int, a, b vreg) {
		t.loadQ(a, rW.plus(off+32*pair))
		t.loadQ(b, rW.plus(off+32*pair+16))
	}})
}

func genMatMulF16(g *generator) {
	g.genMatMulFloat("F16", weights{halfTiles, 32, func(t *tile, off, pair int, a, b vreg) {
		t.halfPair(t.halvesBase(), off+16*pair, a, b)
	}})
}

func genMatMulBF16(g *generator) {
	g.genMatMulFloat("BF16", weights{halfTiles, 32, func(t *tile, off, pair int, a, b vreg) {
		t.loadQ(a, t.halvesBase().plus(off+16*pair))
		t.vv("shll2.4s", b, a)
		t.vv("shll.4s", a, a)
	}})
}
