package limits

import (
	"fmt"
	"math"
	"unsafe"

	"github.com/seed64708441/ember/tensor/mem"
)

// streams is how many places of memory a reader walks at once.
const streams = 4

// reader sums the words of four streams: see readGo.
type reader func(p unsafe.Pointer, n, stride int) uint64

// readGo returns the sum of the n/8 words at each of p, p+stride, p+2*stride and p+3*stride. n is a multiple of 64.
func readGo(p unsafe.Pointer, n, stride int) uint64 {
	var sum [streams]uint64
	a := unsafe.Slice((*uint64)(p), n/8)
	b := unsafe.Slice((*uint64)(unsafe.Add(p, stride)), n/8)
	c := unsafe.Slice((*uint64)(unsafe.Add(p, 2*stride)), n/8)
	d := unsafe.Slice((*uint64)(unsafe.Add(p, 3*stride)), n/8)
	for i := 0; i+8 <= len(a); i += 8 {
		for j, s := range [streams][]uint64{a[i : i+8], b[i : i+8], c[i : i+8], d[i : i+8]} {
			sum[j] += s[0] + s[1] + s[2] + s[3] + s[4] + s[5] + s[6] + s[7]
		}
	}
	return sum[0] + sum[1] + sum[2] + sum[3]
}

// pattern is how a thread walks its share of the memory: n bytes of each stream at a time, streams stride apart.
type pattern struct {
	name string
	rows int // bytes of each stream; 0: the streams are quarters of the share
}

var patterns = []pattern{{"rows of 2 KiB", 2 << 10}, {"rows of 16 KiB", 16 << 10}, {"quarters", 0}}

// ReadBandwidth returns the bytes per second that the given number of threads read from memory: size bytes in all, each
// thread its share from one end to the other, in the fastest of several passes in each of several patterns. The memory is
// outside the Go heap, in large pages where the system has them. Size should be several times that of the last cache; 0 is
// 1 GiB, or a quarter of what is available if that is less.
func ReadBandwidth(threads, size int) (float64, error) {
	if threads < 1 || size < 0 {
		return 0, fmt.Errorf("limits: %d bytes by %d threads: want at least 1", size, threads)
	}
	if size == 0 {
		size = 1 << 30
		if _, available := mem.System(); available > 0 {
			size = int(min(int64(size), available/4))
		}
	}
	const (
		piece  = 1 << 18 // of each stream: what one call reads
		passes = 7
	)
	share := size / threads / (streams * piece) * (streams * piece)
	if share == 0 {
		return 0, fmt.Errorf("limits: %d bytes for %d threads: want at least %d for each", size, threads, streams*piece)
	}
	var account mem.Account
	block, err := account.Alloc(share * threads)
	if err != nil {
		return 0, err
	}
	defer block.Free()
	b := block.Bytes()
	touch(b)
	least := math.Inf(1) // seconds of a pass
	for range passes {
		for _, p := range patterns {
			took, err := together(threads, func(i int) { p.read(fastest(), b[i*share:][:share]) })
			if err != nil {
				return 0, err
			}
			least = min(least, took.Seconds())
		}
	}
	return float64(share*threads) / least, nil
}

// touch gives every page a frame of its own.
func touch(b []byte) {
	for i := 0; i < len(b); i += 1 << 10 {
		b[i] = byte(i >> 10)
	}
}

// read reads all of b once.
func (p *pattern) read(read reader, b []byte) {
	n, stride, step := p.rows, p.rows, streams*p.rows
	if p.rows == 0 {
		n, stride = 1<<18, len(b)/streams
		step = n
	}
	sum := uint64(0)
	for at := 0; at+n+(streams-1)*stride <= len(b); at += step {
		sum += read(unsafe.Pointer(&b[at]), n, stride)
	}
	sink(int(sum))
}
