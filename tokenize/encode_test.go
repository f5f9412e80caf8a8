package tokenize

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
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
		if c.Kind == BPE {
			c.Merges = append(c.Merges, "< s", "<s >", "s >", "< s>")
		} else {
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
func naiveMerge(m *mergeScratch, word string, rules mergeRules) {
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
		if c.Kind == SPM {
			m := newSPM(&c)
			rules, base = m, func(ch string) int32 { return m.ids[ch] }
		} else {
			m, err := newBPE(&c)
			if err != nil {
				t.Fatal(err)
			}
			rules, base = m, func(ch string) int32 { return m.base[ch[0]] }
		}
		for range 2000 {
			var b strings.Builder
			for range 1 + rng.IntN(3*shortWord) {
				b.WriteByte("aab c"[rng.IntN(5)])
			}
			word := b.String()
			var got, want mergeScratch
			for i := range len(word) {
				got.add(1, base(word[i:i+1]))
				want.add(1, base(word[i:i+1]))
			}
			got.merge(word, rules)
			naiveMerge(&want, word, rules)
			ends := func(m *mergeScratch) (e []int32) {
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

// TestLinearTime encodes texts eight times as long and allows twice the time per byte and more, since the machine is
// shared; a quadratic step would take eight times as long per byte.
func TestLinearTime(t *testing.T) {
	const short, long = 1 << 15, 1 << 18
	run := func(tok *Tokenizer, text string) time.Duration {
		best := time.Hour
		for range 3 {
			start := time.Now()
			if _, err := tok.Encode(nil, text, EncodeOptions{}); err != nil {
				t.Fatal(err)
			}
			best = min(best, time.Since(start))
		}
		return best
	}
	for name, tok := range smallTokenizers(t) {
		hard := adversarial(long)
		for what, text := range adversarial(short) {
			a, b := run(tok, text), run(tok, hard[what])
			if ratio := float64(b) / float64(a+100*time.Microsecond); ratio > 4*long/short {
				t.Errorf("%s, %s: %d bytes take %v, %d take %v: %.0f times as long", name, what, short, a, long, b, ratio)
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
			} else if got != text && !strings.Contains(text, blank) && !slices.Contains(ids, tok.Config().UNK) {
				t.Fatalf("Decode(Encode(%q)) = %q", text, got)
			}
			checkStream(t, tok, ids)
		}
	})
}
