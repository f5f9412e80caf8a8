package sample

import "slices"

// history is the end of the accepted tokens, and how often each token occurs among the last of them.
type history struct {
	keep  int // tokens that toks must hold: 0 none, -1 all
	count int // tokens that counts covers: 0 none, -1 all; at most keep
	toks  []int32

	// counts[id] is the number of id among the last count tokens, plus listed if id is in distinct. distinct has every
	// token with a number above 0 and is cleared of others by each.
	counts   []int32
	distinct []int32
}

const listed = 1 << 30

// newHistory returns an empty history. Windows are 0 for none and -1 for all.
func newHistory(keep, count, vocab int) history {
	h := history{keep: keep, count: count}
	if count != 0 {
		h.counts = make([]int32, vocab)
	}
	return h
}

func (h *history) clone() history {
	c := *h
	c.toks, c.counts, c.distinct = slices.Clone(h.toks), slices.Clone(h.counts), slices.Clone(h.distinct)
	return c
}

func (h *history) reset() {
	h.toks = h.toks[:0]
	for _, id := range h.distinct {
		h.counts[id] = 0
	}
	h.distinct = h.distinct[:0]
}

func (h *history) accept(id int32) {
	if h.keep == 0 {
		return
	}
	h.toks = append(h.toks, id)
	if h.count != 0 {
		if h.counts[id] == 0 {
			h.counts[id] = listed
			h.distinct = append(h.distinct, id)
		}
		h.counts[id]++
		if n := len(h.toks) - 1 - h.count; h.count > 0 && n >= 0 {
			h.counts[h.toks[n]]--
		}
	}
	if h.keep > 0 && len(h.toks) >= 2*h.keep && len(h.toks) >= 64 {
		h.toks = h.toks[:copy(h.toks, h.last(h.keep))]
	}
}

// last returns the last n accepted tokens, or all if n is -1 or there are fewer.
func (h *history) last(n int) []int32 {
	if n < 0 || n >= len(h.toks) {
		return h.toks
	}
	return h.toks[len(h.toks)-n:]
}

// each calls f for every token that occurs in the counted window. f does not depend on the order.
func (h *history) each(f func(id int32, n int)) {
	kept := h.distinct[:0]
	for _, id := range h.distinct {
		n := h.counts[id] - listed
		if n == 0 {
			h.counts[id] = 0
			continue
		}
		kept = append(kept, id)
		f(id, int(n))
	}
	h.distinct = kept
}

// wider returns the wider of two windows.
func wider(a, b int) int {
	if a < 0 || b < 0 {
		return -1
	}
	return max(a, b)
}
