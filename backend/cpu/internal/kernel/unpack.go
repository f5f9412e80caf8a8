package kernel

import "unsafe"

// Unpack widens a panel of k columns: dst[r*k + c] is column c of row r as float32, with the roundings of the formula
// of the layout evaluated from left to right. It is meant for tests and for reading single rows.
func Unpack(dst []float32, l Layout, k int, panel []byte) {
	w := unsafe.Pointer(unsafe.SliceData(panel))
	for b := range k / l.BlockLen() {
		unpackBlock(dst[b*l.BlockLen():], k, l, unsafe.Add(w, b*layouts[l].blockBytes))
	}
}

// unpackBlock writes one block of the panel: column c of row r goes to dst[r*k + c].
func unpackBlock(dst []float32, k int, l Layout, w unsafe.Pointer) {
	switch l {
	case PanelF32, PanelF16, PanelBF16:
		var v [PanelRows]float32
		switch l {
		case PanelF32:
			v = widenF32(w)
		case PanelF16:
			v = widenF16(w)
		default:
			v = widenBF16(w)
		}
		for r, x := range v {
			dst[r*k] = x
		}
		return
	}
	if n := &nibbleLayouts[l]; n.levels != nil {
		p := n.expand(w)
		for r := range PanelRows {
			for c := range l.BlockLen() {
				dst[r*k+c] = float32(p.s[r]*float32(p.q[c/4][r][c%4])) + p.m[r]
			}
		}
		return
	}
	if group := lowGroups[l]; group != nil {
		for s := range l.BlockLen() / 32 {
			p := group(w, s)
			for r := range PanelRows {
				for c := range 32 {
					dst[r*k+32*s+c] = float32(p.s[c/16][r]*float32(p.q[c/4][r][c%4])) + p.m[c/16][r]
				}
			}
		}
		return
	}
	half := func(offset, r int) float32 { return halfValue(*(*uint16)(unsafe.Add(w, offset+2*r))) }
	u8 := func(offset, i, r int) uint8 { return *(*uint8)(unsafe.Add(w, offset+16*i+r)) }
	// at is byte j of row r of the 64-byte group at the offset.
	at := func(offset, r, j int) uint8 { return *(*uint8)(unsafe.Add(w, offset+4*r+j)) }
	nibble := func(offset, g, r, j int) uint8 { return at(offset+64*(g/2), r, j) >> (4 * (g % 2)) & 15 }
	for r := range PanelRows {
		for c := range l.BlockLen() {
			s, g, j := c/32, c%32/4, c%4 // sub-block of 32, k-group of it, column of that
			var v float32
			switch l {
			case PanelQ8:
				v = half(0, r) * float32(int8(at(32+64*g, r, j)))
			case PanelQ4:
				v = half(0, r) * float32(int(nibble(32, g, r, j))-8)
			case PanelQ4K:
				q := nibble(320+256*s, g, r, j)
				v = unpackK(half(0, r), half(32, r), u8(64, s, r), u8(192, s, r), q)
			case PanelQ5K:
				q := nibble(320+320*s, g, r, j) | at(320+320*s+256, r, j)>>g&1<<4
				v = unpackK(half(0, r), half(32, r), u8(64, s, r), u8(192, s, r), q)
			case PanelQ6K:
				o := 288 + 384*s
				q := nibble(o, g, r, j) | at(o+256+64*(g/4), r, j)>>(2*(g%4))&3<<4
				v = float32(half(0, r)*float32(int8(u8(32, c/16, r)))) * float32(int(q)-32)
			}
			dst[r*k+c] = v
		}
	}
}

func unpackK(d, dmin float32, scale, minimum, q uint8) float32 {
	return float32(float32(d*float32(scale))*float32(q)) - float32(dmin*float32(minimum))
}
