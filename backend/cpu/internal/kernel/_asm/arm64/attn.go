package main

import (
	"maps"
	"slices"
)

// attnFormat is a cache format; bits are those of an element. Formats of 8 and 4 bits have a scale per 32 columns.
type attnFormat struct {
	name, twin string
	bits       int
}

var attnFormats = []attnFormat{
	{"F16", "CacheF16", 16}, {"F32", "CacheF32", 32}, {"Q8", "CacheQ8_0", 8}, {"Q4", "CacheQ4_0", 4},
}

func (f attnFormat) quantized() bool { return f.bits < 16 }

// The register tiles by the number of queries of a group: how many vectors of keys (scores) or columns (values) are
// summed at the same time, widest first. More queries are taken in groups of the largest number. Of the 32 registers,
// 24 are sums at most.
var (
	scoresTiles          = map[int][]int{1: {16}, 2: {8}, 4: {4}, 6: {4}}
	scoresTilesQuantized = map[int][]int{1: {4}, 2: {4}, 4: {4}}
	valuesTiles          = map[int][]int{1: {8, 4, 2, 1}, 2: {8, 4, 2, 1}, 4: {4, 2, 1}, 6: {4, 2, 1}}
	valuesTilesQuantized = map[int][]int{1: {4}, 2: {4}, 4: {4}}
)

// attnGen writes the attention kernels.
type attnGen struct {
	*generator
	mask, nothing, exponent, zeroPoint vreg // constants of decode
}

func genAttn(g *generator) {
	a := &attnGen{generator: g}
	for _, f := range attnFormats {
		a.genScores(f)
	}
	a.genSoftmax()
	for _, f := range attnFormats {
		a.genValues(f)
	}
}

// eachGroup runs body for groups of queries, of which rQueries are left: the largest size as often as it fits, then
// each smaller one at most once. It returns from the function.
func (g *attnGen) eachGroup(tiles map[int][]int, body func(queries int, vectors []int)) {
	sizes := slices.Sorted(maps.Keys(tiles))
	slices.Reverse(sizes)
	for i, size := range sizes {
		start, next := g.newLabel("group"), g.newLabel("next")
		g.place(start)
		g.ins("CMP $%d, %v", size, rQueries)
		g.ins("BLT %s", next)
		body(size, tiles[size])
		g.ins("SUB $%d, %v, %v", size, rQueries, rQueries)
		if i == 0 {
			g.ins("B %s", start)
		}
		g.place(next)
	}
	g.ins("RET")
}

// rQueries is the number of queries left in all attention kernels.
const rQueries reg = 4

// decode sets four vectors to the float32 values of 16 codes of 8 or 4 bits, before their scale. An unsigned byte with
// the upper half of 2^23 in front is 2^23 more than the byte, from which 2^23 and the zero point are subtracted: SXTL and
// SCVTF take longer.
func (g *attnGen) decode(f attnFormat, at string, high bool) []vreg {
	k := g.vs(4)
	g.loadQ(k[3], at)
	switch {
	case f.bits == 8:
		g.vvv("eor.16b", k[3], k[3], g.mask)
	case high:
		g.shift("ushr.16b", k[3], k[3], 4)
	default:
		g.vvv("and.16b", k[3], k[3], g.mask)
	}
	g.vvv("zip1.16b", k[1], k[3], g.nothing)
	g.vvv("zip2.16b", k[3], k[3], g.nothing)
	for i := 0; i < 4; i += 2 {
		g.vvv("zip1.8h", k[i], k[i+1], g.exponent)
		g.vvv("zip2.8h", k[i+1], k[i+1], g.exponent)
	}
	for _, v := range k {
		g.vvv("fsub.4s", v, v, g.zeroPoint)
	}
	return k
}

// constants sets what decode needs.
func (g *attnGen) constants(f attnFormat) {
	if !f.quantized() {
		return
	}
	g.mask, g.nothing, g.exponent, g.zeroPoint = g.v(), g.v(), g.v(), g.v()
	mask, zero := uint8(15), uint32(8)
	if f.bits == 8 {
		mask, zero = 128, 128
	}
	const bits = 0x4b000000 // of 2^23
	g.setBytes(g.mask, mask)
	g.zero(g.nothing)
	g.splat(g.exponent, bits|bits>>16, rTmp)
	g.splat(g.zeroPoint, bits|zero, rTmp)
}

func (g *attnGen) freeConstants(f attnFormat) {
	if f.quantized() {
		g.free(g.mask, g.nothing, g.exponent, g.zeroPoint)
	}
}

// floats loads two vectors of elements of 32 or 16 bits as float32; without b, only one.
func (g *attnGen) floats(f attnFormat, base reg, element int, a vreg, b ...vreg) {
	at := base.plus(element * f.bits / 8)
	switch {
	case f.bits == 32:
		g.loadQ(a, at)
		for _, v := range b {
			g.loadQ(v, base.plus(4*element+16))
		}
	case len(b) == 0:
		g.loadD(a, at)
		g.vv("fcvtl.4s", a, a)
	default:
		g.loadQ(a, at)
		g.vv("fcvtl2.4s", b[0], a)
		g.vv("fcvtl.4s", a, a)
	}
}
