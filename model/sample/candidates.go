package sample

import (
	"math"
	"math/bits"
	"slices"
)

// candidates is the set of tokens that are still in play, with the scratch that selecting among them needs. The set is
// either every token with a logit above -Inf (all) or ids, in ascending order. It never becomes empty.
type candidates struct {
	x       []float32 // logits after bias and penalties; +Inf does not occur
	top     float64   // greatest of x
	all     bool
	ids     []int32
	minKeep int

	blockTop []float32 // greatest logit of each block of blockLen
	sums     []float64 // weight of each block, by sumAll
	weights  []float64 // weight of each of ids, by draw
	keys     []uint64  // see keyOf
	marks    []uint64  // one bit a token, zero between calls

	cells   cells
	counted bool      // cells are those of x
	own     []float32 // what edit returns
}

// scan makes all tokens of x candidates and returns the first of the order, or -1 if no logit is above -Inf.
func (c *candidates) scan(x []float32) int32 {
	c.x, c.all, c.ids, c.counted = x, true, c.ids[:0], false
	c.blockTop = c.blockTop[:0]
	best, block := negInf, -1
	for i := 0; i < len(x); i += blockLen {
		m := blockMax(x[i:min(i+blockLen, len(x))])
		c.blockTop = append(c.blockTop, m)
		if m > best {
			best, block = m, i
		}
	}
	c.top = float64(best)
	if block < 0 {
		return -1
	}
	for i := block; ; i++ {
		if x[i] == best {
			return int32(i)
		}
	}
}

// count makes cells those of x and reports whether rows of this length have them.
func (c *candidates) count() bool {
	if n := len(c.x); n < cellsFrom || n > cellsTo {
		return false
	}
	if !c.counted {
		c.cells.count(c.x)
		c.counted = true
	}
	return true
}

// keyOf orders tokens: the smaller key is the token with the greater logit or, among equal ones, the lower id, which
// stands in the low 32 bits. x is not NaN.
func keyOf(x float32, id int32) uint64 {
	b := math.Float32bits(x)
	switch {
	case x == 0: // also -0
		b = 0x7fffffff
	case x > 0:
		b = ^b & 0x7fffffff
	}
	return uint64(b)<<32 | uint64(uint32(id))
}

func idOf(key uint64) int32 { return int32(uint32(key)) }

// keepTop leaves the n first tokens of the order.
func (c *candidates) keepTop(n int) {
	if n >= len(c.x) || !c.all && n >= len(c.ids) {
		return
	}
	if n > len(c.blockTop)/4 && c.all && c.count() {
		c.keepTopCells(n)
		return
	}
	c.keys = c.keys[:0]
	if c.all {
		c.collect(c.boundOfTop(n))
	} else {
		for _, id := range c.ids {
			c.keys = append(c.keys, keyOf(c.x[id], id))
		}
	}
	if n < len(c.keys) {
		selectKeys(c.keys, n)
		c.keys = c.keys[:n]
	}
	c.takeKeys()
}

// keepTopCells is keepTop by the cells: only the tokens of the last one have to be told from each other.
func (c *candidates) keepTopCells(n int) {
	last := c.cells.boundOf(n)
	c.gather(last.lo)
	c.keys = c.keys[:0]
	for _, id := range c.ids {
		if x := c.x[id]; float64(x) <= last.lo+last.width {
			c.keys = append(c.keys, keyOf(x, id))
		}
	}
	if n -= len(c.ids) - len(c.keys); n >= len(c.keys) { // by logits, as 0 and -0 are in two cells
		return
	}
	selectKeys(c.keys, n)
	end := slices.Max(c.keys[:n])
	c.ids = slices.DeleteFunc(c.ids, func(id int32) bool { return keyOf(c.x[id], id) > end })
}

// boundOfTop returns a logit that at least n tokens reach: the n-th greatest block maximum, or one by the cells if n is
// more than a few.
func (c *candidates) boundOfTop(n int) float32 {
	if n > len(c.blockTop)/4 && c.count() {
		return float32(c.cells.boundOf(n).lo)
	}
	if n > len(c.blockTop) {
		return negInf
	}
	for i, m := range c.blockTop {
		c.keys = append(c.keys, keyOf(m, int32(i)))
	}
	selectKeys(c.keys, n)
	bound := c.blockTop[idOf(slices.Max(c.keys[:n]))]
	c.keys = c.keys[:0]
	return bound
}

// collect appends the keys of all tokens with x >= bound and above -Inf to c.keys.
func (c *candidates) collect(bound float32) {
	for b, m := range c.blockTop {
		if m < bound || m == negInf {
			continue
		}
		lo := b * blockLen
		for i, v := range c.x[lo:min(lo+blockLen, len(c.x))] {
			if v >= bound && v > negInf {
				c.keys = append(c.keys, keyOf(v, int32(lo+i)))
			}
		}
	}
}

// takeKeys makes the tokens of c.keys the candidates.
func (c *candidates) takeKeys() {
	if c.marks == nil {
		c.marks = make([]uint64, (len(c.x)+63)/64)
	}
	for _, k := range c.keys {
		c.marks[uint32(k)/64] |= 1 << (k % 64)
	}
	c.all, c.ids = false, c.ids[:0]
	for i, w := range c.marks {
		for ; w != 0; w &= w - 1 {
			c.ids = append(c.ids, int32(i*64+bits.TrailingZeros64(w)))
		}
		c.marks[i] = 0
	}
}

// list makes ids hold the candidates.
func (c *candidates) list() {
	if c.all {
		c.gather(math.Inf(-1))
	}
}

// gather makes ids the tokens with x >= bound and above -Inf. All tokens must be candidates.
func (c *candidates) gather(bound float64) {
	c.all, c.ids = false, c.ids[:0]
	if bound > math.MaxFloat32 {
		return
	}
	least := float32(max(bound, -math.MaxFloat32)) // rounded up
	if float64(least) < bound {
		least = math.Nextafter32(least, math.MaxFloat32)
	}
	for b, m := range c.blockTop {
		if m < least {
			continue
		}
		lo := b * blockLen
		for i, v := range c.x[lo:min(lo+blockLen, len(c.x))] {
			if v >= least {
				c.ids = append(c.ids, int32(lo+i))
			}
		}
	}
}

// keepAbove leaves the tokens with x >= bound, and at least minKeep.
func (c *candidates) keepAbove(bound float64) {
	if c.all {
		c.gather(bound)
		if len(c.ids) < c.minKeep {
			c.all = true
			c.keepTop(c.minKeep)
		}
		return
	}
	n := 0
	for _, id := range c.ids {
		if float64(c.x[id]) >= bound {
			n++
		}
	}
	if n < c.minKeep {
		c.keepTop(c.minKeep)
		return
	}
	c.ids = slices.DeleteFunc(c.ids, func(id int32) bool { return float64(c.x[id]) < bound })
}

// selectKeys reorders keys, which are different from each other, so that the n smallest come first, in any order.
// Expected time is linear; a bad run of pivots ends in a sort.
func selectKeys(keys []uint64, n int) {
	lo, hi := 0, len(keys)
	for round := 0; hi-lo > 32 && round < 64; round++ {
		p := lo + partition(keys[lo:hi])
		switch {
		case n <= p:
			hi = p
		case n == p+1:
			return
		default:
			lo = p + 1
		}
	}
	slices.Sort(keys[lo:hi])
}

// partition moves the keys below a pivot, the median of three, before it and the others behind it, and returns its
// index. There are at least three keys, so the pivot is neither first nor last.
func partition(keys []uint64) int {
	last := len(keys) - 1
	mid := last / 2
	if keys[mid] < keys[0] {
		keys[mid], keys[0] = keys[0], keys[mid]
	}
	if keys[last] < keys[0] {
		keys[last], keys[0] = keys[0], keys[last]
	}
	if keys[last] < keys[mid] {
		keys[last], keys[mid] = keys[mid], keys[last]
	}
	keys[mid], keys[last] = keys[last], keys[mid]
	pivot, j := keys[last], 0
	for i, k := range keys[:last] {
		keys[i] = keys[j]
		keys[j] = k
		if k < pivot {
			j++
		}
	}
	keys[last], keys[j] = keys[j], pivot
	return j
}
