package kernel

import (
	"math"
	"unsafe"
)

// attentionGeneric fills the attention kernels of s with their plain Go twins. They are the definition: every level
// gives the same bits, except the payload and sign of a NaN.
//
// Elements of the quantised formats are decoded to float32 first, which is exact: a half times an integer of 8 bits.
func attentionGeneric(s *Set) {
	s.Scores = [NumCacheFormats]func(a *ScoresArgs){
		CacheF16:  func(a *ScoresArgs) { scoresGeneric(CacheF16, a) },
		CacheF32:  func(a *ScoresArgs) { scoresGeneric(CacheF32, a) },
		CacheQ8_0: func(a *ScoresArgs) { scoresGeneric(CacheQ8_0, a) },
		CacheQ4_0: func(a *ScoresArgs) { scoresGeneric(CacheQ4_0, a) },
	}
	s.Softmax = softmaxGeneric
	s.Values = [NumCacheFormats]func(a *ValuesArgs){
		CacheF16:  func(a *ValuesArgs) { valuesGeneric(CacheF16, a) },
		CacheF32:  func(a *ValuesArgs) { valuesGeneric(CacheF32, a) },
		CacheQ8_0: func(a *ValuesArgs) { valuesGeneric(CacheQ8_0, a) },
		CacheQ4_0: func(a *ValuesArgs) { valuesGeneric(CacheQ4_0, a) },
	}
}

func scoresGeneric(format CacheFormat, a *ScoresArgs) {
	dst := unsafe.Slice((*[TileKeys]float32)(a.Dst), a.N)
	q := unsafe.Slice((*float32)(a.Q), (a.N-1)*a.QStride+a.D)
	clear(dst)
	var k [TileKeys]float32
	for d := range a.D {
		keyColumn(&k, format, a.K, d)
		for n := range dst {
			fma32Row(dst[n][:], q[n*a.QStride+d], k[:])
		}
	}
	for n := range dst {
		for j := range dst[n] {
			dst[n][j] *= a.Scale
		}
	}
}

// keyColumn decodes column d of the 64 keys of a tile.
func keyColumn(out *[TileKeys]float32, format CacheFormat, tile unsafe.Pointer, d int) {
	switch format {
	case CacheF32:
		*out = *(*[TileKeys]float32)(unsafe.Add(tile, d*TileKeys*4))
	case CacheF16:
		for j, h := range (*[TileKeys]uint16)(unsafe.Add(tile, d*TileKeys*2)) {
			out[j] = halfValue(h)
		}
	case CacheQ8_0:
		block := unsafe.Add(tile, d/32*keyBlockQ8)
		scales := (*[TileKeys]uint16)(block)
		for j, c := range (*[TileKeys]int8)(unsafe.Add(block, 2*TileKeys+d%32*TileKeys)) {
			out[j] = halfValue(scales[j]) * float32(c)
		}
	case CacheQ4_0:
		block := unsafe.Add(tile, d/32*keyBlockQ4)
		scales := (*[TileKeys]uint16)(block)
		for j, c := range (*[TileKeys]uint8)(unsafe.Add(block, 2*TileKeys+d%16*TileKeys)) {
			out[j] = halfValue(scales[j]) * float32(int(c>>(d%32/16*4)&15)-8)
		}
	}
}

// softmaxGeneric ignores NaN scores in the maximum; their probability is NaN, so the sum becomes NaN too. While the
// maximum is -inf, exponents are taken against zero, so that scores of -inf give probability zero and not NaN.
//
// The sum has 16 lanes: lane l is ((P[l]+P[l+16])+P[l+32])+P[l+48]; they are folded in halves (lane i += lane i+8,
// then i+4, i+2, i+1). The running sum is one FMA: Sum*Correction + sum of the tile. Exponentials are those of
// expNonPositive: below 1 ulp, zero under 2^-126.5.
func softmaxGeneric(a *SoftmaxArgs) {
	s, correction := unsafe.Slice((*[TileKeys]float32)(a.S), a.N), unsafe.Slice((*float32)(a.Correction), a.N)
	for n := range s {
		running := (*[2]float32)(unsafe.Add(a.Running, n*a.RunningStride*4))
		correction[n] = softmaxTile(&s[n], a.Lo, a.Hi, running)
	}
}

// softmaxTile handles one query, whose maximum and sum are running.
func softmaxTile(s *[TileKeys]float32, lo, hi int, running *[2]float32) (correction float32) {
	m := running[0]
	for _, x := range s[lo:hi] {
		if x > m {
			m = x
		}
	}
	ref := m
	if ref == float32(math.Inf(-1)) {
		ref = 0
	}
	clear(s[:lo])
	clear(s[hi:])
	for j := lo; j < hi; j++ {
		s[j] = expNonPositive(s[j] - ref)
	}
	var lane [16]float32
	for i := range lane {
		lane[i] = s[i] + s[i+16] + s[i+32] + s[i+48]
	}
	for n := len(lane) / 2; n > 0; n /= 2 {
		for i := range n {
			lane[i] += lane[i+n]
		}
	}
	correction = expNonPositive(running[0] - ref)
	running[0], running[1] = m, fma32(running[1], correction, lane[0])
	return correction
}

func valuesGeneric(format CacheFormat, a *ValuesArgs) {
	acc := unsafe.Slice((*float32)(a.Acc), (a.N-1)*a.AccStride+a.D)
	p := unsafe.Slice((*[TileKeys]float32)(a.P), a.N)
	correction := unsafe.Slice((*float32)(a.Correction), a.N)
	for n, c := range correction {
		for d := range a.D {
			acc[n*a.AccStride+d] *= c
		}
	}
	var v [32]float32
	for d := 0; d < a.D; d += len(v) {
		row := v[:min(len(v), a.D-d)]
		for j := a.Lo; j < a.Hi; j++ {
			valueColumns(row, format, a.V, a.D, j, d)
			for n := range p {
				fma32Row(acc[n*a.AccStride+d:][:len(row)], p[n][j], row)
			}
		}
	}
}

// valueColumns decodes len(out) columns from column d, a multiple of 32, of the value in one slot of a tile.
func valueColumns(out []float32, format CacheFormat, tile unsafe.Pointer, columns, slot, d int) {
	switch format {
	case CacheF32:
		copy(out, unsafe.Slice((*float32)(unsafe.Add(tile, (slot*columns+d)*4)), len(out)))
	case CacheF16:
		for i, h := range unsafe.Slice((*uint16)(unsafe.Add(tile, (slot*columns+d)*2)), len(out)) {
			out[i] = halfValue(h)
		}
	case CacheQ8_0:
		row := unsafe.Add(tile, slot*(columns/32*valueBlockQ8))
		scale := halfValue(*(*uint16)(unsafe.Add(row, d/32*2)))
		for i, c := range (*[32]int8)(unsafe.Add(row, columns/32*2+d)) {
			out[i] = scale * float32(c)
		}
	case CacheQ4_0:
		row := unsafe.Add(tile, slot*(columns/32*valueBlockQ4))
		scale := halfValue(*(*uint16)(unsafe.Add(row, d/32*2)))
		for i, c := range (*[16]uint8)(unsafe.Add(row, columns/32*2+d/2)) {
			out[i] = scale * float32(int(c&15)-8)
			out[i+16] = scale * float32(int(c>>4)-8)
		}
	}
}
