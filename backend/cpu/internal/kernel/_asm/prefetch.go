package main

import "github.com/mmcloughlin/avo/operand"

// genPrefetch writes the hint that bytes are needed soon.
func genPrefetch(g *generator) {
	g.function("prefetchAVX2", "func(b []byte)", "prefetchAVX2 is Set.Prefetch.")
	p, n := g.load64(g.Param("b").Base()), g.load64(g.Param("b").Len())
	loop, done := g.label("line"), g.label("done")
	g.SUBQ(operand.Imm(64), n)
	g.JL(operand.LabelRef(done))
	g.Label(loop)
	g.PREFETCHT1(mem(p, nil, 0, 0))
	g.ADDQ(operand.Imm(64), p)
	g.SUBQ(operand.Imm(64), n)
	g.JGE(operand.LabelRef(loop))
	g.Label(done)
	g.RET()
}
