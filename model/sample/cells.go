package sample

import "math"

// cells counts a row's tokens by the upper 16 bits of their logits, 128 cells from each power of two to the next, in
// one pass that needs neither the greatest logit nor the temperature. From the number of tokens in a cell and the sum of
// their lower bits follows their exact mean, and so a close bound on their weight: tokens that matter little are weighed
// a cell at a time, and the logit above which the n first tokens or a given mass lie is found without sorting.
type cells struct {
	at   []uint64 // by upper bits: number of tokens << 40 + sum of lower bits; zero between calls
	list []cell   // those with tokens, greatest logits first
	n    int      // tokens in list
}

// cell is the tokens with logits from lo to lo+width.
type cell struct {
	n         int
	mean      float64 // of their logits
	lo, width float64
	weight    float64 // of all of them, by weigh
}

const (
	cellBits  = 16
	cellTotal = 1 << 40
	// Rows from cellsFrom to cellsTo tokens are counted. Shorter ones are weighed as fast without; the sum of lower bits
	// of longer ones could reach the count.
	cellsFrom = 1 << 12
	cellsTo   = 1 << 24
)

// count fills the cells from x.
func (c *cells) count(x []float32) {
	if c.at == nil {
		c.at = make([]uint64, 1<<(32-cellBits))
	}
	at := (*[1 << (32 - cellBits)]uint64)(c.at)
	for _, v := range x {
		b := math.Float32bits(v)
		at[b>>cellBits] += uint64(b&(1<<cellBits-1)) + cellTotal
	}
	const inf, sign, group = 0x7f800000 >> cellBits, 1 << (31 - cellBits), 8
	clear(at[inf:sign])
	clear(at[sign+inf:])
	c.list, c.n = c.list[:0], 0
	for i := inf - group; i >= 0; i -= group {
		if g := (*[group]uint64)(at[i:]); *g != [group]uint64{} {
			for j := group - 1; j >= 0; j-- {
				c.add(i+j, g[j])
			}
			*g = [group]uint64{}
		}
	}
	for i := sign; i < sign+inf; i += group {
		if g := (*[group]uint64)(at[i:]); *g != [group]uint64{} {
			for j, v := range g {
				c.add(i+j, v)
			}
			*g = [group]uint64{}
		}
	}
}

// add appends cell i if it has tokens. From one cell border to the next the bits of a float are linear in its value.
func (c *cells) add(i int, v uint64) {
	if v == 0 {
		return
	}
	first := float64(math.Float32frombits(uint32(i) << cellBits))
	last := float64(math.Float32frombits(uint32(i)<<cellBits | (1<<cellBits - 1)))
	n := int(v / cellTotal)
	share := float64(v%cellTotal) / (float64(n) * (1<<cellBits - 1))
	c.list = append(c.list, cell{n: n, mean: first + float64((last-first)*share), lo: min(first, last), width: math.Abs(last - first)})
	c.n += n
}

// remove takes a token with logit x out.
func (c *cells) remove(x float64) {
	for i := range c.list {
		if k := &c.list[i]; x >= k.lo {
			if c.n--; k.n == 1 {
				k.n, k.mean = 0, k.lo
				return
			}
			k.mean = min(max(k.mean+(k.mean-x)/float64(k.n-1), k.lo), k.lo+k.width)
			k.n--
			return
		}
	}
}

// boundOf returns the cell of the n-th token of the order, or the last one.
func (c *cells) boundOf(n int) (k cell) {
	for _, k = range c.list {
		if n -= k.n; n <= 0 {
			break
		}
	}
	return k
}

const (
	// cellError bounds the relative error of a total that weigh is part of. A probability is reported as a float32,
	// whose relative error is 6e-8.
	cellError = 1e-7
	// cellMass is the share of the total that tokens weighed by the cell may have.
	cellMass = 1.0 / 64
)

// weigh sets the weights of the cells at (x-top)·steps, as sumExp does, and divides them: logits from bound on must be
// weighed one by one, those below have the weight rest and Σ weight·(x-top) of moment. It returns false if too many must
// be weighed one by one for it to be worth it.
//
// With r = width·steps in nats, a token's weight by the mean of its cell is off by less than a factor 1±r²/8·e^r in the
// sum of the cell; adding the r²/24 of an even distribution leaves less than r²/8·e^r, and usually far less.
func (c *cells) weigh(top, steps float64) (bound, rest, moment float64, ok bool) {
	total := 0.0
	for i := range c.list {
		k := &c.list[i]
		t := float64((k.mean - top) * steps)
		if k.weight = 0; t >= expFloor {
			k.weight = float64(float64(k.n) * exp2Steps(t))
		}
		total += k.weight
	}
	failed, left := 0.0, c.n
	bound = math.Inf(1)
	for i := len(c.list) - 1; i >= 0; i-- {
		k := &c.list[i]
		w := k.weight
		if w > 0 && k.n > 1 {
			r := min(float64(k.width*steps)*(1/stepsPerNat), 10)
			square := float64(r * r)
			failed += float64(float64(w*square) * expOf(r) / 8)
			w += float64(w * square / 24)
		}
		if failed > float64(total*cellError) || rest+w > float64(total*cellMass) {
			break
		}
		rest += w
		moment += float64(w * (k.mean - top))
		bound, left = k.lo, left-k.n
		if i > 0 {
			bound = c.list[i-1].lo
		}
	}
	if left == c.n {
		bound = math.Inf(-1)
	}
	return bound, rest, moment, left <= c.n/8
}
