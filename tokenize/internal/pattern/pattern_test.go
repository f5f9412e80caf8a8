package pattern

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// backtrack is the definition: it tries the alternatives in order and goes back. It returns the end of the preferred
// match of n at s[i:] that rest accepts, or -1.
func backtrack(n *node, s string, i int, rest func(i int) int) int {
	next := func(set set) (bool, int) {
		r, size := utf8.DecodeRuneInString(s[i:])
		return size > 0 && set.has(r), size
	}
	switch n.op {
	case opChar:
		if ok, size := next(n.set); ok {
			return rest(i + size)
		}
		return -1
	case opNext:
		if ok, _ := next(n.set); ok || n.orEnd && i == len(s) {
			return rest(i)
		}
		return -1
	case opCat:
		if len(n.subs) == 0 {
			return rest(i)
		}
		tail := &node{op: opCat, subs: n.subs[1:]}
		return backtrack(n.subs[0], s, i, func(i int) int { return backtrack(tail, s, i, rest) })
	case opAlt:
		for _, sub := range n.subs {
			if end := backtrack(sub, s, i, rest); end >= 0 {
				return end
			}
		}
		return -1
	case opRepeat:
		body := n.subs[0]
		if n.min > 0 {
			less := *n
			less.min--
			if less.max > 0 {
				less.max--
			}
			return backtrack(body, s, i, func(i int) int { return backtrack(&less, s, i, rest) })
		}
		if n.max == 0 {
			return rest(i)
		}
		less := *n
		if less.max > 0 {
			less.max--
		}
		more := func() int {
			return backtrack(body, s, i, func(j int) int {
				if j == i {
					return -1
				}
				return backtrack(&less, s, j, rest)
			})
		}
		if n.lazy {
			if end := rest(i); end >= 0 {
				return end
			}
			return more()
		}
		if end := more(); end >= 0 {
			return end
		}
		return rest(i)
	}
	return rest(i)
}

// used are patterns of known tokenizers.
var used = map[string]string{
	"gpt2":      `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`,
	"llama3":    `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
	"bailing":   `'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+`,
	"deepseek3": "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+",
	"o200k":     `[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
	"kimi":      `[\p{Han}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
	"clip":      `<\|startoftranscript\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+`,
	"lazy":      `a{2,4}?b|a+?|[ab]{0,3}c`,
	"line end":  `\s+$|\S+`,
	"nested":    `(?:a(?:b|bc)*)+c?|(?:x*)*y`,
}

var letters = []string{"a", "b", "c", "x", "y", "'s", "'LL", "'", " ", "  ", "\n", "\r\n", "\t", "1", "23", "é", "É", "ǅ", "ʰ", "漢", "字",
	"あ", "\u0301", "!", "<|", "/", "_", "½", "\u00a0", "\u3000", "\x00", "\xff", "🦙", "K", "ſ"}

func TestMatchAgreesWithBacktracking(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for name, expr := range used {
		p, err := Compile(expr)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		root, err := parse(expr)
		if err != nil {
			t.Fatal(err)
		}
		matched := 0
		for range 3000 {
			var b strings.Builder
			for range rng.IntN(12) {
				b.WriteString(letters[rng.IntN(len(letters))])
			}
			s := b.String()
			got := p.Match(s, 0)
			want := max(0, backtrack(root, s, 0, func(i int) int { return i }))
			if got != want {
				t.Fatalf("%s: Match(%q) = %d, want %d", name, s, got, want)
			}
			if got > 0 {
				matched++
			}
		}
		if matched == 0 {
			t.Errorf("%s: no text matched", name)
		}
	}
}

func TestRefused(t *testing.T) {
	for expr, want := range map[string]error{
		`a(`: ErrSyntax, `a)`: ErrSyntax, `[a`: ErrSyntax, `*`: ErrSyntax, `[b-a]`: ErrSyntax, `\`: ErrSyntax, `\x{110000}`: ErrSyntax,
		`\x4`: ErrSyntax, `\p{L`: ErrSyntax, "\xff": ErrSyntax,
		`(?<=a)b`: ErrUnsupported, `(?=ab)`: ErrUnsupported, `^a`: ErrUnsupported, `\bword`: ErrUnsupported, `\p{Nope}`: ErrUnsupported,
		`a++a`: ErrUnsupported, `(?>a)`: ErrUnsupported, `[[:alpha:]]`: ErrUnsupported, `(a)\1`: ErrUnsupported, `a{2000}`: ErrUnsupported,
		`(?:(?:a{1000}){1000}){1000}`: ErrUnsupported, strings.Repeat("(", 200) + strings.Repeat(")", 200): ErrUnsupported,
		`(?:[ab]*a[ab]{18}c)`: ErrUnsupported, strings.Repeat("a", 1<<15): ErrUnsupported,
	} {
		start := time.Now()
		if _, err := Compile(expr); !errors.Is(err, want) {
			t.Errorf("Compile(%.40q) = %v, want %v", expr, err, want)
		}
		if d := time.Since(start); d > 5*time.Second {
			t.Errorf("Compile(%.40q) took %v", expr, d)
		}
	}
}

// TestOverrun checks that a pattern made to read the whole text for every character is held back.
func TestOverrun(t *testing.T) {
	p, err := Compile(`a*b|a`)
	if err != nil {
		t.Fatal(err)
	}
	s := strings.Repeat("a", 1<<20)
	start := time.Now()
	for i := 0; i < len(s); i += 1 << 10 {
		if n := p.Match(s, i); n != 1 {
			t.Fatalf("Match at %d = %d, want 1", i, n)
		}
	}
	if d := time.Since(start); d > 2*time.Second {
		t.Errorf("1024 matches took %v", d)
	}
}

func FuzzCompile(f *testing.F) {
	for _, expr := range used {
		f.Add(expr, "a 'b 12\n")
	}
	f.Fuzz(func(t *testing.T, expr, s string) {
		p, err := Compile(expr)
		if err != nil {
			if !errors.Is(err, ErrSyntax) && !errors.Is(err, ErrUnsupported) {
				t.Errorf("Compile(%q) = %v", expr, err)
			}
			return
		}
		for i := range s {
			if n := p.Match(s, i); n < 0 || n > len(s)-i {
				t.Errorf("Match(%q, %d) of %q = %d", s, i, expr, n)
			}
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	text := strings.Repeat("The quick brown fox jumps over the lazy dog's back, 1234 times. ", 1000)
	for _, name := range []string{"gpt2", "llama3", "o200k"} {
		p, err := Compile(used[name])
		if err != nil {
			b.Fatal(err)
		}
		b.Run("pattern="+name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				for i := 0; i < len(text); {
					i += max(1, p.Match(text, i))
				}
			}
		})
	}
	b.Run("compile=o200k", func(b *testing.B) {
		for b.Loop() {
			if _, err := Compile(used["o200k"]); err != nil {
				b.Fatal(err)
			}
		}
	})
}
