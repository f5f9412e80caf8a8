package testmodel

import (
	"bytes"
	"fmt"
	"io"
	"os"

	"github.com/seed64708441/ember/model/gguf"
	"github.com/seed64708441/ember/tensor"
)

// Model is a model that can be written. It may be written any number of times, by several goroutines.
type Model struct {
	kv      []gguf.KV
	tensors []gguf.TensorData
}

// counter counts what goes through.
type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

// WriteTo writes the file. Weights are made as they are written.
func (m *Model) WriteTo(w io.Writer) (int64, error) {
	c := &counter{w: w}
	err := gguf.Write(c, m.kv, m.tensors)
	return c.n, err
}

// Bytes returns the file.
func (m *Model) Bytes() ([]byte, error) {
	var b bytes.Buffer
	b.Grow(int(m.DataBytes()) + 1<<16)
	_, err := m.WriteTo(&b)
	return b.Bytes(), err
}

// WriteFile writes the file at path, and removes it when that fails.
func (m *Model) WriteFile(path string) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("testmodel: %w", err)
	}
	defer func() {
		if e := f.Close(); err == nil {
			err = e
		}
		if err != nil {
			os.Remove(path)
		}
	}()
	_, err = m.WriteTo(f)
	return err
}

// DataBytes returns the bytes of all weights: the file is some kilobytes to megabytes of metadata larger.
func (m *Model) DataBytes() int64 {
	var n int64
	for _, t := range m.tensors {
		b, _ := t.Shape.Bytes(t.DType) // checked when the tensor was added
		n += int64(b)
	}
	return n
}

// add appends a tensor.
func (m *Model) add(name string, t tensor.DType, shape tensor.Shape, write func(w io.Writer) error) error {
	if _, err := shape.Bytes(t); err != nil {
		return fmt.Errorf("testmodel: tensor %q: %w", name, err)
	}
	m.tensors = append(m.tensors, gguf.TensorData{Name: name, DType: t, Shape: shape, Write: write})
	return nil
}

// set appends key/value pairs.
func (m *Model) set(pairs ...any) {
	for i := 0; i+1 < len(pairs); i += 2 {
		m.kv = append(m.kv, gguf.KV{Key: pairs[i].(string), Value: pairs[i+1]})
	}
}
