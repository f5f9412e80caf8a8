package limits

import (
	"errors"
	"runtime"
	"testing"
	"unsafe"
)

// readers are all readers that this machine can run.
func readers() map[string]reader {
	return map[string]reader{"go": readGo, "fastest": fastest()}
}

func TestReadersSumEveryWord(t *testing.T) {
	const words = 4096
	b := make([]uint64, words)
	for i := range b {
		b[i] = uint64(i)*0x9e3779b97f4a7c15 + 1
	}
	for name, read := range readers() {
		for _, n := range []int{0, 64, 128, 640, 8 * words / streams} {
			for _, stride := range []int{n, 8 * words / streams} {
				want := uint64(0)
				for s := range streams {
					for i := range n / 8 {
						want += b[s*stride/8+i]
					}
				}
				if got := read(unsafe.Pointer(&b[0]), n, stride); got != want {
					t.Errorf("%s: %d bytes of streams %d apart: sum %x, want %x", name, n, stride, got, want)
				}
			}
		}
	}
}

// TestPatternsReadEveryByteOnce puts a one into each word and counts them.
func TestPatternsReadEveryByteOnce(t *testing.T) {
	b := make([]uint64, 1<<18)
	for i := range b {
		b[i] = 1
	}
	share := unsafe.Slice((*byte)(unsafe.Pointer(&b[0])), 8*len(b))
	for _, p := range patterns {
		sum := uint64(0)
		p.read(func(q unsafe.Pointer, n, stride int) uint64 {
			sum += readGo(q, n, stride)
			return 0
		}, share)
		if sum != uint64(len(b)) {
			t.Errorf("%s: %d words read of %d", p.name, sum, len(b))
		}
	}
}

func TestChainsMultiply(t *testing.T) {
	for level, kinds := range levels() {
		for k, c := range kinds {
			// A chain's lane takes perRound/lanes products a round, and lane 0 of each chain is in the sum.
			lanes := map[string]map[Kind]int{"generic": {FP32: 1, Int8: 1}, "avx2": {FP32: 8, Int8: 8}, "avxvnni": {FP32: 8, Int8: 8}, "avx512": {FP32: 16, Int8: 16}, "amx": {FP32: 16, Int8: 16}}[level][k]
			if lanes == 0 {
				t.Fatalf("level %s has no row here", level)
			}
			for _, n := range []int{0, 1, 2, 1000} {
				want := n * c.perRound / lanes * 7 * 3
				got := 0
				if c.fp32 != nil {
					got = int(c.fp32(n, 7, 3))
				} else {
					got = c.int8(n, 7, 3)
				}
				if got != want {
					t.Errorf("%s %v: %d rounds: %d, want %d", level, k, n, got, want)
				}
			}
			if c.int8 != nil {
				if got, want := c.int8(10, 200, -3), -10*c.perRound/lanes*600; got != want {
					t.Errorf("%s: 200 * -3: %d, want %d", level, got, want)
				}
			}
		}
	}
}

func TestMultiply(t *testing.T) {
	got := map[string]map[Kind]float64{}
	for level, kinds := range levels() {
		got[level] = map[Kind]float64{}
		for k := range kinds {
			v, err := Multiply(level, k, 1)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%s %v: %.1f G multiply-adds/s", level, k, v/1e9)
			// A core of 5 GHz does no more than four 512-bit vectors a cycle.
			if perCycle := 4 * 64.0; v < 1e6 || v > 6e9*perCycle {
				t.Errorf("%s %v: %.3g multiply-adds/s", level, k, v)
			}
			got[level][k] = v
		}
	}
	for _, level := range []string{"avx2", "avxvnni", "avx512"} {
		if v, ok := got[level]; ok && (v[FP32] < got["generic"][FP32] || v[Int8] < v[FP32]) {
			t.Errorf("%s: %v: want more than plain Go, and more int8 than fp32", level, v)
		}
	}
}

func TestReadBandwidth(t *testing.T) {
	v, err := ReadBandwidth(runtime.GOMAXPROCS(0), 64<<20)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%.1f GB/s from 64 MiB", v/1e9)
	if v < 50e6 || v > 20e12 {
		t.Errorf("%.3g bytes/s", v)
	}
}

func TestRefusals(t *testing.T) {
	if _, err := Multiply("abacus", Int8, 1); !errors.Is(err, ErrUnknown) {
		t.Errorf("unknown level: %v, want ErrUnknown", err)
	}
	for _, c := range [][2]int{{0, 1 << 30}, {-1, 0}, {1, -1}, {1, 100}, {2000, 0}} {
		if v, err := ReadBandwidth(c[0], c[1]); err == nil {
			t.Errorf("%d threads, %d bytes: %g, want an error", c[0], c[1], v)
		}
	}
	if _, err := Multiply("generic", FP32, 0); err == nil {
		t.Error("0 threads: want an error")
	}
}
