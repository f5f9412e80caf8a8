package main

// The general registers of a product. Those of activation rows move through the block that is being worked on.
const (
	rArgs      reg = 0
	rX         reg = 1 // next activation row
	rDst       reg = 2 // next result row
	rRows      reg = 3 // rows left
	rXStride   reg = 4
	rDstStride reg = 5  // in bytes
	rW         reg = 6  // panel block
	rBlocks    reg = 7  // blocks left, or columns
	rRow0      reg = 8  // codes of the activation rows: up to six registers
	rScales    reg = 14 // from the codes of a row to its scale of this block
	rSums      reg = 15 // from the codes of a row to its sums of this block
	rTmp       reg = 16
	rColumns   reg = 17
	rSub       reg = 19 // sub-blocks left
	rCodes     reg = 20 // codes of the sub-block
	rSubScales reg = 21 // scales of the sub-block
)

// product writes one MatMul kernel: a loop over tiles of activation rows, and for each tile the whole panel.
//
// The sums of a tile are four vectors for each activation row. More than two rows have them in local memory, because
// the sums inside a block need most registers: see sumsAt.
type product struct {
	*generator
	dot engine
}

// tile is the code for one number of activation rows.
type tile struct {
	*product
	rows int
	acc  []vreg // sums in registers, or nil
}

// Places in the local memory of a tile: the float sums, then the integer sums of a block of a K-quant, or the unfinished
// terms of a block.
const (
	maxRows   = 6
	sumsAt    = 0
	blockAt   = maxRows * 64
	tileBytes = 2 * maxRows * 64
)

// genMatMul writes the kernel for the numbers of rows in tiles, in descending order; each but the first is used at most
// once. A body leaves the sums in t.acc or at sumsAt.
func (g *generator) genMatMul(name string, tiles []int, body func(t *tile)) {
	b := &product{generator: g, dot: engines[g.level]}
	name = "matmul" + name + g.suffix
	g.function(name, "(a *MatMulArgs)", "is the MatMul of its layout: see MatMulArgs and matmul_generic.go.", tileBytes, 8)
	g.ins("MOVD a+0(FP), %v", rArgs)
	g.field("X", rX)
	g.field("Dst", rDst)
	g.field("M", rRows)
	g.field("XStride", rXStride)
	g.field("DstStride", rDstStride)
	g.ins("LSL $2, %v, %v", rDstStride, rDstStride)
	for i, rows := range tiles {
		start, next := g.newLabel("tile"), g.newLabel("next")
		g.place(start)
		g.ins("CMP $%d, %v", rows, rRows)
		g.ins("BLT %s", next)
		t := &tile{product: b, rows: rows}
		t.begin()
		body(t)
		t.finish()
		if i == 0 {
			g.ins("B %s", start)
		}
		g.place(next)
	}
	g.ins("RET")
}

// field loads a word of the arguments.
func (g *generator) field(name string, r reg) { g.ins("MOVD MatMulArgs_%s(%v), %v", name, rArgs, r) }

// begin loads the panel and the pointers to the activation rows.
func (t *tile) begin() {
	t.field("W", rW)
	t.field("K", rBlocks)
	t.ins("MOVD %v, %v", rX, t.row(0))
	for m := 1; m < t.rows; m++ {
		t.ins("ADD %v, %v, %v", rXStride, t.row(m-1), t.row(m))
	}
}

// row is the pointer to the codes of an activation row.
func (t *tile) row(m int) reg { return rRow0 + reg(m) }

// sums makes the sums of the tile and sets them to zero.
func (t *tile) sums(inRegisters bool) {
	if inRegisters {
		t.acc = t.vs(4 * t.rows)
		for _, v := range t.acc {
			t.zero(v)
		}
		return
	}
	t.zeroLocal(sumsAt)
}

// zeroLocal clears four vectors for each row in local memory.
func (t *tile) zeroLocal(at int) {
	z := t.v()
	t.zero(z)
	for i := range 4 * t.rows {
		t.storeQ(z, local(at+16*i))
	}
	t.free(z)
}

// addProduct adds a times the first element of b to sum i; a may be lost.
func (t *tile) addProduct(i int, a, b vreg) {
	if t.acc != nil {
		t.elem("fmla.4s", t.acc[i], a, b, 0)
		return
	}
	s := t.v()
	t.loadQ(s, local(sumsAt+16*i))
	t.elem("fmla.4s", s, a, b, 0)
	t.storeQ(s, local(sumsAt+16*i))
	t.free(s)
}

// finish writes the sums of the tile and moves to the next rows.
func (t *tile) finish() {
	plain, done := t.newLabel("plain"), t.newLabel("stored")
	t.ins("MOVBU MatMulArgs_Accumulate(%v), %v", rArgs, rTmp)
	t.ins("CBZ %v, %s", rTmp, plain)
	t.storeSums(true)
	t.ins("B %s", done)
	t.place(plain)
	t.storeSums(false)
	t.place(done)
	t.free(t.acc...)
	for i, bit := 0, 1; bit <= t.rows; i, bit = i+1, bit<<1 {
		if t.rows&bit != 0 {
			t.ins("ADD %v<<%d, %v, %v", rXStride, i, rX, rX)
			t.ins("ADD %v<<%d, %v, %v", rDstStride, i, rDst, rDst)
		}
	}
	t.ins("SUB $%d, %v, %v", t.rows, rRows, rRows)
}

func (t *tile) storeSums(accumulate bool) {
	t.ins("MOVD %v, %v", rDst, rTmp)
	s, old := t.v(), t.v()
	eachVector(t.rows, func(m, v int) {
		if m > 0 && v == 0 {
			t.ins("ADD %v, %v, %v", rDstStride, rTmp, rTmp)
		}
		sum := s
		if t.acc != nil {
			sum = t.acc[4*m+v]
		} else {
			t.loadQ(s, local(sumsAt+16*(4*m+v)))
		}
		if accumulate {
			t.loadQ(old, rTmp.plus(16*v))
			t.vvv("fadd.4s", s, sum, old)
			sum = s
		}
		t.storeQ(sum, rTmp.plus(16*v))
	})
	t.free(s, old)
}

// quantised sets the places of scales and sums for blocks of so many columns, and the count of blocks. The codes of a
// row move by a block, its scales by 4 bytes and its sums by an eighth of the block: see moveRows.
func (t *tile) quantised(block int) {
	shift := map[int]int{32: 5, 256: 8}[block]
	t.ins("MOVD %v, %v", rBlocks, rScales)
	t.ins("LSR $%d, %v, %v", shift, rBlocks, rBlocks)
	t.ins("ADD %v<<2, %v, %v", rBlocks, rScales, rSums)
}

// moveRows moves the codes of the rows by 32 columns, and with them what is relative to them: their sums, which take 4
// bytes, and the scale of the block, which stays where it is.
func (t *tile) moveRows() {
	for m := range t.rows {
		t.ins("ADD $32, %v, %v", t.row(m), t.row(m))
	}
	t.ins("SUB $28, %v, %v", rSums, rSums)
	t.ins("SUB $32, %v, %v", rScales, rScales)
}

// eachBlock runs body for every block of the panel, of so many bytes, and moves on to the next.
func (t *tile) eachBlock(bytes int, body func()) {
	loop := t.newLabel("block")
	t.place(loop)
	body()
	t.ins("ADD $4, %v, %v", rScales, rScales)
	t.ins("ADD $%d, %v, %v", bytes, rW, rW)
	t.ins("SUBS $1, %v, %v", rBlocks, rBlocks)
	t.ins("BNE %s", loop)
}

// scaleOf loads the activation scale of the block, and sumsOf its next two sums of 16 codes.
func (t *tile) scaleOf(m int, v vreg) { t.ins("FMOVS (%v)(%v), %s", t.row(m), rScales, v.f()) }
func (t *tile) sumsOf(m int, v vreg)  { t.ins("FMOVS (%v)(%v), %s", t.row(m), rSums, v.f()) }

// halves widens the 16 half floats at an offset of the block.
func (t *tile) halves(off int) []vreg {
	d := t.vs(4)
	t.halfPair(off, d[0], d[1])
	t.halfPair(off+16, d[2], d[3])
	return d
}

// halfPair widens eight half floats.
func (t *tile) halfPair(off int, low, high vreg) {
	t.loadQ(low, rW.plus(off))
	t.vv("fcvtl2.4s", high, low)
	t.vv("fcvtl.4s", low, low)
}
