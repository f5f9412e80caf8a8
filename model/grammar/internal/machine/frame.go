package machine

// none is the parent of the bottom frame.
const none = -1

// A frame is one level of a stack. Frames are immutable; stacks share their lower parts.
type frame struct {
	parent int32
	node   NodeID
	q      int32     // state of the automaton, or phase of an object or array
	n      int32     // code points of a string, class of a key, items of an array
	lex    lexer     // Text, String: inside a code point; Object, Array: white space
	start  int32     // where in the text the key, item or value began
	counts uint64    // Array: how often each contains matched, 16 bits each
	reg    *register // Object, Array: what has been seen
}

// maxThreads bounds the stacks of one set. A grammar that needs more is ambiguous beyond reason.
const maxThreads = 1024

// maxSettle bounds the work of one byte.
const maxSettle = 1 << 13

// stepper moves threads over one byte. Its results are collected in out, done and overflow.
type stepper struct {
	p        *Program
	a        *arena
	out      []int32 // tops of the threads that wait for a byte
	from     int     // where in out this step's threads begin
	done     bool    // some thread has ended: the text so far is complete
	overflow bool    // a limit was met, threads are missing

	// For masks: the text stands for many, which differ in a key. Where another key ends the threads are undecided.
	oneOfMany, undecided bool
	settled              []int32 // frames settled in this step, to meet each only once
	returned             []int32 // frames returned to in this step
	work                 int
}

// begin starts a new step whose threads are appended to out.
func (w *stepper) begin() {
	w.from = len(w.out)
	w.done = false
	w.settled = w.settled[:0]
	w.returned = w.returned[:0]
	w.work = 0
	w.a.looked = 0
}

// tired reports whether the work of a byte is beyond its bound, and that threads are missing then.
func (w *stepper) tired(more int) bool {
	w.work += more
	if w.spent() > maxSettle || len(w.a.frames) > maxFrames {
		w.overflow = true
		return true
	}
	return false
}

// spent returns the work of this step.
func (w *stepper) spent() int { return w.work + w.a.looked/32 }

// ready adds a thread that waits for a byte.
func (w *stepper) ready(f frame) {
	single := w.p.nodes[f.node].looksBack() // it must know its own parent
	w.work += (len(w.out) - w.from) / 16
	if w.overflow {
		return // what is missing already makes the rest of no use
	}
	for i, t := range w.out[w.from:] {
		if g := &w.a.frames[t]; g.like(&f) {
			if p := g.parent; !single {
				joined, ok := w.a.join(p, f.parent)
				if f.parent = joined; joined != p {
					w.out[w.from+i] = w.a.add(f)
				}
				w.overflow = w.overflow || !ok
				return
			} else if w.a.same(p, f.parent) {
				return
			}
		}
	}
	id := w.a.add(f)
	if len(w.out)-w.from >= maxThreads {
		w.overflow = true
		return
	}
	w.out = append(w.out, id)
}

// enter begins a node on top of a stack.
func (w *stepper) enter(id NodeID, parent int32) {
	n := &w.p.nodes[id]
	if n.Distinct && !w.unseen(n, w.a.frames[parent].reg) {
		return
	}
	switch n.Kind {
	case Choice:
		for _, a := range n.Alts {
			w.enter(a, parent)
		}
	case Text:
		f := frame{parent: parent, node: id, q: n.DFA.Start()}
		if n.Distinct {
			f.start = int32(len(w.a.text))
		}
		w.settle(f)
	case String:
		w.ready(frame{parent: parent, node: id, q: n.DFA.Start(), lex: lexOpen})
	case Object:
		w.ready(frame{parent: parent, node: id, q: phaseOpen, reg: n.Object.first})
	case Array:
		w.ready(frame{parent: parent, node: id, q: phaseOpen})
	}
}

// settle follows everything a Text frame between code points can do without reading.
func (w *stepper) settle(f frame) {
	n := &w.p.nodes[f.node]
	s := &n.states[f.q]
	if s.reads {
		w.ready(f)
	}
	w.exits(f)
}

// exits follows the ways out of a Text frame: its end and its calls.
func (w *stepper) exits(f frame) {
	s := &w.p.nodes[f.node].states[f.q]
	if s.accepts {
		w.ret(f)
	}
	if len(s.calls) == 0 || w.tired(len(s.calls)) {
		return
	}
	id := w.a.add(f)
	for _, t := range w.settled {
		if w.a.same(t, id) {
			return
		}
	}
	w.settled = append(w.settled, id)
	for _, c := range s.calls {
		parent := f.parent
		if !c.final {
			g := f
			g.q = c.to
			parent = w.a.add(g)
		}
		w.enter(c.node, parent)
	}
}

// ret ends the top frame f and goes on with the frames below.
func (w *stepper) ret(f frame) {
	if f.parent == none {
		w.done = true
		return
	}
	for _, p := range w.a.members(f.parent) {
		if w.tired(1) {
			return
		}
		if p == none {
			w.done = true
			continue
		}
		g := w.a.frames[p]
		switch w.p.nodes[g.node].Kind {
		case Text: // goes on in the same way whatever ended
			if !hasNode(w.returned, p) {
				w.returned = append(w.returned, p)
				w.settle(g)
			}
		case Object:
			w.member(g, f)
		case Array:
			w.item(g)
		}
	}
}

// step moves one thread over b. The byte is already part of the text.
func (w *stepper) step(top int32, b byte) {
	f := w.a.frames[top]
	n := &w.p.nodes[f.node]
	switch n.Kind {
	case Text:
		w.stepText(n, f, b)
	case String:
		w.stepString(n, f, b)
	case Object:
		w.stepObject(n, f, b)
	case Array:
		w.stepArray(n, f, b)
	}
}

func (w *stepper) stepText(n *Node, f frame, b byte) {
	if f.lex == lexNone && b < 0x80 {
		if q := n.DFA.Step(f.q, rune(b)); q >= 0 {
			f.q = q
			w.textChar(n, f)
		}
		return
	}
	if f.lex == lexNone {
		lx, ok := lead(b)
		if ok && n.canReadUTF8(f.q, lx) {
			f.lex = lx
			w.ready(f)
		}
		return
	}
	lx, r, done, ok := continueUTF8(f.lex, b)
	if !ok {
		return
	}
	f.lex = lx
	if !done {
		if n.canReadUTF8(f.q, lx) {
			w.ready(f)
		}
		return
	}
	if q := n.DFA.Step(f.q, r); q >= 0 {
		f.q = q
		w.textChar(n, f)
	}
}

// textChar goes on after a whole code point.
func (w *stepper) textChar(n *Node, f frame) {
	if n.Distinct && !w.spare(n, &f, string(w.a.text[f.start:])) {
		return
	}
	w.settle(f)
}

func (n *Node) canReadUTF8(q int32, lx lexer) bool {
	lo, hi := utf8Range(lx)
	return n.DFA.Live(q, lo, hi)
}
