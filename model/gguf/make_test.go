package gguf_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"testing"

	"github.com/seed64708441/ember/model/gguf"
	"github.com/seed64708441/ember/tensor"
)

// whole returns the callback that writes b.
func whole(b []byte) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := w.Write(b)
		return err
	}
}

// pattern returns n bytes that differ from their neighbours and from those of another seed.
func pattern(seed, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*7 + seed*31 + i>>8)
	}
	return b
}

// data describes a tensor filled with a pattern.
func data(t testing.TB, seed int, name string, typ tensor.DType, shape ...int) gguf.TensorData {
	t.Helper()
	n, err := tensor.Shape(shape).Bytes(typ)
	if err != nil {
		t.Fatal(err)
	}
	return gguf.TensorData{Name: name, DType: typ, Shape: shape, Write: whole(pattern(seed, n))}
}

// write returns the bytes of a file.
func write(t testing.TB, kv []gguf.KV, ts []gguf.TensorData) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := gguf.Write(&b, kv, ts); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// read opens a file that is bytes.
func read(t testing.TB, b []byte) *gguf.File {
	t.Helper()
	f, err := gguf.NewFile(bytes.NewReader(b), int64(len(b)), gguf.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// everyKind is one key of every type of value, at the edges of its range.
func everyKind() []gguf.KV {
	return []gguf.KV{
		{Key: "general.architecture", Value: "llama"},
		{Key: "u8", Value: uint8(math.MaxUint8)}, {Key: "i8", Value: int8(math.MinInt8)},
		{Key: "u16", Value: uint16(math.MaxUint16)}, {Key: "i16", Value: int16(math.MinInt16)},
		{Key: "u32", Value: uint32(math.MaxUint32)}, {Key: "i32", Value: int32(math.MinInt32)},
		{Key: "u64", Value: uint64(math.MaxUint64)}, {Key: "i64", Value: int64(math.MinInt64)},
		{Key: "f32", Value: float32(1e-6)}, {Key: "f64", Value: math.Pi},
		{Key: "true", Value: true}, {Key: "false", Value: false},
		{Key: "text", Value: "nul \x00, not UTF-8 \xff\xfe, ü"}, {Key: "empty", Value: ""},
		{Key: "[u8", Value: []uint8{0, 255}}, {Key: "[i8", Value: []int8{-128, 127}},
		{Key: "[u16", Value: []uint16{1, 65535}}, {Key: "[i16", Value: []int16{-32768, 1}},
		{Key: "[u32", Value: []uint32{7, math.MaxUint32}}, {Key: "[i32", Value: []int32{-1, math.MaxInt32}},
		{Key: "[u64", Value: []uint64{math.MaxUint64}}, {Key: "[i64", Value: []int64{math.MinInt64, 2}},
		{Key: "[f32", Value: []float32{-0.5, math.MaxFloat32}}, {Key: "[f64", Value: []float64{0.1}},
		{Key: "[bool", Value: []bool{true, false, true}},
		{Key: "[text", Value: []string{"a", "", "\x00\xff", "▁the"}},
		{Key: "[none", Value: []string{}},
	}
}

// sample is a small file with every kind of value and several kinds of tensors.
func sample(t testing.TB) []byte {
	return write(t, everyKind(), sampleTensors(t))
}

func sampleTensors(t testing.TB) []gguf.TensorData {
	return []gguf.TensorData{
		data(t, 1, "token_embd.weight", tensor.F32, 5, 3),
		data(t, 2, "blk.0.attn_q.weight", tensor.Q8_0, 2, 64),
		data(t, 3, "four", tensor.F16, 2, 1, 3, 5),
		data(t, 4, "scalar", tensor.F64),
		data(t, 5, "odd", tensor.I8, 7),
	}
}

// raw builds files byte by byte, wrong ones too.
type raw struct{ bytes.Buffer }

func (r *raw) put(xs ...any) *raw {
	for _, x := range xs {
		if s, ok := x.(string); ok {
			binary.Write(r, binary.LittleEndian, uint64(len(s)))
			r.WriteString(s)
			continue
		}
		if err := binary.Write(r, binary.LittleEndian, x); err != nil {
			panic(fmt.Sprintf("BUG: %v", err))
		}
	}
	return r
}

// begin starts a file of version 3.
func begin(tensors, keys uint64) *raw {
	r := &raw{}
	r.WriteString("GGUF")
	return r.put(uint32(3), tensors, keys)
}

// info appends the description of an I8 tensor; axes are innermost first.
func (r *raw) info(name string, typ uint32, offset uint64, axes ...uint64) *raw {
	return r.put(name, uint32(len(axes)), axes, typ, offset)
}

// pad appends zeros up to a multiple of align, then n more.
func (r *raw) pad(align, n int) *raw {
	r.Write(make([]byte, (align-r.Len()%align)%align+n))
	return r
}
