package kernel

import "unsafe"

// packQ4Pairs is the packer of Q4_0 and IQ4_NL for all machines: it packs two rows at a time, so that stores are eight bytes long.
func packQ4Pairs(dst, src *byte, stride, blocks, _ int) {
	const nibbles = 0x0f0f0f0f0f0f0f0f
	panel, rows := unsafe.Slice(dst, 288*blocks), strided{src, stride, 18 * blocks}
	for b0 := 0; b0 < blocks; b0 += packColumns / 32 {
		for r := 0; r < PanelRows; r += 2 {
			row, next, d := rows.row(r)[18*b0:], rows.row(r + 1)[18*b0:], panel[288*b0:]
			for range min(packColumns/32, blocks-b0) {
				s, t, to := (*[18]byte)(row), (*[18]byte)(next), (*[288]byte)(d)
				le.PutUint32(to[2*r:], uint32(le.Uint16(s[:]))|uint32(le.Uint16(t[:]))<<16)
				for h := range 2 { // bytes 8h..8h+7: low nibbles are k-groups 2h and 2h+1, high ones 2h+4 and 2h+5
					u, v := le.Uint64(s[2+8*h:]), le.Uint64(t[2+8*h:])
					ul, vl, uh, vh := u&nibbles, v&nibbles, u>>4&nibbles, v>>4&nibbles
					le.PutUint64(to[32+64*h+4*r:], uint64(uint32(ul|ul>>28))|(vl|vl>>28)<<32)
					le.PutUint64(to[32+64*(h+2)+4*r:], uint64(uint32(uh|uh>>28))|(vh|vh>>28)<<32)
				}
				row, next, d = row[18:], next[18:], d[288:]
			}
		}
	}
}
