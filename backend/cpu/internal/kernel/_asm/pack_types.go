package main

import (
	"math"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// packings has one row per kernel. The steps of plain types are the columns in 16 bytes.
var packings = []packing{
	{name: "F32", stored: 16, packed: 256, step: func(p *packer, half int) { p.plain(half, 0, 0) }},
	{name: "F16", stored: 16, packed: 256, step: func(p *packer, half int) {
		for i, w := range p.read(half, 0) {
			p.writeHalves(half, w, 64*i)
		}
	}},
	{name: "Q8", stored: 34, packed: 544,
		once: func(p *packer) { p.scalars(0, 0) },
		step: func(p *packer, half int) {
			p.plain(half, 2, 32)
			p.plain(half, 18, 288)
		}},
	{name: "Q4", stored: 18, packed: 288, // Q4_0 and IQ4_NL
		once: func(p *packer) { p.scalars(0, 0) },
		step: func(p *packer, half int) { p.nibbles(half, 2, 32, 160) }},
	{name: "Q41", stored: 20, packed: 320, step: func(p *packer, half int) {
		p.writeHalves(half, p.read(half, 0)[0], 0)
		p.nibbles(half, 4, 64, 192)
	}},
	{name: "Q50", stored: 22, packed: 352,
		once: func(p *packer) { p.scalars(0, 0) },
		step: func(p *packer, half int) {
			p.fifths(half, p.read(half, 2)[0], 288)
			p.nibbles(half, 6, 32, 160)
		}},
	{name: "Q51", stored: 24, packed: 384, step: func(p *packer, half int) {
		w := p.read(half, 0)
		p.writeHalves(half, w[0], 0)
		p.fifths(half, w[1], 320)
		p.nibbles(half, 8, 64, 192)
	}},
	{name: "MXFP4", stored: 17, packed: 288, once: (*packer).powers,
		step: func(p *packer, half int) { p.nibbles(half, 1, 32, 160) }},
	{name: "Q4K", stored: 144, packed: 2368, step: func(p *packer, half int) {
		p.headerK(half)
		for i := range 8 { // 32 bytes for two sub-blocks of 32 columns
			low := 320 + 512*(i/2) + 128*(i%2)
			p.nibbles(half, 16+16*i, low, low+256)
		}
	}},
	{name: "Q5K", stored: 176, packed: 2880, step: func(p *packer, half int) {
		p.headerK(half)
		for s, w := range p.bits(half, 16) {
			p.write(half, w, 320+320*s+256)
		}
		for i := range 8 {
			low := 320 + 640*(i/2) + 128*(i%2)
			p.nibbles(half, 48+16*i, low, low+320)
		}
	}},
	{name: "Q6K", stored: 210, packed: 3360,
		once: func(p *packer) { p.scalars(208, 0) },
		step: func(p *packer, half int) {
			for i, w := range p.read(half, 192) {
				p.writeBytes(half, w, 32+64*i)
			}
			for i := range 8 { // 64 bytes for four groups of 32 columns: low codes of the first two, high ones of the others
				low := 288 + 384*(i/4*4+i/2%2) + 128*(i%2)
				p.nibbles(half, 16*i, low, low+2*384)
			}
			for i := range 4 { // 32 bytes for four groups
				p.pairs(half, 128+16*i, 288+384*(i/2*4)+256+64*(i%2), 384)
			}
		}},
	{name: "Q2K", stored: 84, packed: 1600, step: func(p *packer, half int) {
		p.writeHalves(half, p.read(half, 68)[3], 0)
		for i, w := range p.read(half, 0) {
			p.writeBytes(half, p.field(w, 0, lowNibbles), 64+64*i)
			p.writeBytes(half, p.field(w, 4, lowNibbles), 320+64*i)
		}
		for i := range 4 {
			p.pairs(half, 16+16*i, 576+128*(i/2*4)+64*(i%2), 128)
		}
	}},
	{name: "Q3K", stored: 110, packed: 1824,
		once: func(p *packer) { p.scalars(108, 0) },
		step: func(p *packer, half int) {
			p.scalesQ3K(half)
			for g, w := range p.bits(half, 0) {
				p.write(half, w, 288+192*g+128)
			}
			for i := range 4 {
				p.pairs(half, 32+16*i, 288+192*(i/2*4)+64*(i%2), 192)
			}
		}},
	{name: "IQ4XS", stored: 136, packed: 2240,
		once: (*packer).tableIQ4,
		step: func(p *packer, half int) {
			p.scalesIQ4XS(half)
			for i := range 8 {
				low := 192 + 256*i
				p.nibbles(half, 8+16*i, low, low+128)
			}
		}},
	{name: "TQ2", stored: 66, packed: 4 * 288,
		once: func(p *packer) {
			for i := range 4 {
				p.scalars(64, 288*i)
			}
		},
		step: func(p *packer, half int) {
			for i := range 4 { // 32 bytes for four groups, two in each packed block
				w := p.read(half, 16*i)
				p.transposeFields(w[:], 2)
				for g, v := range w {
					p.write(half, v, 288*(i/2*2+g/2)+32+128*(g%2)+64*(i%2))
				}
			}
		}},
	{name: "Q2", stored: 18, packed: 288,
		once: func(p *packer) { p.scalars(0, 0) },
		step: func(p *packer, half int) {
			for i, w := range p.read(half, 2) {
				w = p.swapDigits(p.swapDigits(w, 1, 3), 2, 4) // pair i of byte j was pair j of byte i
				p.write(half, w, 32+64*i)
			}
		}},
}

const (
	lowNibbles = 0x0f0f0f0f
	lowSix     = 0x3f3f3f3f
	topPair    = 0x30303030 // of six bits
)

// plain packs 16 bytes of codes that stay as they are.
func (p *packer) plain(half, from, to int) {
	for i, w := range p.read(half, from) {
		p.write(half, w, to+64*i)
	}
}

// nibbles packs 16 bytes with two codes each: two chunks of the low codes at low, two of the high ones at high.
func (p *packer) nibbles(half, from, low, high int) {
	w := p.read(half, from)
	for c := range 2 {
		p.exchange(&w[2*c], &w[2*c+1], 4)
		p.write(half, w[2*c], low+64*c)
		p.write(half, w[2*c+1], high+64*c)
	}
}

// pairs packs 16 bytes with two bits each of four groups: chunks at to and each step bytes behind the last.
func (p *packer) pairs(half, from, to, step int) {
	w := p.read(half, from)
	p.transposeFields(w[:], 2)
	for i, v := range w {
		p.write(half, v, to+step*i)
	}
}

// bits returns the chunks of 32 bytes with a bit each of eight groups.
func (p *packer) bits(half, from int) []reg.VecVirtual {
	u, v := p.read(half, from), p.read(half, from+16)
	w := append(u[:], v[:]...)
	p.transposeFields(w, 1)
	return w
}

// headerK packs the header of Q4_K and Q5_K: see packHeaderK of package kernel.
func (p *packer) headerK(half int) {
	w := p.read(half, 0)
	a, b, c := w[1], w[2], w[3]
	p.writeHalves(half, w[0], 0)
	p.writeBytes(half, p.field(a, 0, lowSix), 64)
	p.writeBytes(half, p.or(p.field(c, 0, lowNibbles), p.field(a, 2, topPair)), 128)
	p.writeBytes(half, p.field(b, 0, lowSix), 192)
	p.writeBytes(half, p.or(p.field(c, 4, lowNibbles), p.field(b, 2, topPair)), 256)
}

// scalesQ3K packs the scales of six bits: see packQ3K of package kernel. They begin in the middle of a word that can be read.
func (p *packer) scalesQ3K(half int) {
	w := p.read(half, 94)
	for i := range 3 {
		low, high := p.vec(), p.vec()
		p.VPSRLD(operand.Imm(16), w[i], low)
		p.VPSLLD(operand.Imm(16), w[i+1], high)
		w[i] = p.or(low, high)
	}
	for i := range 4 {
		low := p.field(w[i%2], uint64(i/2*4), lowNibbles)
		top := w[2]
		if i < 2 {
			top = p.vec()
			p.VPSLLD(operand.Imm(uint64(4-2*i)), w[2], top)
		}
		v := p.or(low, p.field(top, uint64(max(0, 2*i-4)), topPair))
		p.VPSUBB(p.splat("thirtyTwo", 0x20202020), v, v)
		p.writeBytes(half, v, 32+64*i)
	}
}

// tableIQ4 packs what comes before the scales: see PanelT4 of package kernel.
func (p *packer) tableIQ4() {
	p.scalars(0, 0)
	var w [8]uint32
	for i, level := range levelsIQ4 {
		w[i/4] |= uint32(byte(level)) << (i % 4 * 8)
	}
	w[4] = math.Float32bits(1)
	table := p.YMM()
	p.VMOVDQU(p.words("tableIQ4", w[:]...), table)
	p.VMOVDQU(table, mem(p.dst, nil, 0, 32))
}

// scalesIQ4XS packs the scales of six bits: the upper two bits of all eight, then the lower four.
func (p *packer) scalesIQ4XS(half int) {
	w := p.read(half, 0)
	for i := range 2 {
		low := p.spread(w[1], uint64(16*i), 4)
		top, v := p.spread(w[0], uint64(16+8*i), 2), p.vec()
		p.VPSLLD(operand.Imm(4), top, top)
		p.VPSUBB(p.splat("thirtyTwo", 0x20202020), p.or(low, top), v)
		p.writeBytes(half, v, 64+64*i)
	}
}

// spread returns a byte for each of the four fields of so many bits from bit shift of each word on.
func (p *packer) spread(v reg.VecVirtual, shift uint64, bits int) reg.VecVirtual {
	ones := uint32(1)<<bits - 1
	v = p.field(v, shift, ones|ones<<bits|ones<<(2*bits)|ones<<(3*bits))
	for _, to := range []struct {
		by   int
		mask uint32
	}{{16 - 2*bits, (ones | ones<<bits) * 0x10001}, {8 - bits, ones * 0x01010101}} {
		moved := p.vec()
		p.VPSLLD(operand.Imm(uint64(to.by)), v, moved)
		v = p.field(p.or(v, moved), 0, to.mask)
	}
	return v
}

// fifths packs words of 32 bits, one for each column: bit 4*g+j becomes bit g of byte j. So the digits of a bit's number change
// places, which are five.
func (p *packer) fifths(half int, v reg.VecVirtual, to int) {
	for _, digits := range [][2]int{{0, 4}, {1, 4}, {0, 2}, {1, 3}} {
		v = p.swapDigits(v, digits[0], digits[1])
	}
	p.write(half, v, to)
}

// swapDigits moves each bit of a word to the number with the digits a and b exchanged; a is less than b.
func (p *packer) swapDigits(v reg.VecVirtual, a, b int) reg.VecVirtual {
	var moved uint32 // the lower bit of each exchanged pair
	for i := range 32 {
		if i>>a&1 == 1 && i>>b&1 == 0 {
			moved |= 1 << i
		}
	}
	distance := uint64(1<<b - 1<<a)
	down := p.vec()
	p.VPSRLD(operand.Imm(distance), v, down)
	p.VXORPS(down, v, down)
	diff, up, swapped := p.field(down, 0, moved), p.vec(), p.vec()
	p.VPSLLD(operand.Imm(distance), diff, up)
	p.VXORPS(diff, v, swapped)
	p.VXORPS(up, swapped, swapped)
	return swapped
}

// powers packs the scales of MXFP4, half of two to the power of the byte less 127, as bfloat16.
func (p *packer) powers() {
	var w [256]uint32
	for i := range w {
		w[i] = uint32(i-1) << 7
	}
	w[0], w[1] = 0x20, 0x40 // less than the least normal number
	table, v := p.GP64(), p.GP32()
	p.LEAQ(p.words("powers", w[:]...), table)
	for r := range panelRows {
		p.MOVBLZX(p.row(r, 0), v)
		p.MOVL(mem(table, v.As64(), 4, 0), v)
		p.MOVW(v.As16(), mem(p.dst, nil, 0, 2*r))
	}
}
