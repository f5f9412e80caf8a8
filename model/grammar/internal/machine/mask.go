package machine

import "sync"

// A Masker works out which tokens may follow a State. It keeps what it found for frames that do not depend on the
// rest of the stack, and is safe for concurrent use.
type Masker struct {
	p    *Program
	t    *Trie
	mu   sync.RWMutex
	kept map[maskKey]*entry
	size int // words of bitsets kept
}

// maxKept bounds the memory of a Masker: 64 MiB of bitsets.
const maxKept = 8 << 20

// NewMasker returns a Masker for texts of p in tokens of t.
func NewMasker(p *Program, t *Trie) *Masker {
	return &Masker{p: p, t: t, kept: map[maskKey]*entry{}}
}

// maskKey is all that the bytes inside one frame depend on.
type maskKey struct {
	node NodeID
	q, n int32
	lex  lexer
	set  int32 // keys of objects: which classes are allowed
}

// entry is what is known about a frame without the frames below it.
type entry struct {
	bits  []uint64 // tokens that stay inside the frame
	ids   []int32  // the same as a list, when there are few
	exits []exit   // places where the frame may end or call
}

// exit is a node of the trie on whose path the frame reaches a place where more than the frame is needed.
type exit struct {
	at    int32 // node of the trie
	q, n  int32
	close bool // String: the closing quote was read
}

// Words returns the length of a mask.
func (m *Masker) Words() int { return (m.t.size + 63) / 64 }

// Mask sets in dst the bits of the tokens that may follow s and clears all others. overflow says that tokens may be
// missing because a limit was met.
func (m *Masker) Mask(s *State, dst []uint64) (overflow bool) {
	clear(dst)
	w := &walk{m: m, s: s, dst: dst}
	for i := range s.tops {
		w.top(s.tops[i : i+1])
	}
	return w.overflow
}

// walk moves a state through the trie.
type walk struct {
	m        *Masker
	s        *State
	dst      []uint64
	overflow bool
}

func (w *walk) allow(node int32) {
	for _, id := range w.m.t.at(node) {
		w.dst[id/64] |= 1 << (id % 64)
	}
}

// top adds the tokens one thread allows.
func (w *walk) top(tops []int32) {
	f := w.s.a.frames[tops[0]]
	n := &w.m.p.nodes[f.node]
	if n.Kind == Text && !n.Distinct || n.Kind == String && f.lex != lexOpen {
		if e := w.m.entry(w.s, n, f); e != nil {
			w.entry(n, f, e)
			return
		}
	}
	w.children(0, tops)
}

// children tries every child of a node.
func (w *walk) children(node int32, tops []int32) {
	t, s := w.m.t, w.s
	for c := node + 1; c < t.end[node]; c = t.end[c] {
		frames, kept, out := len(s.a.frames), len(s.a.text), len(s.w.out)
		next, done, over := s.step(tops, t.bytes[c])
		w.overflow = w.overflow || over
		if len(next) > 0 || done {
			w.allow(c)
			if len(next) > 0 && t.end[c] > c+1 {
				w.children(c, next)
			}
		}
		s.a.frames, s.a.text, s.w.out = s.a.frames[:frames], s.a.text[:kept], s.w.out[:out]
	}
}

// entry adds the tokens of a kept entry and goes on from its exits.
func (w *walk) entry(n *Node, f frame, e *entry) {
	for i, b := range e.bits {
		w.dst[i] |= b
	}
	for _, id := range e.ids {
		w.dst[id/64] |= 1 << (id % 64)
	}
	s, t := w.s, w.m.t
	last := exit{at: -1}
	base, kept := len(s.a.frames), len(s.a.text)
	var tops []int32
	done := false
	for _, x := range e.exits {
		alike := last.at >= 0 && x.q == last.q && x.n == last.n && !n.looksBack() && !w.m.p.distinct
		if !alike {
			s.a.frames, s.a.text, s.w.out = s.a.frames[:base], s.a.text[:kept], s.w.out[:0]
			if w.m.p.keepText {
				s.a.text = append(s.a.text, t.path(x.at)...)
			}
			tops, done = w.leave(n, f, x)
			last = x
		}
		if done || len(tops) > 0 {
			w.allow(x.at)
			if len(tops) > 0 && t.end[x.at] > x.at+1 {
				w.children(x.at, tops)
			}
		}
	}
	s.a.frames, s.a.text, s.w.out = s.a.frames[:base], s.a.text[:kept], s.w.out[:0]
}

// leave returns the threads that go on outside the frame at an exit.
func (w *walk) leave(n *Node, f frame, x exit) (tops []int32, done bool) {
	st := &w.s.w
	st.begin()
	st.overflow = false
	f.q, f.n, f.lex = x.q, x.n, lexNone
	if x.close {
		st.ret(f)
	} else {
		st.exits(f)
	}
	w.overflow = w.overflow || st.overflow
	return st.out[st.from:], st.done
}

// entry returns what is known about a frame, or nil when it depends on more than the key.
func (m *Masker) entry(s *State, n *Node, f frame) *entry {
	k := maskKey{node: f.node, q: f.q, n: f.n, lex: f.lex}
	if n.Distinct {
		return nil
	}
	var labels, single []uint64
	if n.key {
		r := s.a.frames[f.parent].reg
		if r.set < 0 {
			return nil
		}
		k.set = r.set
		labels, single = r.allowed, m.p.nodes[s.a.frames[f.parent].node].Object.named
	}
	m.mu.RLock()
	e, ok := m.kept[k]
	m.mu.RUnlock()
	if ok {
		return e
	}
	l := &local{t: m.t, n: n, labels: labels, single: single, bits: make([]uint64, m.Words())}
	l.children(0, f)
	if l.unknown {
		e = nil
	} else {
		e = l.entry()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.size > maxKept {
		clear(m.kept)
		m.size = 0
	}
	m.kept[k] = e
	if e != nil {
		m.size += len(e.bits) + len(e.ids)/2 + 2*len(e.exits) + 32
	}
	return e
}
