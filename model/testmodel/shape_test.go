package testmodel

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed64708441/ember/model/arch"
	"github.com/seed64708441/ember/model/gguf"
	"github.com/seed64708441/ember/ops/ref"
	"github.com/seed64708441/ember/tensor"
	"github.com/seed64708441/ember/tensor/quant"
	"github.com/seed64708441/ember/tokenize"
)

// opened is a model that went through its bytes.
type opened struct {
	*arch.Model
	file      *gguf.File
	machine   *ref.Machine
	tokenizer *tokenize.Tokenizer
}

// open writes a model to memory, opens it, checks that its tensors are those the graph declares, and loads it.
func open(t testing.TB, m *Model) *opened {
	t.Helper()
	b, err := m.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	f, err := gguf.NewFile(bytes.NewReader(b), int64(len(b)), gguf.Options{})
	if err != nil {
		t.Fatal(err)
	}
	floats := func(name string) ([]float32, error) {
		x, ok := f.Tensor(name)
		if !ok {
			return nil, fmt.Errorf("no tensor %q", name)
		}
		raw, err := f.Section(x, 0, x.Bytes, nil)
		if err != nil {
			return nil, err
		}
		n, err := x.Shape.Elements()
		if err != nil {
			return nil, err
		}
		out := make([]float32, n)
		return out, quant.Decode(out, raw, x.DType)
	}
	shape := func(name string) (tensor.Shape, bool) { x, ok := f.Tensor(name); return x.Shape, ok }
	o := &opened{file: f}
	if o.Model, err = arch.New(arch.File{Meta: f.Meta(), Shape: shape, Floats: floats}); err != nil {
		t.Fatal(err)
	}
	if got, want := len(f.Tensors()), len(o.Graph.Weights)+len(o.Known); got != want {
		t.Errorf("file has %d tensors, graph and constants %d", got, want)
	}
	if o.machine, err = ref.New(o.Graph, floats); err != nil {
		t.Fatal(err)
	}
	c, err := tokenize.ConfigFromGGUF(f.Meta())
	if err == nil {
		o.tokenizer, err = tokenize.New(c)
	}
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// TestShape runs a small model of every architecture and mix: its logits must be finite, of moderate size, and depend
// on the input and on the seed.
func TestShape(t *testing.T) {
	for _, arch := range []string{"llama", "qwen2", "qwen3"} {
		for _, mix := range Mixes() {
			t.Run(arch+"/"+mix.String(), func(t *testing.T) {
				c := ShapeConfig{Arch: arch, Layers: 2, Width: 256, Heads: 4, KVHeads: 2, HeadSize: 32, FFN: 256, Vocab: 300, Mix: mix, Tied: mix%2 == 0}
				first := shapeLogits(t, c, []int32{BOS, 70, 71, 72})
				c.Seed++
				seed := shapeLogits(t, c, []int32{BOS, 70, 71, 72})
				c.Seed--
				input := shapeLogits(t, c, []int32{BOS, 70, 200, 72})
				rms := 0.0
				for i, v := range first {
					rms += v * v / float64(len(first))
					if v == seed[i] || v == input[i] {
						t.Fatalf("logit %d is %v whatever the seed and the input", i, v)
					}
				}
				rms = math.Sqrt(rms)
				if !(rms > 0.1 && rms < 10) {
					t.Errorf("root mean square of the logits is %v: want about 1", rms)
				}
			})
		}
	}
}

func shapeLogits(t *testing.T, c ShapeConfig, ids []int32) []float64 {
	t.Helper()
	m, err := Shape(c)
	if err != nil {
		t.Fatal(err)
	}
	o := open(t, m)
	y, err := o.machine.Step(o.machine.NewSequence(), ids, nil, []int32{int32(len(ids) - 1)})
	if err != nil {
		t.Fatal(err)
	}
	return y
}

// TestMoments decodes random weights of every type: mean 0 and the size asked for, valid scales.
func TestMoments(t *testing.T) {
	for _, typ := range fillTypes() {
		t.Run(typ.String(), func(t *testing.T) {
			const n, rms = 1 << 16, 0.02
			f, err := newFiller(typ, rms)
			if err != nil {
				t.Fatal(err)
			}
			size, err := typ.RowBytes(n)
			if err != nil {
				t.Fatal(err)
			}
			var b bytes.Buffer
			if err := f.write(&b, size, random(1, "x")); err != nil {
				t.Fatal(err)
			}
			if b.Len() != size {
				t.Fatalf("%d bytes: want %d", b.Len(), size)
			}
			x := make([]float32, n)
			if err := quant.Decode(x, b.Bytes(), typ); err != nil {
				t.Fatal(err)
			}
			sum, squares := 0.0, 0.0
			for _, v := range x {
				sum += float64(v)
				squares += float64(v) * float64(v)
			}
			mean, got := sum/n, math.Sqrt(squares/n)
			if math.Abs(mean) > 0.05*rms || got < rms/1.5 || got > rms*1.5 {
				t.Errorf("mean %.3g, root mean square %.3g: want 0 and %g", mean, got, rms)
			}
		})
	}
}

// TestMixTypes checks the types of some weights of the mixes against llama-quantize's choices.
func TestMixTypes(t *testing.T) {
	types := func(c ShapeConfig) map[string]tensor.DType {
		m, err := Shape(c)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]tensor.DType{}
		for _, x := range m.tensors {
			got[x.Name] = x.DType
		}
		return got
	}
	llama, qwen := Llama1B(), Qwen05B()
	for _, c := range []struct {
		c    ShapeConfig
		mix  Mix
		name string
		want tensor.DType
	}{
		{llama, Q4_K_M, "blk.0.attn_v.weight", tensor.Q6_K}, {llama, Q4_K_M, "blk.2.attn_v.weight", tensor.Q4_K},
		{llama, Q4_K_M, "blk.4.ffn_down.weight", tensor.Q6_K}, {llama, Q4_K_M, "blk.15.ffn_down.weight", tensor.Q6_K},
		{llama, Q4_K_M, "blk.0.attn_q.weight", tensor.Q4_K}, {llama, Q4_K_M, "output.weight", tensor.Q6_K},
		{llama, Q4_K_M, "token_embd.weight", tensor.Q4_K}, {llama, Q4_K_M, "blk.0.attn_norm.weight", tensor.F32},
		{llama, Q4_0, "output.weight", tensor.Q6_K}, {llama, Q4_0, "blk.0.attn_v.weight", tensor.Q4_0},
		{llama, Q8_0, "output.weight", tensor.Q8_0}, {llama, F16, "token_embd.weight", tensor.F16},
		{qwen, Q4_K_M, "token_embd.weight", tensor.Q8_0}, {qwen, Q4_K_M, "blk.3.attn_q.weight", tensor.Q5_0},
		{qwen, Q4_K_M, "blk.0.attn_v.weight", tensor.Q8_0}, {qwen, Q4_K_M, "blk.3.ffn_down.weight", tensor.Q4_K},
		{qwen, Q4_K_M, "blk.0.attn_q.bias", tensor.F32},
	} {
		c.c.Mix = c.mix
		if got := types(c.c)[c.name]; got != c.want {
			t.Errorf("%s %v %s is %v: want %v", c.c.Arch, c.mix, c.name, got, c.want)
		}
	}
	llama.Types = map[string]tensor.DType{"attn_k": tensor.IQ4_XS}
	if got := types(llama)["blk.7.attn_k.weight"]; got != tensor.IQ4_XS {
		t.Errorf("override gave %v", got)
	}
}

// TestSizes checks the named sizes by their number of weights.
func TestSizes(t *testing.T) {
	for _, c := range []struct {
		name   string
		config ShapeConfig
		want   float64
	}{{"Llama1B", Llama1B(), 1.10e9}, {"Qwen05B", Qwen05B(), 0.494e9}} {
		m, err := Shape(c.config)
		if err != nil {
			t.Fatal(err)
		}
		if got := float64(m.DataBytes()) / 4; math.Abs(got-c.want) > 0.01*c.want {
			t.Errorf("%s has %.4g weights: want %.4g", c.name, got, c.want)
		}
	}
}

// TestSameBytes holds the bytes of a config: they are part of what other tests and benchmarks compare.
func TestSameBytes(t *testing.T) {
	c := ShapeConfig{Layers: 2, Width: 256, FFN: 512, Vocab: 300, Mix: Q4_K_M, Seed: 7}
	sum := func(c ShapeConfig) uint32 {
		m, err := Shape(c)
		if err != nil {
			t.Fatal(err)
		}
		b, err := m.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		return crc32.ChecksumIEEE(b)
	}
	const want = 0x62f8a340
	if a, b := sum(c), sum(c); a != b || a != want {
		t.Errorf("sums %#x and %#x: want %#x twice", a, b, uint32(want))
	}
	c.Seed = 8
	if sum(c) == want {
		t.Error("the seed makes no difference")
	}
}

func TestShapeTokenizer(t *testing.T) {
	for _, arch := range []string{"llama", "qwen2"} {
		for _, vocab := range []int{minVocab, 1000} {
			m, err := Shape(ShapeConfig{Arch: arch, Layers: 1, Vocab: vocab})
			if err != nil {
				t.Fatal(err)
			}
			tok := open(t, m).tokenizer
			const text = "the tin and <s> Ähre 世界\n"
			ids, err := tok.Encode(nil, text, tokenize.EncodeOptions{AddSpecial: true})
			if err != nil {
				t.Fatal(err)
			}
			for _, id := range ids[1:] {
				if id < firstByte || int(id) >= minVocab+40 {
					t.Errorf("%s %d: text has the id %d: want bytes and merged pieces only", arch, vocab, id)
				}
			}
			if (ids[0] == BOS) != (arch == "llama") {
				t.Errorf("%s: first id is %d", arch, ids[0])
			}
			got, err := tok.Decode(ids, tokenize.DecodeOptions{SkipSpecial: true})
			if err != nil || got != text {
				t.Errorf("%s %d: decoded %q, %v: want %q", arch, vocab, got, err, text)
			}
		}
	}
}

func TestShapeValidate(t *testing.T) {
	err := ShapeConfig{Arch: "rwkv", Layers: -1, Heads: 7, KVHeads: 2, HeadSize: 3, Vocab: 10, RopeBase: math.NaN(), Mix: 200,
		Types: map[string]tensor.DType{"attn_x": tensor.F32, "attn_v": tensor.IQ1_S}}.Validate()
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"rwkv", "Layers is -1", "Heads is 7", "HeadSize is 3", "Vocab is 10", "RopeBase", "Mix(200)", "attn_x", "IQ1_S"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v: does not say %s", err, want)
		}
	}
	if _, err := Shape(ShapeConfig{Width: 100, Types: map[string]tensor.DType{"attn_q": tensor.Q4_K}}); err == nil || !strings.Contains(err.Error(), "attn_q") {
		t.Errorf("rows of 100 in Q4_K: %v", err)
	}
}

func BenchmarkFill(b *testing.B) {
	for _, typ := range []tensor.DType{tensor.F16, tensor.Q4_0, tensor.Q4_K, tensor.Q8_0, tensor.Q6_K} {
		b.Run("type="+typ.String(), func(b *testing.B) {
			f, err := newFiller(typ, 0.02)
			if err != nil {
				b.Fatal(err)
			}
			p := make([]byte, chunk/typ.BlockBytes()*typ.BlockBytes())
			b.SetBytes(int64(len(p)))
			rng := random(1, "x")
			for b.Loop() {
				f.fill(p, rng)
			}
		})
	}
}

// TestWriteFile checks that a file that could not be written is not left behind.
func TestWriteFile(t *testing.T) {
	m, err := Shape(ShapeConfig{Layers: 1, Width: 64, FFN: 64, Vocab: 300})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "m.gguf")
	if err := m.WriteFile(path); err != nil {
		t.Fatal(err)
	}
	b, err := m.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if s, err := os.Stat(path); err != nil || s.Size() != int64(len(b)) || s.Size() < m.DataBytes() {
		t.Errorf("file: %v, %v: want %d bytes", s, err, len(b))
	}
	broken := errors.New("broken")
	m.tensors[3].Write = func(io.Writer) error { return broken }
	if err := m.WriteFile(path); !errors.Is(err, broken) {
		t.Errorf("broken tensor: %v", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("broken tensor: file is left, %v", err)
	}
	if err := m.WriteFile(filepath.Join(path, "x", "y")); err == nil {
		t.Error("missing folder: no error")
	}
}
