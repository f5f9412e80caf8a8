package tokenize

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
)

// None is the id of a special token that the vocabulary does not have.
const None int32 = -1

// ErrUnsupported is wrapped by errors about a vocabulary kind or pre-tokenizer this package does not have.
var ErrUnsupported = errors.New("unsupported")

// Kind is the algorithm that turns text into the tokens of a vocabulary.
type Kind uint8

const (
	// SPM is SentencePiece's byte-pair encoding: characters are merged by token score, spaces are written U+2581, and
	// characters without a token fall back to byte tokens. "llama" in GGUF.
	SPM Kind = iota + 1
	// BPE is byte-level byte-pair encoding: text is cut by a pre-tokenizer, then bytes are merged by the rank of the
	// merge. Tokens are written in GPT-2's alphabet of 256 printable characters. "gpt2" in GGUF.
	BPE
	// CharBPE is byte-pair encoding with listed merges between characters: tokens are written as they are, with U+2581 for
	// spaces, and characters without a token fall back to byte tokens. Lines are encoded one by one. "gemma4" in GGUF.
	CharBPE
	// WordPiece is BERT's encoding: words are cut into the longest tokens from the left. Tokens that start a word are
	// written with U+2581 in front. "bert" in GGUF.
	WordPiece
	// Unigram is SentencePiece's unigram model: the tokens with the highest sum of scores. "t5" in GGUF.
	Unigram
	// PLaMo2 takes the tokens with the highest sum of scores, rounded to 1/10000, and where several cuts have it the one
	// whose first token is the longest. A character outside the tokens is written as byte tokens. "plamo2" in GGUF.
	PLaMo2
	// RWKV takes the longest token from the left. Tokens are written with the escapes \t, \n, \r and \xHH. "rwkv" in GGUF.
	RWKV
)

var kindNames = [...]string{SPM: "SPM", BPE: "BPE", CharBPE: "CharBPE", WordPiece: "WordPiece", Unigram: "Unigram", PLaMo2: "PLaMo2", RWKV: "RWKV"}

// String returns the constant's name.
func (k Kind) String() string {
	if k > 0 && int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

// TokenType says how a token is parsed and printed. The numbers are those of tokenizer.ggml.token_type.
type TokenType uint8

const (
	Undefined   TokenType = 0 // treated as Normal
	Normal      TokenType = 1 // a piece of text
	Unknown     TokenType = 2 // stands for text without a token
	Control     TokenType = 3 // never text: parsed only with ParseSpecial
	UserDefined TokenType = 4 // text that is always this one token, found before anything else
	Unused      TokenType = 5 // treated as Normal
	Byte        TokenType = 6 // one byte, written <0xXX>
)

// String returns the constant's name.
func (t TokenType) String() string {
	names := [...]string{"Undefined", "Normal", "Unknown", "Control", "UserDefined", "Unused", "Byte"}
	if int(t) < len(names) {
		return names[t]
	}
	return fmt.Sprintf("TokenType(%d)", uint8(t))
}

// Config describes a vocabulary. Fields of special ids hold None where the vocabulary lacks the token; NoIDs is the
// start for a Config written by hand. Fields that only some kinds use name them.
type Config struct {
	Kind   Kind
	Tokens []string    // by id, spelled as the vocabulary file has them; may hold any bytes
	Types  []TokenType // by id; nil: all Normal
	Scores []float32   // SPM, Unigram, PLaMo2: by id; the highest is best

	Merges  []string // BPE, CharBPE: "left right", best first
	ByRank  bool     // BPE: in place of Merges, two neighbours merge if together they are a token, the lowest id first
	Pattern string   // BPE: in place of Pre, a regular expression whose matches are the words
	// Pre is the name of the pre-tokenizer: for BPE one of PreTokenizers, "" is "default"; for CharBPE "whitespace", which
	// drops white space, or "".
	Pre string
	// IgnoreMerges makes a word that is a token that one token, whether or not the merges lead to it (BPE).
	IgnoreMerges bool

	BOS, EOS, EOT, UNK, PAD int32
	EOG                     []int32 // ids besides EOS and EOT that end generation
	AddBOS, AddEOS          bool    // added by Encode with AddSpecial
	StripLeft, StripRight   []int32 // special tokens that swallow the white space before or after them when parsed

	// AddSpacePrefix puts a space before the text at the start and after each special token, or with PrefixOnce only
	// before the first (SPM, Unigram). Decode removes it.
	AddSpacePrefix, PrefixOnce bool
	// Float32Sums rounds sums of scores to float32. This decides between ways to cut a text that are equally good, as
	// SentencePiece does (Unigram).
	Float32Sums bool
	// CollapseSpaces lets a run of spaces count as one, and those at the ends as none (SPM, Unigram).
	CollapseSpaces bool
	Charsmap       []byte // SPM, Unigram: SentencePiece's precompiled table of replacements; nil for none

	KeepCase, KeepAccents bool // WordPiece: do not make the text lower case, do not remove accents
	Lowercase             bool // CharBPE with "whitespace": make the text lower case
}

// maxTokenBytes bounds the work per byte of text that a hostile vocabulary can cause.
const maxTokenBytes = 4096

// typeOf returns the type of a token.
func (c *Config) typeOf(id int) TokenType {
	if c.Types == nil {
		return Normal
	}
	return c.Types[id]
}

// NoIDs returns a Config of the given kind whose special ids are all None.
func NoIDs(k Kind) Config {
	return Config{Kind: k, BOS: None, EOS: None, EOT: None, UNK: None, PAD: None}
}

// Validate lists every problem of the description in one error.
func (c *Config) Validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("tokenize: "+format, args...)) }
	n := len(c.Tokens)
	if n == 0 || n > math.MaxInt32/2 {
		bad("Tokens has %d entries, want 1 to %d", n, math.MaxInt32/2)
	}
	if c.Types != nil && len(c.Types) != n {
		bad("Types has %d entries, Tokens has %d", len(c.Types), n)
	}
	for id, text := range c.Tokens {
		if len(text) > maxTokenBytes {
			bad("token %d has %d bytes, want at most %d", id, len(text), maxTokenBytes)
		}
	}
	for id, t := range c.Types {
		if _, ok := byteToken(c.Tokens, id); t == Byte && !ok {
			bad("token %d has type Byte and text %q, want <0xXX>", id, textAt(c.Tokens, id))
		} else if t > Byte {
			bad("token %d has type %d, want at most %d", id, t, Byte)
		}
	}
	errs = append(errs, c.validateKind()...)
	ids := []struct {
		name string
		id   int32
	}{{"BOS", c.BOS}, {"EOS", c.EOS}, {"EOT", c.EOT}, {"UNK", c.UNK}, {"PAD", c.PAD}}
	for _, s := range ids {
		if s.id < None || int(s.id) >= n {
			bad("%s is %d, want None or an id below %d", s.name, s.id, n)
		}
	}
	for _, id := range slices.Concat(c.EOG, c.StripLeft, c.StripRight) {
		if id < 0 || int(id) >= n {
			bad("EOG, StripLeft or StripRight holds %d, want ids below %d", id, n)
		}
	}
	if c.AddBOS && c.BOS == None {
		bad("AddBOS is set but BOS is None")
	}
	if c.AddEOS && c.EOS == None {
		bad("AddEOS is set but EOS is None")
	}
	return errors.Join(errs...)
}

func (c *Config) validateKind() (errs []error) {
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("tokenize: "+format, args...)) }
	switch c.Kind {
	case SPM, Unigram, PLaMo2:
		if len(c.Scores) != len(c.Tokens) {
			bad("Scores has %d entries, Tokens has %d", len(c.Scores), len(c.Tokens))
		}
		if i := slices.IndexFunc(c.Scores, func(s float32) bool { return s-s != 0 }); i >= 0 {
			bad("Scores[%d] is not a finite number", i)
		}
	case BPE, CharBPE:
		for i, m := range c.Merges {
			if _, _, ok := cutMerge(m); !ok {
				bad("Merges[%d] is %q, want two texts with a space between", i, m)
			}
		}
		if _, err := preTokenizerFor(c.Pre); err != nil && c.Kind == BPE && c.Pattern == "" {
			errs = append(errs, err)
		}
		if c.Kind == CharBPE && c.Pre != "" && c.Pre != whitespacePre {
			bad("pre-tokenizer %q of CharBPE: %w; supported: %s", c.Pre, ErrUnsupported, whitespacePre)
		}
	case WordPiece:
		if c.UNK == None {
			bad("UNK is None, want an id: words that are not in the vocabulary need it")
		}
	case RWKV:
	default:
		bad("kind %v: %w; supported: %s", c.Kind, ErrUnsupported, strings.Join(kindNames[1:], ", "))
	}
	return errs
}

// textAt is Tokens[id], or "" where there is none.
func textAt(tokens []string, id int) string {
	if id < len(tokens) {
		return tokens[id]
	}
	return ""
}

// byteToken returns the byte that a token of the form <0xXX> stands for.
func byteToken(tokens []string, id int) (byte, bool) {
	s := textAt(tokens, id)
	if len(s) != 6 || s[:3] != "<0x" || s[5] != '>' {
		return 0, false
	}
	hi, lo := hexDigit(s[3]), hexDigit(s[4])
	return byte(hi<<4 | lo), hi >= 0 && lo >= 0
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	}
	return -1
}
