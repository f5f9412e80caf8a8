package main

import (
	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

const (
	// pairRows is kernel.PairRows.
	pairRows = 12
	// pairBlock is how many activation rows share the segment of the panels that was widened. Their part of a segment
	// (12 KiB), the segment (8 KiB) and the sums (6 KiB) stay in the first-level cache together.
	pairBlock = 4 * pairRows
	// pairBytes is one column of two panels in float32, and the sums of one activation row.
	pairBytes = 2 * panelRows * 4
)

// pairTiles says what the sums in registers are of: activation rows and panels. AVX-512 needs both panels, since the
// loads for 24 rows of one take as long as its FMAs, and longer in practice.
var pairTiles = map[int]struct{ rows, panels int }{8: {6, 1}, 16: {12, 2}}

// pair is a MatMulPair kernel: for each block of activation rows, for each segment of columns, widen the segment and
// add the products of each tile to the sums.
type pair struct {
	*tile
	panels  int
	weights weightVectors
	second  reg.GPVirtual // bytes from the first panel to the second
	scratch reg.GPVirtual // the widened segment, then the sums, 64-byte aligned

	x, dst, m       operand.Mem // the next block of rows and rows left
	block, rowsLeft operand.Mem // rows of the block, and those left in the segment
	columns, left   operand.Mem // columns of the segment and after it
	panel           operand.Mem // the first panel at the segment
}

func (g *generator) genMatMulPair(name string, weights weightVectors) {
	g.function(name+g.suffix, "func(a *MatMulArgs)", name+g.suffix+" is the MatMulPair of its layout: see MatMulArgs and matmul_generic.go.")
	g.Attributes(attr.Attribute(0))
	shape := pairTiles[g.lanes]
	p := &pair{
		tile:   &tile{product: &product{generator: g, halves: panelRows / g.lanes}, rows: shape.rows},
		panels: shape.panels, weights: weights,
	}
	for _, m := range []*operand.Mem{&p.x, &p.dst, &p.m, &p.block, &p.rowsLeft, &p.columns, &p.left, &p.panel} {
		*m = g.AllocLocal(8)
	}
	room := g.AllocLocal(floatSegment*pairBytes + pairBlock*pairBytes + 64)
	p.scratch = g.GP64()
	g.LEAQ(room.Offset(63), p.scratch)
	g.ANDQ(operand.I8(-64), p.scratch)

	a := p.args()
	p.s1 = g.load64(a.Field("XStride"))
	p.s3, p.s5 = g.GP64(), g.GP64()
	g.LEAQ(mem(p.s1, p.s1, 2, 0), p.s3)
	g.LEAQ(mem(p.s1, p.s1, 4, 0), p.s5)
	p.second = g.GP64()
	g.IMUL3Q(operand.I32(int32(weights.columnBytes)), g.load64(a.Field("K")), p.second)
	g.MOVQ(g.load64(a.Field("X")), p.x)
	g.MOVQ(g.load64(a.Field("Dst")), p.dst)
	g.MOVQ(g.load64(a.Field("M")), p.m)

	next, start := g.label("block"), g.label("rows")
	g.Label(next)
	rows := g.GP64()
	g.MOVQ(operand.U64(pairBlock), rows)
	g.CMPQ(p.m, rows)
	g.JGE(operand.LabelRef(start))
	g.MOVQ(p.m, rows)
	g.Label(start)
	g.MOVQ(rows, p.block)
	p.clear(rows)
	p.segments()
	p.store()
	g.CMPQ(p.m, operand.Imm(0))
	g.JNE(operand.LabelRef(next))
	g.VZEROUPPER()
	g.RET()
}

// clear sets the sums of so many rows to zero; the register is lost.
func (p *pair) clear(rows reg.GPVirtual) {
	z, at, loop := p.vec(), p.GP64(), p.label("clear")
	p.zero(z)
	p.MOVQ(p.scratch, at)
	p.Label(loop)
	for i := 0; i < pairBytes; i += p.vectorBytes() {
		p.VMOVAPS(z, mem(at, nil, 0, floatSegment*pairBytes+i))
	}
	p.ADDQ(operand.I32(pairBytes), at)
	p.DECQ(rows)
	p.JNZ(operand.LabelRef(loop))
}

// segments adds all products of the block to its sums.
func (p *pair) segments() {
	a := p.args()
	p.MOVQ(p.load64(a.Field("W")), p.panel)
	n, x := p.GP64(), p.GP64() // columns left, activation rows of the segment
	p.MOVQ(p.load64(a.Field("K")), n)
	p.MOVQ(n, p.left)
	p.MOVQ(p.x, x)
	segment, last, tile, end := p.label("segment"), p.label("last"), p.label("tile"), p.label("next")
	p.Label(segment)
	n = p.GP64()
	p.MOVQ(operand.U64(floatSegment), n)
	p.CMPQ(p.left, n)
	p.JGE(operand.LabelRef(last))
	p.MOVQ(p.left, n)
	p.Label(last)
	p.SUBQ(n, p.left)
	p.MOVQ(n, p.columns)
	p.MOVQ(p.block, n)
	p.MOVQ(n, p.rowsLeft)
	rows, sums := p.GP64(), p.GP64()
	p.MOVQ(x, rows)
	p.LEAQ(mem(p.scratch, nil, 0, floatSegment*pairBytes), sums)
	p.tile12(rows, sums, true)
	p.JEQ(operand.LabelRef(end))
	p.Label(tile)
	p.tile12(rows, sums, false)
	p.JNE(operand.LabelRef(tile))
	p.Label(end)
	p.ADDQ(operand.I32(4*floatSegment), x)
	p.CMPQ(p.left, operand.Imm(0))
	p.JNE(operand.LabelRef(segment))
}

// tile12 adds the products of the segment with the next pairRows activation rows to their sums and sets the flags to
// whether rows are left. The first time it widens the panels and moves w behind the segment.
func (p *pair) tile12(rows, sums reg.GPVirtual, first bool) {
	for range pairRows / p.rows {
		var w reg.GPVirtual
		for i := 0; i < 2; i += p.panels {
			w = p.multiply(rows, sums, i, first)
		}
		if first {
			p.MOVQ(w, p.panel)
		}
		first = false
		for range p.rows / 6 {
			p.LEAQ(mem(rows, p.s3, 2, 0), rows)
		}
		p.ADDQ(operand.I32(int32(p.rows*pairBytes)), sums)
	}
	p.SUBQ(operand.Imm(pairRows), p.rowsLeft)
}

// multiply adds the products of the segment with the activation rows of a register tile to their sums, for one panel or
// both. With widen it reads the panels, writes the columns to the scratch memory and returns the end of the segment;
// else it reads the scratch memory.
func (p *pair) multiply(rows, sums reg.GPVirtual, panel int, widen bool) (src reg.GPVirtual) {
	const unroll = 4
	offset, vectors := panel*panelRows*4, p.panels*p.halves
	acc := p.vecs(p.rows * vectors)
	for _, v := range acc {
		p.zero(v)
	}
	w, base, n := p.GP64(), p.GP64(), p.GP64()
	p.LEAQ(mem(p.scratch, nil, 0, offset), w)
	if widen {
		src = p.GP64()
		p.MOVQ(p.panel, src)
	}
	p.MOVQ(rows, base)
	bases := p.bases(base)
	p.MOVQ(p.columns, n)
	column := func(i int) (v []reg.VecVirtual) {
		at := func(h int) operand.Mem { return mem(w, nil, 0, i*pairBytes+h*p.vectorBytes()) }
		if !widen {
			v = p.vecs(vectors)
			for h := range v {
				p.VMOVAPS(at(h), v[h])
			}
			return v
		}
		for j := panel; j < panel+p.panels; j++ {
			m := mem(src, nil, 0, i*p.weights.columnBytes)
			if j > 0 {
				m.Index, m.Scale = p.second, 1
			}
			v = append(v, p.weights.load(p.tile, m)...)
		}
		for h := range v {
			p.VMOVAPS(v[h], at(h))
		}
		return v
	}
	step := func(columns int) {
		for i := range columns {
			v := column(i)
			for m := range p.rows {
				x := p.broadcast(p.row(bases, m, 4*i))
				for h := range v {
					p.VFMADD231PS(x, v[h], acc[m*vectors+h])
				}
			}
		}
		p.ADDQ(operand.I32(int32(columns*pairBytes)), w)
		if widen {
			p.ADDQ(operand.I32(int32(columns*p.weights.columnBytes)), src)
		}
		p.advance(bases, 4*columns)
	}
	four, rest, one, end := p.label("four"), p.label("rest"), p.label("one"), p.label("end")
	p.SUBQ(operand.Imm(unroll), n)
	p.JLT(operand.LabelRef(rest))
	p.Label(four)
	step(unroll)
	p.SUBQ(operand.Imm(unroll), n)
	p.JGE(operand.LabelRef(four))
	p.Label(rest)
	p.ADDQ(operand.Imm(unroll), n)
	p.JEQ(operand.LabelRef(end))
	p.Label(one)
	step(1)
	p.DECQ(n)
	p.JNZ(operand.LabelRef(one))
	p.Label(end)
	for i, v := range acc {
		at := mem(sums, nil, 0, i/vectors*pairBytes+offset+i%vectors*p.vectorBytes())
		p.VADDPS(at, v, v)
		p.VMOVAPS(v, at)
	}
	return src
}

// store writes the sums of the block and moves x, dst and m behind it.
func (p *pair) store() {
	a := p.args()
	sums, d, stride, n := p.GP64(), p.GP64(), p.load64(a.Field("DstStride")), p.GP64()
	p.LEAQ(mem(p.scratch, nil, 0, floatSegment*pairBytes), sums)
	p.MOVQ(p.dst, d)
	p.MOVQ(p.block, n)
	p.SUBQ(n, p.m)
	step := p.GP64()
	p.MOVQ(n, step)
	p.IMULQ(p.s1, step)
	p.ADDQ(step, p.x)
	row, plain := p.label("store"), p.label("plain")
	p.Label(row)
	v := p.vecs(pairBytes / p.vectorBytes())
	for i := range v {
		p.VMOVAPS(mem(sums, nil, 0, i*p.vectorBytes()), v[i])
	}
	p.CMPB(p.addr(a.Field("Accumulate")), operand.Imm(0))
	p.JEQ(operand.LabelRef(plain))
	for i := range v {
		p.VADDPS(mem(d, nil, 0, i*p.vectorBytes()), v[i], v[i])
	}
	p.Label(plain)
	for i := range v {
		p.VMOVUPS(v[i], mem(d, nil, 0, i*p.vectorBytes()))
	}
	p.ADDQ(operand.I32(pairBytes), sums)
	p.LEAQ(mem(d, stride, 4, 0), d)
	p.DECQ(n)
	p.JNZ(operand.LabelRef(row))
	p.MOVQ(d, p.dst)
}
