package grammar

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
)

// ebnf is a piece of a random grammar over the letters a, b and c, with a recogniser that follows the definition.
type ebnf struct {
	op       byte // 'l' literal, 'c' class, 'r' rule, 's' sequence, '|' alternatives, '*' repetition
	text     string
	rule     int
	kids     []*ebnf
	min, max int
}

func randomEBNF(rng *rand.Rand, rules, depth int) *ebnf {
	kid := func() *ebnf { return randomEBNF(rng, rules, depth-1) }
	switch k := rng.IntN(10); {
	case depth == 0 || k < 3:
		return &ebnf{op: 'l', text: []string{"a", "b", "c", "ab", "ba", "", "cc"}[rng.IntN(7)]}
	case k == 3:
		return &ebnf{op: 'c', text: []string{"ab", "c", "abc", ""}[rng.IntN(4)]}
	case k < 6:
		return &ebnf{op: 'r', rule: rng.IntN(rules)}
	case k < 8:
		return &ebnf{op: 's', kids: []*ebnf{kid(), kid()}}
	case k == 8:
		return &ebnf{op: '|', kids: []*ebnf{kid(), kid()}}
	}
	lo := rng.IntN(3)
	hi := lo + rng.IntN(3)
	if rng.IntN(2) == 0 {
		hi = -1
	}
	return &ebnf{op: '*', kids: []*ebnf{kid()}, min: lo, max: hi}
}

// String writes the notation of llama.cpp.
func (e *ebnf) String() string {
	switch e.op {
	case 'l':
		return fmt.Sprintf("%q", e.text)
	case 'c':
		return "[" + e.text + "]"
	case 'r':
		return fmt.Sprintf("r%d", e.rule)
	case 's':
		return "(" + e.kids[0].String() + " " + e.kids[1].String() + ")"
	case '|':
		return "(" + e.kids[0].String() + " | " + e.kids[1].String() + ")"
	}
	hi := ""
	if e.max >= 0 {
		hi = fmt.Sprint(e.max)
	}
	return fmt.Sprintf("%s{%d,%s}", e.kids[0], e.min, hi)
}

// naive recognises texts by sets of places. Left recursion has been refused before.
type naive struct {
	rules []*ebnf
	text  string
	memo  map[[2]int]uint64
}

// ends returns the places, a bit each, where e may end when it begins at pos.
func (n *naive) ends(e *ebnf, pos int) uint64 {
	switch e.op {
	case 'l':
		if strings.HasPrefix(n.text[pos:], e.text) {
			return 1 << (pos + len(e.text))
		}
		return 0
	case 'c':
		if pos < len(n.text) && strings.IndexByte(e.text, n.text[pos]) >= 0 {
			return 1 << (pos + 1)
		}
		return 0
	case 'r':
		k := [2]int{e.rule, pos}
		if got, ok := n.memo[k]; ok {
			return got
		}
		got := n.ends(n.rules[e.rule], pos)
		n.memo[k] = got
		return got
	case 's':
		return n.each(n.ends(e.kids[0], pos), e.kids[1])
	case '|':
		return n.ends(e.kids[0], pos) | n.ends(e.kids[1], pos)
	}
	at, out := uint64(1)<<pos, uint64(0)
	most := e.max
	if most < 0 {
		most = e.min + len(n.text) + 1
	}
	for i := 0; i <= most && at != 0; i++ {
		if i >= e.min {
			out |= at
		}
		if i < most {
			at = n.each(at, e.kids[0])
		}
	}
	return out
}

func (n *naive) each(from uint64, e *ebnf) (out uint64) {
	for p := range len(n.text) + 1 {
		if from>>p&1 != 0 {
			out |= n.ends(e, p)
		}
	}
	return out
}

// TestRandomGBNF compares random grammars with the naive recogniser on all short texts: acceptance, and that a beginning
// is completable if a longer text is accepted. That there are no dead ends is shown by writing texts.
func TestRandomGBNF(t *testing.T) {
	grammars := 1000
	if os.Getenv("EMBER_LONG") != "" {
		grammars = 40_000
	}
	var texts []string
	for n := range 6 {
		for i := range pow(3, n) {
			s := ""
			for range n {
				s += string("abc"[i%3])
				i /= 3
			}
			texts = append(texts, s)
		}
	}
	v := Vocabulary{Pieces: [][]byte{[]byte("a"), []byte("b"), []byte("c"), []byte("ab"), []byte("aab"), []byte("ca"), []byte("cc"), nil}, End: []int{7}}
	tokens, err := NewTokens(v)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(envSeed(), 3))
	yes, no, refused := 0, 0, 0
	for range grammars {
		rules := make([]*ebnf, 1+rng.IntN(4))
		src := "root ::= r0\n"
		for i := range rules {
			rules[i] = randomEBNF(rng, len(rules), 3)
			src += fmt.Sprintf("r%d ::= %s\n", i, rules[i])
		}
		g, err := FromGBNF(src)
		var syntax *SyntaxError
		if errors.As(err, &syntax) { // left recursion
			refused++
			continue
		}
		if err != nil && !errors.Is(err, ErrEmpty) {
			t.Fatalf("%s\n%v", src, err)
		}
		for _, text := range texts {
			n := &naive{rules: rules, text: text, memo: map[[2]int]uint64{}}
			want := n.ends(rules[0], 0)>>len(text)&1 != 0
			got := err == nil && g.Match(text)
			if got != want {
				t.Fatalf("%s\n%q accepted %v, want %v", src, text, got, want)
			}
			if want {
				yes++
				for i := range text {
					if !g.Completable(text[:i]) {
						t.Fatalf("%s\n%q is accepted, but %q cannot be completed", src, text, text[:i])
					}
				}
			} else {
				no++
			}
		}
		if err == nil {
			if out, ended := newSampler(uint64(yes), v).run(t, CompileTokens(g, tokens), 15); ended && !g.Match(out) {
				t.Fatalf("%s\n%q written but not accepted", src, out)
			}
		}
	}
	t.Logf("%d accepted, %d rejected, %d grammars refused", yes, no, refused)
	if yes < grammars || no < grammars {
		t.Error("too few of one kind: it proves nothing")
	}
}

func pow(b, n int) int {
	out := 1
	for range n {
		out *= b
	}
	return out
}
