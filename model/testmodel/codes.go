package testmodel

import (
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
)

// codes returns n words of dims signs, as bits, any two of which agree in at most (dims+bound)/2 and at least
// (dims-bound)/2 places, so that their product is at most bound either way, and that of the first with any other is 0:
// drawn at random, and drawn again when too close to an earlier one.
func codes(n, dims, bound int, rng *rand.PCG) ([]uint64, error) {
	const tries = 1 << 16
	mask := uint64(1)<<dims - 1
	out := make([]uint64, 0, n)
draw:
	for left := tries; len(out) < n; left-- {
		if left == 0 {
			return nil, fmt.Errorf("testmodel: no more than %d codes of %d signs were found, %d are needed", len(out), dims, n)
		}
		c := rng.Uint64() & mask
		for i, o := range out {
			p := dims - 2*bits.OnesCount64(c^o)
			if p > bound || p < -bound || i == 0 && p != 0 {
				continue draw
			}
		}
		out, left = append(out, c), tries
	}
	return out, nil
}

// sign is element i of a code.
func sign(c uint64, i int) float32 { return 1 - 2*float32(c>>i&1) }

// frequencies returns n angles per position such that the sum of 1 - cos(f*m) over them is at least gap for every
// distance m from 1 to reach: turned by these, a vector resembles itself at no other position.
func frequencies(n, reach int, gap float64, rng *rand.PCG) (freqs []float64, least float64, err error) {
	r := rand.New(rng)
	for range 256 {
		freqs = freqs[:0]
		for range n {
			freqs = append(freqs, math.Pi*(0.02+0.98*r.Float64()))
		}
		if least = leastGap(freqs, reach, gap); least >= gap {
			return freqs, least, nil
		}
	}
	return nil, 0, fmt.Errorf("testmodel: no frequencies keep %d positions apart", reach)
}

// leastGap returns the smallest sum of 1 - cos(f*m), or the first below enough.
func leastGap(freqs []float64, reach int, enough float64) float64 {
	least := math.Inf(1)
	for m := 1; m <= reach; m++ {
		sum := 0.0
		for _, f := range freqs {
			sum += 1 - math.Cos(f*float64(m))
		}
		if least = min(least, sum); least < enough {
			break
		}
	}
	return least
}
