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

// candidate is a pair of neighbours that may be merged: a symbol and the one that was next to it.
type candidate struct {
	key  uint64 // rank<<32 | left symbol: the lowest is merged first
	size int32  // of both, when the candidate was made: tells whether they have changed
	id   int32  // of the result
}

// wordScratch is reused from word to word.
type wordScratch struct {
	syms  []symbol
	heap  []candidate
	best  []bestPath
	plamo []plamoPath
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
		left := int32(uint32(c.key))
		l := &m.syms[left]
		if l.start == l.end || l.next < 0 {
			continue // it was merged since
		}
		r := &m.syms[l.next]
		if r.end-l.start != c.size {
			continue // one of the two has grown since
		}
		l.end, l.id, l.next = r.end, c.id, r.next
		r.start = r.end
		if l.next >= 0 {
			m.syms[l.next].prev = left
			m.push(word, rules, left, l.next)
		}
		if l.prev >= 0 {
			m.push(word, rules, l.prev, left)
		}
	}
}

func (m *wordScratch) push(word string, rules mergeRules, left, right int32) {
	l, r := &m.syms[left], &m.syms[right]
	rank, id := rules.pair(word, l, r)
	if rank < 0 {
		return
	}
	c := candidate{uint64(rank)<<32 | uint64(uint32(left)), r.end - l.start, id}
	h := append(m.heap, c)
	i := len(h) - 1
	for i > 0 {
		up := (i - 1) / 4
		if h[up].key <= c.key {
			break
		}
		h[i] = h[up]
		i = up
	}
	h[i] = c
	m.heap = h
}

// pop takes the lowest candidate out of the heap, whose nodes have four children each.
func (m *wordScratch) pop() candidate {
	h := m.heap
	top, last := h[0], h[len(h)-1]
	h = h[:len(h)-1]
	m.heap = h
	if len(h) == 0 {
		return top
	}
	i := 0
	for {
		child := 4*i + 1
		if child >= len(h) {
			break
		}
		least := child
		for k := child + 1; k < min(child+4, len(h)); k++ {
			if h[k].key < h[least].key {
				least = k
			}
		}
		if h[least].key >= last.key {
			break
		}
		h[i] = h[least]
		i = least
	}
	h[i] = last
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
