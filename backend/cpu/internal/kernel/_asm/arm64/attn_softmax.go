package main

// The general registers of softmax, beside rArgs and rQueries.
const (
	rScores        reg = 1
	rLo            reg = 2
	rHi            reg = 3
	rRunning       reg = 5
	rRunningStride reg = 6 // in bytes
	rCorrections   reg = 7
)

// genSoftmax writes softmaxGeneric. The 16 lanes of its sum are four registers.
func (g *attnGen) genSoftmax() {
	g.function("softmax"+g.suffix, "(a *SoftmaxArgs)", "is softmaxGeneric.", 0, 8)
	part := g.newLabel("part")
	g.ins("MOVD a+0(FP), %v", rArgs)
	for _, f := range []struct {
		name string
		r    reg
	}{
		{"S", rScores}, {"N", rQueries}, {"Lo", rLo}, {"Hi", rHi},
		{"Running", rRunning}, {"RunningStride", rRunningStride}, {"Correction", rCorrections},
	} {
		g.ins("MOVD SoftmaxArgs_%s(%v), %v", f.name, rArgs, f.r)
	}
	g.ins("LSL $2, %v, %v", rRunningStride, rRunningStride)
	g.ins("SUB %v, %v, %v", rLo, rHi, rTmp)
	g.ins("CMP $64, %v", rTmp)
	g.ins("BNE %s", part)
	g.softmaxQueries(nil)

	g.place(part)
	m := &slotMask{generator: g.generator, next: g.v(), before: g.v(), end: g.v()}
	g.ins("SUB $1, %v, %v", rLo, rLo)
	g.ins("VDUP %v, V%d.S4", rLo, uint8(m.before))
	g.ins("VDUP %v, V%d.S4", rHi, uint8(m.end))
	g.softmaxQueries(m)
	g.free(m.next, m.before, m.end)
}

// softmaxQueries handles the tiles of all queries and returns from the function.
func (g *attnGen) softmaxQueries(m *slotMask) {
	loop := g.newLabel("queries")
	g.place(loop)
	g.softmaxTile(m)
	g.ins("ADD $256, %v, %v", rScores, rScores)
	g.ins("ADD %v, %v, %v", rRunningStride, rRunning, rRunning)
	g.ins("ADD $4, %v, %v", rCorrections, rCorrections)
	g.ins("SUBS $1, %v, %v", rQueries, rQueries)
	g.ins("BNE %s", loop)
	g.ins("RET")
}

// slotMask gives the masks of the visible scores, four after four. before is Lo-1 and end Hi in all lanes.
type slotMask struct {
	*generator
	next, before, end vreg
}

// reset starts with slots 0 to 3.
func (m *slotMask) reset() {
	for i, w := range []uint64{0x1_00000000, 0x3_00000002} {
		m.ins("MOVD $%#x, %v", w, rTmp)
		m.ins("VMOV %v, V%d.D[%d]", rTmp, uint8(m.next), i)
	}
}

// and clears the invisible lanes of the next four slots in v.
func (m *slotMask) and(v, four vreg) {
	t := m.v()
	m.vvv("cmgt.4s", t, m.end, m.next)
	m.vvv("and.16b", v, v, t)
	m.vvv("cmgt.4s", t, m.next, m.before)
	m.vvv("and.16b", v, v, t)
	m.vvv("add.4s", m.next, m.next, four)
	m.free(t)
}

// softmaxTile handles the visible scores of a query, all of them when the mask is nil.
func (g *attnGen) softmaxTile(mask *slotMask) {
	four := g.v()
	g.splat(four, 4, rTmp)
	old := g.v()
	g.loadS(old, rRunning.plus(0))
	g.dup(old, old, 0)
	m := g.softmaxMax(old, four, mask)
	g.storeS(m, rRunning.plus(0))
	inf := g.v()
	g.splat(inf, minusInf, rTmp)
	g.vvv("fcmeq.4s", inf, inf, m)
	g.vvv("bic.16b", m, m, inf)
	g.free(inf)

	e := g.newExponential(rTmp)
	g.vvv("fsub.4s", old, old, m)
	e.limit(old)
	e.apply(old)
	g.storeS(old, rCorrections.plus(0))
	if mask != nil {
		mask.reset()
	}
	sum := g.vs(4)
	for i := range 16 {
		p := g.v()
		g.loadQ(p, rScores.plus(16*i))
		g.vvv("fsub.4s", p, p, m)
		e.limit(p)
		e.apply(p)
		if mask != nil {
			mask.and(p, four)
		}
		g.storeQ(p, rScores.plus(16*i))
		if i < 4 {
			g.vv("mov.16b", sum[i], p)
		} else {
			g.vvv("fadd.4s", sum[i%4], sum[i%4], p)
		}
		g.free(p)
	}
	e.release()
	g.foldSum(sum)
	total := g.v()
	g.loadS(total, rRunning.plus(4))
	g.vvv("fmla.4s", sum[0], total, old)
	g.storeS(sum[0], rRunning.plus(4))
	g.free(sum...)
	g.free(total, old, m, four)
}

// softmaxMax returns, in all lanes, the largest of old and the visible scores. A NaN is not greater.
func (g *attnGen) softmaxMax(old, four vreg, mask *slotMask) vreg {
	if mask != nil {
		mask.reset()
	}
	m := g.vs(4)
	for _, v := range m {
		g.vv("mov.16b", v, old)
	}
	x, greater := g.v(), g.v()
	for i := range 16 {
		g.loadQ(x, rScores.plus(16*i))
		g.vvv("fcmgt.4s", greater, x, m[i%4])
		if mask != nil {
			mask.and(greater, four)
		}
		g.vvv("bit.16b", m[i%4], x, greater)
	}
	take := func(x vreg) {
		g.vvv("fcmgt.4s", greater, x, m[0])
		g.vvv("bit.16b", m[0], x, greater)
	}
	for _, v := range m[1:] {
		take(v)
	}
	g.vvv("zip2.2d", x, m[0], m[0])
	take(x)
	g.dup(x, m[0], 1)
	take(x)
	g.dup(m[0], m[0], 0)
	g.free(x, greater)
	g.free(m[1:]...)
	return m[0]
}

// foldSum adds the upper to the lower half of the lanes until the first lane of the first vector has the sum. The
// number of vectors is a power of two.
func (g *generator) foldSum(v []vreg) {
	for n := len(v) / 2; n > 0; n /= 2 {
		for i := range n {
			g.vvv("fadd.4s", v[i], v[i], v[i+n])
		}
	}
	t := g.v()
	g.vvv("zip2.2d", t, v[0], v[0])
	g.vvv("fadd.4s", v[0], v[0], t)
	g.dup(t, v[0], 1)
	g.vvv("fadd.4s", v[0], v[0], t)
	g.free(t)
}
