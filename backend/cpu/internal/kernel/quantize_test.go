package kernel

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"
	"unsafe"
)

// TestQuantizeLevels compares every level with the Go twin, byte for byte, in memory that faults on stray accesses.
func TestQuantizeLevels(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	for f, block := range map[ActFormat]int{ActQ32: 32, ActQ256: 256} {
		for blocks := range 9 {
			for variant := range 16 {
				k, atStart := blocks*block, variant&1 != 0
				x, want := make([]float32, k), make([]byte, f.RowBytes(k))
				fillFloats(rng, x, variant&2 != 0)
				if variant&4 != 0 && blocks > 0 {
					scaleBlocks(rng, x, block)
				}
				quantizeGeneric(want, x, block)
				for _, s := range levels() {
					src, dst := fencedFloats(t, k, atStart), fenced(t, f.RowBytes(k), atStart)
					copy(src, x)
					s.Quantize[f](dst, src)
					if !bytes.Equal(dst[:k], want[:k]) || !bytes.Equal(dst[k+k/block*4:], want[k+k/block*4:]) {
						t.Fatalf("%s, %d columns in blocks of %d: codes or sums differ\n%v\n%v", s.Name, k, block, dst, want)
					}
					compareFloats(t, actScales(dst, k, block), actScales(want, k, block), "scales of %s", s.Name)
				}
			}
		}
	}
}

// TestQuantizeMaximum puts the largest magnitude, of either sign, at every place of a block.
func TestQuantizeMaximum(t *testing.T) {
	rng := rand.New(rand.NewPCG(15, 16))
	for f, block := range map[ActFormat]int{ActQ32: 32, ActQ256: 256} {
		x, row := make([]float32, block), make([]byte, f.RowBytes(block))
		for i := range x {
			for j := range x {
				x[j] = rng.Float32() - 0.5
			}
			x[i] = 254 * float32(1-i%2*2)
			for _, s := range levels() {
				s.Quantize[f](row, x)
				if scale := actScales(row, block, block)[0]; scale != 2 || int8(row[i]) != int8(127*(1-i%2*2)) {
					t.Errorf("%s: %g in column %d of %d has scale %g and code %d", s.Name, x[i], i, block, scale, int8(row[i]))
				}
			}
		}
	}
}

// scaleBlocks multiplies whole blocks by numbers that take them to zero, near the smallest and near the largest float.
func scaleBlocks(rng *rand.Rand, x []float32, block int) {
	for b := 0; b < len(x); b += block {
		scale := []float32{0, 0x1p-149, 0x1p-130, 0x1p-121, 0x1p-120, 0x1p120, 0x1p126}[rng.IntN(7)]
		for i := range x[b : b+block] {
			x[b+i] *= scale
		}
	}
}

func actScales(row []byte, k, block int) []float32 {
	return unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(row[k:]))), k/block)
}

// TestQuantize checks the format by its definition: a decoded number is within half a step, and one rounding of each
// factor, of the original; the largest has code ±127; sums are sums.
func TestQuantize(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 14))
	for _, s := range levels() {
		for f, block := range map[ActFormat]int{ActQ32: 32, ActQ256: 256} {
			const k = 1024
			x, row := make([]float32, k), make([]byte, f.RowBytes(k))
			fillFloats(rng, x, false)
			clear(x[256:512])
			x[600] = float32(math.NaN())
			x[900] = float32(math.Inf(-1))
			s.Quantize[f](row, x)
			scales := actScales(row, k, block)
			sums := unsafe.Slice((*int16)(unsafe.Pointer(unsafe.SliceData(row[k+k/block*4:]))), k/16)
			sum := int16(0)
			for i := range x {
				code, scale := int8(row[i]), scales[i/block]
				if b := i / block * block; b <= 600 && 600 < b+block || b <= 900 && 900 < b+block {
					if code != 0 || scale-scale == 0 {
						t.Fatalf("%s: column %d beside a NaN or infinity has code %d and scale %g", s.Name, i, code, scale)
					}
				} else if err := math.Abs(float64(scale)*float64(code) - float64(x[i])); err > float64(scale)*(0.5+127*0x1p-22) {
					t.Fatalf("%s: column %d, %g, has code %d and scale %g", s.Name, i, x[i], code, scale)
				}
				if sum += int16(code); i%16 == 15 {
					if sums[i/16] != sum {
						t.Fatalf("%s: sum %d is %d, want %d", s.Name, i/16, sums[i/16], sum)
					}
					sum = 0
				}
			}
		}
		// Ties go to even: the scale is exactly 1.
		x, row := make([]float32, 32), make([]byte, ActQ32.RowBytes(32))
		copy(x, []float32{127, 0.5, 1.5, 2.5, -0.5, -1.5, -2.5, -127})
		s.Quantize[ActQ32](row, x)
		if want := []byte{127, 0, 2, 2, 0, 254, 254, 129}; !bytes.Equal(row[:8], want) {
			t.Errorf("%s: codes are %v, want %v", s.Name, row[:8], want)
		}
	}
}
