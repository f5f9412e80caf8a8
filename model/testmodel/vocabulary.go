package testmodel

import (
	"fmt"
	"strings"
)

// The ids of the control tokens that every vocabulary here begins with.
const (
	unknownID = 0
	// BOS and EOS are the ids of the tokens that begin a text and end one.
	BOS = 1
	EOS = 2
	// firstByte is the id of byte 0; the others follow.
	firstByte = 3
	// minVocab is the room for the control tokens, all bytes and a space.
	minVocab = firstByte + 256 + 1
)

// Token types as GGUF numbers them.
const (
	typeNormal  int32 = 1
	typeUnknown int32 = 2
	typeControl int32 = 3
	typeByte    int32 = 6
)

// vocabulary is what the tokenizer.ggml keys say.
type vocabulary struct {
	tokens []string
	types  []int32
}

func (v *vocabulary) add(t int32, texts ...string) {
	for _, s := range texts {
		v.tokens = append(v.tokens, s)
		v.types = append(v.types, t)
	}
}

// pad adds pieces that no text is cut into, because nothing merges to them.
func (v *vocabulary) pad(n int, space string) {
	for i := len(v.tokens); i < n; i++ {
		v.add(typeNormal, fmt.Sprintf("%sw%d", space, i))
	}
}

// pairs are a few merges, so that text is not only bytes: each joins two earlier pieces.
var pairs = []string{"▁ t", "h e", "▁t he", "i n", "▁ a", "r e", "o n", "▁a n", "▁an d", "e r", "▁ s", "o u"}

// spm sets the keys of a SentencePiece vocabulary of n pieces.
func (m *Model) spm(n int) {
	v := &vocabulary{}
	v.add(typeUnknown, "<unk>")
	v.add(typeControl, "<s>", "</s>")
	for b := range 256 {
		v.add(typeByte, fmt.Sprintf("<0x%02X>", b))
	}
	v.add(typeNormal, "▁")
	if n >= minVocab+26+len(pairs) {
		for c := 'a'; c <= 'z'; c++ {
			v.add(typeNormal, string(c))
		}
		for _, p := range pairs {
			v.add(typeNormal, strings.Replace(p, " ", "", 1))
		}
	}
	v.pad(n, "▁")
	scores := make([]float32, n)
	for i := range scores {
		scores[i] = -float32(i) // earlier pieces merge first
	}
	m.set("tokenizer.ggml.model", "llama", "tokenizer.ggml.pre", "default", "tokenizer.ggml.tokens", v.tokens, "tokenizer.ggml.scores", scores,
		"tokenizer.ggml.token_type", v.types, "tokenizer.ggml.bos_token_id", uint32(BOS), "tokenizer.ggml.eos_token_id", uint32(EOS),
		"tokenizer.ggml.unknown_token_id", uint32(unknownID), "tokenizer.ggml.add_bos_token", true, "tokenizer.ggml.add_eos_token", false,
		"tokenizer.ggml.add_space_prefix", true)
}

// byteLevel begins a vocabulary of control tokens and bytes in GPT-2's spelling.
func byteLevel() *vocabulary {
	v := &vocabulary{}
	v.add(typeControl, "<unk>", "<s>", "</s>")
	for b := range 256 {
		v.add(typeNormal, string(byteLetter(byte(b))))
	}
	return v
}

// byteLetter is GPT-2's letter for a byte: itself where it is printable, else one from U+0100 on.
func byteLetter(b byte) rune {
	printable := func(c int) bool { return c >= '!' && c <= '~' || c >= 0xA1 && c <= 0xAC || c >= 0xAE && c <= 0xFF }
	if printable(int(b)) {
		return rune(b)
	}
	r := rune(0x100)
	for c := range int(b) {
		if !printable(c) {
			r++
		}
	}
	return r
}

// bpe sets the keys of a byte-level vocabulary.
func (m *Model) bpe(v *vocabulary, pre string, merges []string, addBOS bool) {
	m.set("tokenizer.ggml.model", "gpt2", "tokenizer.ggml.pre", pre, "tokenizer.ggml.tokens", v.tokens, "tokenizer.ggml.token_type", v.types,
		"tokenizer.ggml.merges", merges, "tokenizer.ggml.bos_token_id", uint32(BOS), "tokenizer.ggml.eos_token_id", uint32(EOS),
		"tokenizer.ggml.unknown_token_id", uint32(unknownID), "tokenizer.ggml.add_bos_token", addBOS, "tokenizer.ggml.add_eos_token", false)
}

// gpt2 sets the keys of a byte-level vocabulary of n pieces with a few merges.
func (m *Model) gpt2(n int, pre string) {
	v := byteLevel()
	merges := []string{"h e"} // the key must not be empty
	if n >= minVocab+len(pairs) {
		merges = nil
		for _, p := range pairs {
			p = strings.ReplaceAll(p, "▁", "Ġ")
			merges = append(merges, p)
			v.add(typeNormal, strings.Replace(p, " ", "", 1))
		}
	}
	v.pad(n, "Ġ")
	m.bpe(v, pre, merges, false)
}
