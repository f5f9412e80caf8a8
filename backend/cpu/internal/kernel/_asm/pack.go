package main

import (
	"fmt"
	"slices"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// packer generates a packing kernel: a loop over steps, each of which packs one stored block, or some columns of a plain
// type, of all rows of a panel. Rows are read 16 bytes at a time, never outside the step, and transposed in registers.
//
// A vector holds one word of 32 bits of each row: of the rows 8*half to 8*half+7 in AVX2, of all rows in AVX-512.
type packer struct {
	*generator
	base   [4]reg.GPVirtual     // the step of the rows 0, 4, 8 and 12
	s1, s3 reg.GPVirtual        // the distance between rows, times 1 and 3
	dst    reg.GPVirtual        // the packed step
	lane   [4]reg.OpmaskVirtual // masks of the lanes 1 to 3 of 128 bits, in AVX-512
}

// packing describes a kernel.
type packing struct {
	name           string
	stored, packed int                       // bytes of a step of one row, and of all rows in the panel
	once           func(p *packer)           // nil or what comes first
	step           func(p *packer, half int) // for each half: see packer
}

// genPack writes the packing kernels.
func genPack(g *generator) {
	for _, k := range packings {
		g.genPacking(k)
	}
}

func (g *generator) genPacking(k packing) {
	name := "pack" + k.name + g.suffix
	g.function(name, "func(dst, src *byte, stride, n, ahead int)", name+" is a packer: see there.")
	p := &packer{generator: g, s1: g.load64(g.Param("stride")), s3: g.GP64(), dst: g.load64(g.Param("dst"))}
	n := g.load64(g.Param("n"))
	g.LEAQ(mem(p.s1, p.s1, 2, 0), p.s3)
	p.base[0] = g.load64(g.Param("src"))
	for i := 1; i < 4; i++ {
		p.base[i] = g.GP64()
		g.LEAQ(mem(p.base[i-1], p.s1, 4, 0), p.base[i])
	}
	if g.lanes == 16 {
		m := g.GP32()
		for i := 1; i < 4; i++ {
			p.lane[i] = g.K()
			g.MOVL(operand.U32(0xf<<(4*i)), m)
			g.KMOVW(m, p.lane[i])
		}
	}
	// The place of what is asked for, or zero: the next panel, as many bytes a step as all rows have.
	ahead, none := g.load64(g.Param("ahead")), g.label("none")
	g.TESTQ(ahead, ahead)
	g.JZ(operand.LabelRef(none))
	g.ADDQ(p.base[0], ahead)
	g.Label(none)
	next, ready := g.label("step"), g.label("ready")
	g.Label(next)
	g.TESTQ(ahead, ahead)
	g.JZ(operand.LabelRef(ready))
	for i := 0; i < panelRows*k.stored; i += 64 {
		g.PREFETCHT1(mem(ahead, nil, 0, i))
	}
	g.ADDQ(operand.I32(int32(panelRows*k.stored)), ahead)
	g.Label(ready)
	if k.once != nil {
		k.once(p)
	}
	for half := range panelRows / g.lanes {
		k.step(p, half)
	}
	for _, b := range p.base {
		g.ADDQ(operand.I32(int32(k.stored)), b)
	}
	g.ADDQ(operand.I32(int32(k.packed)), p.dst)
	g.DECQ(n)
	g.JNZ(operand.LabelRef(next))
	g.VZEROUPPER()
	g.RET()
}

// row is the place of byte off of the step of row r.
func (p *packer) row(r, off int) operand.Mem {
	base := p.base[r/4]
	switch r % 4 {
	case 1:
		return mem(base, p.s1, 1, off)
	case 2:
		return mem(base, p.s1, 2, off)
	case 3:
		return mem(base, p.s3, 1, off)
	}
	return mem(base, nil, 0, off)
}

// read returns four vectors: the words of 16 bytes of the rows from byte off of the step on.
func (p *packer) read(half, off int) (w [4]reg.VecVirtual) {
	var v [4]reg.VecVirtual // 128-bit lane i of v[q] is row 4*i+q
	for q := range v {
		v[q] = p.vec()
		if p.lanes == 8 {
			p.VBROADCASTI128(p.row(8*half+q, off), v[q])
			p.VINSERTI128(operand.Imm(1), p.row(8*half+4+q, off), v[q], v[q])
			continue
		}
		p.VBROADCASTI32X4(p.row(q, off), v[q])
		for i := 1; i < 4; i++ {
			p.VBROADCASTI32X4(p.row(4*i+q, off), p.lane[i], v[q])
		}
	}
	low, high := p.vecs(2), p.vecs(2)
	for i := range low {
		p.VPUNPCKLDQ(v[2*i+1], v[2*i], low[i])
		p.VPUNPCKHDQ(v[2*i+1], v[2*i], high[i])
	}
	for i, from := range [][]reg.VecVirtual{low, high} {
		w[2*i], w[2*i+1] = p.vec(), p.vec()
		p.VPUNPCKLQDQ(from[1], from[0], w[2*i])
		p.VPUNPCKHQDQ(from[1], from[0], w[2*i+1])
	}
	return w
}

// fieldMasks are the lower halves of fields of 2, 4 and 8 bits.
var fieldMasks = map[int]uint32{1: 0x55555555, 2: 0x33333333, 4: 0x0f0f0f0f}

// exchange swaps the upper halves of the fields of u with the lower halves of those of v: n bits each, m a mask of the lower
// ones, u becomes u&m | v&m<<n, and v becomes u>>n&m | v&^m.
func (p *packer) exchange(u, v *reg.VecVirtual, n int) {
	mask := p.load(p.splat(fmt.Sprint("low", n), fieldMasks[n]), nil)
	by, a, b := operand.Imm(uint64(n)), p.vec(), p.vec()
	if p.lanes == 16 {
		const selectByMask = 0xd8
		p.VPSLLD(by, *v, a)
		p.VPSRLD(by, *u, b)
		p.VPTERNLOGD(operand.Imm(selectByMask), mask, *u, a)
		p.VPTERNLOGD(operand.Imm(selectByMask), mask, b, *v)
		*u = a
		return
	}
	p.VPAND(mask, *v, a)
	p.VPSRLD(by, *u, b)
	p.VPSLLD(by, a, a)
	p.VPANDN(*v, mask, *v)
	p.VPAND(mask, *u, *u)
	p.VPAND(mask, b, b)
	p.VPOR(a, *u, *u)
	p.VPOR(b, *v, *v)
}

// transposeFields transposes squares of len(v) fields of so many bits in each byte of the vectors.
func (p *packer) transposeFields(v []reg.VecVirtual, bits int) {
	for n := 1; n < len(v); n *= 2 {
		for i := range v {
			if i&n == 0 {
				p.exchange(&v[i], &v[i+n], n*bits)
			}
		}
	}
}

// field returns v>>shift & mask, for words.
func (p *packer) field(v reg.VecVirtual, shift uint64, mask uint32) reg.VecVirtual {
	f := p.vec()
	if shift > 0 {
		p.VPSRLD(operand.Imm(shift), v, f)
		v = f
	}
	p.VANDPS(p.splat(fmt.Sprintf("mask%x", mask), mask), v, f)
	return f
}

// or returns u|v.
func (p *packer) or(u, v reg.VecVirtual) reg.VecVirtual {
	f := p.vec()
	p.VORPS(u, v, f)
	return f
}

// write stores words at byte off of the packed step.
func (p *packer) write(half int, v reg.VecVirtual, off int) {
	p.store(v, mem(p.dst, nil, 0, off+32*half), nil)
}

// writeHalves stores the lower 16 bits of all words at byte off of the packed step, and the upper ones behind them.
func (p *packer) writeHalves(half int, v reg.VecVirtual, off int) {
	t := p.vec()
	p.VPSHUFB(p.words("evenOdd", p.perLane(0x05040100, 0x0d0c0908, 0x07060302, 0x0f0e0b0a)...), v, t)
	if p.lanes == 16 {
		order := p.load(p.words("halfOrder", 0, 0, 2, 0, 4, 0, 6, 0, 1, 0, 3, 0, 5, 0, 7, 0), nil)
		p.VPERMQ(t, order, t)
		p.write(half, t, off)
		return
	}
	const lowParts = 0<<0 | 2<<2 | 1<<4 | 3<<6
	p.VPERMQ(operand.Imm(lowParts), t, t)
	p.VMOVUPS(t.AsX(), mem(p.dst, nil, 0, off+16*half))
	p.VEXTRACTI128(operand.Imm(1), t, mem(p.dst, nil, 0, off+32+16*half))
}

// writeBytes stores byte 0 of all words at byte off of the packed step, and the bytes 1 to 3 behind them.
func (p *packer) writeBytes(half int, v reg.VecVirtual, off int) {
	t := p.vec()
	p.VPSHUFB(p.words("bytes", p.perLane(0x0c080400, 0x0d090501, 0x0e0a0602, 0x0f0b0703)...), v, t)
	if p.lanes == 16 {
		p.VPERMD(t, p.load(p.words("byteOrder", 0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15), nil), t)
		p.write(half, t, off)
		return
	}
	p.VPERMD(t, p.load(p.words("byteOrder", 0, 4, 1, 5, 2, 6, 3, 7), nil), t)
	for i := range 2 {
		at := mem(p.dst, nil, 0, off+32*i+8*half)
		x := t.AsX()
		if i > 0 {
			x = p.XMM()
			p.VEXTRACTI128(operand.Imm(1), t, x)
		}
		p.VMOVLPS(x, at)
		p.VMOVHPS(x, at.Offset(16))
	}
}

// perLane returns words for all lanes of 128 bits of 64 bytes.
func (p *packer) perLane(w ...uint32) []uint32 { return slices.Repeat(w, 4) }

// scalars moves the 16 bits at byte from of each row to byte off of the packed step.
func (p *packer) scalars(from, off int) {
	v := p.GP32()
	for r := range panelRows {
		p.MOVWLZX(p.row(r, from), v)
		p.MOVW(v.As16(), mem(p.dst, nil, 0, off+2*r))
	}
}
