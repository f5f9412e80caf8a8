package tokenize

import (
	"bufio"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/seed64708441/ember/model/gguf"
	"github.com/seed64708441/ember/tensor/tensortest"
)

// recordedCase is a line of an expected.jsonl file.
type recordedCase struct {
	Text       string  `json:"text"`
	IDs        []int32 `json:"ids"`
	IDsSpecial []int32 `json:"ids_special"`
}

// TestVocabularies encodes the recorded texts with every vocabulary below testdata/tokenizers and compares the ids.
func TestVocabularies(t *testing.T) {
	var counts tensortest.Counts
	defer counts.Report(t)
	for _, path := range tensortest.Glob(t, "tokenizers", "llama.cpp", "*.gguf") {
		counts.Case(t, "llama.cpp/"+filepath.Base(path), func(t *testing.T) { ggufVocabulary(t, path) })
	}
	for _, path := range tensortest.Glob(t, "tokenizers", "llama.cpp", "*.gguf.inp") {
		path = strings.TrimSuffix(path, ".inp")
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			counts.Case(t, "llama.cpp/"+filepath.Base(path), func(t *testing.T) { textsAlone(t, path) })
		}
	}
	for _, path := range tensortest.Glob(t, "tokenizers", "hf", "*", "tokenizer.json") {
		dir := filepath.Dir(path)
		counts.Case(t, "hf/"+filepath.Base(dir), func(t *testing.T) { jsonVocabulary(t, dir) })
	}
	for _, path := range tensortest.Glob(t, "tokenizers", "spm", "*.model*") {
		if !strings.HasSuffix(path, ".jsonl") {
			counts.Case(t, "spm/"+filepath.Base(path), func(t *testing.T) { spVocabulary(t, path) })
		}
	}
	for _, path := range tensortest.Glob(t, "tokenizers", "tiktoken", "*.tiktoken") {
		counts.Case(t, "tiktoken/"+filepath.Base(path), func(t *testing.T) { tiktokenVocabulary(t, path) })
	}
}

func ggufVocabulary(t *testing.T, path string) {
	tok := openGGUF(t, path)
	cases := append(readCases(t, path+".expected.jsonl"), readInpOut(t, path)...)
	if tok.Config().Kind == WordPiece {
		cases = followHuggingFace(t, cases)
	}
	if len(cases) == 0 {
		t.Skip("no recorded ids")
	}
	checkCases(t, tok, cases)
	for _, text := range recordedStrings(t) {
		checkRoundTrip(t, tok, text)
	}
}

// textsAlone checks texts and ids recorded without their vocabulary, if another file has the same one.
func textsAlone(t *testing.T, path string) {
	switch filepath.Base(path) {
	case "ggml-vocab-deepseek-r1-qwen.gguf":
		checkCases(t, openGGUFNamed("qwen2")(t), readInpOut(t, path))
	case "ggml-vocab-roberta-bpe.gguf":
		checkCases(t, openHF("roberta-base")(t), readInpOut(t, path))
	default:
		t.Skip("its vocabulary is not recorded")
	}
}

// followHuggingFace replaces llama.cpp's ids of BERT by those of Hugging Face where they differ: on the strings with
// marks and Hangul, whose letters llama.cpp loses.
func followHuggingFace(t *testing.T, cases []recordedCase) []recordedCase {
	t.Helper()
	right := map[string]recordedCase{}
	for _, c := range readCases(t, tensortest.Path(t, "tokenizers", "hf", "bert-base-uncased", "expected.jsonl")) {
		if !strings.ContainsAny(c.Text, "[<") { // Hugging Face parses special tokens in every text
			right[c.Text] = c
		}
	}
	differ := map[string]bool{}
	for i, c := range cases {
		if r, ok := right[c.Text]; ok && !slices.Equal(r.IDs, c.IDs) {
			differ[c.Text] = true
			cases[i].IDs = r.IDs
			if c.IDsSpecial != nil {
				cases[i].IDsSpecial = r.IDsSpecial
			}
		}
	}
	if len(differ) > 7 {
		t.Errorf("llama.cpp and Hugging Face differ on %d strings, known are 7", len(differ))
	}
	return cases
}

// recordedStrings are the texts all vocabularies are tried with.
func recordedStrings(t testing.TB) []string {
	t.Helper()
	b, err := os.ReadFile(tensortest.Path(t, "tokenizers", "strings.json"))
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	if err := json.Unmarshal(b, &texts); err != nil {
		t.Fatal(err)
	}
	return texts
}

// openGGUF builds the tokenizer of a GGUF file; an unsupported kind skips the test.
func openGGUF(t testing.TB, path string) *Tokenizer {
	t.Helper()
	return openOnce(t, path, buildGGUF)
}

// opened keeps the tokenizers that several tests use, by path.
var opened sync.Map

func openOnce(t testing.TB, path string, build func(t testing.TB, path string) *Tokenizer) *Tokenizer {
	t.Helper()
	if tok, ok := opened.Load(path); ok {
		return tok.(*Tokenizer)
	}
	tok := build(t, path)
	opened.Store(path, tok)
	return tok
}

func buildGGUF(t testing.TB, path string) *Tokenizer {
	t.Helper()
	f, err := gguf.Open(path, gguf.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	c, err := ConfigFromGGUF(f.Meta())
	if err != nil {
		if errors.Is(err, ErrUnsupported) {
			t.Skip(err)
		}
		t.Fatal(err)
	}
	tok, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

func checkCases(t *testing.T, tok *Tokenizer, cases []recordedCase) {
	t.Helper()
	wrong := 0
	for _, c := range cases {
		for _, special := range []bool{false, true} {
			want := c.IDs
			if special {
				want = c.IDsSpecial
			}
			if want == nil {
				continue
			}
			got, err := tok.Encode(nil, c.Text, EncodeOptions{AddSpecial: special, ParseSpecial: special})
			if err != nil {
				t.Errorf("Encode(%q): %v", c.Text, err)
			} else if !slices.Equal(got, want) {
				if wrong++; wrong <= 5 {
					t.Errorf("Encode(%q, AddSpecial %v):\n got %d %q\nwant %d %q", c.Text, special, got, pieces(tok, got), want, pieces(tok, want))
				}
			}
		}
	}
	if wrong > 5 {
		t.Errorf("%d more wrong", wrong-5)
	}
}

func pieces(tok *Tokenizer, ids []int32) []string {
	var p []string
	for _, id := range ids {
		p = append(p, tok.Token(id))
	}
	return p
}

func readCases(t *testing.T, path string) []recordedCase {
	t.Helper()
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var cases []recordedCase
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<26)
	for lines.Scan() {
		var c recordedCase
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		cases = append(cases, c)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return cases
}

// readInpOut reads llama.cpp's pairs of files: texts, and a line of ids for each.
func readInpOut(t *testing.T, path string) []recordedCase {
	t.Helper()
	in, err := os.ReadFile(path + ".inp")
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	out, err := os.ReadFile(path + ".out")
	if err != nil {
		t.Fatal(err)
	}
	texts := strings.Split(string(in), "\n__ggml_vocab_test__\n")
	lines := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(texts) > len(lines) && texts[len(texts)-1] == "" {
		texts = texts[:len(lines)]
	}
	if len(texts) != len(lines) {
		t.Fatalf("%s: %d texts, %d lines of ids", path, len(texts), len(lines))
	}
	cases := make([]recordedCase, len(texts))
	for i, text := range texts {
		ids := []int32{}
		for _, f := range strings.Fields(lines[i]) {
			id, err := strconv.Atoi(f)
			if err != nil {
				t.Fatalf("%s: line %d: %v", path, i+1, err)
			}
			ids = append(ids, int32(id))
		}
		cases[i] = recordedCase{Text: text, IDs: ids}
	}
	return cases
}
