package tokenize

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func plamoConfig(texts []string, scores []float32) Config {
	c := NoIDs(PLaMo2)
	for b := range 256 {
		c.Tokens, c.Types, c.Scores = append(c.Tokens, fmt.Sprintf("<0x%02X>", b)), append(c.Types, Byte), append(c.Scores, 0)
	}
	for i, text := range texts {
		c.Tokens, c.Types, c.Scores = append(c.Tokens, text), append(c.Types, Normal), append(c.Scores, scores[i])
	}
	return c
}

// TestPLaMo2 compares with every way to cut short texts. Of those with the lowest cost the one counts whose first token
// is the longest, then whose second is, and so on.
func TestPLaMo2(t *testing.T) {
	texts := []string{"a", "b", "ab", "ba", "aab", "漢", "a漢", " ", " a", "b b", "ééé"}
	r := rand.New(rand.NewPCG(1, 2))
	ties := 0
	for range 300 {
		scores := make([]float32, len(texts))
		for i := range scores {
			scores[i] = -float32(1 + r.IntN(3))
		}
		scores[r.IntN(len(scores))] = float32(math.Inf(-1))
		finite := slices.Clone(scores)
		for i, s := range finite {
			if math.IsInf(float64(s), -1) {
				finite[i] = -3000 // too bad to be used
			}
		}
		c := plamoConfig(texts, finite)
		tok, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		text := ""
		for range 2 + r.IntN(7) {
			text += []string{"a", "b", "a", "b", "漢", " ", "é"}[r.IntN(7)]
		}
		want, _, tie := plamoCuts(text, texts, scores)
		if tie {
			ties++
		}
		if got, err := tok.Encode(nil, text, EncodeOptions{}); err != nil || !slices.Equal(got, want) {
			t.Errorf("scores %v: Encode(%q) = %q, %v, want %q", scores, text, pieces(tok, got), err, pieces(tok, want))
		}
		checkRoundTrip(t, tok, text)
	}
	if ties < 20 {
		t.Errorf("%d texts with several best cuts, want 20 or more", ties)
	}
}

// plamoCuts tries everything.
func plamoCuts(text string, texts []string, scores []float32) (best []int32, cost int64, tie bool) {
	if text == "" {
		return nil, 0, false
	}
	cost = math.MaxInt64
	for n := len(text); n > 0; n-- { // the longest first
		ids, own := []int32{}, int64(0)
		if k := slices.Index(texts, text[:n]); k >= 0 && !math.IsInf(float64(scores[k]), -1) {
			ids, own = []int32{256 + int32(k)}, int64(-scores[k]*1e4)
		} else if n == charLen(text, 0) {
			for i := range n {
				ids = append(ids, int32(text[i]))
			}
			own = plamoUnknown
		} else {
			continue
		}
		rest, restCost, restTie := plamoCuts(text[n:], texts, scores)
		if own+restCost == cost {
			tie = true
		}
		if own+restCost < cost {
			best, cost, tie = append(ids, rest...), own+restCost, restTie
		}
	}
	return best, cost, tie
}

func TestPLaMo2Text(t *testing.T) {
	tok, err := New(plamoConfig([]string{"a", "aa"}, []float32{-1, -1}))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := tok.Encode(nil, "\uFEFFaaa\xff", EncodeOptions{}); err != nil || !slices.Equal(got, []int32{257, 256, 255}) {
		t.Errorf("Encode = %d, %v, want %d", got, err, []int32{257, 256, 255})
	}
	for _, unit := range []string{"a", "ab", "\x80", "漢"} {
		if _, err := tok.Encode(nil, strings.Repeat(unit, 1<<20), EncodeOptions{}); err != nil {
			t.Errorf("%q: %v", unit, err)
		}
	}
}
