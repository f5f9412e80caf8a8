package dfa

import (
	"math/rand/v2"
	"regexp"
	"testing"
)

// TestRegexpAgreesWithPackageRegexp compares every short word over a small alphabet with the standard library.
func TestRegexpAgreesWithPackageRegexp(t *testing.T) {
	exprs := []string{
		``, `a`, `a*`, `(a|b)*c`, `^ab$`, `a^b`, `\bab\b`, `a\Bb`, `(?m)^a$`, `[^a]+`, `a{2,4}b?`, `(?i)Ab`, `.+`, `(?s).+`,
		`(?:a|ab)(?:c|bc)`, `\w+\W`, `é|[ü-ÿ]`, `a$|b`, `(^|b)a`, `\Aa|c\z`, `(?i)k`, `[[:alpha:]]\d`, `(a*)*b`, `x{0}`,
		`$^`, `\b`, `(?:\b|a)b`, `[^\x00-\x{10FFFF}]`,
	}
	alphabet := []rune{'a', 'b', 'c', '\n', ' ', 'é', 'K', 'B'}
	var words []string
	var grow func(w string, n int)
	grow = func(w string, n int) {
		words = append(words, w)
		if n > 0 {
			for _, r := range alphabet {
				grow(w+string(r), n-1)
			}
		}
	}
	grow("", 4)
	for _, e := range exprs {
		whole, err := Regexp(e)
		if err != nil {
			t.Fatalf("%s: %v", e, err)
		}
		part, err := Search(e)
		if err != nil {
			t.Fatalf("%s: %v", e, err)
		}
		re, reWhole := regexp.MustCompile(e), regexp.MustCompile(`\A(?:`+e+`)\z`)
		for _, w := range words {
			if got, want := whole.Match(w), reWhole.MatchString(w); got != want {
				t.Errorf("Regexp(%q).Match(%q) = %v, want %v", e, w, got, want)
			}
			if got, want := part.Match(w), re.MatchString(w); got != want {
				t.Errorf("Search(%q).Match(%q) = %v, want %v", e, w, got, want)
			}
		}
	}
}

// TestAlgebra checks the set operations on random words.
func TestAlgebra(t *testing.T) {
	a, b := mustRegexp(t, `(a|b)*a(a|b){3}`), mustRegexp(t, `(ab|b)*`)
	and, err := And(a, b)
	check(t, err)
	or, err := Or(a, b)
	check(t, err)
	minus, err := Minus(a, b)
	check(t, err)
	both := 0
	rng := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		w := make([]byte, rng.IntN(12))
		for i := range w {
			w[i] = "ab"[rng.IntN(2)]
		}
		s := string(w)
		x, y := a.Match(s), b.Match(s)
		if x && y {
			both++
		}
		if and.Match(s) != (x && y) || or.Match(s) != (x || y) || minus.Match(s) != (x && !y) {
			t.Fatalf("algebra differs on %q", s)
		}
	}
	if both == 0 {
		t.Fatal("no word in both languages: the test proves nothing")
	}
}

func TestCount(t *testing.T) {
	for _, c := range []struct {
		expr string
		want int32
	}{{`a|b|cd`, 3}, {`[a-c]{2}`, 9}, {`[a-c]{0,2}`, 13}, {`a*b`, Infinite}, {`(ab)?c`, 2}, {`x(a*b|c)y`, Infinite}} {
		d := mustRegexp(t, c.expr)
		if got := d.Count(func(int32) bool { return true })[d.Start()]; got != c.want {
			t.Errorf("Count(%s) = %d, want %d", c.expr, got, c.want)
		}
	}
}

func TestWords(t *testing.T) {
	words := []string{"", "foo", "foobar", "fa", "é"}
	d, err := WordsOr(words)
	check(t, err)
	for i, w := range words {
		if got := d.Run(w); got != int32(i) {
			t.Errorf("Run(%q) = %d, want %d", w, got, i)
		}
	}
	for _, w := range []string{"f", "foob", "x", "éé"} {
		if got := d.Run(w); got != int32(len(words)) {
			t.Errorf("Run(%q) = %d, want other", w, got)
		}
	}
}

// TestTooLarge shows that exponential automata end in an error, not in memory.
func TestTooLarge(t *testing.T) {
	if _, err := Regexp(`(a|b)*a(a|b){30}`); err == nil {
		t.Error("no error for 2^31 states")
	}
}

func FuzzRegexp(f *testing.F) {
	for _, s := range []string{`a*b`, `(?i)x[y-z]`, `\b\w+$`, `\p{L}{2,9}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, expr string) {
		if len(expr) > 40 {
			return
		}
		d, err := Regexp(expr)
		if err != nil {
			return
		}
		re, err := regexp.Compile(`\A(?:` + expr + `)\z`)
		if err != nil {
			return // \Q without \E takes the rest along
		}
		for _, w := range []string{"", "a", "ab", "xyz", "é1 _", "\n"} {
			if d.Match(w) != re.MatchString(w) {
				t.Errorf("%q on %q: %v", expr, w, d.Match(w))
			}
		}
	})
}

func mustRegexp(t *testing.T, e string) *DFA {
	t.Helper()
	d, err := Regexp(e)
	check(t, err)
	return d
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
