package kernel

func packQ2K(dst, src []byte, r int) {
	for ; len(src) >= 84; src, dst = src[84:], dst[1600:] {
		b, d := (*[84]byte)(src), (*[1600]byte)(dst)
		le.PutUint16(d[2*r:], le.Uint16(b[80:]))
		le.PutUint16(d[32+2*r:], le.Uint16(b[82:]))
		for s, v := range b[:16] {
			d[64+16*s+r], d[320+16*s+r] = v&15, v>>4
		}
		for g := range 8 {
			packPairs((*[128]byte)(d[576+128*g:]), (*[64]byte)(b[16:]), g, r)
		}
	}
}

func packQ3K(dst, src []byte, r int) {
	for ; len(src) >= 110; src, dst = src[110:], dst[1824:] {
		b, d := (*[110]byte)(src), (*[1824]byte)(dst)
		le.PutUint16(d[2*r:], le.Uint16(b[108:]))
		for s := range 16 { // 8 bytes of low halves, 4 of upper pairs
			low, top := b[96+s%8]>>(s/8*4)&15, b[104+s%4]>>(s/4*2)&3
			d[32+16*s+r] = low | top<<4 - 32
		}
		for g := range 8 {
			out := (*[192]byte)(d[288+192*g:])
			packPairs((*[128]byte)(out[:]), (*[64]byte)(b[32:]), g, r)
			var third uint32
			for i := range 8 {
				third |= le.Uint32(b[4*i:]) >> g & lowBits << i
			}
			le.PutUint32(out[128+4*r:], third)
		}
	}
}

// packPairs packs the codes of 2 bits of group g of 32 columns: they are bits of 32 bytes, from 32*(g/4) on.
func packPairs(dst *[128]byte, src *[64]byte, g, r int) {
	q, shift := (*[32]byte)(src[32*(g/4):]), 2*(g%4)
	for h := range 2 {
		var v uint32
		for b := range 4 {
			v |= le.Uint32(q[16*h+4*b:]) >> shift & lowPairs << (2 * b)
		}
		le.PutUint32(dst[64*h+4*r:], v)
	}
}
