package machine

import "sync"

// maskKey is all that the bytes inside one frame depend on.
type maskKey struct {
	node      NodeID // freeString for strings that only have bounds of length
	from      int32  // node of the trie where the walk begins
	q         int32
	lex       lexer
	rem, need int32 // String: characters that may and must still come, as far as one token can tell; rem -1 is no bound
	set       int32 // keys of objects: which classes are allowed
}

const freeString NodeID = -1

// entry is what is known about a frame without the frames below it.
type entry struct {
	bits   []uint64 // tokens that stay inside the frame
	ids    []int32  // the same as a list, when there are few
	groups []group  // ways out of the frame
	shared bool     // all of it belongs to the Trie
}

// group is a set of nodes of the trie at which a frame may end, or call, in the same state.
type group struct {
	q     int32
	close bool    // String: the closing quote was read
	at    []int32 // in ascending order
	odd   []int32 // keys: those of at whose path has an escape
	stays bool    // Text: the frame may also go on, so that the tokens that end in at are known to be allowed
	ways  *ways
}

// ways are the children of the exits of a group, by their byte. They are sorted when something first goes on there.
type ways struct {
	once sync.Once
	kids []kids
}

// kids returns the children of the exits.
func (g *group) kids(t *Trie) []kids {
	g.ways.once.Do(func() {
		var byByte [256][]int32
		for _, at := range g.at {
			for c := at + 1; c < t.end[at]; c = t.end[c] {
				byByte[t.bytes[c]] = append(byByte[t.bytes[c]], c)
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

// entry returns what is known about a frame, or nil when it depends on more than the frame or is not worth keeping.
func (m *Masker) entry(s *State, n *Node, f *frame, from int32) *entry {
	if n.Distinct || n.Kind > String || f.lex == lexOpen {
		return nil
	}
	k := maskKey{node: f.node, from: from, q: f.q, lex: f.lex, rem: -1}
	var labels, single []uint64
	switch {
	case n.key:
		p := &s.a.frames[f.parent]
		if p.reg.set < 0 {
			return nil
		}
		k.set = p.reg.set
		labels, single = p.reg.allowed, m.p.nodes[p.node].Object.named
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
	l := &local{t: m.t, n: n, from: from, fromRoot: from == 0 && f.lex == lexNone, rem: k.rem, need: k.need, labels: labels, single: single, words: m.Words()}
	if n.Kind == String && l.fromRoot && k.rem < 0 && k.need == 0 && l.anything(f.q) {
		e = m.t.freeRun(n.Plain).entry(f.q)
	} else if l.children(from, place{q: f.q, lex: f.lex}); !l.unknown {
		e = l.entry()
	}
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

func (e *entry) words() int {
	if e == nil || e.shared {
		return 32
	}
	n := 32 + len(e.bits) + len(e.ids)/2
	for i := range e.groups {
		n += 64 + 2*len(e.groups[i].at)
	}
	return n
}

// grouped sorts exits into groups. escapes asks which of them have an escape on the way.
func (t *Trie) grouped(exits []exit, from int32, escapes bool) []group {
	type key struct {
		q     int32
		close bool
	}
	index := map[key]int{}
	var groups []group
	last := -1 // neighbours are mostly alike
	for _, x := range exits {
		k := key{x.q, x.close}
		i, ok := last, last >= 0 && groups[last].q == x.q && groups[last].close == x.close
		if !ok {
			i, ok = index[k]
		}
		if !ok {
			i = len(groups)
			index[k] = i
			groups = append(groups, group{q: x.q, close: x.close, ways: &ways{}})
		}
		last = i
		g := &groups[i]
		g.at = append(g.at, x.at)
		if escapes && t.escaped(from, x.at) {
			g.odd = append(g.odd, x.at)
		}
	}
	return groups
}
