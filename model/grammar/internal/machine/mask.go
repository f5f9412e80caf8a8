package machine

import "sync"

// A Masker works out which tokens may follow a State. It keeps what it found for frames that do not depend on the
// rest of the stack, and is safe for concurrent use.
type Masker struct {
	p    *Program
	t    *Trie
	mu   sync.RWMutex
	kept map[maskKey]*entry
	size int // words kept
}

// maxKept bounds the memory of a Masker: 64 MiB.
const maxKept = 8 << 20

// NewMasker returns a Masker for texts of p in tokens of t.
func NewMasker(p *Program, t *Trie) *Masker {
	return &Masker{p: p, t: t, kept: map[maskKey]*entry{}}
}

// Words returns the length of a mask.
func (m *Masker) Words() int { return (m.t.size + 63) / 64 }

// Mask sets in dst the bits of the tokens that may follow s and clears all others. overflow says that tokens may be
// missing because a limit was met.
func (m *Masker) Mask(s *State, dst []uint64) (overflow bool) {
	clear(dst)
	w := walk{m: m, s: s, dst: dst}
	w.descend(0, s.tops)
	s.w.out = s.w.out[:0]
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

// worthKeeping is the number of nodes below a place from which on an entry is kept for it.
const worthKeeping = 24

// descend adds the tokens below a node that some thread allows. Threads whose top frame is inside a text or a string
// are looked up by the frame alone; the others are moved together.
func (w *walk) descend(node int32, tops []int32) {
	t := w.m.t
	if t.end[node]-node < worthKeeping {
		w.children(node, tops)
		return
	}
	var buf [16]int32
	rest := buf[:0]
	for _, top := range tops {
		f := w.s.a.frames[top]
		n := &w.m.p.nodes[f.node]
		if e := w.m.entry(w.s, n, &f, node); e != nil {
			w.entry(n, f, e, node)
		} else {
			rest = append(rest, top)
		}
	}
	if len(rest) > 0 {
		w.children(node, rest)
	}
}

// children tries every child of a node.
func (w *walk) children(node int32, tops []int32) {
	t, s := w.m.t, w.s
	here := s.mark()
	for c := node + 1; c < t.end[node]; c = t.end[c] {
		next, done, over := s.step(tops, t.bytes[c])
		if over {
			w.overflow = true
		} else if len(next) > 0 || done {
			w.allow(c)
			if len(next) > 0 && t.end[c] > c+1 {
				w.descend(c, next)
			}
		}
		s.reset(here)
	}
}

// entry adds the tokens of a kept entry and goes on from its exits.
func (w *walk) entry(n *Node, f frame, e *entry, from int32) {
	for i, b := range e.bits {
		w.dst[i] |= b
	}
	for _, id := range e.ids {
		w.dst[id/64] |= 1 << (id % 64)
	}
	if len(e.groups) == 0 {
		return
	}
	exact := w.m.p.distinct && w.s.a.insideDistinct(w.m.p, f.parent)
	for i := range e.groups {
		g := &e.groups[i]
		if exact || n.key && f.lex != lexNone {
			for _, at := range g.at {
				w.leaveAt(n, f, g, from, at)
			}
			continue
		}
		w.group(n, f, g, from)
	}
}

// insideDistinct reports whether a frame lies in an item of an array whose items must differ: what has been written of the
// item decides then.
func (a *arena) insideDistinct(p *Program, parent int32) bool {
	for parent != none {
		f := &a.frames[parent]
		if f.node == junction {
			for _, m := range a.members(parent) {
				if a.insideDistinct(p, m) {
					return true
				}
			}
			return false
		}
		if n := &p.nodes[f.node]; n.Kind == Array && n.Array.Distinct {
			return true
		}
		parent = f.parent
	}
	return false
}

// group goes on from exits that lead to the same place. They are taken together: the threads after one of them stand for
// all. Keys that have appeared before are left out.
func (w *walk) group(n *Node, f frame, g *group, from int32) {
	s, t := w.s, w.m.t
	here := s.mark()
	var used [8]int32
	taken := used[:0]
	if n.key && !w.named(f, g.q) {
		taken = w.taken(f, from, taken)
		for _, at := range g.odd {
			w.leaveAt(n, f, g, from, at)
		}
	}
	one := int32(-1)
	for _, at := range g.at {
		if !hasNode(taken, at) && !(n.key && hasNode(g.odd, at)) {
			one = at
			break
		}
	}
	if one < 0 {
		return
	}
	w.path(from, one)
	tops, done := w.leave(n, f, g)
	if (done || len(tops) > 0) && !g.stays {
		for _, at := range g.at {
			if !hasNode(taken, at) {
				w.allow(at)
			}
		}
	}
	outer := s.w.oneOfMany
	s.w.oneOfMany = outer || n.key
	after := s.mark()
	var all []kids
	if len(tops) > 0 {
		all = g.kids(t)
	}
	for _, k := range all {
		next, done, over := s.step(tops, k.b)
		if over {
			w.overflow = true
			s.reset(after)
			continue
		}
		for _, c := range k.nodes {
			if len(next) == 0 && !done && !s.w.undecided {
				break
			}
			if hasNode(taken, t.parent[c]) {
				continue
			}
			if len(next) > 0 || done {
				w.allow(c)
			}
			if len(next) > 0 && t.end[c] > c+1 {
				w.descend(c, next)
			}
			if s.w.undecided && !outer { // what the key is matters after all: look at this exit alone
				s.w.oneOfMany, s.w.undecided = false, false
				inner := s.mark()
				w.alone(n, f, g, from, t.parent[c], here.text)
				s.reset(inner)
				s.w.oneOfMany = n.key
			}
		}
		s.reset(after)
	}
	s.w.oneOfMany = outer
	s.reset(here)
}

// alone is leaveAt while the text stands at another exit: it is put aside.
func (w *walk) alone(n *Node, f frame, g *group, from, at int32, text int) {
	a := &w.s.a
	aside := append([]byte(nil), a.text[text:]...)
	a.text = a.text[:text]
	w.leaveAt(n, f, g, from, at)
	a.text = append(a.text[:text], aside...)
}

func hasNode(list []int32, node int32) bool {
	for _, n := range list {
		if n == node {
			return true
		}
	}
	return false
}

// named reports whether the key read in state q is one that stands for a class of its own.
func (w *walk) named(f frame, q int32) bool {
	o := w.m.p.nodes[w.s.a.frames[f.parent].node].Object
	return o.Classes[o.Keys.Label(q)].Named
}

// taken returns the nodes at which a key that has appeared before would end, spelled without escapes.
func (w *walk) taken(f frame, from int32, out []int32) []int32 {
	r := w.s.a.frames[f.parent].reg
	if r.values == nil {
		return out
	}
	typed := `"` + unescape(w.s.a.text[f.start:])
	for v := r.values; v != nil; v = v.prev {
		if len(v.text) >= len(typed) && v.text[:len(typed)] == typed {
			if at := w.m.t.find(from, v.text[len(typed):]); at >= 0 {
				if at = w.m.t.find(at, `"`); at >= 0 {
					out = append(out, at)
				}
			}
		}
	}
	return out
}

// path appends the bytes between two nodes to the text.
func (w *walk) path(from, at int32) {
	if w.m.p.keepText {
		w.s.a.text = append(w.s.a.text, w.m.t.path(at)[w.m.t.depth[from]:]...)
	}
}

// leaveAt goes on from a single exit.
func (w *walk) leaveAt(n *Node, f frame, g *group, from, at int32) {
	here := w.s.mark()
	w.path(from, at)
	tops, done := w.leave(n, f, g)
	if done || len(tops) > 0 {
		w.allow(at)
		if len(tops) > 0 && w.m.t.end[at] > at+1 {
			w.descend(at, tops)
		}
	}
	w.s.reset(here)
}

// leave returns the threads that go on outside the frame at an exit.
func (w *walk) leave(n *Node, f frame, g *group) (tops []int32, done bool) {
	st := &w.s.w
	st.begin()
	st.overflow = false
	f.q, f.lex = g.q, lexNone
	if g.close {
		st.ret(f)
	} else {
		st.exits(f)
	}
	if st.overflow {
		w.overflow = true
		return nil, false
	}
	return st.out[st.from:], st.done
}
