package model_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/seed64708441/ember/backend"
	"github.com/seed64708441/ember/model"
	"github.com/seed64708441/ember/model/gguf"
	"github.com/seed64708441/ember/tensor"
	"github.com/seed64708441/ember/tensor/tensortest"
)

// checkpoint reads a file of llama2.c in its first form (export.py, version 0): seven int32, then float32 tensors.
type checkpoint struct {
	t                                                  *testing.T
	data                                               []byte
	dim, hidden, layers, heads, kvHeads, vocab, length int
}

func readCheckpoint(t *testing.T, file string) *checkpoint {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	c := &checkpoint{t: t, data: b}
	for _, p := range []*int{&c.dim, &c.hidden, &c.layers, &c.heads, &c.kvHeads, &c.vocab, &c.length} {
		*p = int(int32(binary.LittleEndian.Uint32(c.data)))
		c.data = c.data[4:]
	}
	return c
}

// take returns the next tensor of one layer or of the model, as GGUF data.
func (c *checkpoint) take(name string, shape ...int) gguf.TensorData {
	c.t.Helper()
	n, err := tensor.Shape(shape).Elements()
	if err != nil || 4*n > len(c.data) {
		c.t.Fatalf("%s needs %d bytes, %d are left", name, 4*n, len(c.data))
	}
	b := c.data[:4*n]
	c.data = c.data[4*n:]
	return gguf.TensorData{Name: name, DType: tensor.F32, Shape: shape, Write: func(w io.Writer) error {
		_, err := w.Write(b)
		return err
	}}
}

// tensors returns all tensors under their GGUF names. llama2.c keeps those of all layers of one kind together.
func (c *checkpoint) tensors() []gguf.TensorData {
	kv := c.dim / c.heads * c.kvHeads
	out := []gguf.TensorData{c.take("token_embd.weight", c.vocab, c.dim)}
	for _, k := range []struct {
		name  string
		shape []int
	}{
		{"attn_norm", []int{c.dim}}, {"attn_q", []int{c.dim, c.dim}}, {"attn_k", []int{kv, c.dim}},
		{"attn_v", []int{kv, c.dim}}, {"attn_output", []int{c.dim, c.dim}}, {"ffn_norm", []int{c.dim}},
		{"ffn_gate", []int{c.hidden, c.dim}}, {"ffn_down", []int{c.dim, c.hidden}}, {"ffn_up", []int{c.hidden, c.dim}},
	} {
		for i := range c.layers {
			out = append(out, c.take("blk."+strconv.Itoa(i)+"."+k.name+".weight", k.shape...))
		}
	}
	return append(out, c.take("output_norm.weight", c.dim))
}

// readVocabulary reads a tokenizer file of llama2.c: the longest length, then score, length and text of each token.
func readVocabulary(t *testing.T, file string, n int) (tokens []string, scores []float32, types []int32) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	b = b[4:]
	for id := range n {
		size := binary.LittleEndian.Uint32(b[4:])
		text, kind := string(b[8:8+size]), int32(1)
		switch {
		case id == 0:
			kind = 2
		case id <= 2:
			kind = 3
		case len(text) == 6 && text[:3] == "<0x":
			kind = 6
		}
		text = string(bytes.ReplaceAll([]byte(text), []byte(" "), []byte("▁")))
		tokens, types = append(tokens, text), append(types, kind)
		scores = append(scores, math.Float32frombits(binary.LittleEndian.Uint32(b)))
		b = b[8+size:]
	}
	return tokens, scores, types
}

// openLlama2c opens the checkpoint in a folder of recorded weights, written as GGUF.
func openLlama2c(t *testing.T, dir string) *model.Model {
	t.Helper()
	find := func(pattern string) string {
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("no file %s in %s: %v", pattern, dir, err)
		}
		return files[0]
	}
	file := find("*[0K].bin")
	c := readCheckpoint(t, file)
	tokens, scores, types := readVocabulary(t, find("tok*.bin"), c.vocab)
	kv := []gguf.KV{
		{Key: "general.architecture", Value: "llama"},
		{Key: "llama.context_length", Value: uint32(c.length)},
		{Key: "llama.embedding_length", Value: uint32(c.dim)},
		{Key: "llama.block_count", Value: uint32(c.layers)},
		{Key: "llama.feed_forward_length", Value: uint32(c.hidden)},
		{Key: "llama.attention.head_count", Value: uint32(c.heads)},
		{Key: "llama.attention.head_count_kv", Value: uint32(c.kvHeads)},
		{Key: "llama.attention.layer_norm_rms_epsilon", Value: float32(1e-5)},
		{Key: "tokenizer.ggml.model", Value: "llama"},
		{Key: "tokenizer.ggml.tokens", Value: tokens},
		{Key: "tokenizer.ggml.scores", Value: scores},
		{Key: "tokenizer.ggml.token_type", Value: types},
	}
	var b bytes.Buffer
	if err := gguf.Write(&b, kv, c.tensors()); err != nil {
		t.Fatal(err)
	}
	m, err := model.OpenReader(t.Context(), bytes.NewReader(b.Bytes()), int64(b.Len()), model.Config{Cache: backend.CacheF32})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeModel(t, m) })
	return m
}

// TestTrainedCharacters generates the recorded text of a trained model whose tokens are characters.
func TestTrainedCharacters(t *testing.T) {
	dir := tensortest.Path(t, "weights", "babyllama105")
	m := openLlama2c(t, dir)
	for _, c := range readTrained(t, filepath.Join(dir, "expected.json")) {
		testTrainedText(t, m, c)
	}
}
