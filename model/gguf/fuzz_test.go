package gguf_test

import (
	"bytes"
	"io"
	"sort"
	"testing"

	"github.com/seed64708441/ember/model/gguf"
	"github.com/seed64708441/ember/tensor"
)

// FuzzOpen reads arbitrary bytes. What is refused has an error; what is accepted keeps what the package promises, can
// be read whole and written again. Neither takes more memory than four times the bytes and a constant.
func FuzzOpen(f *testing.F) {
	f.Add(sample(f))
	v2 := sample(f)
	v2[4] = 2
	f.Add(v2)
	f.Add(write(f, []gguf.KV{{Key: "general.alignment", Value: uint32(64)}}, []gguf.TensorData{data(f, 1, "a", tensor.Q4_K, 1, 256), data(f, 2, "b", tensor.I64, 3)}))
	f.Add(write(f, splitKeys(0, 3, 1), []gguf.TensorData{data(f, 1, "a", tensor.F32, 4)}))
	f.Add(begin(2, 0).info("b", 24, 32, 8).info("a", 24, 0, 8).pad(32, 40).Bytes())
	f.Add(begin(2, 0).info("a", 24, 0, 33).info("b", 24, 32, 8).pad(32, 40).Bytes())
	f.Add(begin(0, 1).put("k", uint32(9), uint32(8), uint64(1)<<40).Bytes())
	f.Add(begin(0, 1<<40).Bytes())
	f.Add(begin(1<<40, 0).Bytes())
	f.Add(manyKeys(20).Bytes())
	f.Add(manyTensors(20).Bytes())
	f.Add(manyStrings(20, 2).Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		var file *gguf.File
		var err error
		// Other goroutines of the fuzzing engine allocate too: the constant is for them.
		if took := allocated(func() { file, err = gguf.NewFile(bytes.NewReader(b), int64(len(b)), gguf.Options{}) }); took > 4*int64(len(b))+1<<20 {
			t.Errorf("opening %d bytes took %d", len(b), took)
		}
		if err != nil {
			if file != nil || err.Error() == "" {
				t.Errorf("found both a file and an error, or an error without text: %v", err)
			}
			return
		}
		defer file.Close()
		checkPromises(t, file, int64(len(b)))
		var out bytes.Buffer
		if err := gguf.Write(&out, kvs(file.Meta()), again(t, file)); err != nil {
			return // a name or an alignment that is read but not written
		}
		if err := same(file, read(t, out.Bytes())); err != nil {
			t.Errorf("written again: %v", err)
		}
	})
}

// again describes the tensors of a file for Write, but writes nothing when the padding would be large.
func again(t *testing.T, f *gguf.File) []gguf.TensorData {
	ts := make([]gguf.TensorData, 0, len(f.Tensors()))
	for _, x := range f.Tensors() {
		b, err := f.Section(x, 0, x.Bytes, nil)
		if err != nil {
			t.Fatal(err)
		}
		ts = append(ts, gguf.TensorData{Name: x.Name, DType: x.DType, Shape: x.Shape, Write: whole(b)})
	}
	if n, err := f.Meta().Int("general.alignment"); err == nil && n > 1<<16 {
		ts = append(ts, gguf.TensorData{Write: func(io.Writer) error { return nil }}) // has no name: refused
	}
	return ts
}

// checkPromises checks what the documentation says of every file that opens.
func checkPromises(t *testing.T, f *gguf.File, size int64) {
	t.Helper()
	if v := f.Version(); v != 2 && v != 3 {
		t.Errorf("version is %d", v)
	}
	m := f.Meta()
	for _, key := range m.Keys() {
		v, ok := m.Lookup(key)
		if !ok || key == "" || !v.Kind().Valid() || !v.Elem().Valid() || v.Any() == nil || v.String() == "" {
			t.Errorf("key %q holds %v of kind %v", key, v, v.Kind())
		}
		for name, get := range getters(m) {
			if _, err := get(key); err != nil && err.Error() == "" {
				t.Errorf("%s(%q): an error without text", name, key)
			}
		}
	}
	ts := append([]gguf.Tensor(nil), f.Tensors()...)
	sort.Slice(ts, func(i, j int) bool { return ts[i].Offset < ts[j].Offset })
	end := int64(0)
	for _, x := range ts {
		n, err := x.Shape.Bytes(x.DType)
		if err != nil || n != x.Bytes || n < 1 || len(x.Shape) > 4 || x.Name == "" {
			t.Errorf("tensor %+v: its shape takes %d bytes, %v", x, n, err)
		}
		if x.Offset < end || x.Offset+int64(x.Bytes) > size {
			t.Errorf("tensor %+v lies outside of the %d bytes or on another one that ends at %d", x, size, end)
		}
		end = x.Offset + int64(x.Bytes)
	}
}
