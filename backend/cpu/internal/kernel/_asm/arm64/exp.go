package main

import "math"

// exponential holds the constants of kernel.expNonPositive.
type exponential struct {
	*generator
	lowest, log2e, magic, ln2Hi, ln2Lo, one vreg
	c                                       [7]vreg // 2 to 6
}

func (g *generator) newExponential(tmp reg) *exponential {
	e := &exponential{generator: g}
	for _, k := range []struct {
		v *vreg
		x float32
	}{
		{&e.lowest, -88}, {&e.log2e, 1.44269504}, {&e.magic, 12582912}, {&e.ln2Hi, 0.693145751953125},
		{&e.ln2Lo, 1.42860677e-06}, {&e.one, 1}, {&e.c[2], 0.4999999403953552}, {&e.c[3], 0.1666652113199234},
		{&e.c[4], 0.04166826978325844}, {&e.c[5], 0.008368677459657192}, {&e.c[6], 0.001382041140459478},
	} {
		*k.v = g.v()
		g.splatFloat(*k.v, k.x, tmp)
	}
	return e
}

func (e *exponential) release() {
	e.free(e.lowest, e.log2e, e.magic, e.ln2Hi, e.ln2Lo, e.one)
	e.free(e.c[2:]...)
}

// apply sets x to expNonPositive(x), without the comparison with the lowest number: limit does that.
func (e *exponential) apply(x vreg) {
	t, p, q := e.v(), e.v(), e.v()
	e.vv("mov.16b", t, e.magic)
	e.vvv("fmla.4s", t, x, e.log2e)
	e.vvv("fsub.4s", p, t, e.magic)
	e.vvv("fmls.4s", x, p, e.ln2Hi)
	e.vvv("fmls.4s", x, p, e.ln2Lo)
	p, q = e.step(q, e.c[6], x, e.c[5]), p
	for _, c := range []vreg{e.c[4], e.c[3], e.c[2], e.one, e.one} {
		p, q = e.step(q, p, x, c), p
	}
	e.shift("shl.4s", t, t, 23)
	e.vvv("add.4s", t, t, e.one) // the bits of 1.0 are 127<<23
	e.vvv("fmul.4s", x, p, t)
	e.free(t, p, q)
}

// step sets d to a*x + c.
func (e *exponential) step(d, a, x, c vreg) vreg {
	e.vv("mov.16b", d, c)
	e.vvv("fmla.4s", d, a, x)
	return d
}

// limit raises x to the lowest number; NaN stays.
func (e *exponential) limit(x vreg) { e.vvv("fmax.4s", x, x, e.lowest) }

// minusInf are the bits of -inf.
var minusInf = math.Float32bits(float32(math.Inf(-1)))
