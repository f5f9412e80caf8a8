// Package kernel holds the inner loops of the CPU backend: for every kernel a plain Go twin that is always compiled,
// and assembly for the instruction levels of the machines we know. A Set is the kernels of one level; one process can
// use two levels side by side. It must not import anything of this module but tensor and tensor/quant.
//
// Kernels check nothing: the planner of backend/cpu checked shapes, lengths and layouts once. They never read outside
// the memory their arguments describe, because weights may lie at the end of a mapped file.
//
// # Order of sums
//
// Every output element is summed in one order that depends only on the lengths of the operands, never on the number
// of activation rows, threads or sequences. One vector lane is one weight row (or one key, or one output column), so
// there is no horizontal sum inside a product, and the kernels for one and for many activation rows agree bit for bit.
package kernel

import "unsafe"

// PanelRows is the number of weight rows that are interleaved in one panel.
const PanelRows = 16

// PairRows is the number that the activation rows of MatMulPair are a multiple of.
const PairRows = 6

// SegmentPanels is the number of panels of MatMulSegment, and SegmentColumns the most columns.
const (
	SegmentPanels  = 4
	SegmentColumns = 64
)

// MaxTileRows bounds Set.TileRows.
const MaxTileRows = 64

// TileKeys is the number of keys in one cache page and one attention tile.
const TileKeys = 64

// Set is the kernels of one instruction level. A Set is immutable; all of it may be used by several goroutines.
type Set struct {
	// Name is the level: "generic", "avx2", "avxvnni", "avx512", "amx", "neon", "dotprod", "i8mm".
	Name string

	// TileRows is how many activation rows a call of MatMul is best given when there are many: a multiple of the row tiles
	// of the kernel (4, 6, 8, 12 or 16), and at most MaxTileRows.
	TileRows [NumLayouts]int
	// WarmRows is from how many activation rows on a call of MatMul with a panel that is in memory, not in a cache, is not
	// made faster by a call before it with the first few rows, whose kernels ask for the panel ahead of its use.
	WarmRows [NumLayouts]int

	// MatMul has one product per panel layout; see MatMulArgs.
	MatMul [NumLayouts]func(a *MatMulArgs)
	// MatMulPair is nil or the product of two panels, the second of which begins where the first ends, and a multiple of
	// PairRows activation rows. Panels is 2; every element is that of MatMul, faster where rows are many.
	MatMulPair [NumLayouts]func(a *MatMulArgs)
	// MatMulSegment is nil or what the products of many activation rows of a float layout are made of: see SegmentArgs.
	MatMulSegment [NumLayouts]func(a *SegmentArgs)

	// packers is by stored type, a zero packer where the rows are packed one by one.
	packers [storedTypes]packer
	// quick says that packers are kernels.
	quick bool

	// Quantize has one function per quantised activation format: it encodes the k values of x to dst, which has
	// ActFormat.RowBytes(k) bytes. NaN and infinities give some finite code and never a fault.
	Quantize [NumActFormats]func(dst []byte, x []float32)

	// RMSNorm sets dst[i] = x[i] / sqrt(mean(x²) + eps) * w[i] for len(x) elements; dst may be x.
	RMSNorm func(dst, x, w []float32, eps float32)
	// Add sets dst[i] = a[i] + b[i]; dst may be a or b.
	Add func(dst, a, b []float32)
	// SiLUMul sets dst[i] = g[i]/(1+exp(-g[i])) * u[i]; dst may be g or u.
	SiLUMul func(dst, g, u []float32)
	// F32ToF16 rounds to nearest even; dst holds IEEE half bits.
	F32ToF16 func(dst []uint16, src []float32)
	// F16ToF32 widens exactly.
	F16ToF32 func(dst []float32, src []uint16)
	// Rotate applies rotary embedding to the pairs of x: see RotateArgs.
	Rotate func(a *RotateArgs)

	// Scores computes query–key products of one tile; one function per cache format, see ScoresArgs.
	Scores [NumCacheFormats]func(a *ScoresArgs)
	// Softmax updates the running softmax of queries by one tile; see SoftmaxArgs.
	Softmax func(a *SoftmaxArgs)
	// Values adds probability-weighted values of one tile; one function per cache format, see ValuesArgs.
	Values [NumCacheFormats]func(a *ValuesArgs)
}

// storedTypes bounds the numbers of the stored types that have a layout of their own.
const storedTypes = 43

// packer packs PanelRows rows of one stored type that lie at one distance from each other.
type packer struct {
	columns int // of a step
	// pack writes the first n*columns columns of a panel to dst, n at least 1. The first row is at src, the others each
	// stride bytes behind the one before. No byte outside these columns of the rows is read. The arguments are no struct, which
	// would be allocated for each call.
	//
	// Ahead, if not zero, is how far behind src the next PanelRows rows begin, one after the other. They are asked for, but not
	// touched, and so may be anything.
	pack func(dst, src *byte, stride, n, ahead int)
}

// MatMulArgs is the product of Panels panels of PanelRows weight rows with M activation rows:
//
//	Dst[m*DstStride + r] = sum over k of W[r][k] * X[m][k]      (+ the old Dst value when Accumulate)
//
// for r < Panels*PanelRows, m < M. Rows of the panels past the end of the matrix are zero; Dst has room for all of them.
// With Accumulate the old value is added last, after the sum is complete. The order of the sum is in matmul_generic.go.
//
// With few activation rows many panels a call are read faster than one: memory rests while one call follows the other. With
// one row the kernels of amd64 read the two halves of the panels side by side.
type MatMulArgs struct {
	Dst        unsafe.Pointer // *float32, 4-byte aligned
	DstStride  int            // float32 elements between activation rows
	W          unsafe.Pointer // the first panel, Layout.PanelBytes(K) bytes, 64-byte aligned
	Panels     int            // at least 1
	PanelBytes int            // from one panel to the next
	X          unsafe.Pointer // M rows in the activation format of the layout, 64-byte aligned
	XStride    int            // bytes between activation rows, a multiple of 64; see ActFormat.Stride
	K          int            // columns, a multiple of the layout's block length
	M          int            // activation rows, at least 1
	Accumulate bool
}

// SegmentArgs adds the products of some columns of SegmentPanels panels with M activation rows:
//
//	c = 0;  for each column k < K: c = fma(W[r][k], X[m][k], c);  Dst[m*DstStride + r] += c
//
// for r < SegmentPanels*PanelRows, m < M. Called for one segment of SegmentColumns after the other, with Dst zero at first,
// it gives the sums of MatMul, faster where rows are many: the columns are widened once for all of them.
type SegmentArgs struct {
	Dst        unsafe.Pointer // *float32, 4-byte aligned
	DstStride  int            // float32 elements between activation rows
	W          unsafe.Pointer // the first column in the first panel
	PanelBytes int            // from one panel to the next
	X          unsafe.Pointer // the first column of the first activation row, as float32
	XStride    int            // bytes between activation rows
	K          int            // columns, 1 to SegmentColumns
	M          int            // activation rows, at least 1
}

// CacheFormat is the storage of keys and values in a cache page.
type CacheFormat uint8

// The cache formats. Layouts, for one key/value head of D columns and TileKeys slots:
//
//	          keys (transposed: one lane is one key)             values (one lane is one column)
//	F32       [D][64] float32                                     [64][D] float32
//	F16       [D][64] half                                        [64][D] half
//	Q8_0      per 32 columns: [64] half scales, [32][64] int8     per slot: [D/32] half scales, then [D] int8; rows of D/32*34 bytes
//	Q4_0      per 32 columns: [64] half scales, [16][64] bytes:   per slot: [D/32] half scales, then [D/32][16] bytes:
//	          low nibble column j+8 bias, high nibble column j+16 low nibble column j, high nibble column j+16, bias 8
const (
	CacheF16 CacheFormat = iota
	CacheF32
	CacheQ8_0
	CacheQ4_0
	NumCacheFormats
)

// ScoresArgs computes, for N queries that share one key head and one tile of 64 keys,
//
//	Dst[n*64 + j] = Scale * sum over d of Q[n*QStride + d] * K[j][d]        (sum in ascending d, float32 FMA)
//
// for all 64 slots; slots that hold no key yet give a value the caller masks.
type ScoresArgs struct {
	Dst     unsafe.Pointer // *float32 [N][64]
	Q       unsafe.Pointer // *float32
	QStride int            // float32 elements between queries
	N       int            // queries, at least 1
	K       unsafe.Pointer // the tile in the cache format
	Next    unsafe.Pointer // what is read after the tile: asked for, but not touched, and so may be anything
	D       int            // head size; a multiple of 32 for Q8_0 and Q4_0
	Scale   float32
}

// SoftmaxArgs merges the scores of one tile into the running softmax of N queries (online softmax; Milakov and
// Gimelshein 2018). Only the slots Lo ≤ j < Hi are visible (0 ≤ Lo < Hi ≤ 64). For each query, with m the running maximum
// and l the running sum:
//
//	m' = max(m, max S[j])    c = exp(m - m')    P[j] = exp(S[j] - m'), 0 for invisible j    l' = l*c + sum P[j]
//
// P overwrites S. Correction returns c, by which the caller's accumulator must be multiplied before the tile's values
// are added; it is 1 when the maximum did not change and 0 for the first tile (m = -inf).
type SoftmaxArgs struct {
	S             unsafe.Pointer // *float32 [N][64]
	N             int            // queries, at least 1
	Lo, Hi        int
	Running       unsafe.Pointer // *float32: m and l of the first query, updated
	RunningStride int            // float32 elements between queries
	Correction    unsafe.Pointer // *float32 [N], results
	Next          unsafe.Pointer // as in ScoresArgs: 256 bytes for each query are asked for here
	Half          int            // and at this distance in bytes
}

// ValuesArgs adds one tile of values for N queries that share one value head:
//
//	Acc[n*AccStride + d] = Acc[n*AccStride + d]*Correction[n] + sum over Lo ≤ j < Hi of P[n*64 + j] * V[j][d]
//
// with the multiplication first and then j ascending, one float32 FMA each. Slots outside Lo..Hi are not read.
type ValuesArgs struct {
	Acc        unsafe.Pointer // *float32
	AccStride  int
	P          unsafe.Pointer // *float32 [N][64]
	Correction unsafe.Pointer // *float32 [N]
	N          int
	V          unsafe.Pointer // the tile in the cache format
	Next       unsafe.Pointer // as in ScoresArgs
	D          int
	Lo, Hi     int
}

// RotateArgs rotates the pairs of one head (Su et al. 2021): for i < Pairs, with a = X[i], b = X[i+Pairs] (half-split)
// or a = X[2i], b = X[2i+1] (Interleaved):
//
//	a' = a*Cos[i] - b*Sin[i]        b' = a*Sin[i] + b*Cos[i]
//
// each product and sum rounded to float32 on its own (no FMA), so that all levels agree. In place.
type RotateArgs struct {
	X           unsafe.Pointer // *float32 [2*Pairs]
	Cos, Sin    unsafe.Pointer // *float32 [Pairs]
	Pairs       int
	Interleaved bool
}
