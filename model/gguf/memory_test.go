package gguf_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"runtime/metrics"
	"strings"
	"testing"

	"github.com/seed64708441/ember/model/gguf"
	"github.com/seed64708441/ember/tensor"
)

// allocated returns the bytes that f allocates on the heap, those that it gives back included: more than the peak.
func allocated(f func()) int64 {
	s := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(s)
	before := s[0].Value.Uint64()
	f()
	metrics.Read(s)
	return int64(s[0].Value.Uint64() - before)
}

// slack is what opening may take besides a multiple of the file's size. The requirement is 64 MiB; less makes the test
// mean something for files of a few MB.
const slack = 1 << 18

// manyStrings is an array of n strings of size bytes.
func manyStrings(n, size int) *raw {
	r := begin(0, 1).put("k", uint32(9), uint32(8), uint64(n))
	one := append(binary.LittleEndian.AppendUint64(nil, uint64(size)), bytes.Repeat([]byte("x"), size)...)
	r.Write(bytes.Repeat(one, n))
	return r
}

// manyKeys has n keys of three bytes and the smallest values.
func manyKeys(n int) *raw {
	r := begin(0, uint64(n))
	for i := range n {
		r.Write([]byte{3, 0, 0, 0, 0, 0, 0, 0, byte(i), byte(i >> 8), byte(i >> 16), 0, 0, 0, 0, 1})
	}
	return r
}

// manyTensors has n tensors of one byte each, as close together as the format allows.
func manyTensors(n int) *raw {
	r := begin(uint64(n), 1).put("general.alignment", uint32(4), uint32(1))
	for i := range n {
		r.Write([]byte{3, 0, 0, 0, 0, 0, 0, 0, byte(i), byte(i >> 8), byte(i >> 16), 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 24, 0, 0, 0})
		r.put(uint64(i))
	}
	return r.pad(1, n)
}

// TestMemory opens files made to take much memory: all that is allocated, garbage included, and the mapped file itself
// stay below four times the size of the file.
func TestMemory(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates too")
	}
	const n = 200_000
	for name, r := range map[string]*raw{
		"empty strings":       manyStrings(n, 0),
		"short strings":       manyStrings(n, 3),
		"long strings":        manyStrings(50, 100_000),
		"one string":          begin(0, 1).put("k", uint32(8), strings.Repeat("x", 4<<20)),
		"bools":               begin(0, 1).put("k", uint32(9), uint32(7), uint64(4<<20), make([]byte, 4<<20)),
		"floats":              begin(0, 1).put("k", uint32(9), uint32(6), uint64(1<<20), make([]byte, 4<<20)),
		"keys":                manyKeys(n),
		"tensors":             manyTensors(n),
		"long key, then none": begin(0, 200).put(strings.Repeat("k", 60_000)),
		"strings cut short":   func() *raw { r := manyStrings(n, 3); r.Truncate(r.Len() - 1); return r }(),
	} {
		path := filepath.Join(t.TempDir(), "f.gguf")
		if err := os.WriteFile(path, r.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		size := int64(r.Len())
		for _, o := range []gguf.Options{{}, {NoMmap: true}} {
			var f *gguf.File
			var err error
			took := allocated(func() { f, err = gguf.Open(path, o) })
			if !o.NoMmap {
				took += size // the pages of the mapped file
			}
			if cut := strings.Contains(name, "then none") || strings.Contains(name, "cut short"); (err != nil) != cut {
				t.Errorf("%s: %v", name, err)
			}
			t.Logf("%s, mapped %v: %.2f times the %d bytes", name, !o.NoMmap, float64(took)/float64(size), size)
			if took > 4*size+slack {
				t.Errorf("%s: opening %d bytes took %d", name, size, took)
			}
			if err == nil {
				f.Close()
			}
		}
	}
}

// BenchmarkOpen opens the metadata of a large vocabulary.
func BenchmarkOpen(b *testing.B) {
	r := manyStrings(150_000, 7)
	b.SetBytes(int64(r.Len()))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := gguf.NewFile(bytes.NewReader(r.Bytes()), int64(r.Len()), gguf.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

// TestMemoryControl shows that the measurement can fail: it sees what io.ReadAll wastes.
func TestMemoryControl(t *testing.T) {
	const size = 8 << 20
	if n := allocated(func() { io.ReadAll(io.LimitReader(zeros{}, size)) }); n < size {
		t.Errorf("reading %d bytes to memory took %d", size, n)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// TestMaxHeader refuses a header that is larger than allowed, and only that.
func TestMaxHeader(t *testing.T) {
	b := write(t, []gguf.KV{{Key: "text", Value: strings.Repeat("x", 1000)}}, []gguf.TensorData{data(t, 1, "a", tensor.F32, 1000)})
	for limit, want := range map[int64]bool{0: true, 1100: true, 1000: false, 10: false, 1 << 40: true} {
		_, err := gguf.NewFile(bytes.NewReader(b), int64(len(b)), gguf.Options{MaxHeader: limit})
		if (err == nil) != want {
			t.Errorf("limit %d: %v", limit, err)
		}
		if err != nil && !strings.Contains(err.Error(), "Options.MaxHeader") {
			t.Errorf("limit %d: %v does not name the option", limit, err)
		}
	}
}
