package gguf

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/seed64708441/ember/tensor"
)

// KV is one key and its value for Write: uint8 to int64, float32, float64, bool, string, or a slice of one of these.
type KV struct {
	Key   string
	Value any
}

// TensorData is one tensor for Write.
type TensorData struct {
	Name  string
	DType tensor.DType
	Shape tensor.Shape // row-major
	// Write writes the data, exactly as many bytes as shape and type take.
	Write func(w io.Writer) error
}

// maxWrittenName is the longest tensor name that every reader accepts.
const maxWrittenName = 63

// Write writes a GGUF file, version 3, little endian. Data is aligned to general.alignment (a uint32) when kv has it
// and to 32 bytes otherwise. Everything but the data is checked before the first byte is written. The data goes
// through to w as it comes, so that a large model needs no large buffer.
func Write(w io.Writer, kv []KV, tensors []TensorData) error {
	align, err := checkKVs(kv)
	if err != nil {
		return err
	}
	sizes, err := checkTensors(tensors)
	if err != nil {
		return err
	}
	e := &encoder{w: bufio.NewWriterSize(w, windowBytes)}
	e.header(kv, tensors, sizes, align)
	if e.err != nil {
		return fmt.Errorf("gguf: write header: %w", e.err)
	}
	for i := range tensors {
		if err := e.data(&tensors[i], sizes[i], align); err != nil {
			return err
		}
	}
	if err := e.w.Flush(); err != nil {
		return fmt.Errorf("gguf: write: %w", err)
	}
	return nil
}

// checkKVs returns the alignment.
func checkKVs(kv []KV) (uint64, error) {
	align := uint64(defaultAlignment)
	for i, e := range kv {
		if e.Key == "" || len(e.Key) > maxKeyBytes {
			return 0, fmt.Errorf("gguf: key %d of %d: %d bytes, expected 1 to %d", i+1, len(kv), len(e.Key), maxKeyBytes)
		}
		var err error
		if _, _, ok := kindOf(e.Value); !ok {
			err = fmt.Errorf("%T cannot be written, expected uint8 to int64, float32, float64, bool, string or a slice of these", e.Value)
		} else if e.Key == keyAlignment {
			align, err = alignmentOf(Value{e.Value})
		}
		if err != nil {
			return 0, &FormatError{Key: e.Key, Offset: -1, Err: err}
		}
	}
	if _, dup := sortNames(len(kv), func(i int) string { return kv[i].Key }); dup >= 0 {
		return 0, &FormatError{Key: kv[dup].Key, Offset: -1, Err: errors.New("occurs twice")}
	}
	return align, nil
}

// checkTensors returns the bytes of each tensor.
func checkTensors(ts []TensorData) ([]int, error) {
	sizes, total := make([]int, len(ts)), uint64(0)
	for i, t := range ts {
		if t.Name == "" || len(t.Name) > maxWrittenName {
			return nil, fmt.Errorf("gguf: tensor %d of %d: name %s has %d bytes, expected 1 to %d", i+1, len(ts), quote(t.Name), len(t.Name), maxWrittenName)
		}
		n, err := t.Shape.Bytes(t.DType)
		switch {
		case err != nil:
		case len(t.Shape) > maxAxes:
			err = fmt.Errorf("%d axes, at most %d are allowed", len(t.Shape), maxAxes)
		case n == 0:
			err = fmt.Errorf("shape %v has no elements", t.Shape)
		case total+uint64(n) > math.MaxInt64:
			err = fmt.Errorf("data of all tensors has more than %d bytes", int64(math.MaxInt64))
		case t.Write == nil:
			err = errors.New("Write is nil")
		}
		if err != nil {
			return nil, &FormatError{Tensor: t.Name, Offset: -1, Err: err}
		}
		sizes[i], total = n, total+uint64(n)
	}
	if _, dup := sortNames(len(ts), func(i int) string { return ts[i].Name }); dup >= 0 {
		return nil, &FormatError{Tensor: ts[dup].Name, Offset: -1, Err: errors.New("occurs twice")}
	}
	return sizes, nil
}

// encoder writes and counts, and keeps its first error.
type encoder struct {
	w   *bufio.Writer
	n   uint64
	err error
}

// Write implements io.Writer.
func (e *encoder) Write(p []byte) (int, error) {
	if e.err != nil {
		return 0, e.err
	}
	n, err := e.w.Write(p)
	e.n, e.err = e.n+uint64(n), err
	return n, err
}

// number writes integers, floats and bools and slices of them.
func (e *encoder) number(x any) {
	if e.err == nil {
		e.err = binary.Write(e, binary.LittleEndian, x)
	}
}

func (e *encoder) text(s string) {
	e.number(uint64(len(s)))
	if e.err == nil {
		n, err := e.w.WriteString(s)
		e.n, e.err = e.n+uint64(n), err
	}
}

func (e *encoder) pad(align uint64) {
	var zeros [256]byte
	for rest := -e.n & (align - 1); rest > 0 && e.err == nil; rest = -e.n & (align - 1) {
		e.Write(zeros[:min(rest, uint64(len(zeros)))])
	}
}

// header writes all that precedes the data.
func (e *encoder) header(kv []KV, ts []TensorData, sizes []int, align uint64) {
	e.Write([]byte("GGUF"))
	e.number(uint32(3))
	e.number(uint64(len(ts)))
	e.number(uint64(len(kv)))
	for _, x := range kv {
		e.text(x.Key)
		e.value(x.Value)
	}
	off := uint64(0)
	for i, t := range ts {
		e.text(t.Name)
		e.number(uint32(len(t.Shape)))
		for a := range t.Shape {
			e.number(uint64(t.Shape[len(t.Shape)-1-a]))
		}
		e.number(uint32(t.DType))
		e.number(off)
		off += (uint64(sizes[i]) + align - 1) &^ (align - 1)
	}
	e.pad(align)
}

// value writes a type and a value.
func (e *encoder) value(v any) {
	kind, elem, _ := kindOf(v)
	e.number(uint32(kind))
	if kind == Array {
		e.number(uint32(elem))
		e.number(uint64(Value{v}.Len()))
	}
	switch x := v.(type) {
	case string:
		e.text(x)
	case []string:
		for _, s := range x {
			e.text(s)
		}
	default:
		e.number(x)
	}
}

// data writes the data of one tensor and the padding behind it.
func (e *encoder) data(t *TensorData, size int, align uint64) error {
	d := &dataWriter{e: e, left: size}
	err := t.Write(d)
	switch {
	case err != nil:
	case e.err != nil:
		err = e.err
	case d.over:
		err = errTooMuch
	case d.left > 0:
		err = fmt.Errorf("%d bytes were written, its shape takes %d", size-d.left, size)
	}
	if err == nil {
		e.pad(align)
		err = e.err
	}
	if err != nil {
		return &FormatError{Tensor: t.Name, Offset: -1, Err: err}
	}
	return nil
}

var errTooMuch = errors.New("more bytes were written than its shape takes")

// dataWriter refuses more than the bytes of one tensor.
type dataWriter struct {
	e    *encoder
	left int
	over bool
}

// Write implements io.Writer.
func (d *dataWriter) Write(p []byte) (int, error) {
	if len(p) > d.left {
		d.over = true
		return 0, errTooMuch
	}
	n, err := d.e.Write(p)
	d.left -= n
	return n, err
}
