package kernel

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"
)

// benchmarkTiles is the context of attention benchmarks in tiles: 4096 tokens.
const benchmarkTiles = 64

// attentionCases calls run for the formats, head sizes and numbers of queries that are compared, with the tiles of a
// whole context one after the other; it reports the speed of reading the cache and the rate of multiply-adds.
func attentionCases(b *testing.B, run func(s *Set, f CacheFormat, d, n int, tile []byte)) {
	rng := rand.New(rand.NewPCG(1, 1))
	for f := range NumCacheFormats {
		for _, d := range []int{64, 128} {
			cache := make([]byte, benchmarkTiles*KeyBytes(f, d)+64)
			cache = cache[-uintptr(unsafe.Pointer(unsafe.SliceData(cache)))%64:][:len(cache)-64]
			size := KeyBytes(f, d)
			k := make([]float32, d)
			for i := range benchmarkTiles * TileKeys {
				fillFloats(rng, k, false)
				StoreKey(f, cache[i/TileKeys*size:], i%TileKeys, d, k)
			}
			for _, s := range levels() {
				for _, n := range []int{1, 2, 3, 4, 8, 64} {
					b.Run(fmt.Sprintf("format=%s/level=%s/n=%d/d=%d", cacheFormats[f], s.Name, n, d), func(b *testing.B) {
						b.SetBytes(int64(size))
						for i := 0; b.Loop(); i++ {
							run(s, f, d, n, cache[i%benchmarkTiles*size:])
						}
						b.ReportMetric(float64(n*d*TileKeys)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFMA/s")
					})
				}
			}
		}
	}
}

func BenchmarkScores(b *testing.B) {
	q, dst := make([]float32, 64*128), make([]float32, 64*TileKeys)
	fillFloats(rand.New(rand.NewPCG(2, 2)), q, false)
	attentionCases(b, func(s *Set, f CacheFormat, d, n int, tile []byte) {
		s.Scores[f](&ScoresArgs{Dst: ptr(dst), Q: ptr(q), QStride: d, N: n,
			K: unsafe.Pointer(unsafe.SliceData(tile)), Next: unsafe.Pointer(unsafe.SliceData(tile)), D: d, Scale: 0.1})
	})
}

// BenchmarkValues overwrites the keys by values of the same size.
func BenchmarkValues(b *testing.B) {
	acc, p, correction := make([]float32, 64*128), make([]float32, 64*TileKeys), make([]float32, 64)
	fillFloats(rand.New(rand.NewPCG(2, 2)), p, false)
	seen := map[*byte]bool{}
	attentionCases(b, func(s *Set, f CacheFormat, d, n int, tile []byte) {
		if tile := tile[:ValueBytes(f, d)]; !seen[&tile[0]] {
			seen[&tile[0]] = true
			v := slices.Repeat([]float32{1}, d)
			for slot := range TileKeys {
				StoreValue(f, tile, slot, d, v)
			}
		}
		s.Values[f](&ValuesArgs{Acc: ptr(acc), AccStride: d, P: ptr(p), Correction: ptr(correction), N: n,
			V: unsafe.Pointer(unsafe.SliceData(tile)), Next: unsafe.Pointer(unsafe.SliceData(tile)), D: d, Hi: TileKeys})
	})
}

func BenchmarkSoftmax(b *testing.B) {
	const most = 32
	scores, s64 := make([]float32, most*TileKeys), make([]float32, most*TileKeys)
	running, correction := make([]float32, 2*most), make([]float32, most)
	fillFloats(rand.New(rand.NewPCG(1, 1)), scores, false)
	for _, s := range levels() {
		for _, n := range []int{1, 4, most} {
			for _, hi := range []int{64, 40} {
				b.Run(fmt.Sprintf("level=%s/n=%d/slots=%d", s.Name, n, hi), func(b *testing.B) {
					a := SoftmaxArgs{S: ptr(s64), N: n, Hi: hi, Running: ptr(running), RunningStride: 2, Correction: ptr(correction)}
					for b.Loop() {
						copy(s64, scores[:n*TileKeys])
						s.Softmax(&a)
					}
					b.ReportMetric(float64(n*TileKeys)*float64(b.N)/b.Elapsed().Seconds()/1e9, "Gelements/s")
				})
			}
		}
	}
}

// BenchmarkStore is the encoding of one token's head.
func BenchmarkStore(b *testing.B) {
	x := make([]float32, 128)
	fillFloats(rand.New(rand.NewPCG(1, 1)), x, false)
	for f := range NumCacheFormats {
		tile := bytes.Clone(make([]byte, KeyBytes(f, len(x))))
		for kind, store := range map[string]func(CacheFormat, []byte, int, int, []float32){"key": StoreKey, "value": StoreValue} {
			b.Run(fmt.Sprintf("format=%s/kind=%s/d=128", cacheFormats[f], kind), func(b *testing.B) {
				for i := 0; b.Loop(); i++ {
					store(f, tile, i%TileKeys, len(x), x)
				}
				b.ReportMetric(float64(len(x))*float64(b.N)/b.Elapsed().Seconds()/1e9, "Gelements/s")
			})
		}
	}
}
