package tokenize

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed64708441/ember/tensor/tensortest"
)

// BenchmarkEncode tokenizes War and Peace with recorded vocabularies: MB/s and tokens/s on one thread.
func BenchmarkEncode(b *testing.B) {
	text := readText(b)
	for _, name := range []string{"gpt-2", "llama-bpe", "qwen2", "llama-spm", "gemma-4", "bert-bge"} {
		b.Run("vocabulary="+name, func(b *testing.B) {
			tok := openGGUF(b, tensortest.Path(b, "tokenizers", "llama.cpp", "ggml-vocab-"+name+".gguf"))
			benchmarkEncode(b, tok, text)
		})
	}
}

// BenchmarkEncodeJSON does the same with pipelines of tokenizer.json. For comparison, Hugging Face publishes for its
// tokenizers 0.23.1, English text, one thread of a Xeon 8375C: 2.8 MB/s for byte-level BPE, 4.0 for BPE on
// SentencePiece's alphabet and 2.6 for BERT (pull requests 2187, 2256 and 2177 of huggingface/tokenizers). It publishes
// nothing for unigram. Measured side by side on two shared cores of a Xeon (Sapphire Rapids), MB of War and Peace per
// second of processor time, as one text and line by line, for tokenizers 0.22.2 (Node's package @anush008/tokenizers
// 0.6.0, one thread) and for this package: roberta-base 1.2 and 1.6, here 85 and 75; phi-3-mini 0.8 and 2.5, here 39 and
// 32; bert-base-uncased 1.5 and 2.0, here 36 and 41; t5-small, which is unigram, 1.1 and 1.6, here 13.7 and 12.5; clip
// 1.3 and 1.2, here 24 and 19. Words seen before are remembered; with an empty memory one text takes up to three times
// as long.
func BenchmarkEncodeJSON(b *testing.B) {
	text := readText(b)
	for _, name := range []string{"roberta-base", "falcon", "phi-3-mini", "bert-base-uncased", "t5-small", "clip"} {
		b.Run("vocabulary="+name, func(b *testing.B) { benchmarkEncode(b, openHF(name)(b), text) })
	}
}

// BenchmarkEncodeSentencePiece does the same with a unigram model.
func BenchmarkEncodeSentencePiece(b *testing.B) {
	model, err := os.ReadFile(tensortest.Path(b, "tokenizers", "spm", "unigram-en-1k.model"))
	if err != nil {
		b.Fatal(err)
	}
	c, err := ConfigFromSentencePiece(model)
	benchmarkEncode(b, newOrSkip(b, c, err), readText(b))
}

func benchmarkEncode(b *testing.B, tok *Tokenizer, text string) {
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	var ids []int32
	var err error
	for b.Loop() {
		if ids, err = tok.Encode(ids[:0], text, EncodeOptions{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(ids))*float64(b.N)/b.Elapsed().Seconds(), "tokens/s")
}

func readText(b testing.TB) string {
	b.Helper()
	var longest []byte
	for _, path := range tensortest.Glob(b, "text", "*.txt") {
		text, err := os.ReadFile(filepath.Clean(path))
		if err != nil {
			b.Fatal(err)
		}
		if len(text) > len(longest) {
			longest = text
		}
	}
	return string(longest)
}

// BenchmarkAdversarial tokenizes a megabyte without words.
func BenchmarkAdversarial(b *testing.B) {
	for _, name := range []string{"llama-bpe", "llama-spm"} {
		tok := openGGUF(b, tensortest.Path(b, "tokenizers", "llama.cpp", "ggml-vocab-"+name+".gguf"))
		for _, size := range []int{1 << 17, 1 << 20} {
			text := strings.Repeat("a", size)
			b.Run(fmt.Sprintf("vocabulary=%s/letters=%dKi", name, size>>10), func(b *testing.B) {
				benchmarkEncode(b, tok, text)
			})
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	tok := openGGUF(b, tensortest.Path(b, "tokenizers", "llama.cpp", "ggml-vocab-llama-bpe.gguf"))
	text := readText(b)
	ids, err := tok.Encode(nil, text, EncodeOptions{})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(text)))
	b.Run("stream", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			s := tok.NewStream(DecodeOptions{})
			for _, id := range ids {
				if _, err := s.Push(id); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}

// BenchmarkNew builds the tokenizer of a vocabulary that is in memory.
func BenchmarkNew(b *testing.B) {
	for _, name := range []string{"llama-bpe", "llama-spm", "gemma-4"} {
		tok := openGGUF(b, tensortest.Path(b, "tokenizers", "llama.cpp", "ggml-vocab-"+name+".gguf"))
		b.Run("vocabulary="+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := New(tok.Config()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
