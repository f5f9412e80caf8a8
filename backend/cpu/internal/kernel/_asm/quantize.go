package main

import (
	"math"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// genQuantize writes the activation encoders for AVX2.
func genQuantize(g *generator) {
	g.genQuantizeBlock("quantizeQ32AVX2", 32)
	g.genQuantizeBlock("quantizeQ256AVX2", 256)
}

// quantizer holds the registers of one encoder.
type quantizer struct {
	x, codes, scales, sums reg.GPVirtual
	order, bias            reg.VecVirtual // of packed dwords; 0x80 in every byte
}

func (g *generator) genQuantizeBlock(name string, block int) {
	g.function(name, "func(dst []byte, x []float32)", name+" is quantizeGeneric for its block length.")
	q := &quantizer{x: g.load64(g.Param("x").Base()), codes: g.load64(g.Param("dst").Base()), scales: g.GP64(),
		sums: g.GP64(), order: g.YMM(), bias: g.YMM()}
	n := g.load64(g.Param("x").Len())
	g.LEAQ(mem(q.codes, n, 1, 0), q.scales)
	if block == 256 {
		g.SHRQ(operand.Imm(8), n)
	} else {
		g.SHRQ(operand.Imm(5), n)
	}
	g.LEAQ(mem(q.scales, n, 4, 0), q.sums)
	g.VMOVDQU(g.words("order", 0, 4, 1, 5, 2, 6, 3, 7), q.order)
	g.VMOVDQU(g.splat("bias", 0x80808080), q.bias)

	loop, done := g.label("block"), g.label("done")
	g.TESTQ(n, n)
	g.JZ(operand.LabelRef(done))
	g.Label(loop)
	inv, ok := g.blockScale(q, block)
	if block == 32 {
		g.encode32(q, inv, ok)
	} else {
		part, parts := g.label("part"), g.GP64()
		g.MOVQ(operand.U32(block/32), parts)
		g.Label(part)
		g.encode32(q, inv, ok)
		g.DECQ(parts)
		g.JNZ(operand.LabelRef(part))
	}
	g.DECQ(n)
	g.JNZ(operand.LabelRef(loop))
	g.Label(done)
	g.VZEROUPPER()
	g.RET()
}

// blockScale stores the scale of the next block and returns 127/amax in all lanes, and a mask that is zero when the
// codes must be zero. The largest magnitude is found on the bits, so that a NaN is the largest.
func (g *generator) blockScale(q *quantizer, block int) (inv, ok reg.VecVirtual) {
	magnitude := g.YMM()
	g.VMOVUPS(g.splat("magnitude", 1<<31-1), magnitude)
	var top [4]reg.VecVirtual
	for i := range block / 8 {
		x := g.YMM()
		g.VPAND(mem(q.x, nil, 0, 32*i), magnitude, x)
		if i < len(top) {
			top[i] = x
		} else {
			g.VPMAXUD(x, top[i%4], top[i%4])
		}
	}
	g.VPMAXUD(top[1], top[0], top[0])
	g.VPMAXUD(top[3], top[2], top[2])
	g.VPMAXUD(top[2], top[0], top[0])
	m, t := top[0].AsX(), g.XMM()
	g.VEXTRACTI128(operand.Imm(1), top[0], t)
	g.VPMAXUD(t, m, m)
	for _, order := range []uint8{0b01_00_11_10, 0b10_11_00_01} {
		g.VPSHUFD(operand.Imm(uint64(order)), m, t)
		g.VPMAXUD(t, m, m)
	}

	g.Comment("amax/127 and 127/amax by one division")
	limit, scale, by, positive := g.XMM(), g.XMM(), g.XMM(), g.XMM()
	inv, ok = g.YMM(), g.YMM()
	g.VMOVUPS(g.splatFloat("limit", 127), limit)
	g.VUNPCKLPS(limit, m, scale)
	g.VUNPCKLPS(m, limit, by)
	g.VDIVPS(by, scale, scale)
	g.VMOVSS(scale, mem(q.scales, nil, 0, 0))
	g.ADDQ(operand.Imm(4), q.scales)
	g.VMOVSHDUP(scale, inv.AsX())
	const lessOrEqual, greater = 0x12, 0x1e // ordered, quiet
	g.VCMPSS(operand.Imm(lessOrEqual), g.splatFloat("maxFloat", math.MaxFloat32), inv.AsX(), ok.AsX())
	g.VXORPS(positive, positive, positive)
	g.VCMPSS(operand.Imm(greater), positive, inv.AsX(), positive)
	g.VPAND(positive, ok.AsX(), ok.AsX())
	g.VPBROADCASTD(ok.AsX(), ok)
	g.VBROADCASTSS(inv.AsX(), inv)
	return inv, ok
}

// encode32 writes the next 32 codes and their two sums.
func (g *generator) encode32(q *quantizer, inv, ok reg.VecVirtual) {
	var y [4]reg.VecVirtual
	for i := range y {
		y[i] = g.YMM()
		g.VMULPS(mem(q.x, nil, 0, 32*i), inv, y[i])
		g.VCVTPS2DQ(y[i], y[i])
	}
	codes, sum := y[0], y[1]
	g.VPACKSSDW(y[1], y[0], y[0])
	g.VPACKSSDW(y[3], y[2], y[2])
	g.VPACKSSWB(y[2], y[0], y[0])
	g.VPERMD(codes, q.order, codes)
	g.VPAND(ok, codes, codes)
	g.VMOVDQU(codes, mem(q.codes, nil, 0, 0))

	g.Comment("sums of bytes + 128; 16*128 is taken off at the end")
	zero := y[3]
	g.VPXOR(q.bias, codes, codes)
	g.VPXOR(zero, zero, zero)
	g.VPSADBW(zero, codes, codes)
	g.VPSHUFD(operand.Imm(0b01_00_11_10), codes, sum)
	g.VPADDQ(sum, codes, codes)
	g.VPSUBD(g.splat("sumBias", 16*128), codes, codes)
	g.VPEXTRW(operand.Imm(0), codes.AsX(), mem(q.sums, nil, 0, 0))
	g.VEXTRACTI128(operand.Imm(1), codes, sum.AsX())
	g.VPEXTRW(operand.Imm(0), sum.AsX(), mem(q.sums, nil, 0, 2))
	g.ADDQ(operand.Imm(128), q.x)
	g.ADDQ(operand.Imm(32), q.codes)
	g.ADDQ(operand.Imm(4), q.sums)
}
