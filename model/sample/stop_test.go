package sample

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func matcher(t testing.TB, stops ...string) *StopMatcher {
	t.Helper()
	m, err := NewStopMatcher(stops)
	require.NoError(t, err)
	return m
}

func TestStopMatcherHoldsBackOnlyWhatItMust(t *testing.T) {
	m := matcher(t, "</end>", "\n\nUser:")
	for _, step := range []struct {
		piece, text string
		stop        int
	}{
		{"Hello", "Hello", -1}, {" <", " ", -1}, {"/e", "", -1}, {"m>", "</em>", -1}, {"a\n", "a", -1}, {"\n", "", -1},
		{"\nU", "\n", -1}, {"ser", "", -1}, {": more", "", 1}, {"dropped", "", 1},
	} {
		text, stop := m.Feed(step.piece)
		require.Equal(t, step.text, text, "%q", step.piece)
		require.Equal(t, step.stop, stop, "%q", step.piece)
	}
	require.Empty(t, m.Flush(), "a stop is never emitted")
	m.Reset()
	text, stop := m.Feed("x</en")
	require.Equal(t, "x", text)
	require.Equal(t, -1, stop)
	require.Equal(t, "</en", m.Pending())
	clone := m.Clone()
	require.Equal(t, "</en", m.Flush())
	require.Empty(t, m.Pending())
	text, stop = clone.Feed("d>tail")
	require.Empty(t, text)
	require.Equal(t, 0, stop)
}

func TestStopMatcherChoosesTheFirstThatEnds(t *testing.T) {
	for _, c := range []struct {
		stops []string
		in    string
		text  string
		stop  int
	}{
		{[]string{"abcd", "bc"}, "xabcd", "xa", 1},
		{[]string{"c", "abc", "bc"}, "xabc", "x", 1},
		{[]string{"aa"}, "baaa", "b", 0},
		{[]string{"abab", "aba"}, "zabab", "z", 1},
		{[]string{"s", "s"}, "as", "a", 0},
		{[]string{"é"}, "xèé", "xè", 0},
		{nil, "abc", "abc", -1},
	} {
		for size := 1; size <= len(c.in); size++ {
			m, got, stop := matcher(t, c.stops...), "", -1
			for i := 0; i < len(c.in); i += size {
				var text string
				text, stop = m.Feed(c.in[i:min(i+size, len(c.in))])
				got += text
			}
			require.Equal(t, c.text, got, "%q in pieces of %d", c.in, size)
			require.Equal(t, c.stop, stop)
		}
	}
}

func TestStopMatcherRefuses(t *testing.T) {
	_, err := NewStopMatcher([]string{"", "ok", "\xff"})
	require.EqualError(t, err, "sample: stop 0 is empty, want at least one byte\nsample: stop 2 is \"\\xff\", want valid UTF-8")
}

// A long stop of one letter and a text of near misses cost time linear in the text: this would not end otherwise.
func TestStopMatcherIsLinear(t *testing.T) {
	m := matcher(t, strings.Repeat("a", 50_000)+"b")
	n := 0
	for range 500_000 {
		text, stop := m.Feed("a")
		if stop >= 0 {
			t.Fatal("a stop was found")
		}
		n += len(text)
	}
	require.Equal(t, 450_000, n)
	require.Len(t, m.Flush(), 50_000)
}

// naiveStop finds the stop that ends first, and of those the longest, by strings.Index.
func naiveStop(stops []string, text string) (cut, stop int) {
	cut, stop = len(text), -1
	end := len(text) + 1
	for i, s := range stops {
		at := strings.Index(text, s)
		if at >= 0 && (at+len(s) < end || at+len(s) == end && at < cut) {
			cut, stop, end = at, i, at+len(s)
		}
	}
	return cut, stop
}

func FuzzStopMatcher(f *testing.F) {
	f.Add("aab|ab", "xaaabz", uint64(0x5a))
	f.Add("</s>|\n\n", "text</ s>\n</s>", uint64(3))
	f.Add("abab|ba", "aabaab", ^uint64(0))
	f.Fuzz(func(t *testing.T, joined, text string, cuts uint64) {
		stops := strings.Split(joined, "|")
		m, err := NewStopMatcher(stops)
		if err != nil {
			return
		}
		got, stop, from := "", -1, 0
		for i := 1; i <= len(text); i++ {
			if i < len(text) && cuts>>(i%64)&1 == 0 {
				continue
			}
			piece := text[from:i]
			from = i
			twin := m.Clone()
			out, st := m.Feed(piece)
			if a, b := twin.Feed(piece); a != out || b != st {
				t.Fatalf("clone gives %q %d, want %q %d", a, b, out, st)
			}
			got, stop = got+out, st
			if st < 0 && got+m.Pending() != text[:i] {
				t.Fatalf("emitted %q and pending %q are not the text %q", got, m.Pending(), text[:i])
			}
			if st < 0 && m.Pending() != "" {
				begins := false
				for _, s := range stops {
					begins = begins || strings.HasPrefix(s, m.Pending())
				}
				if !begins {
					t.Fatalf("%q is held back without need", m.Pending())
				}
			}
		}
		got += m.Flush()
		cut, want := naiveStop(stops, text)
		if got != text[:cut] || stop != want {
			t.Fatalf("stops %q in %q: got %q, stop %d, want %q, %d", stops, text, got, stop, text[:cut], want)
		}
	})
}
