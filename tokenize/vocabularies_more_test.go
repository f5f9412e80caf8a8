package tokenize

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seed64708441/ember/tensor/tensortest"
)

func data(t testing.TB, elem ...string) string {
	return tensortest.Path(t, append([]string{"tokenizers"}, elem...)...)
}

// transformersVocabularies open the vocabularies that the records of transformers name. Those of GPT-2's family that are
// recorded with other special tokens give the ids between these.
var transformersVocabularies = map[string]struct {
	open func(t testing.TB) *Tokenizer
	bare bool
}{
	"bert-base-uncased":                      {open: openHF("bert-base-uncased")},
	"google-bert/bert-base-uncased":          {open: openHF("bert-base-uncased")},
	"distilgpt2":                             {open: openGGUFNamed("gpt-2")},
	"tiiuae/falcon-7b":                       {open: openHF("falcon")},
	"openai/whisper-large-v2":                {open: openHF("whisper-tiny")}, // the multilingual vocabulary is one
	"openai/whisper-tiny.en":                 {open: openGGUFNamed("gpt-2"), bare: true},
	"t5-base":                                {open: openHF("t5-small")},
	"coreml-projects/Llama-2-7b-chat-coreml": {open: openGGUFNamed("llama-spm")},
	"pcuenq/Llama-3.2-1B-Instruct-tokenizer": {open: openGGUFNamed("llama-bpe")},
	"bert_uncased_encoded.json":              {open: openHF("bert-base-uncased")},
	"falcon_encoded.json":                    {open: openHF("falcon")},
	"gpt2_encoded_tokens.json":               {open: openGGUFNamed("gpt-2")},
	"llama_3.2_encoded.json":                 {open: openGGUFNamed("llama-bpe")},
	"llama_encoded.json":                     {open: openGGUFNamed("llama-spm")},
	"t5_base_encoded.json":                   {open: openHF("t5-small")},
	"whisper_large_v2_encoded.json":          {open: openHF("whisper-tiny")},
	"whisper_tiny_en_encoded.json":           {open: openGGUFNamed("gpt-2"), bare: true},
}

func openHF(name string) func(t testing.TB) *Tokenizer {
	return func(t testing.TB) *Tokenizer { return openJSON(t, data(t, "hf", name)) }
}

func openGGUFNamed(name string) func(t testing.TB) *Tokenizer {
	return func(t testing.TB) *Tokenizer {
		return openGGUF(t, data(t, "llama.cpp", "ggml-vocab-"+name+".gguf"))
	}
}

// TestTransformersRecords checks ids that transformers gave for many short texts and one long one.
func TestTransformersRecords(t *testing.T) {
	var counts tensortest.Counts
	defer counts.Report(t)
	var short map[string][]struct {
		Input   string
		Encoded struct {
			IDs []int32 `json:"input_ids"`
		}
	}
	readJSON(t, data(t, "swift-transformers", "tokenizer_tests.json"), &short)
	for _, name := range slices.Sorted(maps.Keys(short)) {
		counts.Case(t, name, func(t *testing.T) {
			check := transformersCheck(t, name)
			for _, c := range short[name] {
				check(c.Input, c.Encoded.IDs)
			}
		})
	}
	for _, path := range tensortest.Glob(t, "tokenizers", "swift-transformers", "*_encoded*.json") {
		counts.Case(t, filepath.Base(path), func(t *testing.T) {
			var long struct {
				Text string
				IDs  []int32 `json:"token_ids"`
			}
			readJSON(t, path, &long)
			transformersCheck(t, filepath.Base(path))(long.Text, long.IDs)
		})
	}
}

// transformersCheck opens the vocabulary of a record and returns what checks a text, or skips the test.
func transformersCheck(t *testing.T, name string) func(text string, want []int32) {
	t.Helper()
	v, ok := transformersVocabularies[name]
	if !ok {
		t.Skip("its vocabulary is not recorded")
	}
	tok := v.open(t)
	return func(text string, want []int32) {
		t.Helper()
		if v.bare {
			want = slices.DeleteFunc(slices.Clone(want), func(id int32) bool { return id >= 50256 })
		}
		got, err := tok.Encode(nil, text, EncodeOptions{AddSpecial: !v.bare})
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("Encode(%q): %v\n got %d %q\nwant %d %q", text, err, got, pieces(tok, got), want, pieces(tok, want))
		}
	}
}

func readJSON(t testing.TB, path string, v any) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, v); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// TestMergesFromText builds Llama 3's and CLIP's vocabularies from their published lists of merges.
func TestMergesFromText(t *testing.T) {
	t.Run("llama3.2", func(t *testing.T) {
		var ids map[string]int32
		if err := json.Unmarshal([]byte(readGzip(t, data(t, "vocab", "llama3.2", "encoder.json.gz"))), &ids); err != nil {
			t.Fatal(err)
		}
		c := NoIDs(BPE)
		c.Pre, c.IgnoreMerges = "llama-bpe", true
		c.Tokens = make([]string, len(ids))
		for text, id := range ids {
			c.Tokens[id] = text
		}
		c.Merges = strings.Split(strings.TrimSpace(readGzip(t, data(t, "vocab", "llama3.2", "vocab.bpe.gz"))), "\n")
		tok, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range readCases(t, data(t, "tiktoken", "llama3.expected.jsonl")) {
			c.IDsSpecial = nil
			checkCases(t, tok, []recordedCase{c})
		}
	})
	t.Run("clip", func(t *testing.T) {
		// The vocabulary is the bytes, the bytes at the end of a word, a token for every merge, and two special tokens.
		lines := strings.Split(readGzip(t, data(t, "clip", "bpe_simple_vocab_16e6.txt.gz")), "\n")
		c := NoIDs(BPE)
		for _, end := range []string{"", "</w>"} {
			for pass := range 2 { // printable bytes first
				for b := range 256 {
					if printable := byteAlphabet[b] < 0x100; printable == (pass == 0) {
						c.Tokens = append(c.Tokens, string(byteAlphabet[b])+end)
					}
				}
			}
		}
		var merges [][2]string
		for _, line := range lines[1 : 49152-256-2+1] {
			left, right, ok := cutMerge(line)
			if !ok {
				t.Fatalf("bad merge %q", line)
			}
			merges = append(merges, [2]string{left, right})
			c.Tokens = append(c.Tokens, left+right)
		}
		c.BOS, c.EOS = int32(len(c.Tokens)), int32(len(c.Tokens)+1)
		c.Tokens = append(c.Tokens, "<|startoftext|>", "<|endoftext|>")
		reference := openHF("clip")(t)
		if want := reference.Config().Tokens; !slices.Equal(c.Tokens, want) {
			t.Fatalf("the vocabulary has %d tokens, in tokenizer.json %d, or they differ", len(c.Tokens), len(want))
		}
		parts := *reference.encoder.(*pipeline)
		model := &bpeModel{}
		model.build(&c, bpeOptions{suffix: "</w>", merges: merges})
		parts.model = model
		tok := newTokenizer(c)
		tok.encoder, tok.specials = &parts, reference.specials
		for _, c := range readCases(t, data(t, "hf", "clip", "expected.jsonl")) {
			got, err := tok.Encode(nil, c.Text, EncodeOptions{ParseSpecial: true})
			if err != nil || !slices.Equal(got, c.IDs) {
				t.Errorf("Encode(%q) = %d, %v, want %d", c.Text, got, err, c.IDs)
			}
		}
	})
}

func readGzip(t testing.TB, path string) string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
