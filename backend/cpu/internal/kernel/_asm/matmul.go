package main

import (
	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/gotypes"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// panelRows is kernel.PanelRows.
const panelRows = 16

// rowsPerBase is the number of activation rows that are addressed from one base register.
const rowsPerBase = 6

// product generates one MatMul kernel: a loop over panels, in it one over tiles of activation rows, and for each tile the
// whole panel.
type product struct {
	*generator
	halves  int // vectors of panelRows float32: 2 for AVX2, 1 for AVX-512
	scratch int // bytes of aligned scratch memory the tiles use

	w, to, panels operand.Mem // what is left: panel, its first result row, panels
	x, dst, m     operand.Mem // what is left of the panel: next activation row, next result row, rows
	frame         operand.Mem // scratch memory, not aligned
}

// tile is the code for one number of activation rows. Pointers move through the block that is being worked on.
type tile struct {
	*product
	rows       int
	w, n       reg.GPVirtual   // next panel block, blocks left
	p, q, r    []reg.GPVirtual // codes, scales, sums of the activation rows 0, 6, ...
	s1, s3, s5 reg.GPVirtual   // the activation stride times 1, 3, 5
	room       reg.GPVirtual   // aligned scratch memory; AVX-512 needs the register, and little of the memory
	acc        []reg.VecVirtual
	accMem     int  // offset of the sums in room when they are not in registers
	long       bool // blocks of 256 columns with a header
}

// genMatMul writes the kernel <name><level> for the numbers of rows in tiles, in descending order; each but the first
// is used at most once. Each tile must leave the sums in t.acc or at t.accMem.
func (g *generator) genMatMul(name string, tiles []int, scratch int, body func(t *tile)) {
	b := &product{generator: g, halves: panelRows / g.lanes, scratch: scratch}
	g.function(name+g.suffix, "func(a *MatMulArgs)", name+g.suffix+" is the MatMul of its layout: see MatMulArgs and matmul_generic.go.")
	g.Attributes(attr.Attribute(0))
	for _, m := range []*operand.Mem{&b.w, &b.to, &b.panels, &b.x, &b.dst, &b.m} {
		*m = g.AllocLocal(8)
	}
	if scratch > 0 {
		b.frame = g.AllocLocal(scratch + 64)
	}
	a := b.args()
	b.set(b.w, a.Field("W"))
	b.set(b.to, a.Field("Dst"))
	b.set(b.panels, a.Field("Panels"))
	panel := g.label("panel")
	g.Label(panel)
	a = b.args()
	b.set(b.x, a.Field("X"))
	b.set(b.m, a.Field("M"))
	d := g.GP64()
	g.MOVQ(b.to, d)
	g.MOVQ(d, b.dst)
	for i, rows := range tiles {
		start, next := g.label("tile"), g.label("next")
		g.Label(start)
		g.CMPQ(b.m, operand.Imm(uint64(rows)))
		g.JLT(operand.LabelRef(next))
		t := b.begin(rows)
		body(t)
		t.finish()
		if i == 0 {
			g.JMP(operand.LabelRef(start))
		}
		g.Label(next)
	}
	g.ADDQ(g.load64(b.args().Field("PanelBytes")), b.w)
	g.ADDQ(operand.Imm(4*panelRows), b.to)
	g.DECQ(b.panels)
	g.JNZ(operand.LabelRef(panel))
	g.VZEROUPPER()
	g.RET()
}

// set copies an argument.
func (b *product) set(m operand.Mem, a gotypes.Component) { b.MOVQ(b.load64(a), m) }

func (b *product) args() gotypes.Component { return b.Dereference(b.Param("a")) }

// begin loads the panel, and the next activation rows as float32 rows: codes, scales and sums are set by quantised.
func (b *product) begin(rows int) *tile {
	t := &tile{product: b, rows: rows}
	a := b.args()
	t.w = b.GP64()
	b.MOVQ(b.w, t.w)
	t.n = b.load64(a.Field("K"))
	t.s1 = b.load64(a.Field("XStride"))
	if rows > 3 {
		t.s3 = b.GP64()
		b.LEAQ(mem(t.s1, t.s1, 2, 0), t.s3)
	}
	if rows > 5 {
		t.s5 = b.GP64()
		b.LEAQ(mem(t.s1, t.s1, 4, 0), t.s5)
	}
	base := b.GP64()
	b.MOVQ(b.x, base)
	t.p = t.bases(base)
	if b.scratch > 0 && b.lanes == 8 {
		t.room = b.GP64()
		b.LEAQ(b.frame.Offset(63), t.room)
		b.ANDQ(operand.I8(-64), t.room)
	}
	return t
}

// bases returns the base registers of the rows of the tile, of which the first is given.
func (t *tile) bases(first reg.GPVirtual) []reg.GPVirtual {
	v := []reg.GPVirtual{first}
	for m := rowsPerBase; m < t.rows; m += rowsPerBase {
		next := t.GP64()
		t.LEAQ(mem(v[len(v)-1], t.s3, 2, 0), next)
		v = append(v, next)
	}
	return v
}

// quantised sets the pointers of the parts of the activation rows, for scales of block columns, and n to the blocks.
// K is a multiple of block.
func (t *tile) quantised(block int, panelBlock int) {
	t.long = block == 256
	shift := map[int]uint64{32: 5, 64: 6, 256: 8}
	q, r, k := t.GP64(), t.GP64(), t.GP64()
	t.LEAQ(mem(t.p[0], t.n, 1, 0), q)
	t.MOVQ(t.n, k)
	t.SHRQ(operand.Imm(shift[block]), k)
	t.LEAQ(mem(q, k, 4, 0), r)
	t.q, t.r = t.bases(q), t.bases(r)
	t.SHRQ(operand.Imm(shift[panelBlock]), t.n)
}

// row is the place of a byte of activation row m, relative to one of the sets of base registers.
func (t *tile) row(bases []reg.GPVirtual, m, disp int) operand.Mem {
	base := bases[m/rowsPerBase]
	switch m % rowsPerBase {
	case 1:
		return mem(base, t.s1, 1, disp)
	case 2:
		return mem(base, t.s1, 2, disp)
	case 3:
		return mem(base, t.s3, 1, disp)
	case 4:
		return mem(base, t.s1, 4, disp)
	case 5:
		return mem(base, t.s5, 1, disp)
	}
	return mem(base, nil, 0, disp)
}

// advance moves base registers on.
func (t *tile) advance(bases []reg.GPVirtual, n int) {
	for _, b := range bases {
		t.ADDQ(operand.I32(int32(n)), b)
	}
}

// touch asks for the next bytes of the panel, some of which are used before those in front of them, so that the panel is
// read strictly in order where it was not asked for before: at the start of a task.
func (t *tile) touch(base reg.GPVirtual, bytes int) {
	if t.rows > 3 {
		return // the panel is in a cache: it is read once for each tile
	}
	for i := 0; i < bytes; i += 64 {
		t.PREFETCHT0(mem(base, nil, 0, i))
	}
}

// aheadBytes is how far ahead of its use a panel is asked for: about the bytes that memory delivers in its latency. With
// few rows it comes to the second-level cache before, from twice as far: the first-level cache waits for 16 lines at most,
// which is half of what memory can deliver. Measured on Sapphire Rapids with panels of a layer in memory, one activation
// row: 13 GB/s of Q4_0 without, 15 with the first and 17 with both, all that one thread can read; two threads 26, 29 and 33.
// With four rows and more the second gains nothing, and other distances are worse, but for the blocks of K-quants: half
// of the first and as much less of the second give 3 % more.
const aheadBytes = 2048

// ahead asks for the bytes some way behind those at base, which may be those of the panels after this one. Tiles of more
// rows read their panel from a cache.
func (t *tile) ahead(base reg.Register, bytes int) {
	if t.rows > 8 {
		return
	}
	first := aheadBytes
	if t.long && t.rows < 4 {
		first /= 2
	}
	for i := first; i < first+bytes; i += 64 {
		t.PREFETCHT0(mem(base, nil, 0, i))
		if t.rows < 4 {
			t.PREFETCHT1(mem(base, nil, 0, aheadBytes+i))
		}
	}
}

// vectorBytes is the size of a vector.
func (t *tile) vectorBytes() int { return 4 * t.lanes }

// accAt is the place of a sum that is in memory.
func (t *tile) accAt(i int) operand.Mem {
	if t.room == nil {
		return t.frame.Offset(i * t.vectorBytes())
	}
	return mem(t.room, nil, 0, t.accMem+i*t.vectorBytes())
}

// sums makes the sums of the tile and sets them to zero: in registers, or in memory at the offset.
func (t *tile) sums(inMemory bool, offset int) {
	n := t.rows * t.halves
	if !inMemory {
		t.acc = t.vecs(n)
		for _, v := range t.acc {
			t.zero(v)
		}
		return
	}
	t.accMem = offset
	z := t.vec()
	t.zero(z)
	for i := range n {
		t.VMOVUPS(z, t.accAt(i))
	}
}

// addProduct adds a*b to sum i; a is lost.
func (t *tile) addProduct(i int, a reg.VecVirtual, b operand.Op) {
	if t.acc != nil {
		t.VFMADD231PS(b, a, t.acc[i])
		return
	}
	t.VFMADD213PS(t.accAt(i), b, a)
	t.VMOVUPS(a, t.accAt(i))
}

// finish writes the sums of the tile and moves to the next rows.
func (t *tile) finish() {
	plain, done := t.label("plain"), t.label("stored")
	a := t.args()
	d, stride := t.GP64(), t.load64(a.Field("DstStride"))
	t.MOVQ(t.dst, d)
	t.CMPB(t.addr(a.Field("Accumulate")), operand.Imm(0))
	store := func(accumulate bool) {
		for m := range t.rows {
			for h := range t.halves {
				v := t.vec()
				if t.acc != nil {
					v = t.acc[m*t.halves+h]
				} else {
					t.VMOVUPS(t.accAt(m*t.halves+h), v)
				}
				at := mem(d, nil, 0, h*t.vectorBytes())
				if accumulate {
					s := t.vec()
					t.VADDPS(at, v, s)
					v = s
				}
				t.VMOVUPS(v, at)
			}
			t.LEAQ(mem(d, stride, 4, 0), d)
		}
	}
	t.JEQ(operand.LabelRef(plain))
	store(true)
	t.JMP(operand.LabelRef(done))
	t.Label(plain)
	store(false)
	t.Label(done)
	t.MOVQ(d, t.dst)
	step := t.GP64()
	t.IMUL3Q(operand.I32(int32(t.rows)), t.s1, step)
	t.ADDQ(step, t.x)
	t.SUBQ(operand.Imm(uint64(t.rows)), t.m)
}

// eachBlock runs body for every block of the panel; body moves w. The counter ends at zero.
func (t *tile) eachBlock(body func()) {
	loop := t.label("block")
	t.Label(loop)
	body()
	t.DECQ(t.n)
	t.JNZ(operand.LabelRef(loop))
}
