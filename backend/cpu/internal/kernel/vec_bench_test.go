package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// vectorCases runs one kernel of every level on vectors of the length of a small and of a large model row, and reports
// elements per second.
func vectorCases(b *testing.B, run func(s *Set, dst, x, w []float32)) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, n := range []int{1024, 4096} {
		dst, x, w := make([]float32, n), make([]float32, n), make([]float32, n)
		fillFloats(rng, x, false)
		fillFloats(rng, w, false)
		for _, s := range levels() {
			b.Run(fmt.Sprintf("level=%s/n=%d", s.Name, n), func(b *testing.B) {
				for b.Loop() {
					run(s, dst, x, w)
				}
				b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds()/1e9, "Gelements/s")
			})
		}
	}
}

func BenchmarkRMSNorm(b *testing.B) {
	vectorCases(b, func(s *Set, dst, x, w []float32) { s.RMSNorm(dst, x, w, 1e-5) })
}

func BenchmarkAdd(b *testing.B) {
	vectorCases(b, func(s *Set, dst, x, w []float32) { s.Add(dst, x, w) })
}

func BenchmarkSiLUMul(b *testing.B) {
	vectorCases(b, func(s *Set, dst, x, w []float32) { s.SiLUMul(dst, x, w) })
}

func BenchmarkF32ToF16(b *testing.B) {
	h := make([]uint16, 4096)
	vectorCases(b, func(s *Set, dst, x, w []float32) { s.F32ToF16(h[:len(x)], x) })
}

func BenchmarkF16ToF32(b *testing.B) {
	h := make([]uint16, 4096)
	vectorCases(b, func(s *Set, dst, x, w []float32) { s.F16ToF32(dst, h[:len(dst)]) })
}

func BenchmarkQuantize(b *testing.B) {
	row := make([]byte, ActQ32.RowBytes(4096))
	for f, name := range map[ActFormat]string{ActQ32: "q32", ActQ256: "q256"} {
		b.Run("format="+name, func(b *testing.B) {
			vectorCases(b, func(s *Set, dst, x, w []float32) { s.Quantize[f](row[:f.RowBytes(len(x))], x) })
		})
	}
}

func BenchmarkRotate(b *testing.B) {
	for _, interleaved := range []bool{false, true} {
		b.Run(fmt.Sprintf("interleaved=%v", interleaved), func(b *testing.B) {
			vectorCases(b, func(s *Set, dst, x, w []float32) {
				s.Rotate(&RotateArgs{X: ptr(x), Cos: ptr(w), Sin: ptr(w), Pairs: len(x) / 2, Interleaved: interleaved})
			})
		})
	}
}
