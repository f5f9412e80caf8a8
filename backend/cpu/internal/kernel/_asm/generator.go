package main

import (
	"fmt"
	"go/types"
	"math"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/gotypes"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// generator is an avo context with the few things all families share.
type generator struct {
	*build.Context
	suffix string // of function names: "AVX2"
	lanes  int    // float32 elements of a vector: 8 or 16
	vnni   bool   // AVX-VNNI beside 8 lanes
	pkg    *types.Package
	labels int
	data   map[string]operand.Mem
	err    error
}

// function starts an assembly function. The signature may use the types of package kernel.
func (g *generator) function(name, signature string, doc ...string) {
	g.Function(name)
	g.Attributes(attr.NOSPLIT)
	g.Pragma("noescape")
	g.Doc(doc...)
	s, err := gotypes.ParseSignatureInPackage(g.pkg, signature)
	if err != nil {
		g.fail(err)
		return
	}
	g.Signature(s)
}

func (g *generator) fail(err error) {
	if g.err == nil {
		g.err = err
	}
}

// label returns a new label of the file.
func (g *generator) label(prefix string) string {
	g.labels++
	return fmt.Sprintf("%s%d", prefix, g.labels)
}

// addr returns the place of a component of the arguments.
func (g *generator) addr(c gotypes.Component) operand.Mem {
	b, err := c.Resolve()
	if err != nil {
		g.fail(err)
		return operand.Mem{}
	}
	return b.Addr
}

// load64 loads a pointer or an int.
func (g *generator) load64(c gotypes.Component) reg.GPVirtual {
	r := g.GP64()
	g.MOVQ(g.addr(c), r)
	return r
}

// mem returns base + index*scale + disp; index may be nil.
func mem(base, index reg.Register, scale, disp int) operand.Mem {
	m := operand.Mem{Base: base, Disp: disp}
	if index != nil {
		m.Index, m.Scale = index, uint8(scale)
	}
	return m
}

// words returns read-only data of 32-bit words.
func (g *generator) words(name string, w ...uint32) operand.Mem {
	if m, ok := g.data[name]; ok {
		return m
	}
	m := g.StaticGlobal(name)
	g.DataAttributes(attr.RODATA | attr.NOPTR)
	for i, v := range w {
		g.AddDatum(4*i, operand.U32(v))
	}
	if g.data == nil {
		g.data = map[string]operand.Mem{}
	}
	g.data[name] = m
	return m
}

// splat returns 64 bytes of one word.
func (g *generator) splat(name string, v uint32) operand.Mem {
	var w [16]uint32
	for i := range w {
		w[i] = v
	}
	return g.words(name, w[:]...)
}

// splatFloat is splat of a float32.
func (g *generator) splatFloat(name string, x float32) operand.Mem {
	return g.splat(name, math.Float32bits(x))
}

// vec returns a new vector register.
func (g *generator) vec() reg.VecVirtual {
	if g.lanes == 16 {
		return g.ZMM()
	}
	return g.YMM()
}

func (g *generator) vecs(n int) []reg.VecVirtual {
	v := make([]reg.VecVirtual, n)
	for i := range v {
		v[i] = g.vec()
	}
	return v
}

// zero clears a vector register. avo knows of VXORPS, but not of VPXORD, that it does not need its operands.
func (g *generator) zero(v reg.VecVirtual) {
	g.VXORPS(v, v, v)
}

func (g *generator) broadcast(m operand.Mem) reg.VecVirtual {
	v := g.vec()
	g.VBROADCASTSS(m, v)
	return v
}

// constant returns a vector with copies of x.
func (g *generator) constant(name string, x float32) reg.VecVirtual {
	v := g.vec()
	g.VMOVUPS(g.splatFloat(name, x), v)
	return v
}

// load and store move whole vectors when mask is nil. Masked lanes are neither read nor written, and loaded as zero.
// A mask is a vector for 8 lanes and an opmask register for 16.
func (g *generator) load(m operand.Mem, mask reg.Register) reg.VecVirtual {
	v := g.vec()
	switch {
	case mask == nil:
		g.VMOVUPS(m, v)
	case g.lanes == 16:
		g.VMOVUPS_Z(m, mask, v)
	default:
		g.VMASKMOVPS(m, mask, v)
	}
	return v
}

func (g *generator) store(v reg.VecVirtual, m operand.Mem, mask reg.Register) {
	switch {
	case mask == nil:
		g.VMOVUPS(v, m)
	case g.lanes == 16:
		g.VMOVUPS(v, mask, m)
	default:
		g.VMASKMOVPS(v, mask, m)
	}
}

// firstLanes returns an opmask of the first n lanes; of n only the low eight bits count, and they are at most 64.
func (g *generator) firstLanes(n reg.GPVirtual) reg.OpmaskVirtual {
	m, k := g.GP64(), g.K()
	g.MOVQ(operand.I32(-1), m)
	g.BZHIQ(n, m, m)
	g.KMOVW(m.As32(), k)
	return k
}

// foldSum adds the upper to the lower half of the lanes until lane 0 has the sum.
func (g *generator) foldSum(v reg.VecVirtual) {
	t := g.YMM()
	if g.lanes == 16 {
		g.VEXTRACTF64X4(operand.Imm(1), v, t)
		g.VADDPS(t, v.AsY(), v.AsY())
		g.VEXTRACTF32X4(operand.Imm(1), v.AsY(), t.AsX())
	} else {
		g.VEXTRACTF128(operand.Imm(1), v, t.AsX())
	}
	x, u := v.AsX(), t.AsX()
	g.VADDPS(u, x, x)
	g.VMOVHLPS(x, x, u)
	g.VADDPS(u, x, x)
	g.VMOVSHDUP(x, u)
	g.VADDSS(u, x, x)
}
