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

	from, to, panels operand.Mem // what is left: panel, its first result row, panels
	x, dst, m        operand.Mem // what is left of the panel: next activation row, next result row, rows
	far, farTo       operand.Mem // bytes from a panel to the one that is multiplied with it, and between their results: see byTwo
	frame            operand.Mem // scratch memory, not aligned
}

// genMatMul writes the kernel <name><level> for the numbers of rows in tiles, in descending order; each but the first
// is used at most once. Each tile must leave the sums in t.acc or at t.accMem.
func (g *generator) genMatMul(name string, tiles []int, scratch int, body func(t *tile)) {
	b := &product{generator: g, halves: panelRows / g.lanes, scratch: scratch}
	g.function(name+g.suffix, "func(a *MatMulArgs)", name+g.suffix+" is the MatMul of its layout: see MatMulArgs and matmul_generic.go.")
	g.Attributes(attr.Attribute(0))
	for _, m := range []*operand.Mem{&b.from, &b.to, &b.panels, &b.x, &b.dst, &b.m, &b.far, &b.farTo} {
		*m = g.AllocLocal(8)
	}
	if scratch > 0 {
		b.frame = g.AllocLocal(2*scratch + 64) // for two panels
	}
	a := b.args()
	b.set(b.from, a.Field("W"))
	b.set(b.to, a.Field("Dst"))
	b.set(b.panels, a.Field("Panels"))
	panel, end := g.label("panel"), g.label("end")
	b.byTwo(body, panel, end)
	g.Label(panel)
	b.panel()
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
	b.nextPanel(panel)
	g.Label(end)
	g.VZEROUPPER()
	g.RET()
}

// byTwo multiplies panels with one activation row two at a time: each of the first half with one of the second. Memory
// delivers more when it is read at two far places in turn than at one, and twice as many sums are under way. Then it goes on at panel with the one that is left, or at end.
func (b *product) byTwo(body func(t *tile), panel, end string) {
	a := b.args()
	b.CMPQ(b.addr(a.Field("M")), operand.Imm(1))
	b.JNE(operand.LabelRef(panel))
	n, half := b.load64(a.Field("Panels")), b.GP64()
	b.MOVQ(n, half)
	b.SHRQ(operand.Imm(1), half)
	b.JZ(operand.LabelRef(panel))
	b.MOVQ(half, b.panels)
	b.SUBQ(half, n)
	b.MOVQ(n, half)
	b.IMULQ(b.addr(a.Field("PanelBytes")), half)
	b.MOVQ(half, b.far)
	b.IMUL3Q(operand.I32(4*panelRows), n, n)
	b.MOVQ(n, b.farTo)
	two := b.label("two")
	b.Label(two)
	b.panel()
	t := b.begin(1)
	t.addPanel()
	body(t)
	t.finish()
	b.nextPanel(two)
	last := b.load64(b.args().Field("Panels"))
	b.ANDQ(operand.Imm(1), last)
	b.MOVQ(last, b.panels)
	b.JZ(operand.LabelRef(end))
}

// panel starts a panel with the first activation row.
func (b *product) panel() {
	a := b.args()
	b.set(b.x, a.Field("X"))
	b.set(b.m, a.Field("M"))
	d := b.GP64()
	b.MOVQ(b.to, d)
	b.MOVQ(d, b.dst)
}

// nextPanel goes to loop with the next panel, if there is one.
func (b *product) nextPanel(loop string) {
	b.ADDQ(b.load64(b.args().Field("PanelBytes")), b.from)
	b.ADDQ(operand.Imm(4*panelRows), b.to)
	b.DECQ(b.panels)
	b.JNZ(operand.LabelRef(loop))
}

// set copies an argument.
func (b *product) set(m operand.Mem, a gotypes.Component) { b.MOVQ(b.load64(a), m) }

func (b *product) args() gotypes.Component { return b.Dereference(b.Param("a")) }

// begin loads the panel, and the next activation rows as float32 rows: codes, scales and sums are set by quantised.
func (b *product) begin(rows int) *tile {
	t := b.newTile(rows)
	a := b.args()
	t.w = b.GP64()
	b.MOVQ(b.from, t.w)
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

// finish writes the sums of the tile and moves to the next rows.
func (t *tile) finish() {
	plain, done := t.label("plain"), t.label("stored")
	a := t.args()
	d, stride := t.GP64(), t.load64(a.Field("DstStride"))
	t.MOVQ(t.dst, d)
	t.CMPB(t.addr(a.Field("Accumulate")), operand.Imm(0))
	far := t.GP64()
	if len(t.places) > 1 {
		t.MOVQ(t.farTo, far)
	}
	put := func(v reg.VecVirtual, at operand.Mem, accumulate bool) {
		if accumulate {
			s := t.vec()
			t.VADDPS(at, v, s)
			v = s
		}
		t.VMOVUPS(v, at)
	}
	store := func(accumulate bool) {
		for m := range t.rows {
			for h := range t.halves {
				i, off := m*t.halves+h, h*t.vectorBytes()
				if t.acc == nil {
					v := t.vec()
					t.VMOVUPS(t.accAt(i), v)
					put(v, mem(d, nil, 0, off), accumulate)
					continue
				}
				put(t.acc[i], mem(d, nil, 0, off), accumulate)
				if len(t.places) > 1 {
					put(t.places[1].acc[i], mem(d, far, 1, off), accumulate)
				}
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
