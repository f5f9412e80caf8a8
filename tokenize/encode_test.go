package tokenize

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"
)

func TestEncodeSmall(t *testing.T) {
	special := EncodeOptions{AddSpecial: true, ParseSpecial: true}
	for _, c := range []struct {
		kind, text string
		o          EncodeOptions
		want       []string
	}{
		{"SPM", "", EncodeOptions{}, nil},
		{"SPM", "", special, []string{"<s>"}},
		{"SPM", "abc", EncodeOptions{}, []string{"▁ab", "c"}}, // ab has a higher score than ▁a
		{"SPM", "aaaaab", EncodeOptions{}, []string{"▁", "aaaa", "ab"}},
		{"SPM", "é", EncodeOptions{}, []string{"▁", "<0xC3>", "<0xA9>"}},
		{"SPM", "\xff", EncodeOptions{}, []string{"▁", "<0xFF>"}},
		{"SPM", "a<tool>a", EncodeOptions{}, []string{"▁a", "<tool>", "▁a"}},
		{"SPM", "c</s>", EncodeOptions{ParseSpecial: true}, []string{"▁", "c", "</s>"}},
		{"BPE", "", EncodeOptions{}, nil},
		{"BPE", "abc", EncodeOptions{}, []string{"ab", "c"}},
		{"BPE", " abc", EncodeOptions{}, []string{"Ġ", "ab", "c"}}, // a b comes before Ġ a
		{"BPE", "aaaaab", special, []string{"<s>", "aaaa", "ab"}},
		{"BPE", "a<tool></s>", special, []string{"<s>", "a", "<tool>", "</s>"}},
		{"BPE", "</s>", EncodeOptions{}, []string{"<", "/", "s", ">"}},
		{"BPE", "\xff", EncodeOptions{}, []string{"ÿ"}},
		{"CharBPE", "a ab\n\nbc é", EncodeOptions{}, []string{"a", "▁", "ab", "\n\n", "bc", "▁", "<0xC3>", "<0xA9>"}},
		{"Unigram", "ab c", EncodeOptions{}, []string{"▁ab", "▁", "c"}},
		{"Unigram", "a<tool>é", EncodeOptions{}, []string{"▁a", "<tool>", "<0xC3>", "<0xA9>"}},
		{"WordPiece", "AB, aab c1x <s>", special, []string{"<s>", "▁ab", "▁,", "▁a", "a", "b", "[UNK]", "<s>", "</s>"}},
		{"WordPiece", "áb 1", EncodeOptions{}, []string{"▁ab", "▁1"}},
		{"RWKV", "aab a\n\n\xff", EncodeOptions{}, []string{"aa", `\x62`, " a", `\n\n`, `\xff`}},
	} {
		tok := smallTokenizers(t)[c.kind]
		ids, err := tok.Encode(nil, c.text, c.o)
		if err != nil {
			t.Errorf("%s: Encode(%q): %v", c.kind, c.text, err)
		}
		if got := pieces(tok, ids); !slices.Equal(got, c.want) {
			t.Errorf("%s: Encode(%q, %+v) = %q, want %q", c.kind, c.text, c.o, got, c.want)
		}
	}
}

func TestEncodeAppends(t *testing.T) {
	tok := smallTokenizers(t)["BPE"]
	dst, err := tok.Encode([]int32{7, 8}, "a", EncodeOptions{})
	if err != nil || len(dst) != 3 || dst[0] != 7 || dst[1] != 8 {
		t.Errorf("Encode appended to [7 8] gives %d, %v", dst, err)
	}
}

// TestTextNeverBecomesControl puts control tokens' texts into text from outside.
func TestTextNeverBecomesControl(t *testing.T) {
	for name, c := range smallConfigs() {
		// Merges that would lead to a control token.
		switch c.Kind {
		case BPE, CharBPE:
			for _, text := range []string{"<", "s", ">"} {
				if c.Kind == CharBPE {
					c.Tokens, c.Types = append(c.Tokens, text), append(c.Types, Normal)
				}
			}
			c.Merges = append(c.Merges, "< s", "<s >", "s >", "< s>")
		case SPM, Unigram:
			for _, text := range []string{"<", "s", ">", "s>", "<s"} {
				c.Tokens, c.Types, c.Scores = append(c.Tokens, text), append(c.Types, Normal), append(c.Scores, 1)
			}
		}
		tok, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		for parse, want := range map[bool]bool{false: false, true: true} {
			ids, err := tok.Encode(nil, "x<s>y", EncodeOptions{ParseSpecial: parse})
			if err != nil {
				t.Fatal(err)
			}
			if got := slices.ContainsFunc(ids, tok.IsControl); got != want {
				t.Errorf("%s: with ParseSpecial %v a control token was found: %v (%q)", name, parse, got, pieces(tok, ids))
			}
		}
	}
}

func TestNoToken(t *testing.T) {
	c := NoIDs(BPE)
	c.Tokens = []string{"a", "b"}
	tok, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	if ids, err := tok.Encode([]int32{1}, "abc", EncodeOptions{}); !errors.Is(err, ErrNoToken) || len(ids) != 1 {
		t.Errorf("Encode(abc) without c = %d, %v, want [1] and ErrNoToken", ids, err)
	}
	c.UNK = 1
	if tok, err = New(c); err != nil {
		t.Fatal(err)
	}
	if ids, err := tok.Encode(nil, "accca", EncodeOptions{}); err != nil || !slices.Equal(ids, []int32{0, 1, 0}) {
		t.Errorf("Encode(accca) = %d, %v, want [0 1 0]: a run of unknown characters is one token", ids, err)
	}
}

// naiveMerge merges by scanning the whole word again for every merge: the definition.
func naiveMerge(m *wordScratch, word string, rules mergeRules) {
	for {
		best, at, to := int32(1<<31-1), -1, int32(0)
		for i := 0; i+1 < len(m.syms); i++ {
			if rank, id := rules.pair(word, &m.syms[i], &m.syms[i+1]); rank >= 0 && rank < best {
				best, at, to = rank, i, id
			}
		}
		if at < 0 {
			return
		}
		m.syms[at].end, m.syms[at].id = m.syms[at+1].end, to
		m.syms = slices.Delete(m.syms, at+1, at+2)
	}
}

// TestMergeAgrees compares both ways to merge with the definition on random words around the length where they change.
func TestMergeAgrees(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for name, c := range smallConfigs() {
		var rules mergeRules
		base := func(ch string) int32 { return None }
		switch c.Kind {
		case SPM:
			rules = &newSPM(&c).rules
		case BPE:
			m, err := newBPE(&c)
			if err != nil {
				t.Fatal(err)
			}
			rules, base = m.model.rules, func(ch string) int32 { return m.model.base[ch[0]] }
		default:
			continue
		}
		for range 2000 {
			var b strings.Builder
			for range 1 + rng.IntN(3*shortWord) {
				b.WriteByte("aab c"[rng.IntN(5)])
			}
			word := b.String()
			var got, want wordScratch
			for i := range len(word) {
				got.add(1, base(word[i:i+1]))
				want.add(1, base(word[i:i+1]))
			}
			got.merge(word, rules)
			naiveMerge(&want, word, rules)
			ends := func(m *wordScratch) (e []int32) {
				for _, s := range m.syms {
					if s.start < s.end {
						e = append(e, s.end, s.id)
					}
				}
				return e
			}
			if !slices.Equal(ends(&got), ends(&want)) {
				t.Fatalf("%s: %q merges to %d, want %d", name, word, ends(&got), ends(&want))
			}
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	for name, tok := range smallTokenizers(t) {
		want, err := tok.Encode(nil, strings.Repeat("ab aab c ", 50), EncodeOptions{})
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 20 {
					got, err := tok.Encode(nil, strings.Repeat("ab aab c ", 50), EncodeOptions{})
					if err != nil || !slices.Equal(got, want) {
						t.Errorf("%s: another result: %v", name, err)
					}
				}
			})
		}
		wg.Wait()
	}
}

// adversarial texts are hard for tokenizers that backtrack, sort or rescan.
func adversarial(n int) map[string]string {
	return map[string]string{
		"one letter":   strings.Repeat("a", n),
		"spaces":       strings.Repeat(" ", n),
		"line ends":    strings.Repeat("\n", n),
		"no spaces":    strings.Repeat("abcab", n/5),
		"digits":       strings.Repeat("1", n),
		"symbols":      strings.Repeat("<", n),
		"apostrophes":  strings.Repeat("'", n),
		"marks":        strings.Repeat("\u0301", n/2),
		"Han":          strings.Repeat("漢", n/3),
		"bad bytes":    strings.Repeat("\xff", n),
		"capitals":     strings.Repeat("A", n),
		"spaces, then": strings.Repeat(" ", n-1) + "a",
		"mixed spaces": strings.Repeat(" \t", n/2),
	}
}

// TestLinearTime encodes texts eight times as long and allows four times as much time per byte, since caches and a
// shared machine have a say; a quadratic step would take eight times as much. It fails if no try of several stays within.
func TestLinearTime(t *testing.T) {
	const short, long = 1 << 14, 1 << 17
	run := func(tok *Tokenizer, text string) time.Duration {
		start := time.Now()
		if _, err := tok.Encode(nil, text, EncodeOptions{}); err != nil {
			t.Fatal(err)
		}
		return time.Since(start)
	}
	for name, tok := range smallTokenizers(t) {
		hard := adversarial(long)
		for what, text := range adversarial(short) {
			a, b := time.Duration(0), time.Hour
			for try := 0; try < 12 && b > 4*long/short*(a+100*time.Microsecond); try++ {
				a, b = max(a, run(tok, text)), min(b, run(tok, hard[what]))
			}
			if b > 4*long/short*(a+100*time.Microsecond) {
				t.Errorf("%s, %s: %d bytes take %v, %d take %v", name, what, short, a, long, b)
			}
		}
	}
}

func FuzzEncode(f *testing.F) {
	for _, s := range []string{"", "a b", "<s>", "aé🦙\xff", "  ab\n\n\tc", "'s '", "<tool>  a", "▁▁a"} {
		f.Add(s, true)
		f.Add(s, false)
	}
	toks := smallTokenizers(f)
	f.Fuzz(func(t *testing.T, text string, parse bool) {
		for _, tok := range toks {
			ids, err := tok.Encode(nil, text, EncodeOptions{ParseSpecial: parse})
			if err != nil {
				t.Fatal(err)
			}
			if got, err := tok.Decode(ids, DecodeOptions{}); err != nil {
				t.Fatal(err)
			} else if c := tok.Config(); got != text && !strings.Contains(text, blank) && !slices.Contains(ids, c.UNK) &&
				c.Kind != WordPiece && (c.Kind != PLaMo2 || !strings.Contains(text, "\uFEFF")) && (c.Kind != Unigram || utf8.ValidString(text)) {
				t.Fatalf("Decode(Encode(%q)) = %q", text, got)
			}
			checkStream(t, tok, ids)
		}
	})
}
