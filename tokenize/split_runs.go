package tokenize

import "strings"

// firstOf is an alternation: the first matcher that matches.
func firstOf(matchers ...matcher) matcher {
	return func(s string, i int) int {
		for _, m := range matchers {
			if n := m(s, i); n > 0 {
				return n
			}
		}
		return 0
	}
}

// inRuns matches a run of characters of a set.
func inRuns(spec string) matcher {
	set := newRuneSet(spec)
	return func(s string, i int) int {
		return skipFunc(s, i, func(c char) bool { return !c.space && set.has(c.r) }) - i
	}
}

// punctRuns isolates runs of punctuation and of some ASCII symbols: [\p{P}symbols]+.
func punctRuns(symbols string) splitter {
	return isolate(func(s string, i int) int {
		return skipFunc(s, i, func(c char) bool {
			return c.class&clPunct != 0 || c.r < 0x80 && strings.IndexByte(symbols, byte(c.r)) >= 0
		}) - i
	})
}

// lines matches a run of line feeds or a run without them: [^\n]+|[\n]+.
func lines(s string, i int) int {
	if n := strings.IndexByte(s[i:], '\n'); n > 0 {
		return n
	} else if n < 0 {
		return len(s) - i
	}
	return tail(s, i, "\n") - i
}

// bloomWords matches what is between white space and sentence marks, with one space before it:
// ?[^(\s|.,!?…。，、।۔،)]+
func bloomWords(s string, i int) int {
	from := i
	if s[i] == ' ' {
		from++
	}
	end := skipFunc(s, from, func(c char) bool { return !c.space && !strings.ContainsRune("(|.,!?…。，、।۔،)", c.r) })
	if end == from {
		return 0
	}
	return end - i
}

// onePunct matches a punctuation or ASCII symbol character: [\p{P}!-/:-@\[-`{-~].
func onePunct(s string, i int) int {
	if c := charAt(s, i); c.class&clPunct != 0 || c.r < 0x80 && c.class&clSymbol != 0 {
		return c.size
	}
	return 0
}

// chameleonMarks matches <sentinel:[0-9]+>|IMGIMG[A-I]{1,4}Z.
func chameleonMarks(s string, i int) int {
	if rest, ok := strings.CutPrefix(s[i:], "<sentinel:"); ok {
		n := 0
		for n < len(rest) && rest[n]-'0' <= 9 {
			n++
		}
		if n > 0 && n < len(rest) && rest[n] == '>' {
			return len("<sentinel:") + n + 1
		}
	}
	if rest, ok := strings.CutPrefix(s[i:], "IMGIMG"); ok {
		n := 0
		for n < 4 && n < len(rest) && rest[n] >= 'A' && rest[n] <= 'I' {
			n++
		}
		if n > 0 && n < len(rest) && rest[n] == 'Z' {
			return len("IMGIMG") + n + 1
		}
	}
	return 0
}

// chameleonSpaces matches [\t\n]|four spaces|two spaces.
func chameleonSpaces(s string, i int) int {
	switch {
	case s[i] == '\t' || s[i] == '\n':
		return 1
	case strings.HasPrefix(s[i:], "    "):
		return 4
	case strings.HasPrefix(s[i:], "  "):
		return 2
	}
	return 0
}
