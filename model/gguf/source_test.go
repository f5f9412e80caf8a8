package gguf_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/seed64708441/ember/model/gguf"
	"github.com/seed64708441/ember/tensor"
)

// streamFS hides the ReadAt of the files of a file system, as archives do, and lies about their size.
type streamFS struct {
	fs.FS
	extra  int64 // added to the size
	readAt bool  // do not hide it
	opens  int
	open   int
}

func (s *streamFS) Open(name string) (fs.File, error) {
	f, err := s.FS.Open(name)
	if err != nil {
		return nil, err
	}
	s.opens++
	s.open++
	if s.readAt {
		return &readAtFile{streamFile{f, s}, f.(io.ReaderAt)}, nil
	}
	return &streamFile{f, s}, nil
}

type readAtFile struct {
	streamFile
	io.ReaderAt
}

type streamFile struct {
	fs.File
	fs *streamFS
}

func (f *streamFile) Close() error { f.fs.open--; return f.File.Close() }

func (f *streamFile) Stat() (fs.FileInfo, error) {
	info, err := f.File.Stat()
	return sized{info, f.fs.extra}, err
}

type sized struct {
	fs.FileInfo
	extra int64
}

func (s sized) Size() int64 { return s.FileInfo.Size() + s.extra }

// TestSources opens a file larger than the pieces it is read in, in every way.
func TestSources(t *testing.T) {
	b := write(t, append(everyKind(), gguf.KV{Key: "long", Value: strings.Repeat("long ", 50_000)},
		gguf.KV{Key: "many", Value: strings.Fields(strings.Repeat("of words ", 50_000))}),
		append(sampleTensors(t), data(t, 9, "big", tensor.F32, 700_001)))
	path := filepath.Join(store(t, map[string][]byte{"m.gguf": b}), "m.gguf")
	want := read(t, b)
	mapped, err1 := gguf.Open(path, gguf.Options{})
	readAt, err2 := gguf.Open(path, gguf.Options{NoMmap: true})
	mapFS, err3 := gguf.OpenFS(fstest.MapFS{"m.gguf": {Data: b}}, "m.gguf", gguf.Options{})
	dirFS, err4 := gguf.OpenFS(os.DirFS(filepath.Dir(path)), "m.gguf", gguf.Options{})
	stream := &streamFS{FS: fstest.MapFS{"m.gguf": {Data: b}}}
	streamed, err5 := gguf.OpenFS(stream, "m.gguf", gguf.Options{})
	if err := errors.Join(err1, err2, err3, err4, err5); err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string]*gguf.File{"mapped": mapped, "read": readAt, "MapFS": mapFS, "DirFS": dirFS, "stream": streamed} {
		if err := same(want, f); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if f.Size() != int64(len(b)) || f.Mapped() != (name == "mapped") {
			t.Errorf("%s: size %d, mapped %v", name, f.Size(), f.Mapped())
		}
		checkSections(t, name, f, "big", pattern(9, 4*700_001))
		if err := errors.Join(f.Close(), f.Close()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		x, _ := f.Tensor("big")
		if _, err := f.Section(x, 0, 1, nil); !errors.Is(err, gguf.ErrClosed) {
			t.Errorf("%s: after Close: %v, expected ErrClosed", name, err)
		}
		f.WillNeed(x)
		f.Release(x, 0, x.Bytes)
		if s, err := f.Meta().Strings("many"); len(s) != 100_000 || s[99_999] != "words" || err != nil {
			t.Errorf("%s: metadata is gone after Close: %v", name, err)
		}
	}
	if stream.open != 0 || stream.opens == 0 {
		t.Errorf("%d of %d files of the file system are still open", stream.open, stream.opens)
	}
}

// checkSections reads pieces inside and outside of a tensor.
func checkSections(t *testing.T, name string, f *gguf.File, tensorName string, want []byte) {
	t.Helper()
	x, ok := f.Tensor(tensorName)
	if !ok || x.Bytes != len(want) {
		t.Fatalf("%s: tensor is %+v", name, x)
	}
	f.WillNeed(x)
	f.Release(x, 0, x.Bytes)
	n := x.Bytes
	for _, c := range [][2]int{{0, 0}, {n, 0}, {0, n}, {1, n - 1}, {n - 1, 1}, {1<<20 - 5, 10}, {1 << 20, 1 << 20}} {
		for _, buf := range [][]byte{nil, make([]byte, 3), make([]byte, 0, n)} {
			b, err := f.Section(x, c[0], c[1], buf)
			if err != nil || len(b) != c[1] || !bytes.Equal(b, want[c[0]:c[0]+c[1]]) {
				t.Errorf("%s: %d bytes from %d: found %d, %v", name, c[1], c[0], len(b), err)
			}
			if f.Mapped() && cap(b) != len(b) {
				t.Errorf("%s: a view of %d bytes has room for %d", name, len(b), cap(b))
			}
		}
	}
	for _, c := range [][2]int{{-1, 1}, {0, -1}, {0, n + 1}, {n, 1}, {n + 1, 0}, {math.MaxInt, 1}, {1, math.MaxInt}, {math.MinInt, 0}} {
		if _, err := f.Section(x, c[0], c[1], nil); err == nil {
			t.Errorf("%s: %d bytes from %d were read", name, c[1], c[0])
		}
	}
	for _, forged := range []gguf.Tensor{
		{Bytes: n, Offset: x.Offset + 4096, Name: "past the end"}, {Bytes: 1, Offset: -1}, {Bytes: 1, Offset: math.MaxInt64},
		{Bytes: math.MaxInt, Offset: 1}, {Bytes: 1, Part: 1}, {Bytes: 1, Part: -1},
	} {
		if _, err := f.Section(forged, 0, 1, nil); err == nil {
			t.Errorf("%s: a section of %+v was read", name, forged)
		}
	}
}

// TestSectionConcurrent reads with many goroutines; run with -race.
func TestSectionConcurrent(t *testing.T) {
	path := filepath.Join(store(t, map[string][]byte{"m.gguf": sample(t)}), "m.gguf")
	for _, o := range []gguf.Options{{}, {NoMmap: true}} {
		f, err := gguf.Open(path, o)
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				var buf []byte
				for range 50 {
					for i, x := range f.Tensors() {
						b, err := f.Section(x, 0, x.Bytes, buf)
						if err != nil || !bytes.Equal(b, pattern(i+1, x.Bytes)) {
							t.Errorf("tensor %s differs, %v", x.Name, err)
						}
						if !f.Mapped() {
							buf = b
						}
					}
				}
			})
		}
		wg.Wait()
		f.Close()
	}
}

// shortReader ends early, or fails.
type shortReader struct {
	b   []byte
	err error
}

func (s shortReader) ReadAt(p []byte, off int64) (int, error) {
	if off >= int64(len(s.b)) {
		return 0, s.err
	}
	n := copy(p, s.b[off:])
	if n < len(p) {
		return n, s.err
	}
	return n, nil
}

// TestSourcesThatLie have another size than they say. A header that promises much is not believed.
func TestSourcesThatLie(t *testing.T) {
	b := sample(t)
	broken := errors.New("broken")
	huge := begin(0, 1).put("k", uint32(8), uint64(200<<20)).pad(1, 1<<17).Bytes() // less than MaxHeader
	took := allocated(func() {
		if _, err := gguf.NewFile(shortReader{huge, io.EOF}, 1<<50, gguf.Options{}); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("a reader with less than its size: %v", err)
		}
		if _, err := gguf.NewFile(shortReader{b[:100], broken}, int64(len(b)), gguf.Options{}); !errors.Is(err, broken) {
			t.Errorf("a reader that fails: %v", err)
		}
		for _, extra := range []int64{1, 1 << 29, 1 << 50} {
			for _, readAt := range []bool{false, true} {
				s := &streamFS{FS: fstest.MapFS{"m.gguf": {Data: huge}}, extra: extra, readAt: readAt}
				if _, err := gguf.OpenFS(s, "m.gguf", gguf.Options{}); err == nil || s.open != 0 {
					t.Errorf("a file of %d bytes more than it has: %v, %d still open", extra, err, s.open)
				}
			}
		}
	})
	if took > 8<<20 {
		t.Errorf("took %d bytes", took)
	}
	s := &streamFS{FS: fstest.MapFS{"m.gguf": {Data: b}}}
	if _, err := gguf.OpenFS(s, "m.gguf", gguf.Options{MaxBuffer: 100}); err == nil || !strings.Contains(err.Error(), "Options.MaxBuffer is 100") {
		t.Errorf("more than MaxBuffer was read: %v", err)
	}
}

// TestReadFails has a reader that fails once the file is open.
func TestReadFails(t *testing.T) {
	b := sample(t)
	r := &shortReader{b, io.EOF}
	f, err := gguf.NewFile(r, int64(len(b)), gguf.Options{})
	if err != nil {
		t.Fatal(err)
	}
	x := f.Tensors()[0]
	r.b = b[:x.Offset+3]
	got, err := f.Section(x, 0, x.Bytes, nil)
	if got != nil || !errors.Is(err, io.ErrUnexpectedEOF) || !strings.HasPrefix(err.Error(), `gguf: tensor "token_embd.weight": unexpected EOF`) {
		t.Errorf("found %d bytes, %v", len(got), err)
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := store(t, map[string][]byte{"m.gguf": sample(t)})
	at := filepath.Join(dir, "m.gguf")
	for name, open := range map[string]func() (*gguf.File, error){
		"not a regular file":      func() (*gguf.File, error) { return gguf.Open(dir, gguf.Options{}) },
		"fs: not a regular file":  func() (*gguf.File, error) { return gguf.OpenFS(os.DirFS(dir), ".", gguf.Options{}) },
		"file system is nil":      func() (*gguf.File, error) { return gguf.OpenFS(nil, "m.gguf", gguf.Options{}) },
		"reader is nil":           func() (*gguf.File, error) { return gguf.NewFile(nil, 0, gguf.Options{}) },
		"size is -1":              func() (*gguf.File, error) { return gguf.NewFile(bytes.NewReader(nil), -1, gguf.Options{}) },
		"Options.MaxHeader is -1": func() (*gguf.File, error) { return gguf.Open(at, gguf.Options{MaxHeader: -1}) },
		"Options.MaxBuffer is -2": func() (*gguf.File, error) { return gguf.OpenFS(os.DirFS(dir), "m.gguf", gguf.Options{MaxBuffer: -2}) },
		"Options.MaxHeader is -9223372": func() (*gguf.File, error) {
			return gguf.NewFile(bytes.NewReader(nil), 0, gguf.Options{MaxHeader: math.MinInt64})
		},
		"open absent.gguf: no such file": func() (*gguf.File, error) { return gguf.OpenFS(os.DirFS(dir), "absent.gguf", gguf.Options{}) },
		"absent.gguf: no such file":      func() (*gguf.File, error) { return gguf.Open(filepath.Join(dir, "absent.gguf"), gguf.Options{}) },
		"stat ../m.gguf: invalid":        func() (*gguf.File, error) { return gguf.OpenFS(os.DirFS(dir), "../m.gguf", gguf.Options{}) },
		"stat m\x00.gguf: invalid":       func() (*gguf.File, error) { return gguf.Open("m\x00.gguf", gguf.Options{}) },
	} {
		f, err := open()
		if f != nil || err == nil || !strings.HasPrefix(err.Error(), "gguf: ") {
			t.Errorf("%s: found %v, %v", name, f, err)
			continue
		}
		if _, want, ok := strings.Cut(name, ": "); strings.Contains(name, "absent") {
			if !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%v is not fs.ErrNotExist", err)
			}
		} else if ok && !strings.Contains(err.Error(), want) || !ok && !strings.Contains(err.Error(), name) {
			t.Errorf("%s: found %v", name, err)
		}
	}
}
