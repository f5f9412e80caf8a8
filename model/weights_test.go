package model_test

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seed64708441/ember/backend"
	"github.com/seed64708441/ember/model"
	"github.com/seed64708441/ember/tensor/tensortest"
)

// trainedCase is a greedy run of a trained model as llama2.c prints it.
type trainedCase struct {
	Prompt     string
	Steps      int
	Fed        []int32 `json:"tokens_fed"`
	Argmax     []int32
	Stdout     string
	LogitsFile string  `json:"logits_file"`
	PromptIDs  []int32 `json:"spm_prompt_ids_with_bos"`
}

func readTrained(t *testing.T, file string) []trainedCase {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var e struct{ Cases []trainedCase }
	if err := json.Unmarshal(b, &e); err != nil {
		t.Fatal(err)
	}
	return e.Cases
}

func openModel(t testing.TB, file string, c model.Config) *model.Model {
	t.Helper()
	m, err := model.Open(t.Context(), file, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeModel(t, m) })
	return m
}

// TestTrainedText checks the recorded greedy text of a trained model, from text to text, with floats of 32 and 16 bits.
func TestTrainedText(t *testing.T) {
	for _, file := range []string{"stories260K-F32.gguf", "stories260K-F16.gguf"} {
		for _, cache := range []backend.CacheType{backend.CacheF32, backend.CacheF16} {
			t.Run(file+"/cache="+cache.String(), func(t *testing.T) {
				m := openModel(t, tensortest.Path(t, "weights", "stories260K", file), model.Config{Cache: cache})
				for _, c := range readTrained(t, tensortest.Path(t, "weights", "stories260K", "expected.json")) {
					testTrainedText(t, m, c)
				}
			})
		}
	}
}

func testTrainedText(t *testing.T, m *model.Model, c trainedCase) {
	t.Helper()
	s := newSession(t, m)
	defer s.Close()
	r := model.Request{Prompt: c.Prompt}
	n, err := m.CountTokens(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	r.MaxTokens = len(c.Argmax) - n + 1 // up to the step at which llama2.c ended: with the token that begins texts, or at Steps
	text, _, err := s.Complete(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	// llama2.c does not print control bytes of half characters, and ends with a line end.
	if got, want := c.Prompt+text, strings.TrimSuffix(c.Stdout, "\n"); got != want && !strings.Contains(c.Prompt, "你好") {
		t.Errorf("after %q the text is\n%q, want\n%q", c.Prompt, got, want)
	}
	ids, err := s.Tokens()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(ids[:len(c.Fed)], c.Fed) || !slices.Equal(ids[n:], c.Argmax[n-1:]) {
		t.Errorf("after %q the ids are %v, want %v", c.Prompt, ids, c.Fed)
	}
}

// TestTrainedLogits compares the logits of trained models, in F32, with those recorded in float64.
func TestTrainedLogits(t *testing.T) {
	dir := tensortest.Path(t, "weights")
	for _, name := range []string{"stories260K", "babyllama105"} {
		t.Run(name, func(t *testing.T) {
			m := openLlama2c(t, filepath.Join(dir, name))
			for _, c := range readTrained(t, filepath.Join(dir, name, "expected.json")) {
				got := forward(t, m, c.Fed)
				testArgmax(t, got, c.Argmax)
				if c.LogitsFile == "" && name == "babyllama105" && c.Prompt == "Once upon a time" {
					c.LogitsFile = "logits_1.f32.npy"
				}
				if c.LogitsFile == "" {
					continue
				}
				want, _ := tensortest.ReadNPY(t, filepath.Join(dir, name, c.LogitsFile))
				if d := largestDifference(got, want); !(d <= 1e-5) {
					t.Errorf("after %q the largest difference is %.3g of the range, want at most 1e-5", c.Prompt, d)
				}
			}
		})
	}
	m := openModel(t, filepath.Join(dir, "stories260K", "stories260K-F32.gguf"), model.Config{Cache: backend.CacheF32})
	for _, c := range readTrained(t, filepath.Join(dir, "stories260K", "expected.json")) {
		want, _ := tensortest.ReadNPY(t, filepath.Join(dir, "stories260K", c.LogitsFile))
		if d := relative(forward(t, m, c.Fed), want); !(d <= 1e-4) {
			t.Errorf("after %q the largest relative difference is %.3g, want at most 1e-4", c.Prompt, d)
		}
	}
}

// relative is the largest difference as a part of the largest magnitude.
func relative(a, b []float32) float64 {
	d, top := 0.0, 0.0
	for i := range b {
		d = max(d, math.Abs(float64(a[i])-float64(b[i])))
		top = max(top, math.Abs(float64(b[i])))
	}
	return d / top
}

func testArgmax(t *testing.T, logits []float32, want []int32) {
	t.Helper()
	vocab := len(logits) / len(want)
	for i, id := range want {
		row := logits[i*vocab : (i+1)*vocab]
		if got := slices.Index(row, slices.Max(row)); got != int(id) {
			t.Errorf("position %d: the greatest logit is that of token %d, want %d", i, got, id)
			return
		}
	}
}

// TestTrainedQuantised runs every other file of stories260K: it generates text, and the log reports how far its logits
// are from those of the F32 file. The negative log-likelihood of the recorded text may differ from that of the
// dequantised weights as far as rounding activations to 8 bits explains: a few hundredths.
func TestTrainedQuantised(t *testing.T) {
	dir := tensortest.Path(t, "weights", "stories260K")
	b, err := os.ReadFile(filepath.Join(dir, "expected_quant.json"))
	if err != nil {
		t.Fatal(err)
	}
	var e struct {
		Results map[string]struct{ NLL float64 }
	}
	if err := json.Unmarshal(b, &e); err != nil {
		t.Fatal(err)
	}
	cases := readTrained(t, filepath.Join(dir, "expected.json"))
	f32 := openModel(t, filepath.Join(dir, "stories260K-F32.gguf"), model.Config{})
	want := forward(t, f32, cases[1].Fed)
	for _, file := range tensortest.Glob(t, "weights", "stories260K", "*.gguf") {
		name := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(file), "stories260K-"), ".gguf")
		t.Run(name, func(t *testing.T) {
			m := openModel(t, file, model.Config{})
			got := forward(t, m, cases[1].Fed)
			s := newSession(t, m)
			defer s.Close()
			text, _, err := s.Complete(t.Context(), model.Request{Prompt: "Once upon a time", MaxTokens: 100})
			if err != nil || len(text) < 100 {
				t.Errorf("text %q: %v", text, err)
			}
			fresh := newSession(t, m)
			defer fresh.Close()
			scores, err := fresh.Score(t.Context(), cases[1].Fed)
			if err != nil {
				t.Fatal(err)
			}
			nll := 0.0
			for _, v := range scores[1:] {
				nll -= float64(v) / float64(len(scores)-1)
			}
			t.Logf("mean divergence from F32 %.5f, negative log-likelihood %.4f (of the dequantised weights %.4f), text %q",
				meanKL(got, want, m.Info().Vocab), nll, e.Results[name].NLL, text[:60])
			if want, ok := e.Results[name]; ok && math.Abs(nll-want.NLL) > 0.03 {
				t.Errorf("negative log-likelihood %.4f, want %.4f ± 0.03", nll, want.NLL)
			}
		})
	}
}
