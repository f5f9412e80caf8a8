package dfa

import "sort"

// Build makes the automaton whose states are values of S reached from start. cuts are the code points where a class of
// equal behaviour begins (0 is implied); step is asked for the first code point of each class; label returns NoLabel
// for a state that does not accept.
func Build[S comparable](start S, cuts []rune, step func(S, rune) (S, bool), label func(S) int32) (*DFA, error) {
	d := &DFA{bounds: partition(append([]rune(nil), cuts...))}
	ids := map[S]int32{start: 0}
	states := []S{start}
	for i := 0; i < len(states); i++ {
		d.label = append(d.label, label(states[i]))
		for _, r := range d.bounds {
			to := int32(Dead)
			if !isSurrogate(r) {
				if s, ok := step(states[i], r); ok {
					id, seen := ids[s]
					if !seen {
						id = int32(len(states))
						ids[s] = id
						states = append(states, s)
					}
					to = id
				}
			}
			d.next = append(d.next, to)
		}
		if len(states) > MaxStates || len(d.next) > maxCells {
			return nil, ErrTooLarge
		}
	}
	return d.reduced(), nil
}

// Words accepts exactly the given words; words[i] gets label i (the first of equal words counts).
func Words(words []string) (*DFA, error) {
	return wordSet(words, NoLabel)
}

// WordsOr labels words[i] with i and every other word with len(words).
func WordsOr(words []string) (*DFA, error) {
	return wordSet(words, int32(len(words)))
}

// wordSet builds a trie. other is the label of all other words.
func wordSet(words []string, other int32) (*DFA, error) {
	type edge struct {
		from int32
		r    rune
	}
	const outside = -2
	edges := map[edge]int32{}
	labels := []int32{other}
	var cuts []rune
	for i, w := range words {
		q := int32(0)
		for _, r := range w {
			cuts = append(cuts, r, r+1)
			to, ok := edges[edge{q, r}]
			if !ok {
				to = int32(len(labels))
				labels = append(labels, other)
				edges[edge{q, r}] = to
			}
			q = to
		}
		if labels[q] == other {
			labels[q] = int32(i)
		}
		if len(labels) > MaxStates {
			return nil, ErrTooLarge
		}
	}
	step := func(q int32, r rune) (int32, bool) {
		if q != outside {
			if to, ok := edges[edge{q, r}]; ok {
				return to, true
			}
		}
		return outside, other != NoLabel
	}
	return Build(int32(0), cuts, step, func(q int32) int32 {
		if q == outside {
			return other
		}
		return labels[q]
	})
}

// Class accepts one code point of the given ranges (pairs of first and last, in ascending order).
func Class(ranges []rune) (*DFA, error) {
	var cuts []rune
	for i := 0; i+1 < len(ranges); i += 2 {
		cuts = append(cuts, ranges[i], ranges[i+1]+1)
	}
	return Build(0, cuts, func(q int, r rune) (int, bool) { return 1, q == 0 && inRanges(ranges, r) },
		func(q int) int32 { return int32(q) - 1 })
}

func inRanges(ranges []rune, r rune) bool {
	if len(ranges) > 16 { // sorted, as package syntax keeps its classes
		i := sort.Search(len(ranges)/2, func(i int) bool { return ranges[2*i+1] >= r })
		return 2*i < len(ranges) && ranges[2*i] <= r
	}
	for i := 0; i+1 < len(ranges); i += 2 {
		if r >= ranges[i] && r <= ranges[i+1] {
			return true
		}
	}
	return false
}

// Any accepts every word.
func Any() *DFA {
	d, err := Lengths(0, -1)
	if err != nil {
		panic("BUG: dfa: " + err.Error())
	}
	return d
}

// Lengths accepts every word of min to max code points; max -1 is no bound.
func Lengths(min, max int) (*DFA, error) {
	top := max
	if max < 0 {
		top = min
	}
	return Build(0, nil, func(n int, _ rune) (int, bool) {
		if n == top {
			return n, max < 0
		}
		return n + 1, true
	}, func(n int) int32 {
		if n >= min {
			return 0
		}
		return NoLabel
	})
}

// Universal reports whether every word is accepted.
func (d *DFA) Universal() bool {
	return len(d.label) == 1 && d.Accepts(0) && d.all(0)
}

// Sink reports whether every word is accepted from q on, and q is never left.
func (d *DFA) Sink(q int32) bool {
	if !d.Accepts(q) || !d.all(q) {
		return false
	}
	for c, r := range d.bounds {
		if !isSurrogate(r) && d.next[int(q)*len(d.bounds)+c] != q {
			return false
		}
	}
	return true
}

func (d *DFA) all(q int32) bool {
	for c := range d.bounds {
		if d.next[int(q)*len(d.bounds)+c] == Dead && !isSurrogate(d.bounds[c]) {
			return false
		}
	}
	return true
}
