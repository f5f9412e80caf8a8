package kernel

import (
	"math"
	"unsafe"
)

// nibbleLayout describes a layout whose blocks of 32 columns have a scale, at most one offset, and codes of 4 or 5 bits
// that stand for levels.
type nibbleLayout struct {
	brain  bool   // the scales are bfloat16, not halves
	offset bool   // half offsets follow the scales
	levels []int8 // by code: 16, or 32 where there are fifth bits
}

var (
	levelsIQ4 = []int8{-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113}
	levelsFP4 = []int8{0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12} // doubled
)

// nibbleLayouts has a row with levels for each of these layouts.
var nibbleLayouts = [NumLayouts]nibbleLayout{
	PanelIQ4NL: {levels: levelsIQ4},
	PanelMXFP4: {brain: true, levels: levelsFP4},
	PanelQ41:   {offset: true, levels: ascending(0, 16)},
	PanelQ50:   {levels: ascending(-16, 32)},
	PanelQ51:   {offset: true, levels: ascending(0, 32)},
}

// ascending returns n levels from the first on.
func ascending(first int8, n int) []int8 {
	levels := make([]int8, n)
	for i := range levels {
		levels[i] = first + int8(i)
	}
	return levels
}

// expand returns a block as plain codes. Without offsets m is zero.
func (n *nibbleLayout) expand(w unsafe.Pointer) (p plain32) {
	if n.brain {
		p.s = widenBF16(w)
	} else {
		p.s = widenF16(w)
	}
	w = unsafe.Add(w, 2*PanelRows)
	if n.offset {
		p.m, w = widenF16(w), unsafe.Add(w, 2*PanelRows)
	}
	var fifth chunk
	if len(n.levels) > 16 {
		fifth = *(*chunk)(unsafe.Add(w, 4*64))
	}
	for c := range 4 {
		var lo, hi chunk
		nibbles(&lo, &hi, unsafe.Add(w, 64*c))
		for r := range PanelRows {
			for j, f := range fifth[r] {
				p.q[2*c][r][j] = n.levels[lo[r][j]|f>>(2*c)&1<<4]
				p.q[2*c+1][r][j] = n.levels[hi[r][j]|f>>(2*c+1)&1<<4]
			}
		}
	}
	return p
}

// block is the twin of a block: see matmulInt.
func (n *nibbleLayout) block(sum [PanelRows]float32, w unsafe.Pointer, x actBlock) [PanelRows]float32 {
	p := n.expand(w)
	if n.offset {
		return p.add(sum, x)
	}
	var i [PanelRows]int32
	for g := range p.q {
		dotGroup(&i, &p.q[g], x.codes[4*g:])
	}
	for r := range sum { // no offsets: not even the sign of a zero is theirs
		sum[r] = fma32(x.scale, p.s[r]*float32(i[r]), sum[r])
	}
	return sum
}

// packNibbles packs the codes of 4 bits of 32 columns: the first 16 are the low halves of the bytes.
func packNibbles(dst *[256]byte, src *[16]byte, r int) {
	for h := range 2 {
		u, v := le.Uint32(src[8*h:]), le.Uint32(src[8*h+4:])
		le.PutUint32(dst[64*h+4*r:], u&lowNibbles|v&lowNibbles<<4)
		le.PutUint32(dst[64*(h+2)+4*r:], u>>4&lowNibbles|v&^lowNibbles)
	}
}

// packNVFP4 packs four scales and four times the codes of 16 columns. The pattern of no number counts as zero.
func packNVFP4(dst, src []byte, r int) {
	for ; len(src) >= 36; src, dst = src[36:], dst[576:] {
		b, d := (*[36]byte)(src), (*[576]byte)(dst)
		for i, v := range b[:4] {
			if v == 0x7f {
				v = 0
			}
			d[16*i+r] = v & 0x7f
			u, w := le.Uint32(b[4+8*i:]), le.Uint32(b[8+8*i:]) // 8 low halves are the first columns
			out := d[64+128*i+4*r:]
			le.PutUint32(out, u&lowNibbles|w&lowNibbles<<4)
			le.PutUint32(out[64:], u>>4&lowNibbles|w&^lowNibbles)
		}
	}
}

// packFifths packs the fifth bits of 32 columns, of which src holds one a bit.
func packFifths(dst *[64]byte, src uint32, r int) {
	var fifth uint32
	for g := range 8 {
		const spread = 1 | 1<<7 | 1<<14 | 1<<21 // times 4 bits: one in each byte
		fifth |= src >> (4 * g) & 15 * spread & lowBits << g
	}
	le.PutUint32(dst[4*r:], fifth)
}

func packMXFP4(dst, src []byte, r int) {
	for ; len(src) >= 17; src, dst = src[17:], dst[288:] {
		scale := float32(math.Ldexp(1, int(src[0])-128)) // of doubled numbers
		le.PutUint16(dst[2*r:], uint16(math.Float32bits(scale)>>16))
		packNibbles((*[256]byte)(dst[32:]), (*[16]byte)(src[1:]), r)
	}
}

func packQ41(dst, src []byte, r int) {
	for ; len(src) >= 20; src, dst = src[20:], dst[320:] {
		le.PutUint16(dst[2*r:], le.Uint16(src))
		le.PutUint16(dst[32+2*r:], le.Uint16(src[2:]))
		packNibbles((*[256]byte)(dst[64:]), (*[16]byte)(src[4:]), r)
	}
}

func packQ50(dst, src []byte, r int) {
	for ; len(src) >= 22; src, dst = src[22:], dst[352:] {
		le.PutUint16(dst[2*r:], le.Uint16(src))
		packNibbles((*[256]byte)(dst[32:]), (*[16]byte)(src[6:]), r)
		packFifths((*[64]byte)(dst[288:]), le.Uint32(src[2:]), r)
	}
}

func packQ51(dst, src []byte, r int) {
	for ; len(src) >= 24; src, dst = src[24:], dst[384:] {
		le.PutUint16(dst[2*r:], le.Uint16(src))
		le.PutUint16(dst[32+2*r:], le.Uint16(src[2:]))
		packNibbles((*[256]byte)(dst[64:]), (*[16]byte)(src[8:]), r)
		packFifths((*[64]byte)(dst[320:]), le.Uint32(src[4:]), r)
	}
}
