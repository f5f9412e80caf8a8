package gguf

import (
	"bytes"
	"io"
	"testing"

	"github.com/seed64708441/ember/tensor"
)

func TestWriteAndRead(t *testing.T) {
	var buf bytes.Buffer
	data := []byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24}
	err := Write(&buf, []KV{{"general.architecture", "llama"}, {"llama.block_count", uint32(2)}}, []TensorData{
		{Name: "a", DType: tensor.F32, Shape: tensor.Shape{2, 3}, Write: func(w io.Writer) error { _, err := w.Write(data); return err }},
	})
	if err != nil {
		t.Fatal(err)
	}
	f, err := NewFile(bytes.NewReader(buf.Bytes()), int64(buf.Len()), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	a, ok := f.Tensor("a")
	if !ok || !a.Shape.Equal(tensor.Shape{2, 3}) || a.DType != tensor.F32 || a.Bytes != 24 {
		t.Fatalf("tensor a is %+v", a)
	}
	got, err := f.Section(a, 0, a.Bytes, nil)
	if err != nil || !bytes.Equal(got, data) {
		t.Errorf("read %v, %v; wrote %v", got, err, data)
	}
	if n, err := f.Meta().Int("llama.block_count"); n != 2 || err != nil {
		t.Errorf("block count is %d, %v", n, err)
	}
}
