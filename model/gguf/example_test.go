package gguf_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log"

	"github.com/seed64708441/ember/model/gguf"
	"github.com/seed64708441/ember/tensor"
)

func Example() {
	var file bytes.Buffer
	err := gguf.Write(&file,
		[]gguf.KV{
			{Key: "general.architecture", Value: "llama"},
			{Key: "llama.block_count", Value: uint32(1)},
			{Key: "tokenizer.ggml.tokens", Value: []string{"<s>", "▁a", "b"}},
		},
		[]gguf.TensorData{{
			Name: "output_norm.weight", DType: tensor.F32, Shape: tensor.Shape{4},
			Write: func(w io.Writer) error { return binary.Write(w, binary.LittleEndian, []float32{1, 2, 3, 4}) },
		}})
	if err != nil {
		log.Fatal(err)
	}

	// gguf.Open(path, gguf.Options{}) maps a file to memory instead.
	f, err := gguf.NewFile(bytes.NewReader(file.Bytes()), int64(file.Len()), gguf.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer f.Close()

	m := f.Meta()
	for _, key := range m.Keys() {
		v, _ := m.Lookup(key)
		fmt.Println(key, "=", v)
	}
	for _, t := range f.Tensors() {
		data, err := f.Section(t, 0, t.Bytes, nil)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(t.Name, t.DType, t.Shape, len(data), "bytes")
	}
	_, err = m.Int("llama.context_length")
	fmt.Println(err, errors.Is(err, gguf.ErrMissing))
	_, err = m.Int("general.architecture")
	fmt.Println(err)

	// Output:
	// general.architecture = string "llama"
	// llama.block_count = uint32 1
	// tokenizer.ggml.tokens = array of 3 string
	// output_norm.weight F32 [4] 16 bytes
	// gguf: key "llama.context_length": missing, expected an integer true
	// gguf: key "general.architecture": found string, expected an integer
}
