package main

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// genVec writes the vector kernels. Those for AVX-512 are the ones that gain from it.
func genVec(g *generator) {
	g.genAdd()
	g.genRMSNorm()
	g.genSiLUMul()
	g.genF32ToF16()
	g.genF16ToF32()
	if g.lanes == 8 {
		g.genRotate()
	}
}

// tailMask returns the mask of the first rem lanes; rem is less than the lanes of a vector.
func (g *generator) tailMask(rem reg.GPVirtual) reg.Register {
	if g.lanes == 16 {
		return g.firstLanes(rem)
	}
	var w [16]uint32
	for i := range 8 {
		w[i] = ^uint32(0)
	}
	p, back, m := g.GP64(), g.GP64(), g.YMM()
	g.LEAQ(g.words("laneMasks", w[:]...).Offset(32), p)
	g.MOVQ(rem, back)
	g.NEGQ(back)
	g.VMOVDQU(mem(p, back, 4, 0), m)
	return m
}

// eachVector runs step on whole vectors, with the index of their first element and a nil mask, and tail on what is
// left, with the number of elements in a register. It returns from the function.
func (g *generator) eachVector(n reg.GPVirtual, step func(i reg.Register), tail func(i reg.Register, rem reg.GPVirtual)) {
	loop, rest, done := g.label("loop"), g.label("tail"), g.label("done")
	i, lanes := g.GP64(), operand.Imm(uint64(g.lanes))
	g.XORQ(i, i)
	g.SUBQ(lanes, n)
	g.JL(operand.LabelRef(rest))
	g.Label(loop)
	step(i)
	g.ADDQ(lanes, i)
	g.SUBQ(lanes, n)
	g.JGE(operand.LabelRef(loop))
	g.Label(rest)
	g.ADDQ(lanes, n)
	g.JZ(operand.LabelRef(done))
	tail(i, n)
	g.Label(done)
	g.VZEROUPPER()
	g.RET()
}

// eachMasked is eachVector with the same code for the tail, under a mask.
func (g *generator) eachMasked(n reg.GPVirtual, step func(i, mask reg.Register)) {
	g.eachVector(n, func(i reg.Register) { step(i, nil) },
		func(i reg.Register, rem reg.GPVirtual) { step(i, g.tailMask(rem)) })
}

// eachScalar is eachVector with a loop over the elements of the tail.
func (g *generator) eachScalar(n reg.GPVirtual, step, one func(i reg.Register)) {
	g.eachVector(n, step, func(i reg.Register, rem reg.GPVirtual) {
		ones := g.label("ones")
		g.Label(ones)
		one(i)
		g.INCQ(i)
		g.DECQ(rem)
		g.JNZ(operand.LabelRef(ones))
	})
}

func (g *generator) genAdd() {
	name := "add" + g.suffix
	g.function(name, "func(dst, a, b []float32)", name+" is addGeneric.")
	dst, a, b := g.load64(g.Param("dst").Base()), g.load64(g.Param("a").Base()), g.load64(g.Param("b").Base())
	g.eachMasked(g.load64(g.Param("dst").Len()), func(i, mask reg.Register) {
		x, y := g.load(mem(a, i, 4, 0), mask), g.load(mem(b, i, 4, 0), mask)
		g.VADDPS(y, x, x)
		g.store(x, mem(dst, i, 4, 0), mask)
	})
}

// genRMSNorm keeps the 32 lanes of rmsNormGeneric in four registers, or two of 16 lanes.
func (g *generator) genRMSNorm() {
	name := "rmsNorm" + g.suffix
	g.function(name, "func(dst, x, w []float32, eps float32)", name+" is rmsNormGeneric.")
	x, n := g.load64(g.Param("x").Base()), g.load64(g.Param("x").Len())
	r := g.sumOfSquares(x, n)

	g.Comment("1/sqrt(sum/n + eps)")
	length, one := g.XMM(), g.XMM()
	g.VXORPS(length, length, length)
	g.VCVTSI2SSQ(n, length, length)
	g.VDIVSS(length, r.AsX(), r.AsX())
	g.VADDSS(g.addr(g.Param("eps")), r.AsX(), r.AsX())
	g.VSQRTSS(r.AsX(), r.AsX(), r.AsX())
	g.VMOVSS(g.splatFloat("one", 1), one)
	g.VDIVSS(r.AsX(), one, r.AsX())
	g.VBROADCASTSS(r.AsX(), r)

	dst, w := g.load64(g.Param("dst").Base()), g.load64(g.Param("w").Base())
	g.eachMasked(n, func(i, mask reg.Register) {
		y, z := g.load(mem(x, i, 4, 0), mask), g.load(mem(w, i, 4, 0), mask)
		g.VMULPS(r, y, y)
		g.VMULPS(z, y, y)
		g.store(y, mem(dst, i, 4, 0), mask)
	})
}

// sumOfSquares returns the folded sum in lane 0. It keeps x and n.
func (g *generator) sumOfSquares(x, n reg.GPVirtual) reg.VecVirtual {
	acc := g.vecs(32 / g.lanes)
	for _, v := range acc {
		g.zero(v)
	}
	p, left := g.GP64(), g.GP64()
	g.MOVQ(x, p)
	g.MOVQ(n, left)
	loop, tail, fold := g.label("squares"), g.label("squaresTail"), g.label("fold")
	g.SUBQ(operand.Imm(32), left)
	g.JL(operand.LabelRef(tail))
	g.Label(loop)
	for i, v := range acc {
		y := g.load(mem(p, nil, 0, 4*g.lanes*i), nil)
		g.VFMADD231PS(y, y, v)
	}
	g.ADDQ(operand.U32(128), p)
	g.SUBQ(operand.Imm(32), left)
	g.JGE(operand.LabelRef(loop))
	g.Label(tail)
	g.ADDQ(operand.Imm(32), left)
	g.JZ(operand.LabelRef(fold))
	for i, mask := range g.partMasks(left) {
		y := g.load(mem(p, nil, 0, 4*g.lanes*i), mask)
		g.VFMADD231PS(y, y, acc[i])
	}
	g.Label(fold)
	for n := len(acc) / 2; n > 0; n /= 2 {
		for i := range n {
			g.VADDPS(acc[i+n], acc[i], acc[i])
		}
	}
	g.foldSum(acc[0])
	return acc[0]
}

// partMasks returns the masks of the vectors that cover 32 elements, of which the first n exist.
func (g *generator) partMasks(n reg.GPVirtual) []reg.Register {
	if g.lanes == 16 {
		bits, low, high := g.GP64(), g.K(), g.K()
		g.MOVQ(operand.I32(-1), bits)
		g.BZHIQ(n, bits, bits)
		g.KMOVW(bits.As32(), low)
		g.SHRQ(operand.Imm(16), bits)
		g.KMOVW(bits.As32(), high)
		return []reg.Register{low, high}
	}
	var masks []reg.Register
	count := g.YMM()
	g.VMOVD(n.As32(), count.AsX())
	g.VPBROADCASTD(count.AsX(), count)
	indices := g.indices(32)
	for i := range 4 {
		mask := g.YMM()
		g.VPCMPGTD(indices.Offset(32*i), count, mask)
		masks = append(masks, mask)
	}
	return masks
}

// indices returns the numbers 0, 1, … as data.
func (g *generator) indices(n int) operand.Mem {
	w := make([]uint32, n)
	for i := range w {
		w[i] = uint32(i)
	}
	return g.words("indices", w...)
}

// exponential is expNonPositive of package kernel.
type exponential struct {
	min, log2e, magic, ln2Hi, ln2Lo, one, c6 reg.VecVirtual
	c2, c3, c4, c5                           operand.Mem
}

func (g *generator) newExponential() *exponential {
	return &exponential{
		min:   g.constant("expMin", -88),
		log2e: g.constant("log2e", 1.44269504),
		magic: g.constant("magic", 12582912),
		ln2Hi: g.constant("ln2Hi", 0.693145751953125),
		ln2Lo: g.constant("ln2Lo", 1.42860677e-06),
		one:   g.constant("one", 1),
		c6:    g.constant("expC6", 0.001382041140459478),
		c5:    g.splatFloat("expC5", 0.008368677459657192),
		c4:    g.splatFloat("expC4", 0.04166826978325844),
		c3:    g.splatFloat("expC3", 0.1666652113199234),
		c2:    g.splatFloat("expC2", 0.4999999403953552),
	}
}

// exp replaces x by its exponential, step by step as expNonPositive.
func (g *generator) exp(e *exponential, x reg.VecVirtual) {
	t, p := g.vec(), g.vec()
	g.VMAXPS(x, e.min, x) // the last operand, x, when it is NaN
	g.VMOVAPS(x, t)
	g.VFMADD213PS(e.magic, e.log2e, t) // t = t*log2e + magic
	g.VSUBPS(e.magic, t, p)
	g.VFNMADD231PS(e.ln2Hi, p, x) // x -= p*ln2Hi
	g.VFNMADD231PS(e.ln2Lo, p, x)
	g.VMOVAPS(e.c6, p)
	for _, c := range []operand.Op{e.c5, e.c4, e.c3, e.c2, e.one, e.one} {
		g.VFMADD213PS(c, x, p) // p = p*x + c
	}
	g.VPSLLD(operand.Imm(23), t, t)
	g.VPADDD(e.one, t, t)
	g.VMULPS(t, p, x)
}

func (g *generator) genSiLUMul() {
	name := "siluMul" + g.suffix
	g.function(name, "func(dst, g, u []float32)", name+" is siluMulGeneric.")
	dst, gate, up := g.load64(g.Param("dst").Base()), g.load64(g.Param("g").Base()), g.load64(g.Param("u").Base())
	e := g.newExponential()
	sign := g.splat("signs", 1<<31)
	g.eachMasked(g.load64(g.Param("dst").Len()), func(i, mask reg.Register) {
		x, y, f := g.load(mem(gate, i, 4, 0), mask), g.vec(), g.vec()
		g.VMAXPS(x, e.min, x)
		if g.lanes == 16 {
			g.VPORD(sign, x, y)
		} else {
			g.VORPS(sign, x, y)
		}
		g.exp(e, y)
		if g.lanes == 16 {
			negative := g.K()
			g.VPMOVD2M(x, negative)
			g.VBLENDMPS(y, e.one, negative, f)
		} else {
			g.VBLENDVPS(x, y, e.one, f)
		}
		g.VADDPS(e.one, y, y)
		g.VMULPS(f, x, x)
		g.VDIVPS(y, x, x)
		u := g.load(mem(up, i, 4, 0), mask)
		g.VMULPS(u, x, x)
		g.store(x, mem(dst, i, 4, 0), mask)
	})
}

func (g *generator) genF32ToF16() {
	name := "f32ToF16" + g.suffix
	g.function(name, "func(dst []uint16, src []float32)", name+" is f32ToF16Generic.")
	dst, src := g.load64(g.Param("dst").Base()), g.load64(g.Param("src").Base())
	n, nearest := g.load64(g.Param("src").Len()), operand.Imm(0)
	step := func(i reg.Register) { g.VCVTPS2PH(nearest, g.load(mem(src, i, 4, 0), nil), mem(dst, i, 2, 0)) }
	if g.lanes == 16 {
		g.eachVector(n, step, func(i reg.Register, rem reg.GPVirtual) {
			mask := g.firstLanes(rem)
			g.VCVTPS2PH(nearest, g.load(mem(src, i, 4, 0), mask), mask, mem(dst, i, 2, 0))
		})
		return
	}
	g.eachScalar(n, step, func(i reg.Register) {
		x := g.XMM()
		g.VMOVSS(mem(src, i, 4, 0), x)
		g.VCVTPS2PH(nearest, x, x)
		g.VPEXTRW(operand.Imm(0), x, mem(dst, i, 2, 0))
	})
}

func (g *generator) genF16ToF32() {
	name := "f16ToF32" + g.suffix
	g.function(name, "func(dst []float32, src []uint16)", name+" is f16ToF32Generic.")
	dst, src := g.load64(g.Param("dst").Base()), g.load64(g.Param("src").Base())
	n := g.load64(g.Param("src").Len())
	step := func(i reg.Register) {
		v := g.vec()
		g.VCVTPH2PS(mem(src, i, 2, 0), v)
		g.VMOVUPS(v, mem(dst, i, 4, 0))
	}
	if g.lanes == 16 {
		g.eachVector(n, step, func(i reg.Register, rem reg.GPVirtual) {
			mask, v := g.firstLanes(rem), g.vec()
			g.VCVTPH2PS_Z(mem(src, i, 2, 0), mask, v)
			g.store(v, mem(dst, i, 4, 0), mask)
		})
		return
	}
	g.eachScalar(n, step, func(i reg.Register) {
		x := g.halfScalar(mem(src, i, 2, 0))
		g.VMOVSS(x, mem(dst, i, 4, 0))
	})
}

// halfScalar loads one half as float32.
func (g *generator) halfScalar(m operand.Mem) reg.VecVirtual {
	h, x := g.GP32(), g.XMM()
	g.MOVWLZX(m, h)
	g.VMOVD(h, x)
	g.VCVTPH2PS(x, x)
	return x
}

// genRotate writes rotateGeneric: two loops, because the pairs lie differently. No FMA.
func (g *generator) genRotate() {
	g.function("rotateAVX2", "func(a *RotateArgs)", "rotateAVX2 is rotateGeneric.")
	a := g.Dereference(g.Param("a"))
	x, cos, sin := g.load64(a.Field("X")), g.load64(a.Field("Cos")), g.load64(a.Field("Sin"))
	n := g.load64(a.Field("Pairs"))
	interleaved := g.label("interleaved")
	g.CMPB(g.addr(a.Field("Interleaved")), operand.Imm(0))
	g.JNE(operand.LabelRef(interleaved))

	second := g.GP64() // of the pairs: X + 4*Pairs
	g.LEAQ(mem(x, n, 4, 0), second)
	g.eachScalar(n, func(i reg.Register) {
		v, w := g.load(mem(x, i, 4, 0), nil), g.load(mem(second, i, 4, 0), nil)
		c, s := g.load(mem(cos, i, 4, 0), nil), g.load(mem(sin, i, 4, 0), nil)
		g.rotateVector(v, w, c, s, mem(x, i, 4, 0), mem(second, i, 4, 0))
	}, func(i reg.Register) {
		g.rotatePair(mem(x, i, 4, 0), mem(second, i, 4, 0), mem(cos, i, 4, 0), mem(sin, i, 4, 0))
	})

	g.Label(interleaved)
	g.eachScalar(n, func(i reg.Register) {
		for half := range 2 {
			v, swapped := g.load(mem(x, i, 8, 32*half), nil), g.YMM()
			c, s := g.twice(mem(cos, i, 4, 16*half)), g.twice(mem(sin, i, 4, 16*half))
			g.VPERMILPS(operand.Imm(0b10_11_00_01), v, swapped)
			g.VMULPS(c, v, v)
			g.VMULPS(s, swapped, swapped)
			g.VADDSUBPS(swapped, v, v)
			g.VMOVUPS(v, mem(x, i, 8, 32*half))
		}
	}, func(i reg.Register) {
		g.rotatePair(mem(x, i, 8, 0), mem(x, i, 8, 4), mem(cos, i, 4, 0), mem(sin, i, 4, 0))
	})
}

// twice loads four elements, each into two neighbouring lanes.
func (g *generator) twice(m operand.Mem) reg.VecVirtual {
	y := g.YMM()
	g.VPMOVZXDQ(m, y)
	g.VMOVSLDUP(y, y)
	return y
}

// rotateVector writes v*c - w*s to a and v*s + w*c to b.
func (g *generator) rotateVector(v, w, c, s reg.VecVirtual, a, b operand.Mem) {
	vs, ws := g.YMM(), g.YMM()
	g.VMULPS(s, v, vs)
	g.VMULPS(s, w, ws)
	g.VMULPS(c, v, v)
	g.VMULPS(c, w, w)
	g.VSUBPS(ws, v, v)
	g.VADDPS(w, vs, vs)
	g.VMOVUPS(v, a)
	g.VMOVUPS(vs, b)
}

// rotatePair is rotateVector for one pair in place.
func (g *generator) rotatePair(a, b, cos, sin operand.Mem) {
	v, w, vs, ws := g.XMM(), g.XMM(), g.XMM(), g.XMM()
	g.VMOVSS(a, v)
	g.VMOVSS(b, w)
	g.VMULSS(sin, v, vs)
	g.VMULSS(sin, w, ws)
	g.VMULSS(cos, v, v)
	g.VMULSS(cos, w, w)
	g.VSUBSS(ws, v, v)
	g.VADDSS(w, vs, vs)
	g.VMOVSS(v, a)
	g.VMOVSS(vs, b)
}
