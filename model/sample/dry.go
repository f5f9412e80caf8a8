package sample

import (
	"slices"
)

// dryState is the sequence breakers of DRY in the form that lookup needs, which is never written, and scratch.
type dryState struct {
	breakers map[int32][][]int32 // by last token
	match    []int32             // see matches
	hits     []uint64            // token<<32 | length, one for each repetition
}

func newDRY(p *DRY) *dryState {
	if p.Multiplier == 0 {
		return nil
	}
	d := &dryState{breakers: make(map[int32][][]int32, len(p.Breakers))}
	for _, b := range p.Breakers {
		last := b[len(b)-1]
		d.breakers[last] = append(d.breakers[last], slices.Clone(b))
	}
	return d
}

func (d *dryState) clone() *dryState {
	if d == nil {
		return nil
	}
	return &dryState{breakers: d.breakers}
}

// penalize subtracts from x what [DRY] says, toks being the window of accepted tokens. It takes time linear in the
// window, but for the sorting of the tokens that continue a repetition.
func (d *dryState) penalize(x []float32, p *DRY, toks []int32) {
	limit := d.sinceBreaker(toks)
	if limit < p.AllowedLength {
		return
	}
	d.hits = d.hits[:0]
	n := len(toks)
	for k, m := range d.matches(toks) {
		if m := min(int(m), limit); k > 0 && m >= p.AllowedLength {
			d.hits = append(d.hits, uint64(uint32(toks[n-k]))<<32|uint64(m))
		}
	}
	slices.Sort(d.hits)
	for i, h := range d.hits {
		if i+1 < len(d.hits) && d.hits[i+1]>>32 == h>>32 {
			continue // a longer one of the same token follows
		}
		id := int32(h >> 32)
		if d.single(id) {
			continue
		}
		length := int(uint32(h)) - p.AllowedLength
		x[id] = lower(x[id], float64(x[id])-float64(p.Multiplier*powInt(p.Base, length)))
	}
}

// sinceBreaker returns the number of tokens after the last complete breaker, or all of them.
func (d *dryState) sinceBreaker(toks []int32) int {
	if len(d.breakers) == 0 {
		return len(toks)
	}
	for end := len(toks); end > 0; end-- {
		for _, b := range d.breakers[toks[end-1]] {
			if len(b) <= end && slices.Equal(b, toks[end-len(b):end]) {
				return len(toks) - end
			}
		}
	}
	return len(toks)
}

// single reports whether id is a breaker of one token.
func (d *dryState) single(id int32) bool {
	for _, b := range d.breakers[id] {
		if len(b) == 1 {
			return true
		}
	}
	return false
}

// matches returns, for every k > 0, how many tokens before and with toks[n-1-k] equal the last tokens of toks: the Z
// function (Gusfield 1997, section 1.3) of the reversed text. Entry 0 is not set.
func (d *dryState) matches(toks []int32) []int32 {
	n := len(toks)
	d.match = slices.Grow(d.match[:0], n)[:n]
	z := d.match
	lo, hi := 0, 0 // the match that reaches furthest: text[lo:hi] equals text[:hi-lo]
	for k := 1; k < n; k++ {
		m := 0
		if k < hi {
			m = min(hi-k, int(z[k-lo]))
		}
		for k+m < n && toks[n-1-m] == toks[n-1-k-m] {
			m++
		}
		if z[k] = int32(m); k+m > hi {
			lo, hi = k, k+m
		}
	}
	return z
}
