package tokenize

// A splitter cuts s into pieces: it appends the end of each, plus base, to ends. The pieces are not empty and cover s.
// Every splitter takes time proportional to len(s).
type splitter func(ends []int, s string, base int) []int

// A matcher returns the length of its match at s[i:], or 0. What it costs to learn that there is none must not depend
// on the length of s, except that a run may be read again by the few matches that follow it.
type matcher func(s string, i int) int

// next returns the length of the piece that starts at s[i:]: a match, or the text before the next one.
func (m matcher) next(s string, i int) int {
	for j := i; j < len(s); j += charAt(s, j).size {
		if n := m(s, j); n > 0 {
			if j > i {
				return j - i
			}
			return n
		}
	}
	return len(s) - i
}

// isolate cuts before and after every match, as a regular expression does that is searched from left to right.
func isolate(match matcher) splitter {
	return func(ends []int, s string, base int) []int {
		gap := 0 // start of the text before the next match
		for i := 0; i < len(s); {
			n := match(s, i)
			if n == 0 {
				i += charAt(s, i).size
				continue
			}
			if gap < i {
				ends = append(ends, base+i)
			}
			i += n
			ends = append(ends, base+i)
			gap = i
		}
		if gap < len(s) {
			ends = append(ends, base+len(s))
		}
		return ends
	}
}

// split applies the stages one after the other, each to the pieces of the one before, and returns the ends of the last
// stage and a spare buffer for the next call.
func split(stages []splitter, s string, ends, spare []int) ([]int, []int) {
	ends = append(ends[:0], len(s))
	if s == "" {
		return ends[:0], spare
	}
	for _, stage := range stages {
		next := spare[:0]
		start := 0
		for _, end := range ends {
			next = stage(next, s[start:end], start)
			start = end
		}
		ends, spare = next, ends
	}
	return ends, spare
}

// oneOf isolates single characters of the classes: \p{N}.
func oneOf(classes class) splitter {
	return isolate(func(s string, i int) int {
		if c := charAt(s, i); c.class&classes != 0 {
			return c.size
		}
		return 0
	})
}

// runsOf isolates runs of the classes, cut after max characters if max is not 0: \p{N}+, \p{N}{1,3}.
func runsOf(classes class, max int) splitter {
	return isolate(func(s string, i int) int {
		return upTo(s, i, classes, max) - i
	})
}

// upTo returns the end of the run of classes at s[i:], at most max characters if max is not 0.
func upTo(s string, i int, classes class, max int) int {
	if max == 0 {
		return skip(s, i, classes)
	}
	for range max {
		c := charAt(s, i)
		if c.class&classes == 0 {
			break
		}
		i += c.size
	}
	return i
}

// spacedRunsOf isolates runs of the classes with one white-space character before them: \s?\p{L}+.
func spacedRunsOf(classes class) splitter {
	return spacedRuns(func(c char) bool { return c.class&classes != 0 })
}

// spacedRunsIn is spacedRunsOf for a set: \s?[spec]+. White space is never in the set.
func spacedRunsIn(spec string) splitter {
	set := newRuneSet(spec)
	return spacedRuns(func(c char) bool { return !c.space && set.has(c.r) })
}

func spacedRuns(in func(c char) bool) splitter {
	return isolate(func(s string, i int) int {
		from := i
		if c := charAt(s, i); c.space {
			from += c.size
		}
		if end := skipFunc(s, from, in); end > from {
			return end - i
		}
		return 0
	})
}

// runsIn isolates runs of characters of a set: [spec]+. White space is never in the set.
func runsIn(spec string) splitter {
	set := newRuneSet(spec)
	return isolate(func(s string, i int) int {
		return skipFunc(s, i, func(c char) bool { return !c.space && set.has(c.r) }) - i
	})
}

// oneIn isolates single characters of a set of ASCII characters.
func oneIn(chars string) splitter {
	return isolate(func(s string, i int) int {
		for j := range len(chars) {
			if s[i] == chars[j] {
				return 1
			}
		}
		return 0
	})
}

// trailingSpace cuts before the white space at the end: \s+$.
func trailingSpace(ends []int, s string, base int) []int {
	start := 0
	for i := 0; i < len(s); {
		sp := spacesAt(s, i)
		if sp.end == len(s) && sp.end > i {
			break
		}
		i = sp.end + charAt(s, sp.end).size
		start = i
	}
	if start > 0 && start < len(s) {
		ends = append(ends, base+start)
	}
	return append(ends, base+len(s))
}
