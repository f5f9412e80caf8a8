package kernel

import (
	"math"
	"unsafe"

	"github.com/seed64708441/ember/tensor"
	"github.com/seed64708441/ember/tensor/quant"
)

// headerT is the start of a block of a layout that brings along what its codes stand for. The scales follow.
type headerT struct {
	d [PanelRows]uint16
	tableT
}

// tableT is what all rows of a panel share: levels by code, and a power of two that makes the scales integers.
type tableT struct {
	levels [16]int8
	unit   float32
	_      [12]byte
}

// expand returns a group whose codes are set as levels with the scales of its halves.
func (h *headerT) expand(p *plain16, first, second *[PanelRows]int8) {
	for r, d := range h.d {
		d := halfValue(d) * h.unit
		p.s[0][r], p.s[1][r] = d*float32(first[r]), d*float32(second[r])
	}
	for g := range p.q {
		for r := range PanelRows {
			for j, q := range p.q[g][r] {
				p.q[g][r][j] = h.levels[q]
			}
		}
	}
}

func groupT4(w unsafe.Pointer, s int) (p plain16) {
	h := (*struct {
		headerT
		scales [8][PanelRows]int8
		chunks [8][4]chunk
	})(w)
	for c := range 4 {
		for r, v := range h.chunks[s][c] {
			for j, q := range v {
				p.q[2*c][r][j], p.q[2*c+1][r][j] = int8(q&15), int8(q>>4)
			}
		}
	}
	h.expand(&p, &h.scales[s], &h.scales[s])
	return p
}

func groupT3(w unsafe.Pointer, s int) (p plain16) {
	h := (*struct {
		headerT
		scales [8][PanelRows]int8
		groups [8]triples
	})(w)
	h.groups[s].codes(&p.q, 0)
	h.expand(&p, &h.scales[s], &h.scales[s])
	return p
}

func groupT3H(w unsafe.Pointer, s int) (p plain16) {
	h := (*struct {
		headerT
		scales [16][PanelRows]int8
		groups [8]triples
	})(w)
	h.groups[s].codes(&p.q, 0)
	h.expand(&p, &h.scales[2*s], &h.scales[2*s+1])
	return p
}

// What the codes of a type stand for. Those of a grid are its level numbers with the bit of the sign, or of the
// direction of the shift, on top.
var (
	tableIQ4    = tableT{levels: [16]int8(levelsIQ4), unit: 1}
	tableIQ3XXS = tableT{levels: signed(4, 12, 20, 28, 36, 44, 52, 62), unit: 0.25}
	tableIQ3S   = tableT{levels: signed(1, 3, 5, 7, 9, 11, 13, 15), unit: 1}
	tableIQ2    = tableT{levels: signed(8, 25, 43, 0), unit: 0.125}
	tableIQ1    = tableT{levels: [16]int8{-7, 1, 9, 0, -9, -1, 7, 0}, unit: 0.125}

	gridIQ1, gridIQ2XXS  = quant.Grid(tensor.IQ1_S), quant.Grid(tensor.IQ2_XXS)
	gridIQ2XS, gridIQ2S  = quant.Grid(tensor.IQ2_XS), quant.Grid(tensor.IQ2_S)
	gridIQ3XXS, gridIQ3S = spread(quant.Grid(tensor.IQ3_XXS)), spread(quant.Grid(tensor.IQ3_S))
)

// signed returns levels and then their opposites.
func signed(levels ...int8) (table [16]int8) {
	for i, v := range levels {
		table[i], table[len(levels)+i] = v, -v
	}
	return table
}

// spread returns points of four triples of bits as points of four bytes.
func spread(points []uint16) []uint32 {
	bytes := make([]uint32, len(points))
	for i, p := range points {
		p := uint32(p)
		bytes[i] = p&7 | p>>3&7<<8 | p>>6&7<<16 | p>>9&7<<24
	}
	return bytes
}

// pack writes the header of row r without the scales.
func (t *tableT) pack(dst []byte, d uint16, r int) {
	le.PutUint16(dst[2*r:], d)
	h := (*[32]byte)(dst[32:])
	for i, v := range t.levels {
		h[i] = byte(v)
	}
	le.PutUint64(h[16:], uint64(math.Float32bits(t.unit)))
	le.PutUint64(h[24:], 0)
}

func packIQ4XS(dst, src []byte, r int) {
	for ; len(src) >= 136; src, dst = src[136:], dst[2240:] {
		b, d := (*[136]byte)(src), (*[2240]byte)(dst)
		tableIQ4.pack(d[:], le.Uint16(b[:]), r)
		high := le.Uint16(b[2:])
		for s := range 8 {
			d[64+16*s+r] = b[4+s/2]>>(s%2*4)&15 + byte(high>>(2*s)&3<<4) - 32
			packNibbles((*[256]byte)(d[192+256*s:]), (*[16]byte)(b[8+16*s:]), r)
		}
	}
}

// packPoints packs 32 codes of 4 bits: eight points of a grid, and a sign for each code.
func packPoints(dst *[256]byte, points *[8]uint32, signs uint32, r int) {
	const each = 1 | 1<<7 | 1<<14 | 1<<21 // times 4 bits: one in each byte
	for c := range 4 {
		low := points[2*c] | signs&15*each&lowBits<<3
		high := points[2*c+1] | signs>>4&15*each&lowBits<<3
		le.PutUint32(dst[64*c+4*r:], low|high<<4)
		signs >>= 8
	}
}

// evenSigns completes four times seven bits by an eighth that makes their number even.
func evenSigns(v uint32) uint32 {
	const seven = 127
	v = v&seven | v<<1&(seven<<8) | v<<2&(seven<<16) | v<<3&(seven<<24)
	odd := v ^ v>>4
	odd ^= odd >> 2
	odd ^= odd >> 1
	return v | odd&lowBits<<7
}

func packIQ3XXS(dst, src []byte, r int) {
	var p [8]uint32
	grid := (*[256]uint32)(gridIQ3XXS)
	for ; len(src) >= 98; src, dst = src[98:], dst[2240:] {
		b, d := (*[98]byte)(src), (*[2240]byte)(dst)
		tableIQ3XXS.pack(d[:], le.Uint16(b[:]), r)
		for s := range 8 {
			word := le.Uint32(b[66+4*s:])
			d[64+16*s+r] = byte(word>>28)*2 + 1
			for i, v := range b[2+8*s:][:8] {
				p[i] = grid[v]
			}
			packPoints((*[256]byte)(d[192+256*s:]), &p, evenSigns(word), r)
		}
	}
}

func packIQ3S(dst, src []byte, r int) {
	var p [8]uint32
	grid := (*[512]uint32)(gridIQ3S)
	for ; len(src) >= 110; src, dst = src[110:], dst[2240:] {
		b, d := (*[110]byte)(src), (*[2240]byte)(dst)
		tableIQ3S.pack(d[:], le.Uint16(b[:]), r)
		for s := range 8 {
			d[64+16*s+r] = b[106+s/2]>>(s%2*4)&15*2 + 1
			high := uint(b[66+s])
			for i, v := range b[2+8*s:][:8] {
				p[i] = grid[uint(v)|high>>i&1<<8]
			}
			packPoints((*[256]byte)(d[192+256*s:]), &p, le.Uint32(b[74+4*s:]), r)
		}
	}
}
