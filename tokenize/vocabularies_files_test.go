package tokenize

import (
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
)

// spVocabulary checks a SentencePiece model.
func spVocabulary(t *testing.T, path string) {
	model, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	c, err := ConfigFromSentencePiece(model)
	tok := newOrSkip(t, c, err)
	cases := readHuggingFace(t, path+".expected.jsonl")
	if len(cases) == 0 {
		t.Skip("no recorded ids")
	}
	for _, c := range cases {
		got, err := tok.Encode(nil, c.Text, EncodeOptions{})
		if err != nil || !slices.Equal(got, c.IDs) {
			t.Errorf("Encode(%q): %v\n got %d %q\nwant %d %q", c.Text, err, got, pieces(tok, got), c.IDs, pieces(tok, c.IDs))
		}
		checkRoundTrip(t, tok, c.Text)
		if slices.Contains(c.IDs, tok.Config().UNK) || strings.Contains(c.Decoded, "\uFFFD") || strings.Contains(c.Text, blank) {
			continue // SentencePiece prints unknown tokens its own way
		}
		if got, err := tok.Decode(c.IDs, DecodeOptions{}); err != nil || got != c.Decoded {
			t.Errorf("Decode(%d) = %q, %v, want %q", c.IDs, got, err, c.Decoded)
		}
	}
}

func newOrSkip(t testing.TB, c Config, err error) *Tokenizer {
	t.Helper()
	var tok *Tokenizer
	if err == nil {
		tok, err = New(c)
	}
	if errors.Is(err, ErrUnsupported) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

// tiktokenVocabulary checks a file of ranks with the pattern and special tokens recorded beside it.
func tiktokenVocabulary(t *testing.T, path string) {
	tok := openTiktoken(t, path)
	cases := readCases(t, strings.TrimSuffix(path, ".tiktoken")+".expected.jsonl")
	if len(cases) == 0 {
		t.Skip("no recorded ids")
	}
	for _, c := range cases {
		for parse, want := range map[bool][]int32{false: c.IDs, true: c.IDsSpecial} {
			got, err := tok.Encode(nil, c.Text, EncodeOptions{ParseSpecial: parse})
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("Encode(%q, ParseSpecial %v): %v\n got %d %q\nwant %d %q", c.Text, parse, err, got, pieces(tok, got), want, pieces(tok, want))
			}
		}
		checkRoundTrip(t, tok, c.Text)
	}
}

func openTiktoken(t testing.TB, path string) *Tokenizer {
	t.Helper()
	ranks, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var meta struct {
		Pattern string           `json:"pat_str"`
		Special map[string]int32 `json:"special_tokens"`
	}
	data, err := os.ReadFile(strings.TrimSuffix(path, ".tiktoken") + ".meta.json")
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("no pattern recorded")
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &meta); err != nil {
		t.Fatal(err)
	}
	c, err := ConfigFromTiktoken(ranks, TiktokenOptions{meta.Pattern, meta.Special})
	return newOrSkip(t, c, err)
}
