package benchmarks

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seed64708441/ember/model"
	"github.com/seed64708441/ember/model/gguf"
	"github.com/seed64708441/ember/model/testmodel"
	"github.com/seed64708441/ember/tensor"
)

// A model of random weights writes nothing that repeats. This one says token t+1 after token t, whatever came before, so
// that a text and edits of it can be made at will; it reads and multiplies as many weights as any model of its shape.

// counting changes the model in a file to one that counts: what attention and feed-forward add to the residual is
// nothing, and the row of the output head for token t+1 is the embedding of token t.
func counting(from, to string) error {
	f, err := gguf.Open(from, gguf.Options{})
	if err != nil {
		return err
	}
	defer f.Close()
	embedding, ok := f.Tensor("token_embd.weight")
	if !ok {
		return fmt.Errorf("%s has no embedding", from)
	}
	var out []gguf.TensorData
	for _, t := range f.Tensors() {
		size, err := t.Shape.Bytes(t.DType)
		if err != nil {
			return err
		}
		d := gguf.TensorData{Name: t.Name, DType: t.DType, Shape: t.Shape}
		switch role := strings.TrimSuffix(t.Name, ".weight"); {
		case role == "output":
			if t.DType != embedding.DType || !slices.Equal(t.Shape, embedding.Shape) {
				return fmt.Errorf("the head is %v %v, the embedding %v %v", t.DType, t.Shape, embedding.DType, embedding.Shape)
			}
			row := size / t.Shape[0]
			d.Write = func(w io.Writer) error {
				if err := section(w, f, embedding, size-row, row); err != nil {
					return err
				}
				return section(w, f, embedding, 0, size-row)
			}
		case strings.HasSuffix(role, ".attn_output") || strings.HasSuffix(role, ".ffn_down"):
			d.Write = func(w io.Writer) error { // blocks of scale zero
				_, err := w.Write(make([]byte, size))
				return err
			}
		default:
			d.Write = func(w io.Writer) error { return section(w, f, t, 0, size) }
		}
		out = append(out, d)
	}
	var kv []gguf.KV
	for _, key := range f.Meta().Keys() {
		v, _ := f.Meta().Lookup(key)
		kv = append(kv, gguf.KV{Key: key, Value: v.Any()})
	}
	return writeGGUF(to, kv, out)
}

// section copies bytes of a tensor.
func section(w io.Writer, f *gguf.File, t gguf.Tensor, off, n int) error {
	b, err := f.Section(t, off, n, nil)
	if err != nil {
		return err
	}
	_, err = w.Write(b)
	return err
}

// countingConfig is a shape whose head can be copied from its embedding.
func countingConfig(c testmodel.ShapeConfig) testmodel.ShapeConfig {
	c.Mix, c.Types = testmodel.Q4_0, map[string]tensor.DType{"output": tensor.Q4_0}
	return c
}

// countingFile returns the path of the counting model of a shape in dir.
func countingFile(dir, name string, c testmodel.ShapeConfig) (string, error) {
	m, err := testmodel.Shape(countingConfig(c))
	if err != nil {
		return "", err
	}
	key, err := contentKey(m)
	if err != nil {
		return "", err
	}
	return writeOnce(filepath.Join(dir, name+"-counting-"+key+".gguf"), func(path string) error {
		plain := path + ".plain"
		defer remove(plain)
		if err := m.WriteFile(plain); err != nil {
			return err
		}
		return counting(plain, path)
	})
}

// edited returns a text of n tokens that counts up from first but for every 16th token, which is another: what an editor
// would find, and write again without the mistakes.
func edited(first, n int) []int32 {
	ids := make([]int32, n)
	for i := range ids {
		ids[i] = int32(first + i)
		if i%16 == 15 {
			ids[i] += 10000
		}
	}
	return ids
}

// BenchmarkLookup writes a text again that the prompt holds with a mistake in every 16 tokens, one token a step and with
// prompt look-up: tok/s, the fraction of proposed tokens that were right, and x-plain, the gain. The tokens must be the
// same.
func BenchmarkLookup(b *testing.B) {
	const first, length, generated = 1000, 256, 128
	for _, n := range threadCounts() {
		b.Run(fmt.Sprintf("shape=1B/type=Q4_0/threads=%d", n), func(b *testing.B) {
			r := &rig{spec: spec{"1B", "Q4_0"}, threads: n, file: func(tb testing.TB) string {
				path, err := countingFile(*modelsFlag, "1B-Q4_0", testmodel.Llama1B())
				if err != nil {
					tb.Fatal(err)
				}
				return path
			}}
			defer r.close(b)
			plain := 0.0
			for _, k := range []int{0, 15} {
				run(b, fmt.Sprintf("speculate=%d", k), func(b *testing.B) {
					s := r.session(b)
					prompt := edited(first, length)
					prefill(b, s, prompt)
					var u model.Usage
					for b.Loop() {
						u = rewrite(b, s, length, first, generated, k)
					}
					v := tokensPerSecond(b, generated)
					if k == 0 {
						plain = v
						return
					}
					b.ReportMetric(float64(u.Accepted)/float64(max(u.Proposed, 1)), "accepted/proposed")
					if plain > 0 {
						b.ReportMetric(v/plain, "x-plain")
					}
				})
			}
		})
	}
}

// rewrite lets a counting model write n tokens from first+1 on after a text of length tokens, and checks every one.
func rewrite(tb testing.TB, s *model.Session, length, first, n, k int) model.Usage {
	tb.Helper()
	if err := s.Rewind(length); err != nil {
		tb.Fatal(err)
	}
	u := complete(tb, s, model.Request{Tokens: []int32{int32(first)}, Append: true, MaxTokens: n, Speculate: model.Speculation{Tokens: k}})
	ids, err := s.Tokens()
	if err != nil {
		tb.Fatal(err)
	}
	if len(ids) != length+1+n {
		tb.Fatalf("the text has %d tokens, want %d", len(ids), length+1+n)
	}
	for i, id := range ids[length:] {
		if id != int32(first+i) {
			tb.Fatalf("token %d is %d, want %d", i, id, first+i)
		}
	}
	return u
}
