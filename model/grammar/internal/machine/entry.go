package machine

import (
	"strings"
	"sync"
)

// maskKey is all that the bytes inside one frame depend on.
type maskKey struct {
	node      NodeID // freeString for strings that only have bounds of length
	from      int32  // node of the trie where the walk begins
	q         int32
	lex       lexer
	rem, need int32  // String: characters that may and must still come, as far as one token can tell; rem -1 is no bound
	set       int32  // keys of objects: which classes are allowed
	seen      supply // strings that look back
}

const freeString NodeID = -1

// entry is what is known about a frame without the frames below it.
type entry struct {
	bits   []uint64 // tokens that stay inside the frame
	ids    []int32  // the same as a list, when there are few
	groups []group  // ways out of the frame
	asks   []ask    // strings that look back: where the values seen decide
	shared bool     // all of it belongs to the Trie
}

// group is a set of nodes of the trie at which a frame may end, or call, in the same state.
type group struct {
	q     int32
	close bool    // String: the closing quote was read
	at    []int32 // in ascending order
	runs  []run   // further nodes
	odd   bool    // strings that look back: there is an escape on the way
	stays bool    // Text: the frame may also go on, so that the tokens that end in at are known to be allowed
	ways  *ways
}

// ways are the children of the exits of a group, by their byte. They are sorted when something first goes on there.
type ways struct {
	once sync.Once
	kids []kids
}

// first returns the first exit that is not taken, or -1.
func (g *group) first(t *Trie, taken *nodeSet) int32 {
	for _, at := range g.at {
		if !taken.has(at) {
			return at
		}
	}
	for _, r := range g.runs {
		for at := r.from; at < r.to; at++ {
			if t.nodes[at].whole {
				return at
			}
		}
	}
	return -1
}

// kids returns the children of the exits.
func (g *group) kids(t *Trie) []kids {
	g.ways.once.Do(func() {
		var byByte [256][]int32
		for _, at := range g.at {
			for c := at + 1; c < t.nodes[at].end; c = t.nodes[c].end {
				byByte[t.nodes[c].b] = append(byByte[t.nodes[c].b], c)
			}
		}
		for _, r := range g.runs {
			for c := r.from; c < r.to; c++ {
				if up := t.parent[c]; up >= r.from && t.nodes[up].whole {
					byByte[t.nodes[c].b] = append(byByte[t.nodes[c].b], c)
				}
			}
		}
		for b, nodes := range byByte {
			if len(nodes) > 0 {
				g.ways.kids = append(g.ways.kids, kids{byte(b), nodes})
			}
		}
	})
	return g.ways.kids
}

type kids struct {
	b     byte
	nodes []int32
}

// exit is a node of the trie at which a frame may end or call.
type exit struct {
	at, q int32
	close bool
}

// entry returns what is known about a frame, or nil when it depends on more than the frame.
func (m *Masker) entry(s *State, n *Node, f *frame, from int32, work *int) *entry {
	if n.Kind > String || f.lex == lexOpen || n.Distinct && n.Kind != String {
		return nil
	}
	k := maskKey{node: f.node, from: from, q: f.q, lex: f.lex, rem: -1}
	l := local{t: m.t, n: n, from: from, rem: -1}
	switch {
	case n.key:
		p := &s.a.frames[f.parent]
		if p.reg.set < 0 {
			return nil
		}
		k.set = p.reg.set
		k.seen = s.relevant(f, p.reg.values)
		l.labels, l.single = p.reg.allowed, m.p.nodes[p.node].Object.named
	case n.Distinct:
		if r := s.a.frames[f.parent].reg; r != nil {
			k.seen = s.relevant(f, r.values)
		}
		l.labels = onlyLabel
	case n.Kind == String:
		longest := int32(m.t.longest)
		if n.Max >= 0 && n.Max-f.n < longest {
			k.rem = n.Max - f.n
		}
		k.need = min(max(0, n.Min-f.n), longest+1)
		if n.free && !n.Plain {
			k.node = freeString
		}
	}
	m.mu.RLock()
	e, ok := m.kept[k]
	m.mu.RUnlock()
	if ok {
		return e
	}
	l.rem, l.need, l.seen = k.rem, k.need, k.seen
	l.known = &regionTable{}
	if !n.looksBack() {
		l.known = &m.regions[f.node]
	}
	if from == 0 && f.lex == lexNone && k.rem < 0 && k.need == 0 && l.anything(f.q) {
		e = m.t.freeEntry(n, f.q)
	} else {
		l.children(from, place{q: f.q, lex: f.lex})
		e = l.entry(l.apart)
	}
	*work += l.visited
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.size > maxKept {
		clear(m.kept)
		m.size = 0
	}
	m.kept[k] = e
	m.size += e.words()
	return e
}

// relevant says what is known of the values that the string in f may still become. Where the text stands for many, they
// may be any.
func (s *State) relevant(f *frame, seen *seenValue) supply {
	if seen == nil || s.w.oneOfMany {
		return seen.supply()
	}
	typed := `"` + unescape(s.a.text[f.start:])
	for v := seen; v != nil; v = v.prev {
		if strings.HasPrefix(v.text, typed) {
			return seen.supply()
		}
	}
	return unseen
}

func (e *entry) words() int {
	if e.shared {
		return 32
	}
	n := 32 + len(e.bits) + len(e.ids)/2 + 3*len(e.asks)
	for i := range e.groups {
		g := &e.groups[i]
		n += 64 + 2*len(g.at)
		for _, r := range g.runs {
			n += 2 + int(r.to-r.from)
		}
	}
	return n
}

// grouped sorts exits into groups. apart asks of a state whether those with an escape on the way stand apart.
func (t *Trie) grouped(exits []exit, runs []run, from int32, apart func(q int32) bool) []group {
	type key struct {
		q          int32
		close, odd bool
	}
	index := map[key]int{}
	var groups []group
	last := -1 // neighbours are mostly alike
	find := func(k key) *group {
		i, ok := last, last >= 0 && groups[last].q == k.q && groups[last].close == k.close && groups[last].odd == k.odd
		if !ok {
			i, ok = index[k]
		}
		if !ok {
			i = len(groups)
			index[k] = i
			groups = append(groups, group{q: k.q, close: k.close, odd: k.odd, ways: &ways{}})
		}
		last = i
		return &groups[i]
	}
	for _, r := range runs {
		g := find(key{q: r.q})
		g.runs = append(g.runs, r)
	}
	for _, x := range exits {
		g := find(key{x.q, x.close, apart(x.q) && t.escaped(from, x.at)})
		g.at = append(g.at, x.at)
	}
	return groups
}
