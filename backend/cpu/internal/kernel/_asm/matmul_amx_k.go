package main

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The K-quants have integer scales, so a block of 256 columns needs only one sum of integers: a code times the scale of
// its sub-block is the code of the tiles. It has up to 14 bits and is two bytes of two tiles, a low part and one that
// counts 8 or 256 times as much, and so is the sum. Multiplying codes by scales is done once for all activation rows.

// kCodesHigh is where the high parts of the codes of a block are behind the low ones.
const kCodesHigh = 256 * panelRows

// genKAMX writes the kernel of a K-quant. unpack is that of one block.
func (g *generator) genKAMX(name string, panelBlock int, unpack func(p *amxProduct, w, dst reg.GPVirtual), k amxK) {
	p := &amxProduct{generator: g, block: 256, panelBlock: panelBlock, chunk: 1, codeBytes: 2 * kCodesHigh, tileColumns: 64}
	p.unpack = func(w, dst, _ reg.GPVirtual) { unpack(p, w, dst) }
	p.multiply = func() { p.multiplyK(k) }
	p.generate(name)
}

// amxK is what differs between the K-quants in multiplyK.
type amxK struct {
	highSigned bool
	highShift  uint64 // how often the high part counts, as a logarithm
	minima     bool   // a header of PanelQ4K
}

// multiplyK is multiply for one block of 256 columns. The sums of 16 rows are scaled while those of the next are
// computed.
func (p *amxProduct) multiplyK(k amxK) {
	w := p.get(p.w)
	d, dmin := p.ZMM(), p.ZMM()
	p.VCVTPH2PS(mem(w, nil, 0, 0), d)
	var pairs []reg.VecVirtual
	if k.minima {
		p.VCVTPH2PS(mem(w, nil, 0, 32), dmin)
		for s := range 8 {
			pairs = append(pairs, p.pairsOf(mem(w, nil, 0, 192+16*s)))
		}
	}
	p.MOVQ(p.get(p.x), amxX)
	p.MOVQ(p.scratch(amxCodesAt), amxW)
	p.MOVQ(p.scratch(amxIntsAt), amxSums)
	q, r, floats, n, s3 := p.get(p.q), p.GP64(), p.scratch(amxFloatsAt), p.get(p.rows), p.GP64()
	if k.minima {
		p.MOVQ(p.r, r)
	}
	p.SHRQ(operand.Imm(4), n)
	other := p.scratch(amxIntsAt + 2*64*amxTile)
	p.LEAQ(mem(amxStride, amxStride, 2, 0), s3)
	row := func(base reg.Register, m, disp int) operand.Mem {
		return []operand.Mem{mem(base, nil, 0, disp), mem(base, amxStride, 1, disp), mem(base, amxStride, 2, disp), mem(base, s3, 1, disp)}[m]
	}

	start := func() { p.tileZero(0); p.tileZero(1) }
	step := func(i int) {
		x := tmm(4 + i%2)
		p.tileLoad(x, tilePlace{amxX, amxStride, 64 * i})
		p.tileLoad(6, tilePlace{amxW, amx64, 1024 * i})
		p.tileDot(0, x, 6, true)
		p.tileLoad(7, tilePlace{amxW, amx64, kCodesHigh + 1024*i})
		p.tileDot(1, x, 7, !k.highSigned)
	}
	end := func() {
		p.tileStore(0, tilePlace{amxSums, amx64, 0})
		p.tileStore(1, tilePlace{amxSums, amx64, 64 * amxTile})
	}
	// scale adds four rows to the float sums.
	scale := func(sums reg.Register, i int) {
		for m := range 4 {
			at := 64 * (4*i + m)
			v := p.ZMM()
			p.VPSLLD(operand.Imm(k.highShift), mem(sums, nil, 0, 64*amxTile+at), v)
			p.VPADDD(mem(sums, nil, 0, at), v, v)
			p.VCVTDQ2PS(v, v)
			p.VMULPS(d, v, v)
			if k.minima {
				low := p.ZMM()
				p.zero(low)
				for s, pair := range pairs {
					p.VPDPWSSD_BCST(row(r, m, 4*s), pair, low)
				}
				p.VCVTDQ2PS(low, low)
				p.VFNMADD231PS(low, dmin, v)
			}
			sum := p.ZMM()
			p.VMOVUPS(mem(floats, nil, 0, at), sum)
			p.VFMADD231PS_BCST(row(q, m, 0), v, sum)
			p.VMOVUPS(sum, mem(floats, nil, 0, at))
		}
		p.LEAQ(mem(q, amxStride, 4, 0), q)
		if k.minima {
			p.LEAQ(mem(r, amxStride, 4, 0), r)
		}
	}

	loop, last := p.label("tile"), p.label("last")
	start()
	for i := range 4 {
		step(i)
	}
	end()
	p.DECQ(n)
	p.JZ(operand.LabelRef(last))
	p.Label(loop)
	p.XCHGQ(other, amxSums)
	p.LEAQ(mem(amxX, amxStride, 8, 0), amxX)
	p.LEAQ(mem(amxX, amxStride, 8, 0), amxX)
	start()
	for i := range 4 {
		step(i)
		scale(other, i)
	}
	end()
	p.ADDQ(operand.I32(64*amxTile), floats)
	p.DECQ(n)
	p.JNZ(operand.LabelRef(loop))
	p.Label(last)
	for i := range 4 {
		scale(amxSums, i)
	}
}

// pairsOf widens 16 bytes to pairs of the same int16.
func (p *amxProduct) pairsOf(m operand.Mem) reg.VecVirtual {
	pair, high := p.ZMM(), p.ZMM()
	p.VPMOVZXBD(m, pair)
	p.VPSLLD(operand.Imm(16), pair, high)
	p.VPORD(high, pair, pair)
	return pair
}

// eachSub runs body for the 8 sub-blocks of 32 columns, whose codes are at offset, step bytes apart, and whose scales
// are at scalesAt, scalesStep bytes apart. The codes of a sub-block go to dst.
func (p *amxProduct) eachSub(w, dst reg.GPVirtual, offset, step, scalesAt, scalesStep int, body func(codes, scales reg.GPVirtual)) {
	codes, n := p.GP64(), p.GP64()
	p.LEAQ(mem(w, nil, 0, offset), codes)
	p.ADDQ(operand.Imm(uint64(scalesAt)), w)
	p.MOVQ(operand.U32(8), n)
	loop := p.label("sub")
	p.Label(loop)
	body(codes, w)
	p.ADDQ(operand.I32(int32(step)), codes)
	p.ADDQ(operand.Imm(uint64(scalesStep)), w)
	p.ADDQ(operand.I32(8*64), dst)
	p.DECQ(n)
	p.JNZ(operand.LabelRef(loop))
}

func (p *amxProduct) bytesOf(name string, b uint32) reg.VecVirtual {
	v := p.ZMM()
	p.VMOVDQU32(p.splat(name, b*0x01010101), v)
	return v
}

// nibbles calls each with the codes of the k-groups from first on in the 64-byte chunks at off from base.
func (p *amxProduct) nibbles(base reg.Register, off, chunks int, mask reg.VecVirtual, each func(g int, w reg.VecVirtual)) {
	for c := range chunks {
		high, low := p.ZMM(), p.ZMM()
		p.VMOVDQU32(mem(base, nil, 0, off+64*c), high)
		p.VPANDD(mask, high, low)
		each(2*c, low)
		p.VPSRLW(operand.Imm(4), high, high)
		p.VPANDD(mask, high, high)
		each(2*c+1, high)
	}
}

// withTop puts bits of top, moved left by shift, on top of the codes w.
func (p *amxProduct) withTop(w, top reg.VecVirtual, shift int, mask reg.VecVirtual) {
	const orAnd = 0xf8 // a | b & c
	v := top
	switch {
	case shift > 0:
		v = p.ZMM()
		p.VPSLLW(operand.Imm(uint64(shift)), top, v)
	case shift < 0:
		v = p.ZMM()
		p.VPSRLW(operand.Imm(uint64(-shift)), top, v)
	}
	p.VPTERNLOGD(operand.Imm(orAnd), mask, v, w)
}

// unpackMinima unpacks a block of PanelQ4K or PanelQ5K. A scale has 6 bits: the low three times a code, at most 7*31,
// are the low part, the others the high one. Two codes of a row are multiplied at once, as a number of 16 bits.
func unpackMinima(p *amxProduct, w, dst reg.GPVirtual, step int) {
	mask, sevens, fifth := p.bytesOf("lowNibbles", 0x0f), p.ZMM(), p.ZMM()
	p.VMOVDQU32(p.splat("sevens", 0x00070007), sevens)
	if step > 256 {
		p.VMOVDQU32(p.splat("fifthBits", 0x10101010), fifth)
	}
	p.eachSub(w, dst, 320, step, 64, 16, func(codes, scales reg.GPVirtual) {
		high, low, top := p.pairsOf(mem(scales, nil, 0, 0)), p.ZMM(), p.ZMM()
		p.VPANDD(sevens, high, low)
		p.VPSRLW(operand.Imm(3), high, high)
		if step > 256 {
			p.VMOVDQU32(mem(codes, nil, 0, 256), top)
		}
		p.nibbles(codes, 0, 4, mask, func(g int, w reg.VecVirtual) {
			if step > 256 {
				p.withTop(w, top, 4-g, fifth)
			}
			v := p.ZMM()
			p.VPMULLW(low, w, v)
			p.VMOVDQU32(v, mem(dst, nil, 0, 64*g))
			p.VPMULLW(high, w, v)
			p.VMOVDQU32(v, mem(dst, nil, 0, kCodesHigh+64*g))
		})
	})
}

func genMatMulQ4KAMX(g *generator) {
	g.genKAMX("matmulQ4K", 2368, func(p *amxProduct, w, dst reg.GPVirtual) { unpackMinima(p, w, dst, 256) },
		amxK{highShift: 3, minima: true})
}

func genMatMulQ5KAMX(g *generator) {
	g.genKAMX("matmulQ5K", 2880, func(p *amxProduct, w, dst reg.GPVirtual) { unpackMinima(p, w, dst, 320) },
		amxK{highShift: 3, minima: true})
}

// unpackQ6K unpacks a block of PanelQ6K: code minus 32 times scale is a number of 16 bits, of which the upper byte is
// the high part and the lower, without sign, the low one.
func unpackQ6K(p *amxProduct, w, dst reg.GPVirtual) {
	const blend = 0xe4 // c ? a : b
	mask, pairs, zero, lowBytes := p.bytesOf("lowNibbles", 0x0f), p.bytesOf("topPairs", 0x30), p.bytesOf("zeroPoint", 32), p.ZMM()
	p.VMOVDQU32(p.splat("lowBytes", 0x00ff00ff), lowBytes)
	lowWords := p.ZMM()
	p.VMOVDQU32(p.splat("lowWords", 0xffff), lowWords)
	p.eachSub(w, dst, 288, 384, 32, 32, func(codes, scales reg.GPVirtual) {
		for half := range 2 {
			scale, high, top := p.ZMM(), p.ZMM(), p.ZMM()
			p.VPMOVSXBD(mem(scales, nil, 0, 16*half), scale)
			p.VPSLLD(operand.Imm(16), scale, high)
			p.VPTERNLOGD(operand.Imm(blend), lowWords, high, scale)
			p.VMOVDQU32(mem(codes, nil, 0, 256+64*half), top)
			p.nibbles(codes, 128*half, 2, mask, func(g int, w reg.VecVirtual) {
				p.withTop(w, top, 4-2*g, pairs)
				p.VPSUBB(zero, w, w)
				odd, even, v := p.ZMM(), p.ZMM(), p.ZMM()
				p.VPSRAW(operand.Imm(8), w, odd)
				p.VPSLLW(operand.Imm(8), w, even)
				p.VPSRAW(operand.Imm(8), even, even)
				p.VPMULLW(scale, odd, odd)
				p.VPMULLW(scale, even, even)
				at := 64 * (4*half + g)
				p.VPSRLW(operand.Imm(8), even, v)
				p.VPTERNLOGD(operand.Imm(blend), lowBytes, odd, v)
				p.VMOVDQU32(v, mem(dst, nil, 0, kCodesHigh+at))
				p.VPSLLW(operand.Imm(8), odd, odd)
				p.VPTERNLOGD(operand.Imm(blend), lowBytes, odd, even)
				p.VMOVDQU32(even, mem(dst, nil, 0, at))
			})
		}
	})
}

func genMatMulQ6KAMX(g *generator) {
	g.genKAMX("matmulQ6K", 3360, unpackQ6K, amxK{highSigned: true, highShift: 8})
}
