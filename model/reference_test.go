package model_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seed64708441/ember/backend"
	"github.com/seed64708441/ember/model"
	"github.com/seed64708441/ember/model/gguf"
	"github.com/seed64708441/ember/tensor/tensortest"
	"github.com/seed64708441/ember/tokenize"
)

// referenceCase is what a case.json says that this test needs.
type referenceCase struct {
	Open      string
	InputIDs  json.RawMessage `json:"input_ids"`
	GreedyIDs json.RawMessage `json:"greedy_ids"`
	Margin    float64         `json:"greedy_margin"`
	Inputs    json.RawMessage // images or sound beside the ids
	Quantised struct {
		MeanKL float64 `json:"mean_kl"`
	} `json:"llama_cpp_quantised"`
}

// TestReferenceModels runs every model under reference whose file can be opened, and compares logits and greedy ids with
// the recorded ones.
func TestReferenceModels(t *testing.T) {
	root := tensortest.Path(t, "reference")
	var counts tensortest.Counts
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Name() == "case.json" {
			name, _ := filepath.Rel(root, filepath.Dir(path))
			counts.Case(t, filepath.ToSlash(name), func(t *testing.T) { testReference(t, filepath.Dir(path)) })
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	counts.Report(t)
}

func testReference(t *testing.T, dir string) {
	b, err := os.ReadFile(filepath.Join(dir, "case.json"))
	if err != nil {
		t.Fatal(err)
	}
	var c referenceCase
	if err := json.Unmarshal(b, &c); err != nil {
		t.Fatal(err)
	}
	if c.Open == "" {
		c.Open = "model.gguf"
	}
	file := filepath.Join(dir, c.Open)
	if _, err := os.Stat(file); err != nil {
		t.Skip("no GGUF file, and other formats are not supported")
	}
	var ids, greedy []int32
	if json.Unmarshal(c.InputIDs, &ids) != nil || json.Unmarshal(c.GreedyIDs, &greedy) != nil || len(ids) == 0 {
		t.Skip("the case is not about one sequence of ids that goes on")
	}
	if c.Inputs != nil {
		t.Skip("images and sound are not supported")
	}
	if _, err := os.Stat(filepath.Join(dir, "logits.npy")); err != nil {
		t.Skip("no recorded logits")
	}
	m, err := model.Open(t.Context(), file, model.Config{Cache: backend.CacheF32})
	switch {
	case errors.Is(err, gguf.ErrBigEndian):
		return // refused by name, as it should be
	case errors.Is(err, model.ErrUnsupportedArch), errors.Is(err, tokenize.ErrUnsupported), errors.Is(err, backend.ErrUnsupported):
		t.Skip(err)
	case err != nil:
		t.Fatal(err)
	}
	defer closeModel(t, m)
	want, _ := tensortest.ReadNPY(t, filepath.Join(dir, "logits.npy"))
	vocab := m.Info().Vocab
	if len(want) != len(ids)*vocab {
		t.Fatalf("%d recorded logits, want %d positions of %d", len(want), len(ids), vocab)
	}
	got := forward(t, m, ids)
	exact := !quantised(t, file)
	if exact {
		if d := largestDifference(got, want); !(d <= 1e-4) {
			t.Errorf("the largest difference is %.3g of the range of logits, want at most 1e-4", d)
		}
	} else {
		// Activations are rounded to 8 bits, here and in the recorded run of llama.cpp, at different places: divergences of
		// the same size, of which twice as much is a mistake and not chance. The floor is for models that hardly move.
		bar := 2*c.Quantised.MeanKL + 1e-4
		if kl := meanKL(got, want, vocab); !(kl <= bar) {
			t.Errorf("the mean divergence is %.3g, want at most %.3g", kl, bar)
		}
	}
	if !exact && c.Margin < 0.05 { // rounding may turn a choice
		return
	}
	if got := generate(t, m, model.Request{Tokens: ids, MaxTokens: len(greedy), IgnoreEOG: true}); !slices.Equal(got, greedy) {
		t.Errorf("greedy ids are %v, want %v", got, greedy)
	}
}

// quantised reports whether a file has a weight whose products round activations.
func quantised(t *testing.T, file string) bool {
	t.Helper()
	f, err := gguf.Open(file, gguf.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	return slices.ContainsFunc(f.Tensors(), func(x gguf.Tensor) bool {
		return x.DType.BlockLen() > 1 && !strings.HasPrefix(x.Name, "token_embd")
	})
}

// forward returns the logits after every token.
func forward(t *testing.T, m *model.Model, ids []int32) []float32 {
	t.Helper()
	s := newSession(t, m)
	defer s.Close()
	var out []float32
	err := s.Forward(t.Context(), ids, func(_ int, logits []float32) error {
		out = append(out, logits...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// generate returns the ids that a new session chooses.
func generate(t *testing.T, m *model.Model, r model.Request) []int32 {
	t.Helper()
	s := newSession(t, m)
	defer s.Close()
	n, err := m.CountTokens(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Complete(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	ids, err := s.Tokens()
	if err != nil {
		t.Fatal(err)
	}
	return ids[n:]
}

func newSession(t testing.TB, m *model.Model) *model.Session {
	t.Helper()
	s, err := m.NewSession(model.SessionConfig{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// closeModel also checks that no memory is left.
func closeModel(t testing.TB, m *model.Model) {
	t.Helper()
	if err := m.Close(); err != nil {
		t.Error(err)
	}
	if n := m.MemoryUsed(); n != 0 {
		t.Errorf("%d bytes are in use after Close", n)
	}
}

// largestDifference is max |a-b| as a part of the range of b.
func largestDifference(a, b []float32) float64 {
	if len(a) != len(b) {
		return math.Inf(1)
	}
	d := 0.0
	for i := range a {
		if x := math.Abs(float64(a[i]) - float64(b[i])); !(x <= d) {
			d = x
		}
	}
	return d / float64(slices.Max(b)-slices.Min(b))
}

// meanKL is the mean over rows of the Kullback-Leibler divergence of softmax(a) from softmax(b), in nats.
func meanKL(a, b []float32, vocab int) float64 {
	sum := 0.0
	for i := 0; i < len(b); i += vocab {
		p, q := logSoftmax(b[i:i+vocab]), logSoftmax(a[i:i+vocab])
		for j := range p {
			sum += math.Exp(p[j]) * (p[j] - q[j])
		}
	}
	return sum / float64(len(b)/vocab)
}

func logSoftmax(x []float32) []float64 {
	top, sum := float64(slices.Max(x)), 0.0
	out := make([]float64, len(x))
	for _, v := range x {
		sum += math.Exp(float64(v) - top)
	}
	for i, v := range x {
		out[i] = float64(v) - top - math.Log(sum)
	}
	return out
}
