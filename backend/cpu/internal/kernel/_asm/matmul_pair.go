package main

import (
	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

const (
	// pairRows is kernel.PairRows, the rows of a tile.
	pairRows = 6
	// pairBlock is how many activation rows share a block of the panels that was widened. All that is widened and the sums
	// stay in the first-level cache together.
	pairBlock = 8 * pairRows
	// pairBytes is the sums of one activation row with two panels.
	pairBytes = 2 * panelRows * 4
)

// Scratch memory: for each panel a block of 32 columns as int16 and its 16 scales as float32, then the block of activation
// rows as int16 and the scales of the rows, then the sums.
const (
	wideScales = 32 * panelRows * 2
	widePanel  = wideScales + 4*panelRows
	wideRows   = 2 * widePanel
	wideRow    = 32 * 2
	wideFloats = wideRows + pairBlock*wideRow
	wideSums   = wideFloats + pairBlock*4
)

// pair is a MatMulPair kernel for signed codes. VPMADDWD multiplies int16 and sums two products in int32: two of them and two
// additions for 32 products, as many operations as with VPMADDUBSW, the sign it wants moved, and two additions, but none
// for each vector of weights: weights are widened once for pairBlock activation rows, activations once for 32 weight rows.
//
// A group of four columns is two vectors of pairs: the even columns of eight rows, and the odd ones.
type pair struct {
	*tile
	second  reg.GPVirtual // bytes from the first panel to the second
	scratch reg.GPVirtual // 64-byte aligned

	x, dst, m operand.Mem // the next block of rows and rows left
	block     operand.Mem // rows of the block
}

// genPair writes the kernel <name>Pair<level>.
func (l *blockLayout) genPair(g *generator) {
	name := l.name + "Pair"
	g.function(name+g.suffix, "func(a *MatMulArgs)", name+g.suffix+" is the MatMulPair of its layout: see MatMulArgs and matmul_generic.go.")
	g.Attributes(attr.Attribute(0))
	p := &pair{tile: &tile{product: &product{generator: g, halves: panelRows / g.lanes}, rows: pairRows}}
	for _, m := range []*operand.Mem{&p.x, &p.dst, &p.m, &p.block} {
		*m = g.AllocLocal(8)
	}
	frame := g.AllocLocal(wideSums + pairBlock*pairBytes + 64)
	p.scratch = g.GP64()
	g.LEAQ(frame.Offset(63), p.scratch)
	g.ANDQ(operand.I8(-64), p.scratch)

	a := p.args()
	p.s1 = g.load64(a.Field("XStride"))
	p.s3, p.s5 = g.GP64(), g.GP64()
	g.LEAQ(mem(p.s1, p.s1, 2, 0), p.s3)
	g.LEAQ(mem(p.s1, p.s1, 4, 0), p.s5)
	p.second = g.GP64()
	g.IMUL3Q(operand.I32(int32(l.blockBytes()/32)), g.load64(a.Field("K")), p.second)
	g.MOVQ(g.load64(a.Field("X")), p.x)
	g.MOVQ(g.load64(a.Field("Dst")), p.dst)
	g.MOVQ(g.load64(a.Field("M")), p.m)

	next, start := g.label("block"), g.label("rows")
	g.Label(next)
	n := g.GP64()
	g.MOVQ(operand.U64(pairBlock), n)
	g.CMPQ(p.m, n)
	g.JGE(operand.LabelRef(start))
	g.MOVQ(p.m, n)
	g.Label(start)
	g.MOVQ(n, p.block)
	p.clear(n)
	l.multiplyBlock(p)
	p.store()
	g.CMPQ(p.m, operand.Imm(0))
	g.JNE(operand.LabelRef(next))
	g.VZEROUPPER()
	g.RET()
}

// multiplyBlock adds all products of the two panels with the block of rows to their sums.
func (l *blockLayout) multiplyBlock(p *pair) {
	a := p.args()
	w, x, scales, n := p.load64(a.Field("W")), p.GP64(), p.GP64(), p.load64(a.Field("K"))
	p.MOVQ(p.x, x)
	p.LEAQ(mem(x, n, 1, 0), scales)
	p.SHRQ(operand.Imm(5), n)
	next := p.label("columns")
	p.Label(next)
	l.widen(p, mem(w, nil, 0, 0), 0)
	l.widen(p, mem(w, p.second, 1, 0), widePanel)
	p.widenRows(x, scales)
	for panel := range 2 {
		p.multiplyWide(panel)
	}
	p.ADDQ(operand.I32(int32(l.blockBytes())), w)
	p.ADDQ(operand.Imm(32), x)
	p.ADDQ(operand.Imm(4), scales)
	p.DECQ(n)
	p.JNZ(operand.LabelRef(next))
}

// widen writes the codes and scales of the block at m to the scratch memory.
func (l *blockLayout) widen(p *pair, m operand.Mem, to int) {
	at := func(off int) operand.Mem { return m.Offset(off) }
	for h := range 2 {
		s := p.YMM()
		p.VCVTPH2PS(at(16*h), s)
		p.VMOVAPS(s, mem(p.scratch, nil, 0, to+wideScales+32*h))
	}
	var table, mask reg.VecVirtual
	if !l.bytes {
		table = p.loadI(l.table(p.generator, "levels", func(level int) byte { return byte(level) }))
		mask = p.loadI(p.splat("lowNibbles", 0x0f0f0f0f))
	}
	for i := range 16 { // vectors of eight rows and four columns
		v := p.YMM()
		if l.bytes {
			p.VMOVDQU(at(l.header()+32*i), v)
		} else {
			p.VMOVDQU(at(l.header()+i/4*64+i%2*32), v)
			if i/2%2 == 1 {
				p.VPSRLW(operand.Imm(4), v, v)
			}
			p.VPAND(mask, v, v)
			p.VPSHUFB(v, table, v)
		}
		p.storePairs(v, mem(p.scratch, nil, 0, to+64*i), 32)
	}
}

// storePairs writes the even bytes of v as int16 to m, and the odd ones so many bytes behind; v is lost.
func (p *pair) storePairs(v reg.VecVirtual, m operand.Mem, odd int) {
	even := p.YMM()
	p.VPSLLW(operand.Imm(8), v, even)
	p.VPSRAW(operand.Imm(8), even, even)
	p.VPSRAW(operand.Imm(8), v, v)
	p.VMOVDQA(even, m)
	p.VMOVDQA(v, m.Offset(odd))
}

// widenRows writes the codes at x and the scales of all rows to the scratch memory.
func (p *pair) widenRows(x, scales reg.GPVirtual) {
	to, n, loop := p.GP64(), p.GP64(), p.label("widen")
	from, s, f := p.GP64(), p.GP64(), p.GP64()
	p.MOVQ(x, from)
	p.MOVQ(scales, s)
	p.LEAQ(mem(p.scratch, nil, 0, wideRows), to)
	p.LEAQ(mem(p.scratch, nil, 0, wideFloats), f)
	p.MOVQ(p.block, n)
	p.Label(loop)
	for m := range p.rows {
		p.PREFETCHT0(p.row([]reg.GPVirtual{from}, m, 64))
		p.storePairs(p.loadI(p.row([]reg.GPVirtual{from}, m, 0)), mem(to, nil, 0, wideRow*m), 32)
		d := p.GP32()
		p.MOVL(p.row([]reg.GPVirtual{s}, m, 0), d)
		p.MOVL(d, mem(f, nil, 0, 4*m))
	}
	p.LEAQ(mem(from, p.s3, 2, 0), from)
	p.LEAQ(mem(s, p.s3, 2, 0), s)
	p.ADDQ(operand.I32(int32(p.rows*wideRow)), to)
	p.ADDQ(operand.Imm(uint64(4*p.rows)), f)
	p.SUBQ(operand.Imm(uint64(p.rows)), n)
	p.JNZ(operand.LabelRef(loop))
}

// multiplyWide adds the products of the block of one panel with all rows to their sums.
func (p *pair) multiplyWide(panel int) {
	to, x, f, n, loop := p.GP64(), p.GP64(), p.GP64(), p.GP64(), p.label("tile")
	p.LEAQ(mem(p.scratch, nil, 0, wideSums+panel*panelRows*4), to)
	p.LEAQ(mem(p.scratch, nil, 0, wideRows), x)
	p.LEAQ(mem(p.scratch, nil, 0, wideFloats), f)
	p.MOVQ(p.block, n)
	p.Label(loop)
	acc := p.ymms(2 * p.rows)
	for i := range 16 { // pairs of columns
		w := p.ymms(2)
		for h := range w {
			p.VMOVDQA(mem(p.scratch, nil, 0, panel*widePanel+i/2*128+i%2*32+64*h), w[h])
		}
		for m := range p.rows {
			v := p.broadcast32(mem(x, nil, 0, wideRow*m+i%2*32+i/2*4))
			for h := range w {
				if i == 0 {
					p.VPMADDWD(v, w[h], acc[2*m+h])
					continue
				}
				product := p.YMM()
				p.VPMADDWD(v, w[h], product)
				p.VPADDD(product, acc[2*m+h], acc[2*m+h])
			}
		}
	}
	for m := range p.rows {
		dx := p.broadcast(mem(f, nil, 0, 4*m))
		for h := range 2 {
			v, sum := acc[2*m+h], mem(to, nil, 0, m*pairBytes+32*h)
			p.VCVTDQ2PS(v, v)
			p.VMULPS(mem(p.scratch, nil, 0, panel*widePanel+wideScales+32*h), v, v)
			p.VFMADD213PS(sum, dx, v)
			p.VMOVAPS(v, sum)
		}
	}
	p.ADDQ(operand.I32(int32(p.rows*wideRow)), x)
	p.ADDQ(operand.Imm(uint64(4*p.rows)), f)
	p.ADDQ(operand.I32(int32(p.rows*pairBytes)), to)
	p.SUBQ(operand.Imm(uint64(p.rows)), n)
	p.JNZ(operand.LabelRef(loop))
}

// clear sets the sums of so many rows to zero; the register is lost.
func (p *pair) clear(rows reg.GPVirtual) {
	z, at, loop := p.vec(), p.GP64(), p.label("clear")
	p.zero(z)
	p.MOVQ(p.scratch, at)
	p.Label(loop)
	for i := 0; i < pairBytes; i += p.vectorBytes() {
		p.VMOVAPS(z, mem(at, nil, 0, wideSums+i))
	}
	p.ADDQ(operand.I32(pairBytes), at)
	p.DECQ(rows)
	p.JNZ(operand.LabelRef(loop))
}

// store writes the sums of the block and moves x, dst and m behind it.
func (p *pair) store() {
	a := p.args()
	sums, d, stride, n := p.GP64(), p.GP64(), p.load64(a.Field("DstStride")), p.GP64()
	p.LEAQ(mem(p.scratch, nil, 0, wideSums), sums)
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
