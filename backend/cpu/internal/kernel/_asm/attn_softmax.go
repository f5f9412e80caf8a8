package main

import (
	"github.com/mmcloughlin/avo/gotypes"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// genSoftmax writes softmaxGeneric. The 16 lanes of its sum are two registers.
func (g *attnGen) genSoftmax() {
	g.function("softmax"+g.suffix, "func(a *SoftmaxArgs)", "softmax"+g.suffix+" is softmaxGeneric.")
	a := g.Dereference(g.Param("a"))
	s, lo, hi := g.load64(a.Field("S")), g.load64(a.Field("Lo")), g.load64(a.Field("Hi"))
	one := g.XMM()
	g.VMOVSS(g.splatFloat("one", 1), one)
	g.VMOVSS(one, g.addr(a.Field("Correction")))
	part, done, width := g.label("part"), g.label("done"), g.GP64()
	g.CMPQ(lo, hi)
	g.JGE(operand.LabelRef(done))
	g.MOVQ(hi, width)
	g.SUBQ(lo, width)
	g.CMPQ(width, operand.Imm(64))
	g.JNE(operand.LabelRef(part))
	g.softmaxTile(a, s, nil)

	g.Label(part)
	g.DECQ(lo)
	before, end := g.YMM(), g.YMM() // Lo-1 and Hi in all lanes
	g.VMOVD(lo.As32(), before.AsX())
	g.VPBROADCASTD(before.AsX(), before)
	g.VMOVD(hi.As32(), end.AsX())
	g.VPBROADCASTD(end.AsX(), end)
	indices := g.indices(64)
	g.softmaxTile(a, s, func(i int) reg.VecVirtual {
		index, mask := g.YMM(), g.YMM()
		g.VMOVDQU(indices.Offset(32*i), index)
		g.VPCMPGTD(index, end, mask)
		g.VPCMPGTD(before, index, index)
		g.VPAND(index, mask, mask)
		return mask
	})
	g.Label(done)
	g.RET()
}

// genSoftmaxAVX512 writes softmaxGeneric with opmasks for the visible scores. The 16 lanes of its sum are one register.
func (g *attnGen) genSoftmaxAVX512() {
	g.function("softmax"+g.suffix, "func(a *SoftmaxArgs)", "softmax"+g.suffix+" is softmaxGeneric.")
	a := g.Dereference(g.Param("a"))
	s, lo, hi := g.load64(a.Field("S")), g.load64(a.Field("Lo")), g.load64(a.Field("Hi"))
	one, done := g.XMM(), g.label("done")
	g.VMOVSS(g.splatFloat("one", 1), one)
	g.VMOVSS(one, g.addr(a.Field("Correction")))
	g.CMPQ(lo, hi)
	g.JGE(operand.LabelRef(done))

	ones, bits := g.GP64(), g.GP64() // bits Lo..Hi-1
	g.MOVQ(operand.I32(-1), ones)
	g.BZHIQ(hi, ones, bits)
	g.BZHIQ(lo, ones, ones)
	g.XORQ(ones, bits)
	var visible [4]reg.OpmaskVirtual
	for i := range visible {
		visible[i] = g.K()
		g.KMOVW(bits.As32(), visible[i])
		g.SHRQ(operand.Imm(16), bits)
	}

	old, m := g.broadcast(g.addr(a.Field("Max"))), g.ZMM()
	g.VMOVAPS(old, m)
	for i, k := range visible {
		x := g.load(mem(s, nil, 0, 64*i), nil)
		g.VMAXPS(m, x, k, m) // the second, m, when x is NaN
	}
	t := g.YMM()
	g.VEXTRACTF64X4(operand.Imm(1), m, t)
	g.VMAXPS(t, m.AsY(), m.AsY())
	g.VEXTRACTF32X4(operand.Imm(1), m.AsY(), t.AsX())
	g.VMAXPS(t.AsX(), m.AsX(), m.AsX())
	g.VMOVHLPS(m.AsX(), m.AsX(), t.AsX())
	g.VMAXPS(t.AsX(), m.AsX(), m.AsX())
	g.VMOVSHDUP(m.AsX(), t.AsX())
	g.VMAXPS(t.AsX(), m.AsX(), m.AsX())
	g.VMOVSS(m.AsX(), g.addr(a.Field("Max")))
	g.VBROADCASTSS(m.AsX(), m)
	const notEqual = 4
	finite := g.K()
	g.VCMPPS(operand.Imm(notEqual), g.splat("minusInf", 0xff800000), m, finite)
	g.VMOVAPS_Z(m, finite, m)

	e := g.newExponential()
	g.VSUBPS(m, old, old)
	g.exp(e, old)
	g.VMOVSS(old.AsX(), g.addr(a.Field("Correction")))
	sum := g.ZMM()
	for i, k := range visible {
		p := g.load(mem(s, nil, 0, 64*i), nil)
		g.VSUBPS(m, p, p)
		g.exp(e, p)
		g.VMOVAPS_Z(p, k, p)
		g.VMOVUPS(p, mem(s, nil, 0, 64*i))
		if i == 0 {
			g.VMOVAPS(p, sum)
		} else {
			g.VADDPS(p, sum, sum)
		}
	}
	g.softmaxSum(a, sum)
	g.Label(done)
	g.RET()
}

// softmaxSum folds the lanes of the tile's sum, updates Sum and returns.
func (g *attnGen) softmaxSum(a gotypes.Component, sum reg.VecVirtual) {
	g.foldSum(sum)
	total := g.XMM()
	g.VMOVSS(g.addr(a.Field("Sum")), total)
	g.VFMADD132SS(g.addr(a.Field("Correction")), sum.AsX(), total)
	g.VMOVSS(total, g.addr(a.Field("Sum")))
	g.VZEROUPPER()
	g.RET()
}

// softmaxTile handles the visible scores, all of them when visible is nil, and returns.
func (g *attnGen) softmaxTile(a gotypes.Component, s reg.GPVirtual, visible func(i int) reg.VecVirtual) {
	old := g.broadcast(g.addr(a.Field("Max")))
	ref := g.softmaxMax(s, old, visible)
	g.VMOVSS(ref.AsX(), g.addr(a.Field("Max")))
	inf, isInf := g.splat("minusInf", 0xff800000), g.YMM()
	const equal = 0
	g.VCMPPS(operand.Imm(equal), inf, ref, isInf)
	g.VANDNPS(ref, isInf, ref)

	e := g.newExponential()
	g.VSUBPS(ref, old, old)
	g.exp(e, old)
	g.VMOVSS(old.AsX(), g.addr(a.Field("Correction")))
	var sum [2]reg.VecVirtual
	for i := range 8 {
		p := g.load(mem(s, nil, 0, 32*i), nil)
		g.VSUBPS(ref, p, p)
		g.exp(e, p)
		if visible != nil {
			g.VPAND(visible(i), p, p)
		}
		g.VMOVUPS(p, mem(s, nil, 0, 32*i))
		if i < 2 {
			sum[i] = p
		} else {
			g.VADDPS(p, sum[i%2], sum[i%2])
		}
	}
	g.VADDPS(sum[1], sum[0], sum[0])
	g.softmaxSum(a, sum[0])
}

// softmaxMax returns, in all lanes, the largest of old and the visible scores. VMAXPS returns its last operand when one
// is NaN, so NaN scores are ignored.
func (g *attnGen) softmaxMax(s reg.GPVirtual, old reg.VecVirtual, visible func(i int) reg.VecVirtual) reg.VecVirtual {
	m := [2]reg.VecVirtual{g.YMM(), g.YMM()}
	g.VMOVAPS(old, m[0])
	g.VMOVAPS(old, m[1])
	minusInf := g.YMM()
	if visible != nil {
		g.VMOVUPS(g.splat("minusInf", 0xff800000), minusInf)
	}
	for i := range 8 {
		x := g.load(mem(s, nil, 0, 32*i), nil)
		if visible != nil {
			g.VBLENDVPS(visible(i), x, minusInf, x)
		}
		g.VMAXPS(m[i%2], x, m[i%2])
	}
	g.VMAXPS(m[0], m[1], m[0])
	top, t := m[0], m[1]
	g.VEXTRACTF128(operand.Imm(1), top, t.AsX())
	g.VMAXPS(t.AsX(), top.AsX(), top.AsX())
	g.VMOVHLPS(top.AsX(), top.AsX(), t.AsX())
	g.VMAXPS(t.AsX(), top.AsX(), top.AsX())
	g.VMOVSHDUP(top.AsX(), t.AsX())
	g.VMAXPS(t.AsX(), top.AsX(), top.AsX())
	g.VBROADCASTSS(top.AsX(), top)
	return top
}
