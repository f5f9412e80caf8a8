package kernel

import (
	"encoding/binary"
	"fmt"
	"math"
	"runtime"
	"unsafe"

	"github.com/seed64708441/ember/tensor"
	"github.com/seed64708441/ember/tensor/quant"
)

// packings has one row per stored type that has a layout of its own. The packing changes no value: scales are moved, or
// split exactly. The other types are decoded to floats, as tensor/quant defines them. Unpack gives what quant.Decode gives.
var packings = [storedTypes]struct {
	layout Layout
	pack   func(dst, src []byte, r int) // see rowPacker
}{
	tensor.F32:  {PanelF32, packF32},
	tensor.F16:  {PanelF16, packF16},
	tensor.BF16: {PanelBF16, packF16},
	tensor.Q8_0: {PanelQ8, packQ8},
	tensor.Q4_0: {PanelQ4, packQ4},
	tensor.Q4_K: {PanelQ4K, packQ4K},
	tensor.Q5_K: {PanelQ5K, packQ5K},
	tensor.Q6_K: {PanelQ6K, packQ6K},
	tensor.Q2_K: {PanelQ2K, packQ2K},
	tensor.Q3_K: {PanelQ3K, packQ3K},
	tensor.Q4_1: {PanelQ41, packQ41},
	tensor.Q5_0: {PanelQ50, packQ50},
	tensor.Q5_1: {PanelQ51, packQ51},

	tensor.IQ4_NL: {PanelIQ4NL, packQ4},
	tensor.MXFP4:  {PanelMXFP4, packMXFP4},

	tensor.NVFP4: {PanelNVFP4, packNVFP4},

	tensor.TQ1_0: {PanelQ2, packTQ1},
	tensor.TQ2_0: {PanelQ2, packTQ2},
	tensor.Q1_0:  {PanelQ2, packQ1},
	tensor.Q2_0:  {PanelQ2, packQ2},
	tensor.Q8_1:  {PanelQ8, packQ81},

	tensor.IQ4_XS:  {PanelT4, packIQ4XS},
	tensor.IQ3_XXS: {PanelT4, packIQ3XXS},
	tensor.IQ3_S:   {PanelT4, packIQ3S},
	tensor.IQ2_XXS: {PanelT3, packIQ2XXS},
	tensor.IQ2_XS:  {PanelT3H, packIQ2XS},
	tensor.IQ2_S:   {PanelT3H, packIQ2S},
	tensor.IQ1_S:   {PanelT3, packIQ1S},
	tensor.IQ1_M:   {PanelT3H, packIQ1M},
}

// packColumns is the number of columns of a row that are packed before those of the next row: few enough that the
// written part of the panel stays in the first-level cache, and a multiple of every block length.
const packColumns = 256

// shortRow is up to how many bytes of a row the rows of the next panel are asked for while one is packed. Of longer rows the
// processor itself reads enough ahead. From memory a core packs 7 GB/s of rows of 1152 bytes, and 10 with the next asked for;
// rows of 4 KiB are packed at 12, and then at 10.
const shortRow = 2048

// LayoutFor returns the layout that weights of the stored type are packed to, and false for an invalid type.
func LayoutFor(t tensor.DType) (Layout, bool) {
	if int(t) < len(packings) && packings[t].pack != nil {
		return packings[t].layout, true
	}
	return PanelF32, t.Valid()
}

// Pack writes the panel of the given rows to dst, which has PanelBytes(k) bytes of LayoutFor(t). rows[r] holds the k
// stored elements of type t of row r; rows past the end of the matrix are nil and become zero. Each row is read once,
// from its start to its end. All levels write the same bytes, fast where no row is nil and all are at one distance from each
// other. An error says which type or length does not fit; dst is then partly written.
func (s *Set) Pack(dst []byte, t tensor.DType, k int, rows *[PanelRows][]byte) error {
	l, ok := LayoutFor(t)
	if !ok {
		return fmt.Errorf("kernel: no panel layout for elements of type %v", t)
	}
	rowBytes, err := t.RowBytes(k)
	if err != nil {
		return fmt.Errorf("kernel: %w", err)
	}
	if want := l.PanelBytes(k); len(dst) != want {
		return fmt.Errorf("kernel: room for a panel of %d columns of %v is %d bytes, want %d", k, t, len(dst), want)
	}
	whole := true
	for r, row := range rows {
		if row == nil {
			whole = false
		} else if len(row) != rowBytes {
			return fmt.Errorf("kernel: row %d of %d columns of %v is %d bytes, want %d", r, k, t, len(row), rowBytes)
		}
	}
	k0 := 0
	if whole {
		k0 = s.packWhole(dst, t, k, rows)
	} else {
		clear(dst)
	}
	if k0 == k {
		return nil
	}
	return packRows(dst, t, k0, k, rows)
}

// PacksQuickly reports whether weights of the stored type are packed by kernels: from a cache as fast as they are multiplied,
// from memory as fast as it delivers.
func (s *Set) PacksQuickly(t tensor.DType) bool {
	return s.quick && int(t) < len(s.packers) && s.packers[t].pack != nil
}

// packWhole packs columns of rows that all exist, from the first column on, and returns how many.
func (s *Set) packWhole(dst []byte, t tensor.DType, k int, rows *[PanelRows][]byte) int {
	if int(t) >= len(s.packers) || s.packers[t].pack == nil {
		return 0
	}
	address := func(r int) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(rows[r]))) }
	stride := address(1) - address(0)
	for r := 2; r < PanelRows; r++ {
		if address(r)-address(r-1) != stride {
			return 0
		}
	}
	p := &s.packers[t]
	n := k / p.columns
	if n > 0 {
		ahead := 0
		if int(stride) == len(rows[0]) && len(rows[0]) <= shortRow {
			ahead = PanelRows * len(rows[0])
		}
		p.pack(&dst[0], &rows[0][0], int(stride), n, ahead)
		runtime.KeepAlive(rows) // the other rows are reached from the first one
	}
	return n * p.columns
}

// packRows packs the columns from k0 on row by row.
func packRows(dst []byte, t tensor.DType, k0, k int, rows *[PanelRows][]byte) error {
	l, _ := LayoutFor(t)
	pack := rowPacker(t)
	for ; k0 < k; k0 += packColumns {
		n := min(packColumns, k-k0)
		d := dst[l.PanelBytes(k0):l.PanelBytes(k0+n)]
		from, to := k0/t.BlockLen()*t.BlockBytes(), (k0+n)/t.BlockLen()*t.BlockBytes()
		for r, row := range rows {
			if row == nil {
				continue
			}
			if err := pack(d, row[from:to], r, n); err != nil {
				return fmt.Errorf("kernel: row %d, columns %d to %d: %w", r, k0, k0+n, err)
			}
		}
	}
	return nil
}

// rowPacker returns the function that packs n columns, at most packColumns, of row r: dst is the panel from the first
// of them on, src their stored bytes. It writes every byte of these columns of the row, and no byte of another row.
func rowPacker(t tensor.DType) func(dst, src []byte, r, n int) error {
	if int(t) < len(packings) && packings[t].pack != nil {
		return func(dst, src []byte, r, _ int) error {
			packings[t].pack(dst, src, r)
			return nil
		}
	}
	var values [packColumns]float32
	return func(dst, src []byte, r, n int) error {
		if err := quant.Decode(values[:n], src, t); err != nil {
			return err
		}
		for i, v := range values[:n] {
			le.PutUint32(dst[64*i+4*r:], math.Float32bits(v))
		}
		return nil
	}
}

var le = binary.LittleEndian

func packF32(dst, src []byte, r int) {
	for i := 0; i < len(src); i += 4 {
		le.PutUint32(dst[16*i+4*r:], le.Uint32(src[i:]))
	}
}

// packF16 packs any type of two bytes.
func packF16(dst, src []byte, r int) {
	for i := 0; i < len(src); i += 2 {
		le.PutUint16(dst[16*i+2*r:], le.Uint16(src[i:]))
	}
}

func packQ8(dst, src []byte, r int) {
	for ; len(src) >= 34; src, dst = src[34:], dst[544:] {
		b, d := (*[34]byte)(src), (*[544]byte)(dst)
		le.PutUint16(d[2*r:], le.Uint16(b[:]))
		for g := range 8 {
			le.PutUint32(d[32+64*g+4*r:], le.Uint32(b[2+4*g:]))
		}
	}
}

// packQ81 leaves out the sum of the codes.
func packQ81(dst, src []byte, r int) {
	for ; len(src) >= 36; src, dst = src[36:], dst[544:] {
		b, d := (*[36]byte)(src), (*[544]byte)(dst)
		le.PutUint16(d[2*r:], le.Uint16(b[:]))
		for g := range 8 {
			le.PutUint32(d[32+64*g+4*r:], le.Uint32(b[4+4*g:]))
		}
	}
}

const (
	lowNibbles = 0x0f0f0f0f
	lowPairs   = 0x03030303
	lowBits    = 0x01010101
)

func packQ4(dst, src []byte, r int) {
	for ; len(src) >= 18; src, dst = src[18:], dst[288:] {
		b, d := (*[18]byte)(src), (*[288]byte)(dst)
		le.PutUint16(d[2*r:], le.Uint16(b[:]))
		packNibbles((*[256]byte)(d[32:]), (*[16]byte)(b[2:]), r)
	}
}

// packHeaderK packs d, dmin and the 6-bit scales and minima of Q4_K and Q5_K, which share a header of 16 bytes.
func packHeaderK(dst *[320]byte, src *[16]byte, r int) {
	le.PutUint16(dst[2*r:], le.Uint16(src[:]))
	le.PutUint16(dst[32+2*r:], le.Uint16(src[2:]))
	// Bytes 4..7: scales 0..3 and, on top, the upper bits of scales 4..7; bytes 8..11: the same of the minima;
	// bytes 12..15: the lower four bits of scales 4..7 and, on top, of minima 4..7.
	a, b, c := le.Uint32(src[4:]), le.Uint32(src[8:]), le.Uint32(src[12:])
	const low6, top2 = 0x3f3f3f3f, 0x30303030
	scales := uint64(a&low6) | uint64(c&lowNibbles|a>>2&top2)<<32
	minima := uint64(b&low6) | uint64(c>>4&lowNibbles|b>>2&top2)<<32
	for s := range 8 {
		dst[64+16*s+r] = byte(scales >> (8 * s))
		dst[192+16*s+r] = byte(minima >> (8 * s))
	}
}

func packQ4K(dst, src []byte, r int) {
	for ; len(src) >= 144; src, dst = src[144:], dst[2368:] {
		packHeaderK((*[320]byte)(dst), (*[16]byte)(src), r)
		for s := 0; s < 8; s += 2 { // sub-block s is the low nibbles of 32 bytes, s+1 the high ones
			b, d := (*[32]byte)(src[16+16*s:]), (*[512]byte)(dst[320+256*s:])
			for c := range 4 {
				u, v := le.Uint32(b[8*c:]), le.Uint32(b[8*c+4:])
				le.PutUint32(d[64*c+4*r:], u&lowNibbles|v&lowNibbles<<4)
				le.PutUint32(d[256+64*c+4*r:], u>>4&lowNibbles|v&^lowNibbles)
			}
		}
	}
}

func packQ5K(dst, src []byte, r int) {
	for ; len(src) >= 176; src, dst = src[176:], dst[2880:] {
		packHeaderK((*[320]byte)(dst), (*[16]byte)(src), r)
		fifth := (*[32]byte)(src[16:])
		for s := 0; s < 8; s += 2 {
			b, d := (*[32]byte)(src[48+16*s:]), (*[640]byte)(dst[320+320*s:])
			var f0, f1 uint32
			for c := range 4 {
				u, v := le.Uint32(b[8*c:]), le.Uint32(b[8*c+4:])
				le.PutUint32(d[64*c+4*r:], u&lowNibbles|v&lowNibbles<<4)
				le.PutUint32(d[320+64*c+4*r:], u>>4&lowNibbles|v&^lowNibbles)
				x, y := le.Uint32(fifth[8*c:])>>s, le.Uint32(fifth[8*c+4:])>>s
				f0 |= (x&lowBits | y&lowBits<<1) << (2 * c)
				f1 |= (x>>1&lowBits | y>>1&lowBits<<1) << (2 * c)
			}
			le.PutUint32(d[256+4*r:], f0)
			le.PutUint32(d[576+4*r:], f1)
		}
	}
}

func packQ6K(dst, src []byte, r int) {
	for ; len(src) >= 210; src, dst = src[210:], dst[3360:] {
		b, d := (*[210]byte)(src), (*[3360]byte)(dst)
		le.PutUint16(d[2*r:], le.Uint16(b[208:]))
		for s := range 16 {
			d[32+16*s+r] = b[192+s]
		}
		for g := range 8 { // group g of 32 columns: half g/4 of the block, quarter g%4 of the half
			half, quarter := g/4, g%4
			low := (*[32]byte)(b[64*half+32*(quarter%2):])
			top := (*[32]byte)(b[128+32*half:])
			out := (*[384]byte)(d[288+384*g:])
			shift := 4 * (quarter / 2)
			for h := range 2 {
				var t uint32
				for c := range 2 {
					i := 16*h + 8*c
					u, v := le.Uint32(low[i:])>>shift, le.Uint32(low[i+4:])>>shift
					le.PutUint32(out[64*(2*h+c)+4*r:], u&lowNibbles|v&lowNibbles<<4)
					x, y := le.Uint32(top[i:])>>(2*quarter), le.Uint32(top[i+4:])>>(2*quarter)
					t |= (x&lowPairs | y&lowPairs<<2) << (4 * c)
				}
				le.PutUint32(out[256+64*h+4*r:], t)
			}
		}
	}
}
