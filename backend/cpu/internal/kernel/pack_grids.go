package kernel

// The packing of types whose codes of 3 bits are points of a grid, eight pairs of bits, with a bit for each code.

// packTriples packs 32 codes: four points, and what is on top of each code.
func packTriples(dst *[192]byte, points *[4]uint16, top uint32, r int) {
	le.PutUint32(dst[4*r:], transposePairs(uint32(points[0])|uint32(points[1])<<16))
	le.PutUint32(dst[64+4*r:], transposePairs(uint32(points[2])|uint32(points[3])<<16))
	packFifths((*[64]byte)(dst[128:]), top, r)
}

// transposePairs makes pair i of byte j of what was pair j of byte i.
func transposePairs(v uint32) uint32 {
	t := (v ^ v>>6) & 0x00cc00cc
	v ^= t ^ t<<6
	t = (v ^ v>>12) & 0x0000f0f0
	return v ^ t ^ t<<12
}

func packIQ2XXS(dst, src []byte, r int) {
	var p [4]uint16
	grid := (*[256]uint16)(gridIQ2XXS)
	for ; len(src) >= 66; src, dst = src[66:], dst[1728:] {
		b, d := (*[66]byte)(src), (*[1728]byte)(dst)
		tableIQ2.pack(d[:], le.Uint16(b[:]), r)
		for s := range 8 {
			word := le.Uint32(b[6+8*s:])
			d[64+16*s+r] = byte(word>>28)*2 + 1
			for i, v := range b[2+8*s:][:4] {
				p[i] = grid[v]
			}
			packTriples((*[192]byte)(d[192+192*s:]), &p, evenSigns(word), r)
		}
	}
}

// packScales packs 16 scales of 4 bits, s for 2*s + 1.
func packScales(dst *[256]byte, src *[8]byte, r int) {
	for i, v := range src {
		dst[32*i+r], dst[32*i+16+r] = v&15*2+1, v>>4*2+1
	}
}

func packIQ2XS(dst, src []byte, r int) {
	var p [4]uint16
	grid := (*[512]uint16)(gridIQ2XS)
	for ; len(src) >= 74; src, dst = src[74:], dst[1856:] {
		b, d := (*[74]byte)(src), (*[1856]byte)(dst)
		tableIQ2.pack(d[:], le.Uint16(b[:]), r)
		packScales((*[256]byte)(d[64:]), (*[8]byte)(b[66:]), r)
		for s := range 8 {
			var signs uint32
			for i := range p {
				word := le.Uint16(b[2+8*s+2*i:])
				p[i] = grid[word&511]
				signs |= uint32(word>>9) << (7 * i)
			}
			packTriples((*[192]byte)(d[320+192*s:]), &p, evenSigns(signs), r)
		}
	}
}

func packIQ2S(dst, src []byte, r int) {
	var p [4]uint16
	grid := (*[1024]uint16)(gridIQ2S)
	for ; len(src) >= 82; src, dst = src[82:], dst[1856:] {
		b, d := (*[82]byte)(src), (*[1856]byte)(dst)
		tableIQ2.pack(d[:], le.Uint16(b[:]), r)
		packScales((*[256]byte)(d[64:]), (*[8]byte)(b[74:]), r)
		for s := range 8 {
			high := uint(b[66+s])
			for i, v := range b[2+4*s:][:4] {
				p[i] = grid[uint(v)|high>>(2*i)&3<<8]
			}
			packTriples((*[192]byte)(d[320+192*s:]), &p, le.Uint32(b[34+4*s:]), r)
		}
	}
}

func packIQ1S(dst, src []byte, r int) {
	var p [4]uint16
	grid := (*[2048]uint16)(gridIQ1)
	for ; len(src) >= 50; src, dst = src[50:], dst[1728:] {
		b, d := (*[50]byte)(src), (*[1728]byte)(dst)
		tableIQ1.pack(d[:], le.Uint16(b[:]), r)
		for s := range 8 {
			word := uint(le.Uint16(b[34+2*s:]))
			d[64+16*s+r] = byte(word>>12&7*2 + 1)
			for i, v := range b[2+4*s:][:4] {
				p[i] = grid[uint(v)|word>>(3*i)&7<<8]
			}
			packTriples((*[192]byte)(d[192+192*s:]), &p, -uint32(word>>15), r)
		}
	}
}

func packIQ1M(dst, src []byte, r int) {
	var p [4]uint16
	grid := (*[2048]uint16)(gridIQ1)
	for ; len(src) >= 56; src, dst = src[56:], dst[1856:] {
		b, d := (*[56]byte)(src), (*[1856]byte)(dst)
		scales := le.Uint64(b[48:]) // four words: a nibble of the half on top of four scales of 3 bits
		tableIQ1.pack(d[:], uint16(scales>>12&0xf|scales>>24&0xf0|scales>>36&0xf00|scales>>48&0xf000), r)
		for s := range 16 {
			d[64+16*s+r] = byte(scales>>(s/4*16+s%4*3)&7*2 + 1)
		}
		for s := range 8 {
			high := uint32(le.Uint16(b[32+2*s:])) // four nibbles: the direction on top of three bits
			for i, v := range b[4*s:][:4] {
				p[i] = grid[uint32(v)|high>>(4*i)&7<<8]
			}
			top := high>>3&1 | high>>7&1<<8 | high>>11&1<<16 | high>>15&1<<24
			packTriples((*[192]byte)(d[320+192*s:]), &p, top*255, r)
		}
	}
}
