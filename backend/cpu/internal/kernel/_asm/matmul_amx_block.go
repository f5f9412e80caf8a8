package main

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// multiply32 is multiply for a layout of 32 columns with one scale. The signed codes of a block are at wFrom
// from the panel, or unpacked where that is negative; wStep bytes of it are between two. The sums of a block are scaled
// while the tiles of the next one are multiplied.
func (p *amxProduct) multiply32(l *blockLayout, wFrom, wStep int) {
	rows := p.label("rows")
	p.Label(rows)
	p.MOVQ(p.tile(p.x), amxX)
	if wFrom < 0 {
		p.MOVQ(p.scratch(amxCodesAt), amxW)
	} else {
		p.MOVQ(p.w, amxW)
		p.ADDQ(operand.Imm(uint64(wFrom)), amxW)
	}
	floats := p.floats()
	acc := make([]reg.VecVirtual, amxTile)
	for m := range acc {
		acc[m] = p.ZMM()
		p.VMOVUPS(mem(floats, nil, 0, 64*m), acc[m])
	}
	w, q, n, other := p.get(p.w), p.rowBases(p.tile(p.q)), p.get(p.n), p.scratch(amxIntsAt)
	p.MOVQ(other, amxSums)
	p.ADDQ(operand.I32(64*amxTile), other)

	products := func() {
		p.tileLoad(4, tilePlace{amxX, amxStride, 0})
		p.tileLoad(6, tilePlace{amxW, amx64, 0})
		p.tileZero(0)
		p.tileDot(0, 4, 6, false)
		p.tileStore(0, tilePlace{amxSums, amx64, 0})
		p.ADDQ(operand.Imm(32), amxX)
		p.ADDQ(operand.I32(int32(wStep)), amxW)
	}
	scale := func(sums reg.Register) {
		d := p.ZMM()
		if l.brain {
			p.VPMOVZXWD(mem(w, nil, 0, 0), d)
			p.VPSLLD(operand.Imm(16), d, d)
		} else {
			p.VCVTPH2PS(mem(w, nil, 0, 0), d)
		}
		for m := range acc {
			v := p.ZMM()
			p.VCVTDQ2PS(mem(sums, nil, 0, 64*m), v)
			p.VMULPS(d, v, v)
			p.VFMADD231PS_BCST(q.row(m), v, acc[m])
		}
	}
	loop, last := p.label("block"), p.label("last")
	products()
	p.DECQ(n)
	p.JZ(operand.LabelRef(last))
	p.Label(loop)
	p.XCHGQ(other, amxSums)
	products()
	scale(other)
	p.ADDQ(operand.I32(int32(p.panelBlock)), w)
	for _, b := range q.base {
		p.ADDQ(operand.Imm(4), b)
	}
	p.DECQ(n)
	p.JNZ(operand.LabelRef(loop))
	p.Label(last)
	scale(amxSums)

	floats = p.floats()
	for m, v := range acc {
		p.VMOVUPS(v, mem(floats, nil, 0, 64*m))
	}
	p.nextTile()
	p.JNZ(operand.LabelRef(rows))
}

func genMatMulQ8AMX(g *generator) {
	p := &amxProduct{generator: g, block: 32, panelBlock: 544, tileColumns: 32}
	p.multiply = func() { p.multiply32(&blockQ8, 32, 544) }
	p.generate("matmulQ8")
}

// genAMX writes the product of a layout whose codes have 4 bits.
func (l *blockLayout) genAMX(g *generator) {
	p := &amxProduct{generator: g, block: 32, panelBlock: l.blockBytes(), chunk: 32, codeBytes: 512, tileColumns: 32}
	p.unpack = func(w, dst, n reg.GPVirtual) {
		mask, table := p.ZMM(), p.ZMM()
		p.VMOVDQU32(p.splat("lowNibbles", 0x0f0f0f0f), mask)
		if l.levels != nil {
			p.VMOVDQU32(l.table(g, "levels", func(level int) byte { return byte(level) }), table)
		} else {
			p.VMOVDQU32(p.splat("zeros", 0x01010101*uint32(l.zero)), table)
		}
		loop := p.label("unpack")
		p.Label(loop)
		for c := range 4 {
			high, low := p.ZMM(), p.ZMM()
			p.VMOVDQU32(mem(w, nil, 0, l.header()+64*c), high)
			p.VPANDD(mask, high, low)
			p.VPSRLW(operand.Imm(4), high, high)
			p.VPANDD(mask, high, high)
			for i, v := range []reg.VecVirtual{low, high} {
				if l.levels != nil {
					p.VPSHUFB(v, table, v)
				} else {
					p.VPSUBB(table, v, v)
				}
				p.VMOVDQU32(v, mem(dst, nil, 0, 128*c+64*i))
			}
		}
		p.ADDQ(operand.I32(int32(l.blockBytes())), w)
		p.ADDQ(operand.I32(512), dst)
		p.DECQ(n)
		p.JNZ(operand.LabelRef(loop))
	}
	p.multiply = func() { p.multiply32(l, -1, 512) }
	p.generate(l.name)
}
