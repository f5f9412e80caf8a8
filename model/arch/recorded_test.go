package arch_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/seed64708441/ember/model/arch"
	"github.com/seed64708441/ember/model/gguf"
	"github.com/seed64708441/ember/ops/ref"
	"github.com/seed64708441/ember/tensor"
	"github.com/seed64708441/ember/tensor/quant"
	"github.com/seed64708441/ember/tensor/tensortest"
)

// open reads a file, builds its graph and loads it into the oracle.
func open(t *testing.T, path string) (*arch.Model, *ref.Machine) {
	t.Helper()
	f, err := gguf.Open(path, gguf.Options{})
	if errors.Is(err, gguf.ErrBigEndian) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	m, err := arch.New(archFile(f))
	if errors.Is(err, arch.ErrUnsupportedArch) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	weights := map[string]bool{}
	for _, w := range m.Graph.Weights {
		weights[w.Name] = true
	}
	for _, x := range f.Tensors() {
		if !weights[x.Name] && !slices.Contains(m.Known, x.Name) {
			t.Errorf("tensor %q is not declared and not known", x.Name)
		}
	}
	machine, err := ref.New(m.Graph, archFile(f).Floats)
	if err != nil {
		t.Fatal(err)
	}
	return m, machine
}

func archFile(f *gguf.File) arch.File {
	return arch.File{Meta: f.Meta(),
		Shape: func(name string) (tensor.Shape, bool) {
			x, ok := f.Tensor(name)
			return x.Shape, ok
		},
		Floats: func(name string) ([]float32, error) {
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
		}}
}

func readJSON(t *testing.T, path string, v any) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(raw, v)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// worst returns the largest difference as a share of the range of want.
func worst(t *testing.T, got []float64, want []float32) float64 {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d logits, %d are recorded", len(got), len(want))
	}
	low, high, d := math.Inf(1), math.Inf(-1), 0.0
	for i, w := range want {
		low, high = min(low, float64(w)), max(high, float64(w))
		if diff := math.Abs(got[i] - float64(w)); !(diff <= d) {
			d = diff
		}
	}
	return d / (high - low)
}

func rows(n int) []int32 {
	r := make([]int32, n)
	for i := range r {
		r[i] = int32(i)
	}
	return r
}

func argmax(x []float64) int32 {
	best := 0
	for i, v := range x {
		if v > x[best] {
			best = i
		}
	}
	return int32(best)
}

// TestRecorded compares every model of a family here, and of folders whose models are of one, with the logits and greedy
// ids of the reference implementation. The bar is what float32 arithmetic in any order meets; the recordings themselves are float32.
func TestRecorded(t *testing.T) {
	var counts tensortest.Counts
	for _, family := range []string{"llama", "mistral", "internlm3", "qwen2", "qwen3", "format-gguf", "format-control-vector", "format-lora"} {
		for _, path := range tensortest.Glob(t, "reference", family, "*", "case.json") {
			dir := filepath.Dir(path)
			counts.Case(t, family+"/"+filepath.Base(dir), func(t *testing.T) { checkRecorded(t, dir) })
		}
	}
	counts.Report(t)
}

func checkRecorded(t *testing.T, dir string) {
	var c struct {
		IDs    []int32 `json:"input_ids"`
		Greedy []int32 `json:"greedy_ids"`
	}
	readJSON(t, filepath.Join(dir, "case.json"), &c)
	path := filepath.Join(dir, "model.gguf")
	if _, err := os.Stat(path); err != nil {
		t.Skip("the case has no GGUF file")
	}
	m, machine := open(t, path)
	seq := machine.NewSequence()
	got, err := machine.Step(seq, c.IDs, nil, rows(len(c.IDs)))
	if err != nil {
		t.Fatal(err)
	}
	want, _ := tensortest.ReadNPY(t, filepath.Join(dir, "logits.npy"))
	d := worst(t, got, want)
	t.Logf("largest difference %.2g of the range", d)
	if !(d <= 1e-4) {
		t.Errorf("largest difference %.2g of the range: want 1e-4", d)
	}
	last := got[len(got)-m.Config.Vocab:]
	var ids []int32
	for range c.Greedy {
		ids = append(ids, argmax(last))
		if last, err = machine.Step(seq, ids[len(ids)-1:], nil, []int32{0}); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(ids, c.Greedy) {
		t.Errorf("greedy ids %v: want %v", ids, c.Greedy)
	}
}

// TestRecordedControl shows that the bar notices what is easy to get wrong: with the other order of pairs, or without
// the frequency factors, the same file misses it by far.
func TestRecordedControl(t *testing.T) {
	dir := tensortest.Path(t, "reference", "llama", "llama3-rope")
	f, err := gguf.Open(filepath.Join(dir, "model.gguf"), gguf.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var c struct {
		IDs []int32 `json:"input_ids"`
	}
	readJSON(t, filepath.Join(dir, "case.json"), &c)
	want, _ := tensortest.ReadNPY(t, filepath.Join(dir, "logits.npy"))
	with := func(file arch.File) float64 {
		m, err := arch.New(file)
		if err != nil {
			t.Fatal(err)
		}
		machine, err := ref.New(m.Graph, file.Floats)
		if err != nil {
			t.Fatal(err)
		}
		got, err := machine.Step(machine.NewSequence(), c.IDs, nil, rows(len(c.IDs)))
		if err != nil {
			t.Fatal(err)
		}
		return worst(t, got, want)
	}
	plain := archFile(f)
	if d := with(plain); !(d <= 1e-4) {
		t.Errorf("as it is: %.2g of the range", d)
	}
	without := plain
	without.Shape = func(name string) (tensor.Shape, bool) {
		if name == "rope_freqs.weight" {
			return nil, false
		}
		return plain.Shape(name)
	}
	if d := with(without); !(d > 1e-2) {
		t.Errorf("without frequency factors: %.2g of the range, want a large difference", d)
	}
	other := plain
	other.Meta = based{f.Meta(), "llama.rope.freq_base", 11000}
	if d := with(other); !(d > 1e-4) {
		t.Errorf("with base 11000: %.2g of the range, want more than the bar", d)
	}
}

// based is metadata with another number for one key.
type based struct {
	arch.Meta
	key   string
	value float64
}

func (b based) Float(key string) (float64, error) {
	if key == b.key {
		return b.value, nil
	}
	return b.Meta.Float(key)
}

// TestStories compares with float64 logits of a trained model and, for F16, with the text that it continues greedily.
func TestStories(t *testing.T) {
	dir := tensortest.Path(t, "weights", "stories260K")
	var expected struct {
		Cases []struct {
			Fed    []int32 `json:"tokens_fed"`
			Argmax []int32 `json:"argmax"`
		} `json:"cases"`
	}
	readJSON(t, filepath.Join(dir, "expected.json"), &expected)
	for _, kind := range []string{"F32", "F16"} {
		m, machine := open(t, filepath.Join(dir, "stories260K-"+kind+".gguf"))
		for i, c := range expected.Cases {
			n := min(len(c.Fed), 100)
			got, err := machine.Step(machine.NewSequence(), c.Fed[:n], nil, rows(n))
			if err != nil {
				t.Fatal(err)
			}
			want, _ := tensortest.ReadNPY(t, filepath.Join(dir, fmt.Sprintf("logits_%d.f32.npy", i)))
			v := m.Config.Vocab
			d := worst(t, got, want[:n*v])
			t.Logf("%s case %d: largest difference %.2g of the range", kind, i, d)
			if kind == "F32" && !(d <= 1e-7) { // the record is rounded to float32, 2^-25 of a logit
				t.Errorf("%s case %d: largest difference %.2g of the range: want 1e-7", kind, i, d)
			}
			for p := range n {
				if id := argmax(got[p*v:][:v]); id != c.Argmax[p] {
					t.Errorf("%s case %d position %d: most likely is %d, want %d", kind, i, p, id, c.Argmax[p])
				}
			}
		}
	}
}
