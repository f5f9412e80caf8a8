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
	low, eight vreg // constants of 4-bit codes
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

// decode sets four vectors to the float32 values of 16 codes of 8 or 4 bits, before their scale.
func (g *attnGen) decode(f attnFormat, at string, high bool) []vreg {
	k := g.vs(4)
	g.loadQ(k[3], at)
	if f.bits == 4 {
		if high {
			g.shift("ushr.16b", k[3], k[3], 4)
		} else {
			g.vvv("and.16b", k[3], k[3], g.low)
		}
		g.vvv("sub.16b", k[3], k[3], g.eight)
	}
	g.vv("sxtl.8h", k[1], k[3])
	g.vv("sxtl2.8h", k[3], k[3])
	for i := 0; i < 4; i += 2 {
		g.vv("sxtl.4s", k[i], k[i+1])
		g.vv("sxtl2.4s", k[i+1], k[i+1])
	}
	for _, v := range k {
		g.vv("scvtf.4s", v, v)
	}
	return k
}

// constants sets what decode needs.
func (g *attnGen) constants(f attnFormat) {
	if f.bits == 4 {
		g.low, g.eight = g.v(), g.v()
		g.setBytes(g.low, 15)
		g.setBytes(g.eight, 8)
	}
}

func (g *attnGen) freeConstants(f attnFormat) {
	if f.bits == 4 {
		g.free(g.low, g.eight)
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
