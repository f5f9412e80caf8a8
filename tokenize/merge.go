package tokenize

import "slices"

// symbol is a part of a word while its parts are merged.
type symbol struct {
	start, end int32 // of the part in the word; an absorbed symbol is empty
	prev, next int32 // neighbours, or -1
	id         int32 // what the merge rules call the part, or None
}

// mergeRules say which neighbours become one symbol.
type mergeRules interface {
	// pair returns the rank of joining l and its right neighbour r, and the id of the result. A negative rank means
	// that the two stay apart.
	pair(word string, l, r *symbol) (rank, id int32)
}

// candidate is a pair of neighbours that may be merged.
type candidate struct {
	rank        int32
	left, right int32 // symbols
	size        int32 // of both, when the candidate was made: tells whether they have changed
	id          int32 // of the result
}

func (c candidate) before(d candidate) bool {
	return c.rank < d.rank || c.rank == d.rank && c.left < d.left
}

// wordScratch is reused from word to word.
type wordScratch struct {
	syms []symbol
	heap []candidate
	best []bestPath
}

// start begins a word of at most n symbols.
func (m *wordScratch) start(n int) { m.syms = slices.Grow(m.syms[:0], n) }

// add appends the part of the word that starts where the last one ended.
func (m *wordScratch) add(size int, id int32) {
	i := int32(len(m.syms))
	start := int32(0)
	if i > 0 {
		start = m.syms[i-1].end
		m.syms[i-1].next = i
	}
	m.syms = append(m.syms, symbol{start, start + int32(size), i - 1, -1, id})
}

// shortWord is the number of symbols up to which looking for the best pair again and again is faster than a heap.
const shortWord = 24

// merge joins neighbours, the lowest rank first and among equals the leftmost, until no rule applies. The symbols that
// are left are those not empty. It takes time n log n.
func (m *wordScratch) merge(word string, rules mergeRules) {
	if len(m.syms) <= shortWord {
		m.mergeShort(word, rules)
		return
	}
	m.heap = slices.Grow(m.heap[:0], len(m.syms))
	for i := range m.syms[1:] {
		m.push(word, rules, int32(i), int32(i+1))
	}
	for len(m.heap) > 0 {
		c := m.pop()
		l, r := &m.syms[c.left], &m.syms[c.right]
		if l.start == l.end || r.start == r.end || r.end-l.start != c.size {
			continue // one of them was merged since
		}
		l.end, l.id, l.next = r.end, c.id, r.next
		r.start = r.end
		if l.next >= 0 {
			m.syms[l.next].prev = c.left
			m.push(word, rules, c.left, l.next)
		}
		if l.prev >= 0 {
			m.push(word, rules, l.prev, c.left)
		}
	}
}

func (m *wordScratch) push(word string, rules mergeRules, left, right int32) {
	l, r := &m.syms[left], &m.syms[right]
	rank, id := rules.pair(word, l, r)
	if rank < 0 {
		return
	}
	h := append(m.heap, candidate{rank, left, right, r.end - l.start, id})
	i := len(h) - 1
	for i > 0 {
		up := (i - 1) / 2
		if !h[i].before(h[up]) {
			break
		}
		h[i], h[up] = h[up], h[i]
		i = up
	}
	m.heap = h
}

func (m *wordScratch) pop() candidate {
	h := m.heap
	top := h[0]
	last := len(h) - 1
	h[0] = h[last]
	h = h[:last]
	for i := 0; ; {
		child := 2*i + 1
		if child >= last {
			break
		}
		if child+1 < last && h[child+1].before(h[child]) {
			child++
		}
		if !h[child].before(h[i]) {
			break
		}
		h[i], h[child] = h[child], h[i]
		i = child
	}
	m.heap = h
	return top
}

// mergeShort is merge for few symbols: it keeps them side by side, each with the rank of the pair it starts.
func (m *wordScratch) mergeShort(word string, rules mergeRules) {
	const none = int32(1<<31 - 1)
	s := m.syms
	var ranks, ids [shortWord]int32
	look := func(i int) {
		ranks[i] = none
		if i+1 < len(s) {
			if rank, id := rules.pair(word, &s[i], &s[i+1]); rank >= 0 {
				ranks[i], ids[i] = rank, id
			}
		}
	}
	for i := range s {
		look(i)
	}
	for {
		best, at := none, 0
		for i := range s {
			if ranks[i] < best {
				best, at = ranks[i], i
			}
		}
		if best == none {
			break
		}
		s[at].end, s[at].id = s[at+1].end, ids[at]
		copy(s[at+1:], s[at+2:])
		copy(ranks[at+1:len(s)], ranks[at+2:len(s)])
		copy(ids[at+1:len(s)], ids[at+2:len(s)])
		s = s[:len(s)-1]
		look(at)
		if at > 0 {
			look(at - 1)
		}
	}
	m.syms = s
}
