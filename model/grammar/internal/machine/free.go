package machine

// freeRun is the walk of the whole trie inside a JSON string that may hold anything, from between two characters. A string
// or key in a state from which everything is accepted takes its tokens from here instead of walking.
type freeRun struct {
	inside  []uint64 // by place in Trie.tokens: the token stays inside the string
	started []uint16 // by node: characters begun on the way, for the nodes inside
	exits   []int32  // nodes at which the string is closed, in ascending order

	bits []uint64 // the tokens inside, by id
	out  group    // the exits as a group
}

// entry is what is known about a frame in state q, where every string is accepted.
func (r *freeRun) entry(q int32) *entry {
	g := r.out
	g.q = q
	return &entry{bits: r.bits, groups: []group{g}, shared: true}
}

func (t *Trie) freeRun(plain bool) *freeRun {
	i := 0
	if plain {
		i = 1
	}
	t.once[i].Do(func() {
		r := &freeRun{inside: make([]uint64, (len(t.tokens)+63)/64), started: make([]uint16, len(t.bytes))}
		r.walk(t, plain, 0, lexNone, 0)
		r.bits = make([]uint64, (t.size+63)/64)
		for pos, id := range t.tokens {
			if r.inside[pos/64]>>(pos%64)&1 != 0 {
				r.bits[id/64] |= 1 << (id % 64)
			}
		}
		exits := make([]exit, len(r.exits))
		for i, at := range r.exits {
			exits[i] = exit{at: at, close: true}
		}
		if groups := t.grouped(exits, 0, true); len(groups) > 0 {
			r.out = groups[0]
		}
		t.free[i] = r
	})
	return t.free[i]
}

func (r *freeRun) walk(t *Trie, plain bool, node int32, lx lexer, count uint16) {
	for c := node + 1; c < t.end[node]; c = t.end[c] {
		b := t.bytes[c]
		next, n := lx, count
		ok := true
		switch {
		case lx == lexNone && b == '"':
			r.exits = append(r.exits, c)
			r.started[c] = count
			continue
		case lx == lexNone && b < 0x20:
			continue
		case lx == lexNone:
			n++
			if b == '\\' {
				next = lexEscape
			} else if b >= 0x80 {
				next, ok = lead(b)
			}
		case lx&lexModes == lexUTF8:
			next, _, _, ok = continueUTF8(lx, b)
		default:
			var char rune
			var done bool
			next, char, done, ok = escape(lx, b)
			if plain && ok {
				if done {
					ok = mustEscape(char)
				} else {
					p := coming(next, true)
					ok = p[0] <= p[1] || p[2] <= p[3] || p[4] <= p[5]
				}
			}
		}
		if !ok {
			continue
		}
		r.started[c] = n
		for i := t.first[c]; i < t.first[c+1]; i++ {
			r.inside[i/64] |= 1 << (i % 64)
		}
		r.walk(t, plain, c, next, n)
	}
}
