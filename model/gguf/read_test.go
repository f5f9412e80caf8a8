package gguf_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/seed64708441/ember/model/gguf"
	"github.com/seed64708441/ember/tensor"
)

// kvs returns the metadata of a file as it would be written.
func kvs(m *gguf.Meta) []gguf.KV {
	var kv []gguf.KV
	for _, k := range m.Keys() {
		v, _ := m.Lookup(k)
		kv = append(kv, gguf.KV{Key: k, Value: v.Any()})
	}
	return kv
}

// sameMeta says how metadata differs; NaN equals NaN with the same bits.
func sameMeta(x, y []gguf.KV) error {
	if len(x) != len(y) {
		return fmt.Errorf("%d keys, expected %d", len(y), len(x))
	}
	for i := range x {
		if x[i].Key != y[i].Key || !reflect.DeepEqual(exact(x[i].Value), exact(y[i].Value)) {
			return fmt.Errorf("key %d is %.100q, %.100v, expected %.100q, %.100v", i, y[i].Key, y[i].Value, x[i].Key, x[i].Value)
		}
	}
	return nil
}

// exact returns a value that equals another only when type and bits do.
func exact(v any) any {
	type f32 []uint32
	type f64 []uint64
	switch v := v.(type) {
	case float32:
		return [1]uint32{math.Float32bits(v)}
	case float64:
		return [1]uint64{math.Float64bits(v)}
	case []float32:
		out := make(f32, len(v))
		for i, x := range v {
			out[i] = math.Float32bits(x)
		}
		return out
	case []float64:
		out := make(f64, len(v))
		for i, x := range v {
			out[i] = math.Float64bits(x)
		}
		return out
	}
	return v
}

// same says how two files differ in metadata, tensors or data, in all but where the data lies.
func same(a, b *gguf.File) error {
	if err := sameMeta(kvs(a.Meta()), kvs(b.Meta())); err != nil {
		return err
	}
	if x, y := len(a.Tensors()), len(b.Tensors()); x != y {
		return fmt.Errorf("%d tensors, expected %d", y, x)
	}
	var bufA, bufB []byte
	for i, x := range a.Tensors() {
		y := b.Tensors()[i]
		if x.Name != y.Name || x.DType != y.DType || !x.Shape.Equal(y.Shape) || x.Bytes != y.Bytes {
			return fmt.Errorf("tensor %d is %+v, expected %+v", i, y, x)
		}
		if byName, ok := b.Tensor(x.Name); !ok || !reflect.DeepEqual(byName, y) {
			return fmt.Errorf("tensor %s by name is %+v, in order %+v", x.Name, byName, y)
		}
		var errA, errB error
		bufA, errA = a.Section(x, 0, x.Bytes, bufA)
		bufB, errB = b.Section(y, 0, y.Bytes, bufB)
		if err := errors.Join(errA, errB); err != nil {
			return err
		}
		if !bytes.Equal(bufA, bufB) {
			return fmt.Errorf("tensor %s: data differs", x.Name)
		}
	}
	return nil
}

// rewrite writes a file again.
func rewrite(t testing.TB, f *gguf.File) []byte {
	t.Helper()
	var ts []gguf.TensorData
	for _, x := range f.Tensors() {
		b, err := f.Section(x, 0, x.Bytes, nil)
		if err != nil {
			t.Fatal(err)
		}
		ts = append(ts, gguf.TensorData{Name: x.Name, DType: x.DType, Shape: x.Shape, Write: whole(b)})
	}
	return write(t, kvs(f.Meta()), ts)
}

func TestRoundTrip(t *testing.T) {
	b := sample(t)
	f := read(t, b)
	if err := sameMeta(everyKind(), kvs(f.Meta())); err != nil {
		t.Error(err)
	}
	if f.Version() != 3 || f.Size() != int64(len(b)) || f.Mapped() {
		t.Errorf("version %d, size %d, mapped %v; wrote version 3 of %d bytes", f.Version(), f.Size(), f.Mapped(), len(b))
	}
	for i, want := range sampleTensors(t) {
		got := f.Tensors()[i]
		if got.Name != want.Name || got.DType != want.DType || !got.Shape.Equal(want.Shape) || got.Part != 0 {
			t.Errorf("tensor %d is %+v, wrote %+v", i, got, want)
		}
		if got.Offset%32 != 0 {
			t.Errorf("tensor %s lies at byte %d, not a multiple of 32", got.Name, got.Offset)
		}
		data, err := f.Section(got, 0, got.Bytes, nil)
		if err != nil || !bytes.Equal(data, pattern(i+1, got.Bytes)) {
			t.Errorf("tensor %s: data differs, %v", got.Name, err)
		}
	}
	if again := rewrite(t, f); !bytes.Equal(again, b) {
		t.Error("written again, the file differs")
	}
}

// TestVersion2 reads a file whose version was set back: the layout is the same.
func TestVersion2(t *testing.T) {
	b := sample(t)
	f := read(t, b)
	b2 := bytes.Clone(b)
	b2[4] = 2
	g := read(t, b2)
	if g.Version() != 2 {
		t.Errorf("version is %d, expected 2", g.Version())
	}
	if err := same(f, g); err != nil {
		t.Error(err)
	}
}

// TestAxes pins the order of axes against bytes laid down by hand.
func TestAxes(t *testing.T) {
	r := begin(1, 0).info("w", 24, 0, 4, 2).pad(32, 8) // 4 innermost
	f := read(t, r.Bytes())
	w, ok := f.Tensor("w")
	if !ok || !w.Shape.Equal(tensor.Shape{2, 4}) || w.Bytes != 8 || w.DType != tensor.I8 {
		t.Errorf("tensor is %+v, expected I8 of shape [2 4]", w)
	}
	if _, ok := f.Tensor("v"); ok {
		t.Error("a tensor that the file has not was found")
	}
}

// TestAlignment writes and reads other alignments, the smallest one included.
func TestAlignment(t *testing.T) {
	for _, align := range []uint32{1, 8, 64, 1024} {
		kv := []gguf.KV{{Key: "general.alignment", Value: align}, {Key: "x", Value: "odd"}}
		ts := sampleTensors(t)
		f := read(t, write(t, kv, ts))
		for i, x := range f.Tensors() {
			b, err := f.Section(x, 0, x.Bytes, nil)
			if err != nil || !bytes.Equal(b, pattern(i+1, x.Bytes)) || x.Offset%int64(align) != 0 {
				t.Errorf("alignment %d: tensor %s at byte %d differs, %v", align, x.Name, x.Offset, err)
			}
		}
	}
}

// TestLooseFiles are files that are not as writers make them, but not wrong.
func TestLooseFiles(t *testing.T) {
	cases := map[string]*raw{
		"no keys, no tensors":      begin(0, 0),
		"gap":                      begin(2, 0).info("a", 24, 0, 8).info("b", 24, 96, 8).pad(32, 104),
		"order swapped":            begin(2, 0).info("b", 24, 32, 8).info("a", 24, 0, 8).pad(32, 40),
		"no padding behind":        begin(1, 0).info("a", 24, 0, 5).pad(32, 5),
		"bytes behind":             begin(1, 0).info("a", 24, 0, 5).pad(32, 500),
		"scalar":                   begin(1, 0).info("a", 0, 0).pad(32, 4),
		"name of 128":              begin(1, 0).info(strings.Repeat("n", 128), 24, 0, 1).pad(32, 1),
		"key of 65535":             begin(0, 1).put(strings.Repeat("k", 65535), uint32(7), uint8(1)),
		"large alignment, no data": begin(0, 1).put("general.alignment", uint32(4), uint32(1<<31)),
	}
	for name, r := range cases {
		f, err := gguf.NewFile(bytes.NewReader(r.Bytes()), int64(r.Len()), gguf.Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, x := range f.Tensors() {
			if _, err := f.Section(x, 0, x.Bytes, nil); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}
