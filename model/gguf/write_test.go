package gguf_test

import (
	"bytes"
	"errors"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/seed64708441/ember/model/gguf"
	"github.com/seed64708441/ember/tensor"
)

// TestWriteRefuses has what cannot be written. Nothing is written before all of it is checked.
func TestWriteRefuses(t *testing.T) {
	kv := func(key string, v any) []gguf.KV { return []gguf.KV{{Key: key, Value: v}} }
	ts := func(name string, typ tensor.DType, shape ...int) []gguf.TensorData {
		return []gguf.TensorData{{Name: name, DType: typ, Shape: shape, Write: whole(nil)}}
	}
	ok := data(t, 1, "a", tensor.F32, 2)
	noWrite := ok
	noWrite.Write = nil
	for _, c := range []struct {
		want string
		kv   []gguf.KV
		ts   []gguf.TensorData
	}{
		{`key 1 of 1: 0 bytes`, kv("", true), nil},
		{`key 1 of 1: 65536 bytes`, kv(strings.Repeat("k", 65536), true), nil},
		{`key "k": int cannot be written`, kv("k", 1), nil},
		{`key "k": []int cannot be written`, kv("k", []int{1}), nil},
		{`key "k": <nil> cannot be written`, kv("k", nil), nil},
		{`key "k": [][]uint8 cannot be written`, kv("k", [][]uint8{}), nil},
		{`key "k": occurs twice`, append(kv("k", true), kv("k", false)...), nil},
		{`key "general.alignment": found 48`, kv("general.alignment", uint32(48)), nil},
		{`key "general.alignment": found int32`, kv("general.alignment", int32(32)), nil},
		{`tensor 1 of 1: name "" has 0 bytes`, nil, ts("", tensor.F32, 1)},
		{`has 64 bytes, expected 1 to 63`, nil, ts(strings.Repeat("n", 64), tensor.F32, 1)},
		{`tensor "a": occurs twice`, nil, []gguf.TensorData{ok, ok}},
		{`tensor "a": 5 axes`, nil, ts("a", tensor.F32, 1, 1, 1, 1, 1)},
		{`tensor "a": shape [2 0] has no elements`, nil, ts("a", tensor.F32, 2, 0)},
		{`tensor "a": tensor: axis 0 of shape [-1] is negative`, nil, ts("a", tensor.F32, -1)},
		{`tensor "a": tensor: a row of 33 elements`, nil, ts("a", tensor.Q8_0, 33)},
		{`tensor "a": tensor: DType(4) is not a valid`, nil, ts("a", tensor.DType(4), 32)},
		{`tensor "a": Write is nil`, nil, []gguf.TensorData{noWrite}},
		{`tensor "b": data of all tensors`, nil, append(ts("a", tensor.I8, 4, 1<<30, 1<<30), ts("b", tensor.I8, 4, 1<<30, 1<<30)...)},
	} {
		if math.MaxInt == math.MaxInt32 && strings.Contains(c.want, "all tensors") {
			continue // one of them is too large already
		}
		var b bytes.Buffer
		err := gguf.Write(&b, c.kv, c.ts)
		if err == nil || !strings.HasPrefix(err.Error(), "gguf: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("expected %q, found %v", c.want, err)
		}
		if b.Len() != 0 {
			t.Errorf("%s: %d bytes were written", c.want, b.Len())
		}
	}
}

// TestWriteCountsData has callbacks that write too little, too much, or fail.
func TestWriteCountsData(t *testing.T) {
	broken := errors.New("broken")
	for want, f := range map[string]func(io.Writer) error{
		`tensor "a": 15 bytes were written, its shape takes 16`: whole(make([]byte, 15)),
		`tensor "a": more bytes were written`:                   whole(make([]byte, 17)),
		`tensor "a": broken`:                                    func(io.Writer) error { return broken },
	} {
		err := gguf.Write(io.Discard, nil, []gguf.TensorData{{Name: "a", DType: tensor.F32, Shape: tensor.Shape{4}, Write: f}})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("expected %q, found %v", want, err)
		}
		if strings.Contains(want, "broken") && !errors.Is(err, broken) {
			t.Errorf("%v does not wrap the error of the callback", err)
		}
	}
	// A callback that hides the error of the disk does not either.
	silent := func(w io.Writer) error {
		for range 1000 {
			w.Write(make([]byte, 1000))
		}
		return nil
	}
	if err := gguf.Write(&full{100}, nil, []gguf.TensorData{{Name: "a", DType: tensor.I8, Shape: tensor.Shape{1_000_000}, Write: silent}}); !errors.Is(err, errFull) {
		t.Errorf("found %v, expected the error of the disk", err)
	}
	// A callback that hides the error of one write too many does not get away with it.
	hides := func(w io.Writer) error {
		w.Write(make([]byte, 16))
		w.Write(make([]byte, 1))
		return nil
	}
	if err := gguf.Write(io.Discard, nil, []gguf.TensorData{{Name: "a", DType: tensor.F32, Shape: tensor.Shape{4}, Write: hides}}); err == nil {
		t.Error("17 bytes for 16 were accepted")
	}
}

// full fails after n bytes.
type full struct{ n int }

var errFull = errors.New("disk full")

func (f *full) Write(p []byte) (int, error) {
	if len(p) > f.n {
		n := f.n
		f.n = 0
		return n, errFull
	}
	f.n -= len(p)
	return len(p), nil
}

// TestWriteToFullDisk fails at every place.
func TestWriteToFullDisk(t *testing.T) {
	size := len(sample(t))
	for n := 0; n < size; n += 13 {
		if err := gguf.Write(&full{n}, everyKind(), sampleTensors(t)); !errors.Is(err, errFull) {
			t.Fatalf("disk of %d bytes, file of %d: %v", n, size, err)
		}
	}
	if err := gguf.Write(&full{size}, everyKind(), sampleTensors(t)); err != nil {
		t.Errorf("disk of exactly %d bytes: %v", size, err)
	}
}

// TestWriteStreams writes a tensor much larger than the memory that writing takes.
func TestWriteStreams(t *testing.T) {
	const size, piece = 64 << 20, 1 << 10
	p := make([]byte, piece)
	big := gguf.TensorData{Name: "big", DType: tensor.I8, Shape: tensor.Shape{size}, Write: func(w io.Writer) error {
		for range size / piece {
			if _, err := w.Write(p); err != nil {
				return err
			}
		}
		return nil
	}}
	if n := allocated(func() {
		if err := gguf.Write(io.Discard, nil, []gguf.TensorData{big}); err != nil {
			t.Error(err)
		}
	}); n > 1<<20 {
		t.Errorf("writing %d bytes took %d bytes of memory", size, n)
	}
}
