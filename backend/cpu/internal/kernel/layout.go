package kernel

// Layout is the packed form of a weight matrix: panels of PanelRows rows, each panel holding all K columns. A panel of
// a block format is as many blocks as K has, each block holding the PanelRows rows of its columns.
//
// "half[16]" is one IEEE half per row; "k-group g" is the four columns 4g..4g+3 of a block, stored as [16 rows][4].
type Layout uint8

const (
	// PanelF32: per column float32[16].
	PanelF32 Layout = iota
	// PanelF16: per column half[16].
	PanelF16
	// PanelBF16: per column bfloat16[16].
	PanelBF16
	// PanelQ8: block 32: half[16] scales d, then 8 k-groups of int8[16][4]. w = d*q. 544 bytes (Q8_0, Q8_1).
	PanelQ8
	// PanelQ4: block 32: half[16] scales d, then 4 chunks of byte[16][4]; chunk c holds k-group 2c in the low nibbles
	// and k-group 2c+1 in the high nibbles. w = d*(q-8). 288 bytes (Q4_0).
	PanelQ4
	// PanelQ4K: block 256: half[16] d, half[16] dmin, uint8[8][16] scales, uint8[8][16] minima (sub-block major, all
	// below 64), then for each of 8 sub-blocks of 32 columns 4 chunks as in PanelQ4. w = d*scale*q - dmin*minimum. 2368
	// bytes (Q4_K).
	PanelQ4K
	// PanelQ5K: block 256: the header of PanelQ4K, then for each sub-block 4 chunks as in PanelQ4 and one
	// byte[16][4] of fifth bits: bit g of the byte at [row][j] is the fifth bit of column j of k-group g. w as PanelQ4K
	// with q of 5 bits. 2880 bytes (Q5_K).
	PanelQ5K
	// PanelQ6K: block 256: half[16] d, int8[16][16] scales (one per 16 columns, sub-block major), then for each of 8
	// groups of 32 columns 4 chunks as in PanelQ4 (low 4 bits) and 2 chunks byte[16][4] of high bits: bits 2b..2b+1
	// (b 0..3) of the byte at [row][j] of chunk h are the top two bits of column j of k-group 4h+b.
	// w = d*scale*(q-32). 3360 bytes (Q6_K).
	PanelQ6K
	// PanelQ2K: block 256: half[16] d, half[16] dmin, uint8[16][16] scales, uint8[16][16] minima (one of each per 16
	// columns, sub-block major), then for each of 8 groups of 32 columns 2 chunks byte[16][4] of codes of 2 bits: bits
	// 2b..2b+1 (b 0..3) of the byte at [row][j] of chunk h are column j of k-group 4h+b. w = d*scale*q - dmin*minimum.
	// 1600 bytes (Q2_K).
	PanelQ2K
	// PanelQ3K: block 256: half[16] d, int8[16][16] scales (one per 16 columns, sub-block major), then for each of 8
	// groups of 32 columns 2 chunks as in PanelQ2K (low 2 bits) and one chunk byte[16][4] of third bits: bit g of the
	// byte at [row][j] is the third bit of column j of k-group g. w = d*scale*(q-4). 1824 bytes (Q3_K).
	PanelQ3K
	// PanelIQ4NL: block 32: half[16] scales d, then 4 chunks as in PanelQ4. w = d*T[q], T the 16 levels of the type. 288
	// bytes (IQ4_NL).
	PanelIQ4NL
	// PanelT4: block 256: half[16] d, int8[16] levels T, float32 unit u and 12 zero bytes, int8[8][16] scales (one per 32
	// columns, sub-block major), then for each of 8 groups of 32 columns 4 chunks as in PanelQ4. w = d*u*scale*T[q]. 2240
	// bytes (IQ3_XXS, IQ3_S, IQ4_XS).
	PanelT4
	// PanelT3: the header of PanelT4 with levels from -64 to 63, of which 8 are used, then for each group the codes of
	// PanelQ3K. w as for PanelT4. 1728 bytes (IQ1_S, IQ2_XXS).
	PanelT3
	// PanelT3H: as PanelT3 with int8[16][16] scales, one per 16 columns. 1856 bytes (IQ1_M, IQ2_XS, IQ2_S).
	PanelT3H
	// PanelQ2: block 64: half[16] d, then for each of 2 groups of 32 columns the codes of PanelQ2K. w = d*(q-1). 288 bytes
	// (Q1_0, Q2_0, TQ1_0, TQ2_0).
	PanelQ2
	// PanelNVFP4: block 64: uint8[4][16] scales (one per 16 columns, numbers E4M3 below 128, all finite), then for each of 2 groups
	// of 32 columns 4 chunks as in PanelQ4. w = scale/2*T[q], T the doubled numbers of 4 bits. 576 bytes (NVFP4).
	PanelNVFP4
	// PanelMXFP4: block 32: bfloat16[16] scales s, then 4 chunks as in PanelQ4. w = s*T[q], T the doubled numbers of 4 bits
	// and s half the power of two. 288 bytes (MXFP4).
	PanelMXFP4
	// PanelQ41: block 32: half[16] scales d, half[16] offsets m, then 4 chunks as in PanelQ4. w = d*q + m. 320 bytes (Q4_1).
	PanelQ41
	// PanelQ50: block 32: half[16] scales d, then 4 chunks as in PanelQ4 and one chunk of fifth bits as in PanelQ5K.
	// w = d*(q-16). 352 bytes (Q5_0).
	PanelQ50
	// PanelQ51: block 32: half[16] scales d, half[16] offsets m, then the codes of PanelQ50. w = d*q + m. 384 bytes (Q5_1).
	PanelQ51
	// NumLayouts counts the layouts.
	NumLayouts
)

// ActFormat is the form of the activation rows that a layout multiplies with.
type ActFormat uint8

const (
	// ActF32: K float32.
	ActF32 ActFormat = iota
	// ActQ32: int8[K] codes, then float32[K/32] scales, then int16[K/16] sums of 16 codes. x ≈ scale*q with
	// scale = amax/127 and q rounded to nearest even, per 32 columns.
	ActQ32
	// ActQ256: int8[K], then float32[K/256] scales, then int16[K/16] sums of 16 codes. The same per 256 columns.
	ActQ256
	// NumActFormats counts the formats.
	NumActFormats
)

// layouts has one row per layout.
var layouts = [NumLayouts]struct {
	name       string
	block      int // columns of a block
	blockBytes int // bytes of a block of PanelRows rows
	act        ActFormat
}{
	PanelF32:   {"f32", 1, 4 * PanelRows, ActF32},
	PanelF16:   {"f16", 1, 2 * PanelRows, ActF32},
	PanelBF16:  {"bf16", 1, 2 * PanelRows, ActF32},
	PanelQ8:    {"q8", 32, 32 + 512, ActQ32},
	PanelQ4:    {"q4", 32, 32 + 256, ActQ32},
	PanelQ4K:   {"q4k", 256, 32 + 32 + 128 + 128 + 8*256, ActQ256},
	PanelQ5K:   {"q5k", 256, 32 + 32 + 128 + 128 + 8*(256+64), ActQ256},
	PanelQ6K:   {"q6k", 256, 32 + 256 + 8*(256+128), ActQ256},
	PanelQ2K:   {"q2k", 256, 32 + 32 + 256 + 256 + 8*128, ActQ32},
	PanelQ3K:   {"q3k", 256, 32 + 256 + 8*(128+64), ActQ32},
	PanelIQ4NL: {"iq4nl", 32, 32 + 256, ActQ32},
	PanelT4:    {"t4", 256, 64 + 128 + 8*256, ActQ32},
	PanelT3:    {"t3", 256, 64 + 128 + 8*192, ActQ32},
	PanelT3H:   {"t3h", 256, 64 + 256 + 8*192, ActQ32},
	PanelQ2:    {"q2", 64, 32 + 2*128, ActQ32},
	PanelNVFP4: {"nvfp4", 64, 64 + 2*256, ActQ32},
	PanelMXFP4: {"mxfp4", 32, 32 + 256, ActQ32},
	PanelQ41:   {"q41", 32, 64 + 256, ActQ32},
	PanelQ50:   {"q50", 32, 32 + 256 + 64, ActQ32},
	PanelQ51:   {"q51", 32, 64 + 256 + 64, ActQ32},
}

// String returns a short name for tests and benchmarks.
func (l Layout) String() string { return layouts[l].name }

// BlockLen returns the columns of a block; K must be a multiple of it.
func (l Layout) BlockLen() int { return layouts[l].block }

// PanelBytes returns the bytes of a panel of k columns.
func (l Layout) PanelBytes(k int) int { return k / layouts[l].block * layouts[l].blockBytes }

// Act returns the activation format the layout multiplies with.
func (l Layout) Act() ActFormat { return layouts[l].act }

// RowBytes returns the bytes of an activation row of k columns, without padding. k is a multiple of 32 for ActQ32 and
// of 256 for ActQ256.
func (f ActFormat) RowBytes(k int) int {
	switch f {
	case ActQ32:
		return k + k/32*4 + k/16*2
	case ActQ256:
		return k + k/256*4 + k/16*2
	}
	return 4 * k
}

// Stride returns a distance between activation rows of k columns that suits MatMulArgs.XStride: room for a row, in an
// odd number of cache lines. Rows 4096 bytes apart share one set of the first-level cache, which holds 8 lines; the
// float products of 12 rows are a quarter slower then.
func (f ActFormat) Stride(k int) int { return ((f.RowBytes(k)+63)/64 | 1) * 64 }
