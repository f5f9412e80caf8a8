package main

import "math"

// The general registers of the activation encoders.
const (
	rCodesTo  reg = 1
	rFrom     reg = 2
	rScaleTo  reg = 3
	rBlockN   reg = 4 // blocks left
	rSumTo    reg = 5
	rScan     reg = 6
	rPartsN   reg = 7
	rQuantTmp reg = 8
)

// quantizer holds the registers of one encoder.
type quantizer struct {
	*generator
	block             int
	limit, maxFloat   vreg // 127 and the largest float32, in all lanes
	top, scale, inv   vreg
	ok                vreg // all ones, or zero when the codes must be zero
	positive, rounded vreg
}

// genQuantize writes the activation encoders.
func genQuantize(g *generator) {
	g.genQuantizeBlock("quantizeQ32", 32)
	g.genQuantizeBlock("quantizeQ256", 256)
}

func (g *generator) genQuantizeBlock(name string, block int) {
	g.function(name+g.suffix, "(dst []byte, x []float32)", "is quantizeGeneric for its block length.", 0, 48)
	g.ins("MOVD dst_base+0(FP), %v", rCodesTo)
	g.ins("MOVD x_base+24(FP), %v", rFrom)
	g.ins("MOVD x_len+32(FP), %v", rBlockN)
	g.ins("ADD %v, %v, %v", rBlockN, rCodesTo, rScaleTo)
	g.ins("LSR $%d, %v, %v", map[int]int{32: 5, 256: 8}[block], rBlockN, rBlockN)
	g.ins("ADD %v<<2, %v, %v", rBlockN, rScaleTo, rSumTo)
	r := g.vs(8)
	q := &quantizer{g, block, r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7]}
	g.splatFloat(q.limit, 127, rQuantTmp)
	g.splatFloat(q.maxFloat, math.MaxFloat32, rQuantTmp)
	loop, done := g.newLabel("block"), g.newLabel("done")
	g.ins("CBZ %v, %s", rBlockN, done)
	g.place(loop)
	q.blockScale()
	part := g.newLabel("part")
	g.ins("MOVD $%d, %v", block/32, rPartsN)
	g.place(part)
	q.encode()
	q.encode()
	g.ins("SUBS $1, %v, %v", rPartsN, rPartsN)
	g.ins("BNE %s", part)
	g.ins("SUBS $1, %v, %v", rBlockN, rBlockN)
	g.ins("BNE %s", loop)
	g.place(done)
	g.ins("RET")
	g.free(r...)
}

// blockScale stores the scale of the next block and sets inv to 127/amax and ok. The largest magnitude is found on the
// bits, so that a NaN is the largest.
func (q *quantizer) blockScale() {
	tops, x := q.vs(4), q.vs(4)
	for _, v := range tops {
		q.zero(v)
	}
	scan := q.newLabel("scan")
	q.ins("MOVD %v, %v", rFrom, rScan)
	q.ins("MOVD $%d, %v", q.block/16, rPartsN)
	q.place(scan)
	for i, v := range x {
		q.loadQ(v, rScan.plus(16*i))
		q.vv("fabs.4s", v, v)
		q.vvv("umax.4s", tops[i], tops[i], v)
	}
	q.ins("ADD $64, %v, %v", rScan, rScan)
	q.ins("SUBS $1, %v, %v", rPartsN, rPartsN)
	q.ins("BNE %s", scan)
	q.vvv("umax.4s", tops[0], tops[0], tops[1])
	q.vvv("umax.4s", tops[2], tops[2], tops[3])
	q.vvv("umax.4s", tops[0], tops[0], tops[2])
	q.vv("umaxv.4s", q.top, tops[0])
	q.dup(q.top, q.top, 0)
	q.free(tops...)
	q.free(x...)

	q.vvv("fdiv.4s", q.scale, q.top, q.limit)
	q.ins("FMOVS.P %s, 4(%v)", q.scale.f(), rScaleTo)
	q.vvv("fdiv.4s", q.inv, q.limit, q.top)
	q.zero(q.positive)
	q.vvv("fcmgt.4s", q.positive, q.inv, q.positive)
	q.vvv("fcmge.4s", q.ok, q.maxFloat, q.inv)
	q.vvv("and.16b", q.ok, q.ok, q.positive)
}

// encode writes the next 16 codes and their sum.
func (q *quantizer) encode() {
	x := q.vs(4)
	for i, v := range x {
		q.loadQ(v, rFrom.plus(16*i))
		q.vvv("fmul.4s", v, v, q.inv)
		q.vv("fcvtns.4s", v, v)
	}
	q.vvv("uzp1.8h", x[0], x[0], x[1])
	q.vvv("uzp1.8h", x[2], x[2], x[3])
	q.vvv("uzp1.16b", x[0], x[0], x[2])
	q.vvv("and.16b", x[0], x[0], q.ok)
	q.ins("FMOVQ.P %s, 16(%v)", x[0].f(), rCodesTo)
	q.vv("saddlv.16b", x[1], x[0])
	q.ins("VST1.P V%d.H[0], 2(%v)", uint8(x[1]), rSumTo)
	q.ins("ADD $64, %v, %v", rFrom, rFrom)
	q.free(x...)
}
