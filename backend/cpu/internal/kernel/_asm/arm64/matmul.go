package main

// panelRows is kernel.PanelRows.
const panelRows = 16

// The general registers of a product. Those of activation rows move through the block that is being worked on.
const (
	rArgs      reg = 0
	rX         reg = 1 // next activation row
	rDst       reg = 2 // next result row
	rRows      reg = 3 // rows left
	rXStride   reg = 4
	rDstStride reg = 5  // in bytes
	rW         reg = 6  // panel block: what has 4 bytes for a weight row, codes above all
	rBlocks    reg = 7  // blocks left, or columns
	rPanel     reg = 16 // the panel
	rPanels    reg = 17 // panels left, with this one
	rRow0      reg = 8  // codes of the activation rows: up to six registers, eight for floats
	rScales    reg = 14 // from the codes of a row to its scale of this block
	rSums      reg = 15 // from the codes of a row to its sums of this block
	rTmp       reg = 25
	rColumns   reg = 26
	rSub       reg = 19 // sub-blocks left
	rCodes     reg = 20 // codes of the sub-block
	rSubScales reg = 21 // scales of the sub-block
	rHalves    reg = 22 // panel block: what has 2 bytes for a weight row
	rBytes     reg = 23 // panel block: what has 1 byte for a weight row
	rPart      reg = 24 // part of the panel: 0 or 1
)

// shape is the size of a tile: activation rows times vectors of four weight rows. Two vectors are half of a panel, which
// is then read twice: that leaves registers for the sums.
type shape struct{ rows, vectors int }

// product writes one MatMul kernel: a loop over panels, in it one over tiles of activation rows, and for each tile the
// whole panel.
type product struct {
	*generator
	dot       engine
	constants []uint32
	table     *[16]int8 // of the values of codes, or nil: then it is in the block, if any
}

// tile is the code for one shape.
type tile struct {
	*product
	shape
	acc []vreg // the sums: vector v of row m has index m*vectors+v; nil when they are in local memory
}

// Places in the local memory of a product: the float sums, then the integer sums of a block of a K-quant, then constants.
const (
	sumsAt      = 0
	blockAt     = sumsAt + 24*16
	constantsAt = blockAt + 8*16
	localBytes  = constantsAt + maxConstants*16

	maxConstants = 4 // with the table
)

// genMatMul writes the kernel for the tiles in descending order of rows; each but the first is used at most once. A body
// leaves the sums in t.acc or at sumsAt.
func (g *generator) genMatMul(name string, tiles []shape, constants []uint32, table *[16]int8, body func(t *tile)) {
	b := &product{generator: g, dot: engines[g.level], constants: constants, table: table}
	name = "matmul" + name + g.suffix
	g.function(name, "(a *MatMulArgs)", "is the MatMul of its layout: see MatMulArgs and matmul_generic.go.", localBytes, 8)
	g.ins("MOVD a+0(FP), %v", rArgs)
	g.field("W", rPanel)
	g.field("Panels", rPanels)
	g.field("Dst", rDst)
	g.field("XStride", rXStride)
	g.field("DstStride", rDstStride)
	g.ins("LSL $2, %v, %v", rDstStride, rDstStride)
	if len(constants) > maxConstants || table != nil && len(constants) == maxConstants {
		g.fail("%d constants and a table, if any, are too many", len(constants))
	}
	c := g.v()
	for i, bits := range constants {
		g.splat(c, bits, rTmp)
		g.storeQ(c, local(constantsAt+16*i))
	}
	g.free(c)
	b.storeTable()
	panel := g.newLabel("panel")
	g.place(panel)
	g.field("X", rX)
	g.field("M", rRows)
	for i, s := range tiles {
		start, next := g.newLabel("tile"), g.newLabel("next")
		g.place(start)
		g.ins("CMP $%d, %v", s.rows, rRows)
		g.ins("BLT %s", next)
		t := &tile{product: b, shape: s}
		t.eachPart(func() {
			body(t)
			t.finish()
		})
		t.nextRows()
		if i == 0 {
			g.ins("B %s", start)
		}
		g.place(next)
	}
	b.nextPanel()
	g.ins("CBNZ %v, %s", rPanels, panel)
	g.ins("RET")
}

// nextPanel moves to the next panel and its first result row.
func (b *product) nextPanel() {
	b.field("PanelBytes", rTmp)
	b.ins("ADD %v, %v, %v", rTmp, rPanel, rPanel)
	b.field("M", rTmp)
	b.ins("MUL %v, %v, %v", rDstStride, rTmp, rTmp)
	b.ins("SUB %v, %v, %v", rTmp, rDst, rDst)
	b.ins("ADD $%d, %v, %v", 4*panelRows, rDst, rDst)
	b.ins("SUB $1, %v, %v", rPanels, rPanels)
}

// constant loads one of the constants of the product into all lanes of a new register.
func (b *product) constant(bits uint32) vreg {
	v := b.v()
	b.loadConstant(v, bits)
	return v
}

func (b *product) loadConstant(v vreg, bits uint32) {
	for i, c := range b.constants {
		if c == bits {
			b.loadQ(v, local(constantsAt+16*i))
			return
		}
	}
	b.fail("%#x is no constant of this product", bits)
}

// storeTable writes the table of the product behind the constants.
func (b *product) storeTable() {
	if b.table == nil {
		return
	}
	for h := range 2 {
		var bits uint64
		for i, v := range b.table[8*h : 8*h+8] {
			bits |= uint64(uint8(v)) << (8 * i)
		}
		b.ins("MOVD $%#x, %v", bits, rTmp)
		b.ins("MOVD %v, %s", rTmp, local(b.tableAt()+8*h))
	}
}

func (t *tile) loadTable() vreg {
	v := t.v()
	if t.table != nil {
		t.loadQ(v, local(t.tableAt()))
	} else {
		t.loadQ(v, t.sharedBase(rTmp).plus(blockTable))
	}
	return v
}

// sharedBase returns the base of the parts of the panel block that all weight rows share, which may be tmp.
func (t *tile) sharedBase(tmp reg) reg {
	if t.vectors == 4 {
		return rW
	}
	t.ins("SUB %v<<5, %v, %v", rPart, rW, tmp)
	return tmp
}

// Places in a block that has levels of its own: the table, and the unit of its scales.
const (
	blockTable = 32
	blockUnit  = 48
)

func (b *product) tableAt() int { return constantsAt + 16*len(b.constants) }

// field loads a word of the arguments.
func (g *generator) field(name string, r reg) { g.ins("MOVD MatMulArgs_%s(%v), %v", name, rArgs, r) }

// eachPart runs body for the whole panel, or for both halves.
func (t *tile) eachPart(body func()) {
	if t.vectors == 4 {
		t.begin()
		body()
		return
	}
	part := t.newLabel("part")
	t.ins("MOVD $0, %v", rPart)
	t.place(part)
	t.begin()
	body()
	t.ins("ADD $1, %v, %v", rPart, rPart)
	t.ins("CMP $2, %v", rPart)
	t.ins("BLT %s", part)
}

// begin loads the pointers to the panel and to the activation rows.
func (t *tile) begin() {
	t.field("K", rBlocks)
	if t.vectors == 2 {
		t.ins("ADD %v<<4, %v, %v", rPart, rPanel, rHalves)
		t.ins("ADD %v<<3, %v, %v", rPart, rPanel, rBytes)
		t.ins("ADD %v<<5, %v, %v", rPart, rPanel, rW)
	} else {
		t.ins("MOVD %v, %v", rPanel, rW)
	}
	t.ins("MOVD %v, %v", rX, t.row(0))
	for m := 1; m < t.rows; m++ {
		t.ins("ADD %v, %v, %v", rXStride, t.row(m-1), t.row(m))
	}
}

// halvesBase and bytesBase are the bases of parts of the panel block with 2 bytes and 1 byte for a weight row.
func (t *tile) halvesBase() reg {
	if t.vectors == 2 {
		return rHalves
	}
	return rW
}

func (t *tile) bytesBase() reg {
	if t.vectors == 2 {
		return rBytes
	}
	return rW
}

// nextBlock moves on in the panel.
func (t *tile) nextBlock(bytes int) {
	t.ins("ADD $%d, %v, %v", bytes, rW, rW)
	if t.vectors == 2 {
		t.ins("ADD $%d, %v, %v", bytes, rHalves, rHalves)
		t.ins("ADD $%d, %v, %v", bytes, rBytes, rBytes)
	}
}

// row is the pointer to the codes of an activation row.
func (t *tile) row(m int) reg { return rRow0 + reg(m) }

// count is the number of vectors of the result.
func (s shape) count() int { return s.rows * s.vectors }

// each calls body for each vector of the result.
func (s shape) each(body func(m, v int)) {
	for m := range s.rows {
		for v := range s.vectors {
			body(m, v)
		}
	}
}

// sums makes the sums of the tile and sets them to zero.
func (t *tile) sums(inRegisters bool) {
	t.acc = nil
	if inRegisters {
		t.acc = t.zeros(t.count())
		return
	}
	t.zeroLocal(sumsAt)
}

func (t *tile) zeros(n int) []vreg {
	z := t.vs(n)
	for _, v := range z {
		t.zero(v)
	}
	return z
}

// zeroLocal clears the vectors of a result in local memory.
func (t *tile) zeroLocal(at int) {
	z := t.v()
	t.zero(z)
	for i := range t.count() {
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

// finish writes the sums.
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
}

func (t *tile) storeSums(accumulate bool) {
	if t.vectors == 2 {
		t.ins("ADD %v<<5, %v, %v", rPart, rDst, rTmp)
	} else {
		t.ins("MOVD %v, %v", rDst, rTmp)
	}
	s, old := t.v(), t.v()
	t.each(func(m, v int) {
		if m > 0 && v == 0 {
			t.ins("ADD %v, %v, %v", rDstStride, rTmp, rTmp)
		}
		sum := s
		if t.acc != nil {
			sum = t.acc[m*t.vectors+v]
		} else {
			t.loadQ(s, local(sumsAt+16*(m*t.vectors+v)))
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

// nextRows moves to the activation rows behind the tile.
func (t *tile) nextRows() {
	for i, bit := 0, 1; bit <= t.rows; i, bit = i+1, bit<<1 {
		if t.rows&bit != 0 {
			t.ins("ADD %v<<%d, %v, %v", rXStride, i, rX, rX)
			t.ins("ADD %v<<%d, %v, %v", rDstStride, i, rDst, rDst)
		}
	}
	t.ins("SUB $%d, %v, %v", t.rows, rRows, rRows)
}
