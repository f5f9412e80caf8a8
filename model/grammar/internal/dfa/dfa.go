// Package dfa holds deterministic automata over Unicode code points: the regular part of every grammar. Automata are
// immutable and trimmed: from every state an accepting state can be reached, so a live state is never a dead end.
package dfa

import (
	"errors"
	"math"
	"sort"
	"unicode"
)

// Dead is the state from which nothing is accepted.
const Dead = -1

// NoLabel marks a state that does not accept.
const NoLabel = -1

// Infinite is the count of a set of words without bound (or too large to matter).
const Infinite = math.MaxInt32

// ErrTooLarge says that an automaton would exceed its limit of states.
var ErrTooLarge = errors.New("automaton too large")

// MaxStates bounds every automaton built by this package.
const MaxStates = 100_000

// maxCells bounds states times classes: 64 MiB of transitions.
const maxCells = 16 << 20

// A DFA reads code points without surrogates, and symbols above unicode.MaxRune that its maker gives a meaning. The zero
// value accepts nothing.
type DFA struct {
	bounds []rune      // class i is [bounds[i], bounds[i+1]); bounds[0] is 0
	ascii  [128]uint16 // class of each ASCII code point
	next   []int32     // state*len(bounds) + class
	label  []int32     // NoLabel, or what the state accepts as (0 for plain automata)
	start  int32
}

// Empty reports whether nothing is accepted.
func (d *DFA) Empty() bool { return len(d.label) == 0 }

// Start returns the first state, or Dead for an empty automaton.
func (d *DFA) Start() int32 {
	if d.Empty() {
		return Dead
	}
	return d.start
}

// States returns the number of states.
func (d *DFA) States() int { return len(d.label) }

// Accepts reports whether a word may end in q.
func (d *DFA) Accepts(q int32) bool { return d.label[q] != NoLabel }

// Label returns what q accepts as, or NoLabel.
func (d *DFA) Label(q int32) int32 { return d.label[q] }

// Step returns the state after r, or Dead.
func (d *DFA) Step(q int32, r rune) int32 {
	if uint32(r) < 128 {
		return d.next[int(q)*len(d.bounds)+int(d.ascii[r])]
	}
	return d.next[int(q)*len(d.bounds)+d.class(r)]
}

// Match reports whether the whole of s is accepted.
func (d *DFA) Match(s string) bool { return d.Run(s) != NoLabel }

// Run returns the label of the state after s, or NoLabel.
func (d *DFA) Run(s string) int32 {
	q := d.Start()
	for _, r := range s {
		if q == Dead {
			return NoLabel
		}
		q = d.Step(q, r)
	}
	if q == Dead {
		return NoLabel
	}
	return d.label[q]
}

// Live reports whether some code point in [lo, hi] leads on from q.
func (d *DFA) Live(q int32, lo, hi rune) bool {
	row := d.next[int(q)*len(d.bounds):][:len(d.bounds)]
	for c := d.class(lo); c < len(row) && d.bounds[c] <= hi; c++ {
		if row[c] != Dead {
			return true
		}
	}
	return false
}

// Edges calls f for every range of code points that leads on from q.
func (d *DFA) Edges(q int32, f func(lo, hi rune, to int32)) {
	row := d.next[int(q)*len(d.bounds):][:len(d.bounds)]
	for c, to := range row {
		if to != Dead {
			f(d.bounds[c], d.last(c), to)
		}
	}
}

// Classes returns the number of classes: ranges of code points that every state treats alike.
func (d *DFA) Classes() int { return len(d.bounds) }

// Class returns the range of a class.
func (d *DFA) Class(c int) (lo, hi rune) { return d.bounds[c], d.last(c) }

// StepClass returns the state after any code point of a class, or Dead.
func (d *DFA) StepClass(q int32, c int) int32 { return d.next[int(q)*len(d.bounds)+c] }

// Final reports whether q accepts and nothing leads on from it.
func (d *DFA) Final(q int32) bool {
	return d.Accepts(q) && !d.Live(q, 0, unicode.MaxRune)
}

func (d *DFA) class(r rune) int {
	return sort.Search(len(d.bounds), func(i int) bool { return d.bounds[i] > r }) - 1
}

// last returns the last code point of a class.
func (d *DFA) last(class int) rune {
	if class+1 < len(d.bounds) {
		return d.bounds[class+1] - 1
	}
	return max(d.bounds[class], unicode.MaxRune)
}

func (d *DFA) fillASCII() {
	c := 0
	for r := range rune(128) {
		for c+1 < len(d.bounds) && d.bounds[c+1] <= r {
			c++
		}
		d.ascii[r] = uint16(c)
	}
}

const surrogateMin, surrogateMax = 0xD800, 0xDFFF

// partition returns the sorted starts of classes; surrogates are always classes of their own.
func partition(cuts []rune) []rune {
	cuts = append(cuts, 0, surrogateMin, surrogateMax+1)
	sort.Slice(cuts, func(i, j int) bool { return cuts[i] < cuts[j] })
	out := cuts[:0]
	for _, c := range cuts {
		if len(out) == 0 || out[len(out)-1] != c {
			out = append(out, c)
		}
	}
	return out
}

func isSurrogate(r rune) bool { return r >= surrogateMin && r <= surrogateMax }
