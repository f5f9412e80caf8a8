package gguf_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/seed64708441/ember/model/gguf"
	"github.com/seed64708441/ember/tensor"
)

// splitKeys is what a part says about itself; no counts from 0.
func splitKeys(no, count, tensors int) []gguf.KV {
	return []gguf.KV{
		{Key: "split.no", Value: uint16(no)}, {Key: "split.count", Value: uint16(count)},
		{Key: "split.tensors.count", Value: int32(tensors)},
	}
}

// splitModel is a model in three parts, the second without tensors.
func splitModel(t testing.TB) map[string][]byte {
	one := append(splitKeys(0, 3, 3), gguf.KV{Key: "general.architecture", Value: "llama"}, gguf.KV{Key: "general.alignment", Value: uint32(64)})
	return map[string][]byte{
		"m-00001-of-00003.gguf": write(t, one, []gguf.TensorData{data(t, 1, "a", tensor.F32, 3), data(t, 2, "z", tensor.F16, 2, 5)}),
		"m-00002-of-00003.gguf": write(t, splitKeys(1, 3, 3), nil),
		"m-00003-of-00003.gguf": write(t, splitKeys(2, 3, 3), []gguf.TensorData{data(t, 3, "b", tensor.I8, 9)}),
	}
}

// store puts files in a folder.
func store(t *testing.T, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, b := range files {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// asFS makes a file system of files.
func asFS(files map[string][]byte) fstest.MapFS {
	m := fstest.MapFS{}
	for name, b := range files {
		m[name] = &fstest.MapFile{Data: b}
	}
	return m
}

func TestSplit(t *testing.T) {
	files := splitModel(t)
	dir, size := store(t, files), 0
	for _, b := range files {
		size += len(b)
	}
	for name := range files {
		mapped, err1 := gguf.Open(filepath.Join(dir, name), gguf.Options{})
		readAt, err2 := gguf.Open(filepath.Join(dir, name), gguf.Options{NoMmap: true})
		fromFS, err3 := gguf.OpenFS(asFS(files), name, gguf.Options{})
		if err := errors.Join(err1, err2, err3); err != nil {
			t.Fatal(err)
		}
		for _, f := range []*gguf.File{mapped, readAt, fromFS} {
			if arch, err := f.Meta().String("general.architecture"); arch != "llama" || err != nil {
				t.Errorf("opened by %s: metadata is not that of the first part: %q, %v", name, arch, err)
			}
			if f.Size() != int64(size) {
				t.Errorf("opened by %s: size is %d, expected %d", name, f.Size(), size)
			}
			for i, want := range []struct {
				name       string
				seed, part int
			}{{"a", 1, 0}, {"z", 2, 0}, {"b", 3, 2}} {
				x := f.Tensors()[i]
				b, err := f.Section(x, 0, x.Bytes, nil)
				if x.Name != want.name || x.Part != want.part || err != nil || !bytes.Equal(b, pattern(want.seed, x.Bytes)) {
					t.Errorf("opened by %s: tensor %d is %+v, expected %+v, %v", name, i, x, want, err)
				}
			}
			if err := f.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestSplitRefused damages the set of parts in every way.
func TestSplitRefused(t *testing.T) {
	const p1, p2, p3 = "m-00001-of-00003.gguf", "m-00002-of-00003.gguf", "m-00003-of-00003.gguf"
	cases := map[string]struct {
		open   string
		change func(m map[string][]byte)
		want   string
	}{
		"middle part missing":  {p1, func(m map[string][]byte) { delete(m, p2) }, "part 2 of 3 is missing"},
		"first part missing":   {p3, func(m map[string][]byte) { delete(m, p1) }, "part 1 of 3 is missing"},
		"last part missing":    {p2, func(m map[string][]byte) { delete(m, p3) }, "part 3 of 3 is missing"},
		"renamed":              {"other.gguf", func(m map[string][]byte) { m["other.gguf"] = m[p1] }, `expected a name that ends in "-00001-of-00003.gguf"`},
		"named as another":     {p2, func(m map[string][]byte) { m[p2] = m[p3] }, `this is part 3 of 3, expected a name that ends in "-00003-of-00003.gguf"`},
		"two parts the same":   {p1, func(m map[string][]byte) { m[p2] = m[p3] }, "this is part 3 of 3, expected part 2 of 3"},
		"of another model":     {p1, func(m map[string][]byte) { m[p3] = write(t, splitKeys(2, 4, 3), nil) }, "this is part 3 of 4"},
		"no part":              {p1, func(m map[string][]byte) { m[p2] = write(t, nil, nil) }, "this is a model in one file, expected part 2 of 3"},
		"other tensor count":   {p1, func(m map[string][]byte) { m[p2] = write(t, splitKeys(1, 3, 7), nil) }, "this is a part of a model of 7 tensors, expected 3"},
		"tensor missing":       {p1, func(m map[string][]byte) { m[p3] = write(t, splitKeys(2, 3, 3), nil) }, `key "split.tensors.count": split model: found 3, the 3 parts have 2 tensors`},
		"broken part":          {p1, func(m map[string][]byte) { m[p3] = m[p3][:50] }, p3},
		"no parts":             {"x.gguf", func(m map[string][]byte) { m["x.gguf"] = write(t, splitKeys(0, 0, 0)[1:], nil) }, ""},
		"one part, any name":   {"x.gguf", func(m map[string][]byte) { m["x.gguf"] = write(t, splitKeys(0, 1, 0), nil) }, ""},
		"number too large":     {"x.gguf", func(m map[string][]byte) { m["x.gguf"] = write(t, splitKeys(3, 3, 0), nil) }, `key "split.no": split model: found 3, expected 0 to 2`},
		"number missing":       {"x.gguf", func(m map[string][]byte) { m["x.gguf"] = write(t, splitKeys(3, 3, 0)[1:], nil) }, `key "split.no": split model: missing`},
		"tensor count missing": {"x.gguf", func(m map[string][]byte) { m["x.gguf"] = write(t, splitKeys(0, 3, 0)[:2], nil) }, `key "split.tensors.count": split model: missing`},
		"count too large": {"x.gguf", func(m map[string][]byte) {
			m["x.gguf"] = write(t, []gguf.KV{{Key: "split.count", Value: uint32(1 << 16)}}, nil)
		}, `key "split.count": split model: found 65536, expected 0 to 65535`},
		"count is text": {"x.gguf", func(m map[string][]byte) {
			m["x.gguf"] = write(t, []gguf.KV{{Key: "split.count", Value: "3"}}, nil)
		}, `key "split.count": split model: found string`},
	}
	for name, c := range cases {
		files := splitModel(t)
		c.change(files)
		f, err := gguf.OpenFS(asFS(files), c.open, gguf.Options{})
		g, errPath := gguf.Open(filepath.Join(store(t, files), c.open), gguf.Options{})
		if c.want == "" {
			if err := errors.Join(err, errPath); err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			f.Close()
			g.Close()
			continue
		}
		for _, err := range []error{err, errPath} {
			if f != nil || g != nil || err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), " gguf: ") {
				t.Errorf("%s: expected %q, found %v", name, c.want, err)
			}
			if name != "broken part" && !errors.Is(err, gguf.ErrSplit) {
				t.Errorf("%s: %v is not ErrSplit", name, err)
			}
			if strings.Contains(name, "part missing") && !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s: %v is not fs.ErrNotExist", name, err)
			}
		}
	}
}

// TestSplitDuplicate has the same tensor in two parts.
func TestSplitDuplicate(t *testing.T) {
	files := map[string][]byte{
		"m-00001-of-00002.gguf": write(t, splitKeys(0, 2, 2), []gguf.TensorData{data(t, 1, "a", tensor.F32, 3)}),
		"m-00002-of-00002.gguf": write(t, splitKeys(1, 2, 2), []gguf.TensorData{data(t, 1, "a", tensor.F32, 3)}),
	}
	_, err := gguf.OpenFS(asFS(files), "m-00002-of-00002.gguf", gguf.Options{})
	want := `gguf: m-00002-of-00002.gguf: tensor "a": occurs twice`
	if err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("found %v, expected %s", err, want)
	}
}

func TestSplitNeedsPath(t *testing.T) {
	for name, b := range splitModel(t) {
		_, err := gguf.NewFile(bytes.NewReader(b), int64(len(b)), gguf.Options{})
		if !errors.Is(err, gguf.ErrSplit) || !strings.Contains(fmt.Sprint(err), "open it by its path") {
			t.Errorf("%s: %v, expected ErrSplit and what to do", name, err)
		}
	}
}
