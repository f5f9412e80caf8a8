package tokenize

import (
	"crypto/sha256"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seed64708441/ember/tensor/tensortest"
)

// TestTrainedModels checks the vocabularies of the recorded models that have ids recorded, as GGUF and as tokenizer.json.
func TestTrainedModels(t *testing.T) {
	var counts tensortest.Counts
	defer counts.Report(t)
	for _, path := range tensortest.Glob(t, "weights", "*", "hf", "expected_tokens.jsonl") {
		dir := filepath.Dir(filepath.Dir(path))
		ggufs, err := filepath.Glob(filepath.Join(dir, "*-F32.gguf"))
		if err != nil || len(ggufs) != 1 {
			t.Fatalf("%s: %q, %v, want one F32 file", dir, ggufs, err)
		}
		name := filepath.Base(dir)
		counts.Case(t, name+"/gguf", func(t *testing.T) { trainedModel(t, openGGUF(t, ggufs[0]), path, false) })
		counts.Case(t, name+"/json", func(t *testing.T) { trainedModel(t, openJSON(t, filepath.Dir(path)), path, true) })
	}
}

func trainedModel(t *testing.T, tok *Tokenizer, path string, huggingFace bool) {
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		var c struct {
			Text     string
			HF       []int32 `json:"ids_hf"`
			LlamaCpp []int32 `json:"ids_llamacpp"`
		}
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatal(err)
		}
		want := c.LlamaCpp
		if huggingFace {
			want = c.HF
		} else if strings.Contains(c.Text, "\x00") {
			continue // the recording stopped at the zero byte
		}
		got, err := tok.Encode(nil, c.Text, EncodeOptions{ParseSpecial: huggingFace})
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("Encode(%q): %v\n got %d %q\nwant %d %q", c.Text, err, got, pieces(tok, got), want, pieces(tok, want))
		}
		checkRoundTrip(t, tok, c.Text)
	}
}

// TestReferenceTokenizers builds every different tokenizer.json of the small reference models, and encodes and decodes
// the recorded texts.
func TestReferenceTokenizers(t *testing.T) {
	var counts tensortest.Counts
	defer counts.Report(t)
	seen := map[[32]byte]bool{}
	texts := recordedStrings(t)
	for _, path := range tensortest.Glob(t, "reference", "*", "*", "tokenizer.json") {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(data); seen[sum] {
			continue
		} else {
			seen[sum] = true
		}
		dir := filepath.Dir(path)
		name := filepath.Base(filepath.Dir(dir)) + "/" + filepath.Base(dir)
		counts.Case(t, name, func(t *testing.T) {
			tok := openJSON(t, dir)
			for _, text := range texts {
				checkRoundTrip(t, tok, text)
			}
		})
	}
}
