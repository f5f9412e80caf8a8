package machine

import (
	"math/bits"
	"sort"
)

// place is what changes of a frame while it reads: state, characters and the inside of a character.
type place struct {
	q, n int32
	lex  lexer
}

// local walks the trie inside one frame, without the frames below it.
type local struct {
	t              *Trie
	n              *Node
	from           int32
	fromRoot       bool     // the walk begins at the root and between characters, as freeRun does
	rem, need      int32    // see maskKey
	labels, single []uint64 // keys: what the register allows
	words          int      // of bits
	bits           []uint64 // made when the first token is found
	count          int
	exits          []exit
	unknown        bool // the values seen decide: the walk is of no use
}

func (l *local) entry() *entry {
	e := &entry{groups: l.t.grouped(l.exits, l.from, l.n.key)}
	for i := range e.groups {
		g := &e.groups[i]
		g.stays = l.n.Kind == Text && l.n.states[g.q].reads
	}
	if l.count > l.words {
		e.bits = l.bits
		return e
	}
	e.ids = make([]int32, 0, l.count)
	for i, w := range l.bits {
		for ; w != 0; w &= w - 1 {
			e.ids = append(e.ids, int32(i*64+bits.TrailingZeros64(w)))
		}
	}
	return e
}

func (l *local) allow(node int32) {
	ids := l.t.at(node)
	if l.bits == nil && len(ids) > 0 {
		l.bits = make([]uint64, l.words)
	}
	for _, id := range ids {
		l.bits[id/64] |= 1 << (id % 64)
		l.count++
	}
}

// children tries every child of a node. The frame is at a place between bytes and inside the node.
func (l *local) children(node int32, f place) {
	t := l.t
	if l.n.Kind == String && l.fromRoot && f.lex == lexNone && l.anything(f.q) {
		l.copyFree(node, f)
		return
	}
	d := l.n.DFA
	plain := l.n.Kind == String && !l.n.key && (l.rem < 0 || f.n < l.rem)
	for c := node + 1; c < t.end[node] && !l.unknown; c = t.end[c] {
		var g place
		var ok bool
		if b := t.bytes[c]; b >= 0x20 && b < 0x80 && b != '"' && b != '\\' && f.lex == lexNone && plain {
			q := d.Step(f.q, rune(b))
			g, ok = place{q: q, n: f.n + 1}, q >= 0
		} else if l.n.Kind == Text {
			g, ok = l.text(c, f, t.bytes[c])
		} else {
			g, ok = l.string(c, f, t.bytes[c])
		}
		if !ok {
			continue
		}
		l.allow(c)
		if t.end[c] > c+1 {
			l.children(c, g)
		}
	}
}

// anything reports whether from q on every string is accepted.
func (l *local) anything(q int32) bool {
	if !l.n.sinks[q] {
		return false
	}
	if !l.n.key {
		return true
	}
	return l.labelAllowed(q)
}

// copyFree takes the tokens below a node from the walk of a string that may hold anything. f.n characters of it have
// begun already.
func (l *local) copyFree(node int32, f place) {
	t := l.t
	r := t.freeRun(l.n.Plain)
	if l.bits == nil {
		l.bits = make([]uint64, l.words)
	}
	end := t.end[node]
	base := f.n - int32(r.started[node])
	fits := func(at int32) bool { return l.rem < 0 || base+int32(r.started[at]) <= l.rem }
	for c := node + 1; c < end; {
		if l.rem >= 0 && !fits(c) && r.started[c] > 0 {
			c = t.end[c] // all below are longer
			continue
		}
		for i := t.first[c]; i < t.first[c+1]; i++ {
			if r.inside[i/64]>>(i%64)&1 != 0 {
				id := t.tokens[i]
				l.bits[id/64] |= 1 << (id % 64)
				l.count++
			}
		}
		c++
	}
	first := sort.Search(len(r.exits), func(i int) bool { return r.exits[i] > node })
	for _, at := range r.exits[first:] {
		if at >= end {
			break
		}
		if n := base + int32(r.started[at]); n >= l.need && (l.rem < 0 || n <= l.rem) {
			l.exits = append(l.exits, exit{at: at, q: f.q, close: true})
		}
	}
}

// text reads a byte in a Text node.
func (l *local) text(at int32, f place, b byte) (place, bool) {
	d := l.n.DFA
	switch {
	case f.lex != lexNone:
		lx, r, done, ok := continueUTF8(f.lex, b)
		f.lex = lx
		if !ok || !done {
			return f, ok && l.n.canReadUTF8(f.q, lx)
		}
		f.q = d.Step(f.q, r)
	case b < 0x80:
		f.q = d.Step(f.q, rune(b))
	default:
		lx, ok := lead(b)
		f.lex = lx
		return f, ok && l.n.canReadUTF8(f.q, lx)
	}
	if f.q < 0 {
		return f, false
	}
	s := &l.n.states[f.q]
	if s.accepts || len(s.calls) > 0 {
		l.exits = append(l.exits, exit{at: at, q: f.q})
	}
	return f, s.reads
}

// string reads a byte in a String node, between the quotes.
func (l *local) string(at int32, f place, b byte) (place, bool) {
	n := l.n
	if f.lex == lexNone {
		switch {
		case b == '"':
			if n.DFA.Accepts(f.q) && f.n >= l.need && (!n.key || l.labelAllowed(f.q)) {
				l.exits = append(l.exits, exit{at: at, q: f.q, close: true})
			}
			return f, false
		case b < 0x20 || l.rem >= 0 && f.n >= l.rem:
			return f, false
		case b == '\\':
			f.lex = lexEscape
			return f, l.canRead(&f)
		case b < 0x80:
			return l.char(f, rune(b))
		}
		lx, ok := lead(b)
		f.lex = lx
		return f, ok && l.canRead(&f)
	}
	var lx lexer
	var r rune
	var done, ok bool
	if f.lex&lexModes == lexUTF8 {
		lx, r, done, ok = continueUTF8(f.lex, b)
	} else {
		lx, r, done, ok = escape(f.lex, b)
	}
	if ok && done {
		if f.lex&lexModes != lexUTF8 && n.Plain && !mustEscape(r) {
			return f, false
		}
		return l.char(f, r)
	}
	f.lex = lx
	return f, ok && l.canRead(&f)
}

func (l *local) char(f place, r rune) (place, bool) {
	f.q = l.n.DFA.Step(f.q, r)
	f.lex = lexNone
	if f.q < 0 {
		return f, false
	}
	f.n++
	return f, !l.n.key || l.spare(f.q)
}

func (l *local) labelAllowed(q int32) bool {
	label := l.n.DFA.Label(q)
	return l.labels[label/64]>>(label%64)&1 != 0
}

// spare is stepper.spare without the values seen.
func (l *local) spare(q int32) bool {
	switch l.n.quick(q, l.labels, l.single, false) {
	case yes:
		return true
	case unknown:
		l.unknown = true
	}
	return false
}

func (l *local) canRead(f *place) bool {
	r := coming(f.lex, l.n.Plain)
	if !l.n.key {
		return l.n.live(f.q, r)
	}
	ok := false
	l.n.DFA.Edges(f.q, func(lo, hi rune, to int32) {
		if !ok && r.within(lo, hi) > 0 {
			ok = l.spare(to)
		}
	})
	return ok
}
