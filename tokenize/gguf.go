package tokenize

import (
	"fmt"
	"slices"
	"strings"
)

// Metadata is how ConfigFromGGUF reads the keys of a GGUF file. The getters return an error for a key that is missing or
// has another type.
type Metadata interface {
	Keys() []string
	String(key string) (string, error)
	Bool(key string) (bool, error)
	Int(key string) (int, error)
	Strings(key string) ([]string, error)
	Ints(key string) ([]int, error)
	Floats(key string) ([]float32, error)
}

// ConfigFromGGUF reads the tokenizer.ggml.* keys. Flags and special ids that the file does not give are filled in as
// llama.cpp does: from the kind, from the name of the pre-tokenizer, and from the texts of tokens.
func ConfigFromGGUF(m Metadata) (Config, error) {
	r := ggufReader{m: m, keys: map[string]bool{}}
	for _, k := range m.Keys() {
		r.keys[k] = true
	}
	c := NoIDs(0)
	model := get(&r, "model", m.String, "")
	if r.err == nil && model == "" {
		r.err = fmt.Errorf("tokenize: the file has no key %smodel", ggufPrefix)
	}
	c.Tokens = get(&r, "tokens", m.Strings, nil)
	c.Types = tokenTypes(get(&r, "token_type", m.Ints, nil))
	c.Scores = get(&r, "scores", m.Floats, nil)
	c.Merges = get(&r, "merges", m.Strings, nil)
	c.Pre = get(&r, "pre", m.String, "")
	if r.err != nil {
		return Config{}, r.err
	}
	if err := c.ggufDefaults(model); err != nil {
		return Config{}, err
	}
	r.ids(&c)
	r.kindKeys(&c)
	c.AddBOS = get(&r, "add_bos_token", m.Bool, c.AddBOS)
	c.AddEOS = get(&r, "add_eos_token", m.Bool, c.AddEOS)
	c.AddSpacePrefix = get(&r, "add_space_prefix", m.Bool, c.AddSpacePrefix)
	c.AddBOS = c.AddBOS && c.BOS != None
	c.AddEOS = c.AddEOS && c.EOS != None
	c.findSpecialTokens(&r)
	c.stripRules(strings.ToLower(r.other("general.name")), r.other("general.architecture"))
	return c, r.err
}

// ggufDefaults sets what a kind means when the file says nothing else.
func (c *Config) ggufDefaults(model string) error {
	switch model {
	case "llama":
		c.Kind, c.Pre = SPM, ""
		c.BOS, c.EOS, c.UNK = 1, 2, 0
		c.AddBOS, c.AddSpacePrefix = true, true
	case "gpt2":
		c.Kind, c.Scores = BPE, nil
		c.BOS, c.EOS = 11, 11
		if slices.Contains(gemmaNames, c.Pre) {
			c.Kind, c.Pre = CharBPE, ""
		} else if pre, err := preTokenizerFor(c.Pre); err == nil { // Validate reports the error
			c.IgnoreMerges, c.AddBOS = pre.whole, pre.addBOS
		}
		if c.Merges == nil && c.Pre == "kimi-k2" {
			c.ByRank, c.IgnoreMerges = true, true
		}
	case "gemma4":
		c.Kind, c.Pre, c.AddBOS = CharBPE, "", true
	case "whitespace":
		c.Kind, c.Pre = CharBPE, whitespacePre
		c.BOS, c.EOS = 11, 11
	case "bert":
		c.Kind, c.Pre = WordPiece, ""
		c.BOS, c.EOS, c.UNK, c.PAD = 101, 102, 100, 0
		c.AddBOS, c.AddEOS = true, true
	case "t5":
		c.Kind, c.Pre = Unigram, ""
		c.EOS, c.UNK, c.PAD = 1, 2, 0
		c.AddEOS = true
	case "plamo2":
		c.Kind, c.Pre = PLaMo2, ""
		c.BOS, c.EOS, c.UNK, c.PAD = 1, 2, 0, 3
	case "rwkv":
		c.Kind, c.Pre = RWKV, ""
	default:
		return fmt.Errorf("tokenize: kind %q: %w; supported: llama, gpt2, gemma4, whitespace, bert, t5, plamo2, rwkv", model,
			ErrUnsupported)
	}
	for _, id := range []*int32{&c.BOS, &c.EOS, &c.UNK, &c.PAD} {
		if int(*id) >= len(c.Tokens) {
			*id = None
		}
	}
	return nil
}

// gemmaNames are the pre-tokenizers of files that call Gemma 4's kind "gpt2".
var gemmaNames = []string{"gemma4", "granite-embed-multi-311m", "sarvam-moe"}

const ggufPrefix = "tokenizer.ggml."

// ggufReader keeps its first error.
type ggufReader struct {
	m    Metadata
	keys map[string]bool
	err  error
}

// get reads a key that may be missing.
func get[T any](r *ggufReader, name string, read func(string) (T, error), missing T) T {
	key := ggufPrefix + name
	if r.err != nil || !r.keys[key] {
		return missing
	}
	v, err := read(key)
	if err != nil {
		r.err = fmt.Errorf("tokenize: %w", err)
		return missing
	}
	return v
}

// other reads a key outside the tokenizer's for a hint; what cannot be read is no hint.
func (r *ggufReader) other(key string) string {
	if !r.keys[key] {
		return ""
	}
	s, err := r.m.String(key)
	if err != nil {
		return ""
	}
	return s
}

// kindKeys reads the keys that only some kinds have.
func (r *ggufReader) kindKeys(c *Config) {
	switch c.Kind {
	case WordPiece:
		// BERT's [CLS] and [SEP] go where other vocabularies have BOS and EOS.
		c.BOS = r.id(c, "cls_token_id", c.BOS)
		c.EOS = r.id(c, "separator_token_id", r.id(c, "seperator_token_id", c.EOS)) // sic
		c.KeepCase = !get(r, "normalizer.lowercase", r.m.Bool, true)
		c.KeepAccents = !get(r, "normalizer.strip_accents", r.m.Bool, !c.KeepCase)
	case CharBPE:
		c.Lowercase = get(r, "normalizer.lowercase", r.m.Bool, false)
	case Unigram:
		c.CollapseSpaces = get(r, "remove_extra_whitespaces", r.m.Bool, false)
		for _, b := range get(r, "precompiled_charsmap", r.m.Ints, nil) {
			c.Charsmap = append(c.Charsmap, byte(b))
		}
	case BPE:
		if get(r, "add_sep_token", r.m.Bool, slices.Contains([]string{"jina-v1-en", "jina-v2-code", "roberta-bpe"}, c.Pre)) {
			c.AddEOS = true
		}
	}
}

// ids reads the ids of special tokens. One outside the vocabulary counts as missing.
func (r *ggufReader) ids(c *Config) {
	for _, f := range []struct {
		name string
		id   *int32
	}{
		{"bos_token_id", &c.BOS}, {"eos_token_id", &c.EOS}, {"eot_token_id", &c.EOT},
		{"unknown_token_id", &c.UNK}, {"padding_token_id", &c.PAD},
	} {
		*f.id = r.id(c, f.name, *f.id)
	}
}

func (r *ggufReader) id(c *Config, name string, missing int32) int32 {
	v := get(r, name, r.m.Int, -1)
	if v < 0 || v >= len(c.Tokens) {
		return missing
	}
	return int32(v)
}

// tokenTypes converts the numbers of tokenizer.ggml.token_type; unknown ones become Undefined.
func tokenTypes(numbers []int) []TokenType {
	if numbers == nil {
		return nil
	}
	types := make([]TokenType, len(numbers))
	for i, n := range numbers {
		if n >= 0 && n <= int(Byte) {
			types[i] = TokenType(n)
		}
	}
	return types
}

// stripRules sets StripLeft and StripRight for the vocabularies known to need them: GGUF has no key for it.
func (c *Config) stripRules(name, arch string) {
	byText := func(text string) []int32 {
		if id := slices.Index(c.Tokens, text); id >= 0 {
			return []int32{int32(id)}
		}
		return nil
	}
	switch {
	case strings.Contains(c.Pre, "jina-v2-de"), strings.Contains(c.Pre, "jina-v2-es"), strings.Contains(c.Pre, "jina-v2-code"),
		strings.Contains(arch, "nomic-bert-moe"), strings.Contains(arch, "jina-bert-v3"):
		c.StripLeft = byText("<mask>")
	case strings.Contains(name, "phi-3"), strings.Contains(name, "phi3"):
		for id, t := range c.Types {
			if t != Control && t != UserDefined && t != Unknown {
				continue
			}
			if text := c.Tokens[id]; text != "<unk>" && text != "<s>" && text != "<|endoftext|>" {
				c.StripRight = append(c.StripRight, int32(id))
			}
		}
	case strings.Contains(name, "modern-bert"):
		c.StripLeft = byText("[MASK]")
	}
}
