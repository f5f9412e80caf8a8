package tokenize

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// huggingFaceCase is a line of expected.jsonl or expected_pairs.jsonl beside a tokenizer.json.
type huggingFaceCase struct {
	recordedCase
	Decoded     string  `json:"decoded"`
	DecodedSkip string  `json:"decoded_skip_special"`
	A           string  `json:"a"`
	B           string  `json:"b"`
	TypeIDs     []int32 `json:"type_ids"`
}

func jsonVocabulary(t *testing.T, dir string) {
	tok := openJSON(t, dir)
	decoded := 0
	for _, c := range readHuggingFace(t, filepath.Join(dir, "expected.jsonl")) {
		// Hugging Face parses special tokens in every text.
		for special, want := range map[bool][]int32{false: c.IDs, true: c.IDsSpecial} {
			got, err := tok.Encode(nil, c.Text, EncodeOptions{AddSpecial: special, ParseSpecial: true})
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("Encode(%q, AddSpecial %v): %v\n got %d %q\nwant %d %q", c.Text, special, err, got, pieces(tok, got), want, pieces(tok, want))
			}
		}
		checkRoundTrip(t, tok, c.Text)
		if slices.ContainsFunc(c.IDs, tok.IsControl) || !utf8.ValidString(c.Decoded) || strings.Contains(c.Decoded, "\uFFFD") {
			continue // spaces beside special tokens differ, and so does half a character
		}
		decoded++
		if got, err := tok.Decode(c.IDs, DecodeOptions{}); err != nil || got != c.Decoded {
			t.Errorf("Decode(%d) = %q, %v, want %q", c.IDs, got, err, c.Decoded)
		}
	}
	if decoded < 50 {
		t.Errorf("%d texts decoded, want 50 or more", decoded)
	}
	for _, c := range readHuggingFace(t, filepath.Join(dir, "expected_pairs.jsonl")) {
		ids, segments, err := tok.EncodePair(c.A, c.B, EncodeOptions{AddSpecial: true, ParseSpecial: true})
		if err != nil || !slices.Equal(ids, c.IDs) || !slices.Equal(segments, c.TypeIDs) {
			t.Errorf("EncodePair(%q, %q): %v\n got %d %d\nwant %d %d", c.A, c.B, err, ids, segments, c.IDs, c.TypeIDs)
		}
	}
}

func openJSON(t testing.TB, dir string) *Tokenizer {
	t.Helper()
	return openOnce(t, dir, buildJSON)
}

func buildJSON(t testing.TB, dir string) *Tokenizer {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "tokenizer.json"))
	if err != nil {
		t.Fatal(err)
	}
	config, err := os.ReadFile(filepath.Join(dir, "tokenizer_config.json"))
	if err != nil {
		config = nil
	}
	tok, err := FromJSON(data, config)
	if errors.Is(err, ErrUnsupported) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

func readHuggingFace(t testing.TB, path string) []huggingFaceCase {
	t.Helper()
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	var cases []huggingFaceCase
	for _, line := range bytes.Split(bytes.TrimSpace(data), []byte("\n")) {
		var c huggingFaceCase
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		cases = append(cases, c)
	}
	return cases
}
