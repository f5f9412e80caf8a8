package main

// The general registers of the vector kernels.
const (
	rTo   reg = 1 // destination
	rA    reg = 2
	rB    reg = 3
	rN    reg = 4 // elements left
	rSin  reg = 5
	rHalf reg = 6
)

// genVec writes the vector kernels.
func genVec(g *generator) {
	genAdd(g)
	genRMSNorm(g)
	genSiLUMul(g)
	genF32ToF16(g)
	genF16ToF32(g)
	genRotate(g)
}

// sliceArgs is the size of three slices.
const sliceArgs = 72

// eachFour runs body with n elements at a time, four while there are four, then one. Loads and stores of body move
// their pointers: see next and put.
func (g *generator) eachFour(body func(n int)) {
	four, rest, one, done := g.newLabel("four"), g.newLabel("rest"), g.newLabel("one"), g.newLabel("done")
	g.ins("SUBS $4, %v, %v", rN, rN)
	g.ins("BLT %s", rest)
	g.place(four)
	body(4)
	g.ins("SUBS $4, %v, %v", rN, rN)
	g.ins("BGE %s", four)
	g.place(rest)
	g.ins("ADDS $4, %v, %v", rN, rN)
	g.ins("BEQ %s", done)
	g.place(one)
	body(1)
	g.ins("SUBS $1, %v, %v", rN, rN)
	g.ins("BNE %s", one)
	g.place(done)
}

// next loads n elements, four or one, and moves on.
func (g *generator) next(v vreg, from reg, n int) {
	if n == 4 {
		g.ins("FMOVQ.P 16(%v), %s", from, v.f())
	} else {
		g.ins("FMOVS.P 4(%v), %s", from, v.f())
	}
}

// put stores n elements, four or one, and moves on.
func (g *generator) put(v vreg, to reg, n int) {
	if n == 4 {
		g.ins("FMOVQ.P %s, 16(%v)", v.f(), to)
	} else {
		g.ins("FMOVS.P %s, 4(%v)", v.f(), to)
	}
}

func genAdd(g *generator) {
	g.function("add"+g.suffix, "(dst, a, b []float32)", "is addGeneric.", 0, sliceArgs)
	g.ins("MOVD dst_base+0(FP), %v", rTo)
	g.ins("MOVD dst_len+8(FP), %v", rN)
	g.ins("MOVD a_base+24(FP), %v", rA)
	g.ins("MOVD b_base+48(FP), %v", rB)
	a, b := g.v(), g.v()
	g.eachFour(func(n int) {
		g.next(a, rA, n)
		g.next(b, rB, n)
		g.vvv("fadd.4s", a, a, b)
		g.put(a, rTo, n)
	})
	g.free(a, b)
	g.ins("RET")
}

func genSiLUMul(g *generator) {
	g.function("siluMul"+g.suffix, "(dst, g, u []float32)", "is siluMulGeneric.", 0, sliceArgs)
	g.ins("MOVD dst_base+0(FP), %v", rTo)
	g.ins("MOVD dst_len+8(FP), %v", rN)
	g.ins("MOVD g_base+24(FP), %v", rA)
	g.ins("MOVD u_base+48(FP), %v", rB)
	e := g.newExponential(rTmp)
	x, t, f, u := g.v(), g.v(), g.v(), g.v()
	g.eachFour(func(n int) {
		g.next(x, rA, n)
		g.next(u, rB, n)
		e.limit(x)
		g.vv("fabs.4s", t, x)
		g.vv("fneg.4s", t, t)
		e.limit(t)
		e.apply(t)
		g.shift("sshr.4s", f, x, 31)
		g.vvv("bsl.16b", f, t, e.one) // the exponential where x is negative
		g.vvv("fmul.4s", x, x, f)
		g.vvv("fadd.4s", t, t, e.one)
		g.vvv("fdiv.4s", x, x, t)
		g.vvv("fmul.4s", x, x, u)
		g.put(x, rTo, n)
	})
	g.free(x, t, f, u)
	e.release()
	g.ins("RET")
}

// rmsNormVectors is kernel.rmsNormLanes in vectors.
const rmsNormVectors = 8

func genRMSNorm(g *generator) {
	g.function("rmsNorm"+g.suffix, "(dst, x, w []float32, eps float32)", "is rmsNormGeneric.", 0, sliceArgs+4)
	g.ins("MOVD x_base+24(FP), %v", rA)
	g.ins("MOVD x_len+32(FP), %v", rN)
	sum := g.vs(rmsNormVectors)
	for _, v := range sum {
		g.zero(v)
	}
	all, tail := g.newLabel("all"), g.newLabel("tail")
	x := g.v()
	g.ins("SUBS $32, %v, %v", rN, rN)
	g.ins("BLT %s", tail)
	g.place(all)
	for _, v := range sum {
		g.next(x, rA, 4)
		g.vvv("fmla.4s", v, x, x)
	}
	g.ins("SUBS $32, %v, %v", rN, rN)
	g.ins("BGE %s", all)
	g.place(tail)
	g.ins("ADD $32, %v, %v", rN, rN)
	g.squaresTail(sum, x)
	g.foldSum(sum)
	g.comment("1 / sqrt(sum/n + eps)")
	t := g.v()
	g.ins("MOVD x_len+32(FP), %v", rN)
	g.ins("SCVTFS %v, %s", rN, t.f())
	g.ins("FDIVS %s, %s, %s", t.f(), sum[0].f(), sum[0].f())
	g.ins("FMOVS eps+72(FP), %s", t.f())
	g.ins("FADDS %s, %s, %s", t.f(), sum[0].f(), sum[0].f())
	g.ins("FSQRTS %s, %s", sum[0].f(), sum[0].f())
	g.ins("FMOVS $1.0, %s", t.f())
	g.ins("FDIVS %s, %s, %s", sum[0].f(), t.f(), t.f())
	g.ins("MOVD dst_base+0(FP), %v", rTo)
	g.ins("MOVD x_base+24(FP), %v", rA)
	g.ins("MOVD w_base+48(FP), %v", rB)
	w := sum[1]
	g.eachFour(func(n int) {
		g.next(x, rA, n)
		g.next(w, rB, n)
		g.elem("fmul.4s", x, x, t, 0)
		g.vvv("fmul.4s", x, x, w)
		g.put(x, rTo, n)
	})
	g.free(sum...)
	g.free(x, t)
	g.ins("RET")
}

// squaresTail adds the squares of the last elements, fewer than 32: a lane without an element adds 0*0, which changes
// no sum of squares.
func (g *generator) squaresTail(sum []vreg, x vreg) {
	done := g.newLabel("squares")
	for _, v := range sum {
		few, next := g.newLabel("few"), g.newLabel("next")
		g.ins("CMP $4, %v", rN)
		g.ins("BLT %s", few)
		g.next(x, rA, 4)
		g.vvv("fmla.4s", v, x, x)
		g.ins("SUB $4, %v, %v", rN, rN)
		g.ins("B %s", next)
		g.place(few)
		g.ins("CBZ %v, %s", rN, done)
		one, loaded := g.newLabel("odd"), g.newLabel("loaded")
		g.ins("TBZ $1, %v, %s", rN, one)
		g.ins("FMOVD.P 8(%v), %s", rA, x.f())
		g.ins("TBZ $0, %v, %s", rN, loaded)
		g.ins("VLD1 (%v), V%d.S[2]", rA, uint8(x))
		g.ins("B %s", loaded)
		g.place(one)
		g.loadS(x, rA.plus(0))
		g.place(loaded)
		g.vvv("fmla.4s", v, x, x)
		g.ins("B %s", done)
		g.place(next)
	}
	g.place(done)
}

func genF32ToF16(g *generator) {
	g.function("f32ToF16"+g.suffix, "(dst []uint16, src []float32)", "is f32ToF16Generic.", 0, 48)
	g.ins("MOVD dst_base+0(FP), %v", rTo)
	g.ins("MOVD src_base+24(FP), %v", rA)
	g.ins("MOVD src_len+32(FP), %v", rN)
	x := g.v()
	g.eachFour(func(n int) {
		g.next(x, rA, n)
		g.vv("fcvtn.4h", x, x)
		if n == 4 {
			g.ins("FMOVD.P %s, 8(%v)", x.f(), rTo)
		} else {
			g.ins("VST1.P V%d.H[0], 2(%v)", uint8(x), rTo)
		}
	})
	g.free(x)
	g.ins("RET")
}

func genF16ToF32(g *generator) {
	g.function("f16ToF32"+g.suffix, "(dst []float32, src []uint16)", "is f16ToF32Generic.", 0, 48)
	g.ins("MOVD dst_base+0(FP), %v", rTo)
	g.ins("MOVD src_base+24(FP), %v", rA)
	g.ins("MOVD src_len+32(FP), %v", rN)
	x := g.v()
	g.eachFour(func(n int) {
		if n == 4 {
			g.ins("FMOVD.P 8(%v), %s", rA, x.f())
		} else {
			g.ins("VLD1R.P 2(%v), [V%d.H4]", rA, uint8(x))
		}
		g.vv("fcvtl.4s", x, x)
		g.put(x, rTo, n)
	})
	g.free(x)
	g.ins("RET")
}

// rotator holds the registers of the rotations: a pair (v, w), its cosine and sine.
type rotator struct {
	*generator
	v, w, c, s, vs, ws vreg
}

func genRotate(g *generator) {
	g.function("rotate"+g.suffix, "(a *RotateArgs)", "is rotateGeneric.", 0, 8)
	p := g.vs(6)
	r := &rotator{g, p[1], p[0], p[2], p[3], p[4], p[5]} // VLD2 needs w to follow v
	g.ins("MOVD a+0(FP), %v", rArgs)
	g.ins("MOVD RotateArgs_X(%v), %v", rArgs, rTo)
	g.ins("MOVD RotateArgs_Cos(%v), %v", rArgs, rA)
	g.ins("MOVD RotateArgs_Sin(%v), %v", rArgs, rSin)
	g.ins("MOVD RotateArgs_Pairs(%v), %v", rArgs, rN)
	g.ins("MOVBU RotateArgs_Interleaved(%v), %v", rArgs, rTmp)
	interleaved := g.newLabel("interleaved")
	g.ins("CBNZ %v, %s", rTmp, interleaved)
	g.ins("ADD %v<<2, %v, %v", rN, rTo, rHalf)
	g.eachFour(func(n int) {
		if n == 4 {
			g.loadQ(r.v, rTo.plus(0))
			g.loadQ(r.w, rHalf.plus(0))
		} else {
			g.loadS(r.v, rTo.plus(0))
			g.loadS(r.w, rHalf.plus(0))
		}
		r.rotate(n)
		g.put(r.v, rTo, n)
		g.put(r.w, rHalf, n)
	})
	g.ins("RET")

	g.place(interleaved)
	g.eachFour(func(n int) {
		pair := [2]any{uint8(r.v), uint8(r.w)}
		if n == 4 {
			g.ins("VLD2 (%v), [V%d.S4, V%d.S4]", rTo, pair[0], pair[1])
		} else {
			g.loadS(r.v, rTo.plus(0))
			g.loadS(r.w, rTo.plus(4))
		}
		r.rotate(n)
		if n == 4 {
			g.ins("VST2.P [V%d.S4, V%d.S4], 32(%v)", pair[0], pair[1], rTo)
		} else {
			g.put(r.v, rTo, 1)
			g.put(r.w, rTo, 1)
		}
	})
	g.free(p...)
	g.ins("RET")
}

// rotate sets v to v*c - w*s and w to v*s + w*c for the next n pairs.
func (r *rotator) rotate(n int) {
	r.next(r.c, rA, n)
	r.next(r.s, rSin, n)
	r.vvv("fmul.4s", r.vs, r.v, r.s)
	r.vvv("fmul.4s", r.ws, r.w, r.s)
	r.vvv("fmul.4s", r.v, r.v, r.c)
	r.vvv("fmul.4s", r.w, r.w, r.c)
	r.vvv("fsub.4s", r.v, r.v, r.ws)
	r.vvv("fadd.4s", r.w, r.vs, r.w)
}
