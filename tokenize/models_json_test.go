package tokenize

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// The ids of this file are recorded from Hugging Face's tokenizers 0.22.2.

const (
	prefixedVocab = `"vocab":{"[UNK]":0,"a":1,"b":2,"##a":3,"##b":4,"##c":5,"ab":6,"abc":7,"##bc":8,"##ca":9,"##c$":10,"abc$":11,"a$":12}`
	plainBPE      = `{"type":"BPE","vocab":{"a":0,"b":1,"ab":2,"Ġ":3,"Ġa":4,"Ã":5,"©":6,"é":7},"merges":["a b","Ġ a"],"dropout":0.0}`
)

func TestModelsOfJSON(t *testing.T) {
	prefixed := func(merges, rest string) string {
		return `"pre_tokenizer":{"type":"Whitespace"},"model":{"type":"BPE","unk_token":"[UNK]","continuing_subword_prefix":"##",` +
			prefixedVocab + `,"merges":[` + merges + `]` + rest + `}`
	}
	subwords := prefixed(`"a ##b","ab ##c","##b ##c","##c ##a"`, "")
	byteSplit := `"pre_tokenizer":{"type":"Split","pattern":{"String":"Ġ"},"behavior":"MergedWithNext","invert":false}`
	for _, c := range []struct {
		parts, text string
		want        []int32
	}{
		{subwords, "abc abca bab xabc cab", []int32{7, 7, 3, 2, 3, 4, 0, 3, 8, 0, 3, 4}},
		{subwords, "ba bc bbc aabc", []int32{2, 3, 2, 5, 2, 8, 1, 3, 8}},
		{subwords, "xx axxb", []int32{0, 0, 1, 0, 0, 4}},
		{prefixed(`"a ##b"`, `,"fuse_unk":true`), "xx axxb", []int32{0, 1, 0, 4}},
		{prefixed(`"a ##b","ab ##c$"`, `,"end_of_word_suffix":"$"`), "abc a ab abcc", []int32{11, 12, 1, 0, 6, 5, 10}},
		{`"model":` + plainBPE, "axb", []int32{2}},
		{`"model":` + plainBPE, "x", nil},
		{`"model":` + plainBPE, "aéb", []int32{0, 7, 1}},
		{`"model":` + plainBPE + `,"decoder":{"type":"ByteLevel"}`, "ab aé b", []int32{2, 0, 7, 1}},
		{`"model":` + plainBPE + `,"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false,"use_regex":false}`, "axb é aéb",
			[]int32{2, 3, 5, 6, 4, 5, 6, 1}},
		{`"model":` + plainBPE + `,"normalizer":{"type":"ByteLevel"},` + byteSplit, "ab aé b", []int32{2, 4, 5, 6, 3, 1}},
		{`"model":{"type":"WordLevel","vocab":{"[UNK]":0,"Ġé":1,"ÃŃ":2,"ĠÃ©":3,"a":4},"unk_token":"[UNK]"},` +
			`"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false}`, "a é í", []int32{4, 3, 0}},
		{`"model":{"vocab":{"<unk>":0,"a":1},"unk_token":"<unk>"}`, "a", []int32{1}},
		{`"model":{"type":"Unigram","unk_id":0,"vocab":[["<unk>",0],["g",-7.407997131347656],["gg",-10.809488296508789]]}`, "▁ggggg ggggggggg",
			[]int32{0, 1, 2, 2, 0, 1, 2, 2, 2, 2}},
		{`"model":{"type":"Unigram","unk_id":0,"vocab":[["<unk>",0],["g",-7.6],["gg",-8.3],["<pad>",-99],["x",-9.1]]}`, "gyyx",
			[]int32{1, 0, 4}},
	} {
		tok, err := FromJSON([]byte("{"+c.parts+"}"), nil)
		if err != nil {
			t.Errorf("%s: %v", c.parts, err)
			continue
		}
		if got, err := tok.Encode(nil, c.text, EncodeOptions{}); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: Encode(%q) = %d, %v, want %d", c.parts, c.text, got, err, c.want)
		}
	}
}

// TestScoresAsHuggingFaceReads checks the last bit: serde_json rounds twice.
func TestScoresAsHuggingFaceReads(t *testing.T) {
	for text, want := range map[string]float64{
		"-10.809488296508789": -float64(10809488296508789) / 1e15, "0": 0, "-3": -3, "1.5e-1": 0.15, "-0.5": -0.5,
		"-1." + strings.Repeat("1", 400): -10.0 / 9,
	} {
		if got, err := scoreJSON([]byte(text)); err != nil || got != want {
			t.Errorf("scoreJSON(%s) = %v, %v, want %v", text, got, err, want)
		}
	}
	if exact := -10.809488296508789; exact == -float64(10809488296508789)/1e15 {
		t.Error("both ways to read the number agree: the case shows nothing")
	}
	for _, bad := range []string{`"a"`, `[]`, `1e999`, `{}`} {
		if got, err := scoreJSON([]byte(bad)); err == nil {
			t.Errorf("scoreJSON(%s) = %v, want an error", bad, got)
		}
	}
}

// TestDroppedText checks that text without a token costs no more than other text, and that prefixes do not either.
func TestDroppedText(t *testing.T) {
	for _, parts := range []string{`"model":` + plainBPE, `"pre_tokenizer":{"type":"UnicodeScripts"},"model":{"type":"BPE",` +
		`"unk_token":"[UNK]","continuing_subword_prefix":"##",` + prefixedVocab + `,"merges":["a ##b"]}`} {
		tok, err := FromJSON([]byte("{"+parts+"}"), nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, unit := range []string{"x", "ab", "ー", "aア"} {
			if _, err := tok.Encode(nil, strings.Repeat(unit, 1<<19), EncodeOptions{}); err != nil {
				t.Errorf("%s: %q: %v", fmt.Sprintf("%.40s", parts), unit, err)
			}
		}
	}
}
