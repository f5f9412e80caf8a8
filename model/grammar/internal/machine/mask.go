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

	regions []regionTable // of the nodes that do not look back
}

// maxKept bounds the memory of a Masker: 64 MiB.
const maxKept = 8 << 20

// NewMasker returns a Masker for texts of p in tokens of t.
func NewMasker(p *Program, t *Trie) *Masker {
	return &Masker{p: p, t: t, kept: map[maskKey]*entry{}, regions: make([]regionTable, len(p.nodes))}
}

// Words returns the length of a mask.
func (m *Masker) Words() int { return (m.t.size + 63) / 64 }

// Mask sets in dst the bits of the tokens that may follow s and clears all others. overflow says that tokens may be
// missing because a limit was met.
func (m *Masker) Mask(s *State, dst []uint64) (overflow bool) {
	clear(dst)
	s.w.oneOfMany, s.w.undecided = false, false
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
	work     int  // done so far, in steps of some ten nanoseconds
	some     bool // a token is allowed
}

// maxWork bounds the work of one mask. A grammar that needs more gets a mask without some of the longer tokens: those of one
// byte are all tried, until four times the bound is reached and some token is allowed.
const maxWork = 1 << 20

// spent reports whether nothing more may be tried below a node.
func (w *walk) spent(node int32) bool {
	if w.work <= maxWork {
		return false
	}
	w.overflow = true
	return node != 0 || w.some && w.work > 4*maxWork
}

func (w *walk) allow(node int32) {
	for _, id := range w.m.t.at(node) {
		w.dst[id/64] |= 1 << (id % 64)
		w.some = true
	}
}

// worthKeeping is the number of nodes below a place from which on an entry is kept for it.
const worthKeeping = 24

// descend adds the tokens below a node that some thread allows. Threads whose top frame is inside a text or a string
// are looked up by the frame alone; the others are moved together.
func (w *walk) descend(node int32, tops []int32) {
	t := w.m.t
	if t.nodes[node].end-node < worthKeeping {
		w.children(node, tops)
		return
	}
	var buf [16]int32
	rest := buf[:0]
	for _, top := range tops {
		f := w.s.a.frames[top]
		n := &w.m.p.nodes[f.node]
		var e *entry
		if w.work <= maxWork {
			e = w.m.entry(w.s, n, &f, node, &w.work)
		}
		if e != nil {
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
	for c := node + 1; c < t.nodes[node].end; c = t.nodes[c].end {
		if w.spent(node) {
			return
		}
		next, done, over := w.step(tops, t.nodes[c].b)
		if over {
			w.overflow = true
		} else if len(next) > 0 || done {
			w.allow(c)
			if len(next) > 0 && t.nodes[c].end > c+1 && w.work <= maxWork {
				w.descend(c, next)
			}
		}
		s.reset(here)
	}
}

func (w *walk) step(tops []int32, b byte) (next []int32, done, overflow bool) {
	next, done, overflow = w.s.step(tops, b)
	w.work += len(tops) + w.s.w.spent()
	return next, done, overflow
}

// entry adds the tokens of a kept entry and goes on from its exits.
func (w *walk) entry(n *Node, f frame, e *entry, from int32) {
	for i, b := range e.bits {
		w.dst[i] |= b
	}
	for _, id := range e.ids {
		w.dst[id/64] |= 1 << (id % 64)
	}
	w.some = w.some || len(e.bits)+len(e.ids) > 0
	w.work += 4 + len(e.bits)/16 + len(e.ids)/16
	for i := range e.asks {
		w.ask(n, f, &e.asks[i], from)
	}
	for i := range e.groups {
		g := &e.groups[i]
		if n.looksBack() && f.lex != lexNone || g.odd {
			w.leaveEach(n, f, g, from)
		} else {
			w.group(n, f, g, from)
		}
	}
}

// ask goes on inside a string where the values seen decide.
func (w *walk) ask(n *Node, f frame, a *ask, from int32) {
	if w.spent(a.at) {
		return
	}
	st := &w.s.w
	here := w.s.mark()
	if r := w.s.a.frames[f.parent].reg; r != nil && r.values != nil {
		w.work += 8 + int(r.values.count)/4
	}
	w.path(from, a.at)
	f.q, f.lex, f.n = a.place.q, a.place.lex, n.counted(f.n+a.place.n)
	if f.lex == lexNone && st.spare(n, &f, "") || f.lex != lexNone && st.canRead(n, &f) {
		w.allow(a.at)
		if w.m.t.nodes[a.at].end > a.at+1 {
			w.descend(a.at, []int32{w.s.a.add(f)})
		}
	}
	w.s.reset(here)
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
// all. Values that have appeared before are left out.
func (w *walk) group(n *Node, f frame, g *group, from int32) {
	s, t := w.s, w.m.t
	here := s.mark()
	var taken nodeSet
	if n.looksBack() && !(n.key && w.named(f, g.q)) {
		taken = w.taken(n, f, from)
	}
	one := g.first(t, &taken)
	if one < 0 {
		return
	}
	outer := s.w.oneOfMany
	differ := outer || w.m.p.distinct && s.a.insideDistinct(w.m.p, f.parent)
	defer func() { s.w.oneOfMany = outer }()
	s.w.oneOfMany = differ && !n.Distinct
	w.path(from, one)
	tops, done := w.leave(n, f, g)
	if s.w.undecided && !outer {
		s.w.oneOfMany, s.w.undecided = false, false
		s.reset(here)
		w.leaveEach(n, f, g, from)
		return
	}
	if (done || len(tops) > 0) && !g.stays {
		for _, at := range g.at {
			if !taken.has(at) {
				w.allow(at)
			}
		}
	}
	s.w.oneOfMany = differ || n.looksBack()
	after := s.mark()
	var all []kids
	if len(tops) > 0 {
		all = g.kids(t)
	}
	for _, k := range all {
		if w.spent(k.nodes[0]) {
			break
		}
		next, done, over := w.step(tops, k.b)
		if over {
			w.overflow = true
			s.reset(after)
			continue
		}
		undecided := s.w.undecided // already by the byte, so for all
		for _, c := range k.nodes {
			if s.w.undecided = s.w.undecided || undecided; len(next) == 0 && !done && !undecided {
				break
			}
			if taken.has(t.parent[c]) {
				continue
			}
			if len(next) > 0 || done {
				w.allow(c)
			}
			if len(next) > 0 && t.nodes[c].end > c+1 {
				w.descend(c, next)
			}
			if s.w.undecided && !outer { // what the value is matters after all: look at this exit alone
				many := s.w.oneOfMany
				s.w.oneOfMany, s.w.undecided = false, false
				inner := s.mark()
				w.alone(n, f, g, from, t.parent[c], here.text)
				s.reset(inner)
				s.w.oneOfMany = many
			}
		}
		s.reset(after)
	}
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

// nodeSet is a set of nodes, mostly empty or small.
type nodeSet struct {
	list []int32
	more map[int32]bool // the same, when there are many
}

func (s *nodeSet) add(node int32) {
	if s.list = append(s.list, node); len(s.list) <= 8 {
		return
	}
	if s.more == nil {
		s.more = map[int32]bool{}
		for _, n := range s.list {
			s.more[n] = true
		}
	}
	s.more[node] = true
}

func (s *nodeSet) has(node int32) bool {
	if s.more != nil {
		return s.more[node]
	}
	return hasNode(s.list, node)
}

// named reports whether the key read in state q is one that stands for a class of its own.
func (w *walk) named(f frame, q int32) bool {
	o := w.m.p.nodes[w.s.a.frames[f.parent].node].Object
	return o.Classes[o.Keys.Label(q)].Named
}

// taken returns the nodes at which a value that has appeared before would end, spelled without escapes.
func (w *walk) taken(n *Node, f frame, from int32) (out nodeSet) {
	r := w.s.a.frames[f.parent].reg
	if r == nil || r.values == nil {
		return out
	}
	typed := `"` + unescape(w.s.a.text[f.start:])
	for v := r.values; v != nil; v = v.prev {
		if len(v.text) >= len(typed) && v.text[:len(typed)] == typed {
			if at := w.m.t.find(from, v.text[len(typed):]); at >= 0 {
				if at = w.m.t.find(at, `"`); at >= 0 {
					out.add(at)
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

// leaveEach goes on from every exit of a group by itself.
func (w *walk) leaveEach(n *Node, f frame, g *group, from int32) {
	for _, at := range g.at {
		w.leaveAt(n, f, g, from, at)
	}
	for _, r := range g.runs {
		for at := r.from; at < r.to; at++ {
			if w.m.t.nodes[at].whole {
				w.leaveAt(n, f, g, from, at)
			}
		}
	}
}

// leaveAt goes on from a single exit.
func (w *walk) leaveAt(n *Node, f frame, g *group, from, at int32) {
	if w.spent(at) {
		return
	}
	here := w.s.mark()
	w.path(from, at)
	tops, done := w.leave(n, f, g)
	w.work += 16 + w.s.w.spent()
	if done || len(tops) > 0 {
		w.allow(at)
		if len(tops) > 0 && w.m.t.nodes[at].end > at+1 {
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
