package main

import (
	"maps"
	"math/bits"
	"slices"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
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

// attnTile is how a group of queries is computed: the lanes of a vector, and how many vectors of keys (scores) or
// columns (values) are summed at the same time, widest first. Scores have one width, which divides 64 keys.
type attnTile struct {
	lanes   int
	vectors []int
}

// attnTiles are the register tiles of one level by the number of queries of a group. More queries are taken in groups
// of the largest number. BenchmarkScores and BenchmarkValues find them.
type attnTiles struct {
	scores, scoresQuantized, values, valuesQuantized map[int]attnTile
}

var attnTilesAVX2 = attnTiles{
	scores:          map[int]attnTile{1: {8, []int{8}}, 2: {8, []int{4}}, 3: {8, []int{4}}, 4: {8, []int{2}}},
	scoresQuantized: map[int]attnTile{1: {8, []int{4}}, 2: {8, []int{4}}, 3: {8, []int{2}}, 4: {8, []int{2}}},
	values: map[int]attnTile{
		1: {8, []int{8, 4, 2, 1}}, 2: {8, []int{4, 2, 1}}, 3: {8, []int{4, 2, 1}}, 4: {8, []int{2, 1}},
	},
	valuesQuantized: map[int]attnTile{1: {8, []int{4}}, 2: {8, []int{4}}, 3: {8, []int{2}}, 4: {8, []int{2}}},
}

// The 64 keys of one query are too few vectors of 16 lanes to hide the latency of the FMA, so it takes vectors of 8.
var attnTilesAVX512 = attnTiles{
	scores: map[int]attnTile{
		1: {8, []int{8}}, 2: {16, []int{4}}, 3: {16, []int{4}}, 4: {16, []int{4}}, 6: {16, []int{4}},
	},
	scoresQuantized: map[int]attnTile{
		1: {16, []int{4}}, 2: {16, []int{4}}, 3: {16, []int{4}}, 4: {16, []int{4}},
	},
	values: map[int]attnTile{
		1: {16, []int{8, 4, 2, 1}}, 2: {16, []int{8, 4, 2, 1}}, 3: {16, []int{4, 2, 1}}, 4: {16, []int{4, 2, 1}},
		6: {16, []int{4, 2, 1}},
	},
	valuesQuantized: map[int]attnTile{
		1: {16, []int{4, 2}}, 2: {16, []int{4, 2}}, 3: {16, []int{4, 2}}, 4: {16, []int{4, 2}}, 6: {16, []int{2}},
	},
}

// attnGen writes the attention kernels of one level.
type attnGen struct {
	*generator
	tiles attnTiles
	next  aheadTile
}

// genAttn writes the attention kernels.
func genAttn(g *generator) {
	a := &attnGen{generator: g, tiles: attnTilesAVX2}
	if g.lanes == 16 {
		a.tiles = attnTilesAVX512
	}
	for _, f := range attnFormats {
		a.genScores(f)
	}
	if g.lanes == 16 {
		a.genSoftmaxAVX512()
	} else {
		a.genSoftmax()
	}
	for _, f := range attnFormats {
		a.genValues(f)
	}
}

// bytes returns the bytes of a vector of elements of the format, and of float32.
func (g *attnGen) bytes(f attnFormat) int { return g.lanes * max(f.bits, 8) / 8 }
func (g *attnGen) floatBytes() int        { return 4 * g.lanes }

// half returns the narrower view of a vector that its 16-bit form takes.
func (g *attnGen) half(v reg.VecVirtual) reg.Register {
	if g.lanes == 16 {
		return v.AsY()
	}
	return v.AsX()
}

// element loads a vector of elements as float32, for the quantised formats times their scale; high is the nibble.
func (g *attnGen) element(f attnFormat, m operand.Mem, high bool, scale reg.Register) reg.VecVirtual {
	v := g.vec()
	switch f.bits {
	case 32:
		g.VMOVUPS(m, v)
		return v
	case 16:
		g.VCVTPH2PS(m, v)
		return v
	case 8:
		g.VPMOVSXBD(m, v)
	case 4:
		g.VPMOVZXBD(m, v)
		g.nibble(v, v, high)
	}
	g.VCVTDQ2PS(v, v)
	g.VMULPS(scale, v, v)
	return v
}

// nibble sets dst to one nibble of the bytes in src, less 8.
func (g *attnGen) nibble(src, dst reg.VecVirtual, high bool) {
	low := g.splat("low", 15)
	switch {
	case high:
		g.VPSRLD(operand.Imm(4), src, dst)
	case g.lanes == 16:
		g.VPANDD(low, src, dst)
	default:
		g.VPAND(low, src, dst)
	}
	g.VPSUBD(g.splat("eight", 8), dst, dst)
}

// eachGroup runs body for groups of queries: the largest size as often as it fits, then each smaller one at most once.
// body advances the pointers. It returns from the function.
func (g *attnGen) eachGroup(n reg.GPVirtual, tiles map[int]attnTile, body func(queries int, vectors []int)) {
	sizes := slices.Sorted(maps.Keys(tiles))
	slices.Reverse(sizes)
	lanes := g.lanes
	for i, size := range sizes {
		start, next := g.label("group"), g.label("next")
		g.Label(start)
		g.CMPQ(n, operand.Imm(uint64(size)))
		g.JL(operand.LabelRef(next))
		g.lanes = tiles[size].lanes
		body(size, tiles[size].vectors)
		g.SUBQ(operand.Imm(uint64(size)), n)
		if i == 0 {
			g.JMP(operand.LabelRef(start))
		}
		g.Label(next)
	}
	g.lanes = lanes
	g.VZEROUPPER()
	g.RET()
}

// aheadQueries is up to how many queries a group waits for keys and values rather than for arithmetic.
const aheadQueries = 4

// aheadTile is where a group asks for what is read after its tile: in two places at the same time where enough of it is
// asked for at once, because memory delivers two runs faster than one.
type aheadTile struct {
	at, half reg.GPVirtual // the next place in the first half; the distance to that in the second
}

// aheadStart begins to ask for what is read after a tile of d columns.
func (g *attnGen) aheadStart(f attnFormat, next, d operand.Mem, queries int) {
	if queries > aheadQueries {
		return
	}
	g.next = aheadTile{g.GP64(), g.GP64()}
	g.MOVQ(next, g.next.at)
	if !f.quantized() {
		g.MOVQ(d, g.next.half)
		g.SHLQ(operand.Imm(uint64(bits.Len(uint(4*f.bits))-1)), g.next.half)
	}
}

// ahead asks for the next n bytes of what is read after the tile.
func (g *attnGen) ahead(f attnFormat, queries, n int) {
	if queries > aheadQueries {
		return
	}
	two := !f.quantized() && n >= 128
	if two {
		n /= 2
	}
	for i := 0; i < n; i += 64 {
		g.PREFETCHT1(mem(g.next.at, nil, 0, i))
		if two {
			g.PREFETCHT1(mem(g.next.at, g.next.half, 1, i))
		}
	}
	g.ADDQ(operand.U32(n), g.next.at)
}
