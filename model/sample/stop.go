package sample

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

// StopMatcher cuts a stream of text at the first stop string, however the text is split into pieces. It never returns
// a part of that stop string, and otherwise holds back only what may become one.
//
// The stop that ends first counts; of several that end at the same byte, the longest, which contains the others. Time is
// linear in the text and memory in the stop strings (Aho and Corasick 1975). It is for one goroutine at a time.
type StopMatcher struct {
	stops []string
	nodes []stopNode // shared by clones, never written after NewStopMatcher
	at    int32      // node of the longest end of the text that begins a stop string
	found int
}

// stopNode stands for stops[of][:depth], a beginning of one or more stop strings.
type stopNode struct {
	of, depth   int32
	fail        int32 // node of the longest proper end of this text that also begins a stop string
	stop        int32 // longest stop string that this text ends with, or -1
	child, next int32 // first child, next sibling; 0 for none
	last        byte  // last byte of this text
}

// NewStopMatcher returns a matcher at the beginning of a text. Without stops it passes everything on. The error lists
// every stop that is empty or not valid UTF-8.
func NewStopMatcher(stops []string) (*StopMatcher, error) {
	var problems []error
	for i, s := range stops {
		if s == "" {
			problems = append(problems, fmt.Errorf("sample: stop %d is empty, want at least one byte", i))
		} else if !utf8.ValidString(s) {
			problems = append(problems, fmt.Errorf("sample: stop %d is %q, want valid UTF-8", i, s))
		}
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	m := &StopMatcher{found: -1, nodes: []stopNode{{stop: -1}}}
	m.stops = append(m.stops, stops...)
	for i, s := range stops {
		m.insert(int32(i), s)
	}
	m.link()
	return m, nil
}

// insert adds the nodes of stop i. The first of equal stops counts.
func (m *StopMatcher) insert(i int32, s string) {
	at := int32(0)
	for depth := range len(s) {
		to := m.childOf(at, s[depth])
		if to == 0 {
			to = int32(len(m.nodes))
			m.nodes = append(m.nodes, stopNode{of: i, depth: int32(depth + 1), stop: -1, next: m.nodes[at].child, last: s[depth]})
			m.nodes[at].child = to
		}
		at = to
	}
	if m.nodes[at].stop < 0 {
		m.nodes[at].stop = i
	}
}

// link sets fail, and stop of nodes that end with a shorter stop, breadth first.
func (m *StopMatcher) link() {
	queue := make([]int32, 1, len(m.nodes))
	for i := 0; i < len(queue); i++ {
		at := queue[i]
		for c := m.nodes[at].child; c != 0; c = m.nodes[c].next {
			n := &m.nodes[c]
			if at != 0 {
				n.fail = m.step(m.nodes[at].fail, n.last)
			}
			if n.stop < 0 {
				n.stop = m.nodes[n.fail].stop
			}
			queue = append(queue, c)
		}
	}
}

func (m *StopMatcher) childOf(at int32, b byte) int32 {
	c := m.nodes[at].child
	for c != 0 && m.nodes[c].last != b {
		c = m.nodes[c].next
	}
	return c
}

// step returns the node after byte b.
func (m *StopMatcher) step(at int32, b byte) int32 {
	for {
		if c := m.childOf(at, b); c != 0 {
			return c
		}
		if at == 0 {
			return 0
		}
		at = m.nodes[at].fail
	}
}

// Pending returns the text that is held back. Feeding it to a new matcher restores the state of this one.
func (m *StopMatcher) Pending() string {
	n := &m.nodes[m.at]
	if n.depth == 0 {
		return ""
	}
	return m.stops[n.of][:n.depth]
}

// Feed takes the next piece of text. It returns the text that can be shown now, and the index of the stop string that
// was completed, or -1. After a stop it returns "" and the same index until Reset; text after a stop is dropped.
func (m *StopMatcher) Feed(piece string) (text string, stop int) {
	if m.found >= 0 {
		return "", m.found
	}
	held := m.Pending()
	for i := range len(piece) {
		m.at = m.step(m.at, piece[i])
		if s := m.nodes[m.at].stop; s >= 0 {
			m.at, m.found = 0, int(s)
			return front(held, piece, len(held)+i+1-len(m.stops[s])), m.found
		}
	}
	return front(held, piece, len(held)+len(piece)-int(m.nodes[m.at].depth)), -1
}

// front returns the first n bytes of a followed by b.
func front(a, b string, n int) string {
	if n <= len(a) {
		return a[:n]
	}
	return a + b[:n-len(a)]
}

// Flush returns the text that is held back, for the end of a text that did not stop, and empties it.
func (m *StopMatcher) Flush() string {
	held := m.Pending()
	m.at = 0
	return held
}

// Reset makes the matcher as NewStopMatcher left it.
func (m *StopMatcher) Reset() { m.at, m.found = 0, -1 }

// Clone returns an independent matcher in the same state.
func (m *StopMatcher) Clone() *StopMatcher {
	c := *m
	return &c
}
