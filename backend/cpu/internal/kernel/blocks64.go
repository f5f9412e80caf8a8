package kernel

import "unsafe"

// The twins and the packing of layouts with blocks of 64 columns.

func groupQ2(w unsafe.Pointer, s int) (p plain16) {
	h := (*struct {
		d      [PanelRows]uint16
		groups [2][2]chunk
	})(w)
	for r, d := range h.d {
		p.s[0][r] = halfValue(d)
		p.s[1][r] = p.s[0][r]
	}
	pairs(p.q[:4], &h.groups[s][0])
	pairs(p.q[4:], &h.groups[s][1])
	for g := range p.q {
		for r := range PanelRows {
			for j := range 4 {
				p.q[g][r][j]--
			}
		}
	}
	return p
}

func groupNVFP4(w unsafe.Pointer, s int) (p plain16) {
	h := (*struct {
		scales [4][PanelRows]uint8
		groups [2][4]chunk
	})(w)
	for half := range 2 {
		for r, v := range h.scales[2*s+half] {
			p.s[half][r] = halfValue(uint16(v)<<7) * 128 // the exponent is 8 less in a half
		}
	}
	for c := range 4 {
		for r, v := range h.groups[s][c] {
			for j, q := range v {
				p.q[2*c][r][j], p.q[2*c+1][r][j] = levelsFP4[q&15], levelsFP4[q>>4]
			}
		}
	}
	return p
}

// packTQ1 packs base-3 digits: a byte is a fraction of 256 whose first digits are its elements. Elements go through the
// first digits of 32 bytes, then their second ones and so on; then come 16 bytes, then four.
func packTQ1(dst, src []byte, r int) {
	for ; len(src) >= 54; src, dst = src[54:], dst[4*288:] {
		b, d := (*[54]byte)(src), dst[:4*288]
		var q [256]byte
		digits(q[:160], b[:32])
		digits(q[160:240], b[32:48])
		digits4(q[240:], b[48:52])
		for i := range 4 {
			block := (*[288]byte)(d[288*i:])
			le.PutUint16(block[2*r:], le.Uint16(b[52:]))
			for h := range 4 {
				c := (*[16]byte)(q[64*i+16*h:])
				v := le.Uint32(c[:]) | le.Uint32(c[4:])<<2 | le.Uint32(c[8:])<<4 | le.Uint32(c[12:])<<6
				le.PutUint32(block[32+64*h+4*r:], v)
			}
		}
	}
}

// digits sets q to the base-3 digits of fractions, eight bytes at a time: len(q) is a multiple of len(src), and that of 8.
func digits(q, src []byte) {
	const even = 0x00ff00ff00ff00ff
	for i := 0; i < len(src); i += 8 {
		v := le.Uint64(src[i:])
		x, y := v&even, v>>8&even
		for at := i; at < len(q); at += len(src) {
			x, y = 3*x, 3*y
			le.PutUint64(q[at:], x>>8&even|y&^even)
			x, y = x&even, y&even
		}
	}
}

// digits4 is digits for four bytes.
func digits4(q, src []byte) {
	v := src[:4]
	for i := range q {
		digit := uint16(v[i%4]) * pow3[i/4] & 255 * 3 >> 8
		q[i] = byte(digit)
	}
}

var pow3 = [4]uint16{1, 3, 9, 27}

func packTQ2(dst, src []byte, r int) {
	for ; len(src) >= 66; src, dst = src[66:], dst[4*288:] {
		for g := range 8 {
			block := dst[g/2*288:]
			le.PutUint16(block[2*r:], le.Uint16(src[64:]))
			packPairs((*[128]byte)(block[32+128*(g%2):]), (*[64]byte)(src), g, r)
		}
	}
}

// packQ2 packs pairs of bits in the order of columns.
func packQ2(dst, src []byte, r int) {
	for ; len(src) >= 18; src, dst = src[18:], dst[288:] {
		b, d := (*[18]byte)(src), (*[288]byte)(dst)
		le.PutUint16(d[2*r:], le.Uint16(b[:]))
		for h := range 4 {
			le.PutUint32(d[32+64*h+4*r:], transposePairs(le.Uint32(b[2+4*h:])))
		}
	}
}

// packQ1 packs single bits in the order of columns: the codes 0 and 2.
func packQ1(dst, src []byte, r int) {
	for ; len(src) >= 18; src, dst = src[18:], dst[2*288:] {
		b := (*[18]byte)(src)
		for i := range 2 {
			d := (*[288]byte)(dst[288*i:])
			le.PutUint16(d[2*r:], le.Uint16(b[:]))
			for h := range 4 {
				v := uint32(le.Uint16(b[2+8*i+2*h:]))
				v = (v | v<<8) & 0x00ff00ff
				v = (v | v<<4) & 0x0f0f0f0f
				v = (v | v<<2) & 0x33333333
				v = (v | v<<1) & 0x55555555 // every bit in a pair
				le.PutUint32(d[32+64*h+4*r:], transposePairs(v<<1))
			}
		}
	}
}
