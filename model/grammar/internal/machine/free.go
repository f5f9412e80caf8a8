package machine

import "github.com/seed64708441/ember/model/grammar/internal/dfa"

// freeEntry is what is known about a JSON string in a state from which everything is accepted, between two characters: the
// same for all of them, but for those that look back. It is worked out once.
func (t *Trie) freeEntry(n *Node, q int32) *entry {
	i, apart := 0, n.looksBack()
	if n.Plain {
		i = 1
	}
	if apart {
		i += 2
	}
	t.once[i].Do(func() {
		any := dfa.Any()
		l := local{t: t, n: &Node{Kind: String, DFA: any, Plain: n.Plain, Max: -1, kinds: kindsOf(any)}, rem: -1, known: &regionTable{}}
		l.children(0, place{q: any.Start()})
		t.free[i] = l.entry(func(int32) bool { return apart })
	})
	e := *t.free[i]
	e.groups = append([]group(nil), e.groups...)
	for j := range e.groups {
		e.groups[j].q = q
	}
	e.shared = true
	return &e
}

// anything reports whether from q on every string is accepted.
func (l *local) anything(q int32) bool {
	return l.n.Kind == String && l.n.sinks[q] && (!l.n.looksBack() || l.labelAllowed(q))
}
