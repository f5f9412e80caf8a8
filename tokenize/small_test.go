package tokenize

import (
	"fmt"
	"testing"
)

// smallConfigs are vocabularies of every kind, small enough to read: bytes, a few merges, and three special tokens.
func smallConfigs() map[string]Config {
	spm := NoIDs(SPM)
	add := func(c *Config, text string, t TokenType, score float32) int32 {
		c.Tokens, c.Types, c.Scores = append(c.Tokens, text), append(c.Types, t), append(c.Scores, score)
		return int32(len(c.Tokens) - 1)
	}
	spm.UNK = add(&spm, "<unk>", Unknown, 0)
	spm.BOS = add(&spm, "<s>", Control, 0)
	spm.EOS = add(&spm, "</s>", Control, 0)
	for b := range 256 {
		add(&spm, fmt.Sprintf("<0x%02X>", b), Byte, 0)
	}
	add(&spm, "<tool>", UserDefined, 0)
	for i, text := range []string{"▁", "a", "b", "c", "aa", "ab", "▁a", "▁ab", "aaaa", "▁▁", "▁▁▁▁", "bc"} {
		add(&spm, text, Normal, -float32(i))
	}
	spm.AddBOS, spm.AddSpacePrefix = true, true

	bpe := NoIDs(BPE)
	bpe.Pre = "gpt-2"
	for b := range 256 {
		add(&bpe, toByteLevel(string([]byte{byte(b)})), Normal, 0)
	}
	for _, text := range []string{"aa", "ab", "Ġa", "Ġab", "aaaa", "bc"} {
		add(&bpe, text, Normal, 0)
	}
	bpe.Merges = []string{"a a", "a b", "Ġ a", "Ġa b", "aa aa", "b c"}
	bpe.BOS = add(&bpe, "<s>", Control, 0)
	bpe.EOS = add(&bpe, "</s>", Control, 0)
	add(&bpe, "<tool>", UserDefined, 0)
	bpe.Scores, bpe.AddBOS = nil, true

	gemma := NoIDs(CharBPE)
	unigram := NoIDs(Unigram)
	for _, c := range []*Config{&gemma, &unigram} {
		for b := range 256 {
			add(c, fmt.Sprintf("<0x%02X>", b), Byte, 0)
		}
		for i, text := range []string{"▁", "a", "b", "c", "aa", "ab", "▁a", "▁ab", "aaaa", "▁▁", "bc", "\n\n"} {
			add(c, text, Normal, -1-float32(i)/100)
		}
		c.BOS = add(c, "<s>", Control, 0)
		c.EOS = add(c, "</s>", Control, 0)
		add(c, "<tool>", UserDefined, 0)
	}
	gemma.Merges = []string{"a a", "a b", "▁ a", "▁a b", "aa aa", "b c", "▁ ▁"}
	gemma.Scores = nil
	unigram.AddSpacePrefix, unigram.PrefixOnce = true, true

	plamo := unigram
	plamo.Kind, plamo.AddSpacePrefix, plamo.PrefixOnce = PLaMo2, false, false

	piece := NoIDs(WordPiece)
	piece.UNK = add(&piece, "[UNK]", Unknown, 0)
	for _, text := range []string{"▁a", "▁b", "▁c", "a", "b", "▁ab", "aa", "▁,", "▁'", "▁1", "1", "▁<", "▁>", "▁s", "▁/", "▁aaaa"} {
		add(&piece, text, Normal, 0)
	}
	piece.BOS = add(&piece, "<s>", Control, 0)
	piece.EOS = add(&piece, "</s>", Control, 0)
	piece.Scores, piece.AddBOS, piece.AddEOS = nil, true, true

	rwkv := NoIDs(RWKV)
	add(&rwkv, "<s>", Control, 0)
	for b := range 256 {
		add(&rwkv, fmt.Sprintf(`\x%02x`, b), Normal, 0)
	}
	for _, text := range []string{"aa", "ab", " a", `\n\n`, "abc", "é"} {
		add(&rwkv, text, Normal, 0)
	}
	rwkv.Scores = nil
	return map[string]Config{"SPM": spm, "BPE": bpe, "CharBPE": gemma, "Unigram": unigram, "PLaMo2": plamo, "WordPiece": piece, "RWKV": rwkv}
}

func smallTokenizers(t testing.TB) map[string]*Tokenizer {
	t.Helper()
	toks := map[string]*Tokenizer{}
	for name, c := range smallConfigs() {
		tok, err := New(c)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		toks[name] = tok
	}
	return toks
}
