package model_test

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/seed64708441/ember/model/gguf"
	"github.com/seed64708441/ember/model/testmodel"
)

// reversedUnits writes an F32 model with the hidden units of every feed-forward layer in reverse order: the rows of gate
// and up, and the columns of down. It is the same function, summed in another order.
func reversedUnits(t *testing.T, c testmodel.ShapeConfig) *bytes.Reader {
	t.Helper()
	w, err := testmodel.Shape(c)
	if err != nil {
		t.Fatal(err)
	}
	b, err := w.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	f, err := gguf.NewFile(bytes.NewReader(b), int64(len(b)), gguf.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var kv []gguf.KV
	for _, key := range f.Meta().Keys() {
		v, _ := f.Meta().Lookup(key)
		kv = append(kv, gguf.KV{Key: key, Value: v.Any()})
	}
	var data []gguf.TensorData
	for _, x := range f.Tensors() {
		b, err := f.Section(x, 0, x.Bytes, nil)
		if err != nil {
			t.Fatal(err)
		}
		b = slices.Clone(b)
		row := 4 * x.Shape[len(x.Shape)-1]
		switch {
		case strings.Contains(x.Name, "ffn_gate"), strings.Contains(x.Name, "ffn_up"):
			reverse(b, row)
		case strings.Contains(x.Name, "ffn_down"):
			for r := range slices.Chunk(b, row) {
				reverse(r, 4)
			}
		}
		data = append(data, gguf.TensorData{Name: x.Name, DType: x.DType, Shape: x.Shape, Write: func(w io.Writer) error {
			_, err := w.Write(b)
			return err
		}})
	}
	var out bytes.Buffer
	if err := gguf.Write(&out, kv, data); err != nil {
		t.Fatal(err)
	}
	return bytes.NewReader(out.Bytes())
}

// reverse turns the order of the pieces of n bytes.
func reverse(b []byte, n int) {
	pieces := slices.Collect(slices.Chunk(slices.Clone(b), n))
	slices.Reverse(pieces)
	copy(b, slices.Concat(pieces...))
}
