package machine

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
	rem, need      int32    // see maskKey
	labels, single []uint64 // strings that look back: what may be written
	seen           supply   // of what must not be written again
	known          *regionTable
	last           struct { // of known
		q       int32
		regions []region
		valid   bool
	}
	found   []span
	count   int // tokens found
	visited int // nodes
	exits   []exit
	runs    []run
	asks    []ask
	doubt   bool // the values seen decide whether the byte just read is allowed
}

// ask is a place that only exists if values are left that were not seen.
type ask struct {
	at    int32
	place place
}

// span is a range of places in Trie.tokens.
type span struct{ from, to int32 }

// run is a range of nodes; the frame may end or call at each that ends a character, in state q.
type run struct{ q, from, to int32 }

// entry returns what the walk has found.
func (l *local) entry(apart func(q int32) bool) *entry {
	t := l.t
	e := &entry{asks: l.asks, groups: t.grouped(l.exits, l.runs, l.from, apart)}
	for i := range e.groups {
		g := &e.groups[i]
		g.stays = l.n.Kind == Text && l.n.states[g.q].reads
	}
	words := len(t.written)
	switch {
	case l.count <= words:
		e.ids = make([]int32, 0, l.count)
		for _, s := range l.found {
			e.ids = append(e.ids, t.tokens[s.from:s.to]...)
		}
	case l.count <= len(t.tokens)/2:
		e.bits = make([]uint64, words)
		for _, s := range l.found {
			for _, id := range t.tokens[s.from:s.to] {
				e.bits[id/64] |= 1 << (id % 64)
			}
		}
	default: // the others are fewer
		e.bits = append([]uint64(nil), t.written...)
		last := int32(0)
		for _, s := range append(l.found, span{from: int32(len(t.tokens))}) {
			for _, id := range t.tokens[last:s.from] {
				e.bits[id/64] &^= 1 << (id % 64)
			}
			last = s.to
		}
	}
	return e
}

// apart reports whether values that end in a state differ, so that what they are matters.
func (l *local) apart(q int32) bool {
	return l.n.looksBack() && (l.single == nil || !getBit(l.single, l.n.DFA.Label(q)))
}

// allow takes the tokens that end in the nodes from first to the one before end.
func (l *local) allow(first, end int32) {
	l.take(span{l.t.nodes[first].first, l.t.nodes[end].first})
}

func (l *local) take(s span) {
	l.count += int(s.to - s.from)
	if k := len(l.found); k > 0 && l.found[k-1].to == s.from {
		l.found[k-1].to = s.to
	} else if s.from < s.to {
		l.found = append(l.found, s)
	}
}

// worthFinding is the number of nodes below a place from which on regions of its state are looked for.
const worthFinding = 128

// children tries every child of a node. The frame is at a place between bytes and inside the node.
func (l *local) children(node int32, f place) {
	t := l.t
	var regions []region
	if f.lex == lexNone && t.nodes[node].whole {
		regions = l.regions(f.q, t.nodes[node].end-node)
	}
	d := l.n.DFA
	plain := l.n.Kind == String && !l.n.looksBack() && (l.rem < 0 || f.n < l.rem)
next:
	for c, end := node+1, t.nodes[node].end; c < end; c = t.nodes[c].end {
		b := t.nodes[c].b
		l.visited++
		for i := range regions {
			if l.skip(c, f, &regions[i]) {
				continue next
			}
		}
		var g place
		var ok bool
		if b >= 0x20 && b < 0x80 && b != '"' && b != '\\' && f.lex == lexNone && plain {
			q := d.Step(f.q, rune(b))
			g, ok = place{q: q, n: f.n + 1}, q >= 0
		} else if l.n.Kind == Text {
			g, ok = l.text(c, f, b)
		} else {
			g, ok = l.string(c, f, b)
		}
		if l.doubt {
			l.doubt = false
			l.asks = append(l.asks, ask{c, g})
			continue
		}
		if !ok {
			continue
		}
		l.allow(c, c+1)
		if t.nodes[c].end > c+1 {
			l.children(c, g)
		}
	}
}

// skip takes a child and what is below it if the frame reads it whatever it is, as far as its length allows.
func (l *local) skip(c int32, f place, r *region) bool {
	t := l.t
	n := &t.nodes[c]
	if n.chars&^r.chars != 0 {
		return false
	}
	rest, ends := r.depth, r.ends
	if room := int(l.rem - f.n); l.rem >= 0 && room <= rest {
		rest, ends = room, true
	}
	if int(n.height) > rest {
		if !ends || rest < 1 {
			return false
		}
		most := uint16(rest) + n.begun - 1
		for i := n.first; i < t.nodes[n.end].first; i++ {
			if t.length[i] <= most {
				l.take(span{i, i + 1})
			}
		}
		return true
	}
	l.allow(c, n.end)
	if r.exits {
		l.runs = append(l.runs, run{f.q, c, n.end})
	}
	return true
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
	if s.exits() {
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
			if n.DFA.Accepts(f.q) && f.n >= l.need && (!n.looksBack() || l.labelAllowed(f.q)) {
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
	return f, !l.n.looksBack() || l.spare(f.q)
}

func (l *local) labelAllowed(q int32) bool {
	label := l.n.DFA.Label(q)
	return l.labels[label/64]>>(label%64)&1 != 0
}

// spare is stepper.spare without the values seen.
func (l *local) spare(q int32) bool {
	switch l.n.quick(q, l.labels, l.single, l.seen) {
	case yes:
		return true
	case unknown:
		l.doubt = true
	}
	return false
}

func (l *local) canRead(f *place) bool {
	r := coming(f.lex, l.n.Plain)
	if !l.n.looksBack() {
		return l.n.live(f.q, r)
	}
	ok := false
	l.n.DFA.Edges(f.q, func(lo, hi rune, to int32) {
		if !ok && r.within(lo, hi) > 0 {
			ok = l.spare(to)
		}
	})
	l.doubt = l.doubt && !ok
	return ok
}
