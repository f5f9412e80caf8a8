package main

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// softmaxState is what the queries of a call share, and the places of the next one.
type softmaxState struct {
	s, running, stride, correction, n reg.GPVirtual
	next, half                        reg.GPVirtual
}

// softmaxStart writes the beginning of the function and returns the first and last visible slots too.
func (g *attnGen) softmaxStart() (q *softmaxState, lo, hi reg.GPVirtual) {
	g.function("softmax"+g.suffix, "func(a *SoftmaxArgs)", "softmax"+g.suffix+" is softmaxGeneric.")
	a := g.Dereference(g.Param("a"))
	q = &softmaxState{
		s: g.load64(a.Field("S")), running: g.load64(a.Field("Running")), stride: g.load64(a.Field("RunningStride")),
		correction: g.load64(a.Field("Correction")), n: g.load64(a.Field("N")),
		next: g.load64(a.Field("Next")), half: g.load64(a.Field("Half")),
	}
	g.SHLQ(operand.Imm(2), q.stride)
	return q, g.load64(a.Field("Lo")), g.load64(a.Field("Hi"))
}

// eachQuery runs body for all queries and returns from the function.
func (g *attnGen) eachQuery(q *softmaxState, body func()) {
	loop := g.label("queries")
	g.Label(loop)
	body()
	g.ADDQ(operand.U32(256), q.next)
	g.ADDQ(operand.U32(256), q.s)
	g.ADDQ(q.stride, q.running)
	g.ADDQ(operand.Imm(4), q.correction)
	g.DECQ(q.n)
	g.JNZ(operand.LabelRef(loop))
	g.VZEROUPPER()
	g.RET()
}

// genSoftmax writes softmaxGeneric. The 16 lanes of its sum are two registers.
func (g *attnGen) genSoftmax() {
	q, lo, hi := g.softmaxStart()
	part, width := g.label("part"), g.GP64()
	g.MOVQ(hi, width)
	g.SUBQ(lo, width)
	g.CMPQ(width, operand.Imm(64))
	g.JNE(operand.LabelRef(part))
	g.eachQuery(q, func() { g.softmaxTile(q, nil) })

	g.Label(part)
	g.DECQ(lo)
	before, end := g.YMM(), g.YMM() // Lo-1 and Hi in all lanes
	g.VMOVD(lo.As32(), before.AsX())
	g.VPBROADCASTD(before.AsX(), before)
	g.VMOVD(hi.As32(), end.AsX())
	g.VPBROADCASTD(end.AsX(), end)
	indices := g.indices(64)
	g.eachQuery(q, func() {
		g.softmaxTile(q, func(i int) reg.VecVirtual {
			index, mask := g.YMM(), g.YMM()
			g.VMOVDQU(indices.Offset(32*i), index)
			g.VPCMPGTD(index, end, mask)
			g.VPCMPGTD(before, index, index)
			g.VPAND(index, mask, mask)
			return mask
		})
	})
}

// genSoftmaxAVX512 writes softmaxGeneric with opmasks for the visible scores. The 16 lanes of its sum are one register.
// The operations of a query wait for each other, and those of the next queries go on meanwhile.
func (g *attnGen) genSoftmaxAVX512() {
	q, lo, hi := g.softmaxStart()
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
	e := g.newExponential()
	g.eachQuery(q, func() { g.softmaxTileAVX512(q, e, visible[:]) })
}

// softmaxTileAVX512 handles the visible scores of a query.
func (g *attnGen) softmaxTileAVX512(q *softmaxState, e *exponential, visible []reg.OpmaskVirtual) {
	old, m := g.broadcast(mem(q.running, nil, 0, 0)), g.ZMM()
	g.VMOVAPS(old, m)
	for i, k := range visible {
		x := g.load(mem(q.s, nil, 0, 64*i), nil)
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
	g.VMOVSS(m.AsX(), mem(q.running, nil, 0, 0))
	g.VBROADCASTSS(m.AsX(), m)
	const notEqual = 4
	finite := g.K()
	g.VCMPPS(operand.Imm(notEqual), g.splat("minusInf", 0xff800000), m, finite)
	g.VMOVAPS_Z(m, finite, m)

	g.VSUBPS(m, old, old)
	g.exp(e, old)
	sum := g.ZMM()
	for i, k := range visible {
		p := g.load(mem(q.s, nil, 0, 64*i), nil)
		g.VSUBPS(m, p, p)
		g.exp(e, p)
		g.VMOVAPS_Z(p, k, p)
		g.VMOVUPS(p, mem(q.s, nil, 0, 64*i))
		g.softmaxAhead(q, i)
		if i == 0 {
			g.VMOVAPS(p, sum)
		} else {
			g.VADDPS(p, sum, sum)
		}
	}
	g.softmaxSum(q, old, sum)
}

// softmaxAhead asks for line i of the four of a query in each of two places.
func (g *attnGen) softmaxAhead(q *softmaxState, i int) {
	g.PREFETCHT1(mem(q.next, nil, 0, 64*i))
	g.PREFETCHT1(mem(q.next, q.half, 1, 64*i))
}

// softmaxSum folds the lanes of the tile's sum, updates the running sum and stores the correction.
func (g *attnGen) softmaxSum(q *softmaxState, correction, sum reg.VecVirtual) {
	g.foldSum(sum)
	g.VMOVSS(correction.AsX(), mem(q.correction, nil, 0, 0))
	g.VFMADD132SS(mem(q.running, nil, 0, 4), sum.AsX(), correction.AsX()) // correction = correction*old + sum
	g.VMOVSS(correction.AsX(), mem(q.running, nil, 0, 4))
}

// softmaxTile handles the visible scores of a query, all of them when visible is nil.
func (g *attnGen) softmaxTile(q *softmaxState, visible func(i int) reg.VecVirtual) {
	old := g.broadcast(mem(q.running, nil, 0, 0))
	ref := g.softmaxMax(q.s, old, visible)
	g.VMOVSS(ref.AsX(), mem(q.running, nil, 0, 0))
	inf, isInf := g.splat("minusInf", 0xff800000), g.YMM()
	const equal = 0
	g.VCMPPS(operand.Imm(equal), inf, ref, isInf)
	g.VANDNPS(ref, isInf, ref)

	e := g.newExponential()
	g.VSUBPS(ref, old, old)
	g.exp(e, old)
	var sum [2]reg.VecVirtual
	for i := range 8 {
		p := g.load(mem(q.s, nil, 0, 32*i), nil)
		g.VSUBPS(ref, p, p)
		g.exp(e, p)
		if visible != nil {
			g.VPAND(visible(i), p, p)
		}
		g.VMOVUPS(p, mem(q.s, nil, 0, 32*i))
		if i%2 == 1 {
			g.softmaxAhead(q, i/2)
		}
		if i < 2 {
			sum[i] = p
		} else {
			g.VADDPS(p, sum[i%2], sum[i%2])
		}
	}
	g.VADDPS(sum[1], sum[0], sum[0])
	g.softmaxSum(q, old, sum[0])
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
