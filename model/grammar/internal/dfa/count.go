package dfa

import (
	"sort"
)

// Count returns, for every state, how many words lead from it to a state for which accept holds: Infinite for more than
// can be counted.
func (d *DFA) Count(accept func(label int32) bool) []int32 {
	n := len(d.bounds)
	const open, done = 1, 2
	mark := make([]uint8, len(d.label))
	count := make([]int32, len(d.label))
	reach := d.reaching(accept)
	type visit struct{ q, c int32 }
	for root := range d.label {
		if mark[root] != 0 {
			continue
		}
		stack := []visit{{int32(root), 0}}
		mark[root] = open
		for len(stack) > 0 {
			v := &stack[len(stack)-1]
			if int(v.c) == n {
				q := v.q
				stack = stack[:len(stack)-1]
				mark[q] = done
				count[q] = d.sum(q, count, accept)
				continue
			}
			to := d.next[int(v.q)*n+int(v.c)]
			v.c++
			if to == Dead || !reach[to] {
				continue
			}
			switch mark[to] {
			case 0:
				mark[to] = open
				stack = append(stack, visit{to, 0})
			case open: // a loop from which accept can be reached
				count[to] = Infinite
			}
		}
	}
	return d.spread(count, reach)
}

// sum adds up the words of q's successors.
func (d *DFA) sum(q int32, count []int32, accept func(int32) bool) int32 {
	total := int64(0)
	if l := d.label[q]; l != NoLabel && accept(l) {
		total = 1
	}
	if count[q] == Infinite {
		return Infinite
	}
	n := len(d.bounds)
	for c := range n {
		if to := d.next[int(q)*n+c]; to != Dead {
			total += int64(count[to]) * int64(d.last(c)-d.bounds[c]+1)
			if total >= Infinite {
				return Infinite
			}
		}
	}
	return int32(total)
}

// spread makes every state infinite from which an infinite one is reached: states inside a loop may have been summed
// before the loop was seen.
func (d *DFA) spread(count []int32, reach []bool) []int32 {
	n := len(d.bounds)
	for changed := true; changed; {
		changed = false
		for q := len(d.label) - 1; q >= 0; q-- { // successors mostly have greater numbers
			if count[q] == Infinite || !reach[q] {
				continue
			}
			for _, to := range d.next[q*n : (q+1)*n] {
				if to != Dead && count[to] == Infinite {
					count[q], changed = Infinite, true
					break
				}
			}
		}
	}
	return count
}

// reaching marks the states from which a label that accept holds for can be reached.
func (d *DFA) reaching(accept func(int32) bool) []bool {
	e := *d
	e.label = make([]int32, len(d.label))
	for q, l := range d.label {
		e.label[q] = yes(l != NoLabel && accept(l))
	}
	return e.liveStates()
}

// Labels returns the labels in use, in order.
func (d *DFA) Labels() []int32 {
	seen := map[int32]bool{}
	var out []int32
	for _, l := range d.label {
		if l != NoLabel && !seen[l] {
			seen[l] = true
			out = append(out, l)
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i] < out[j] })
	return out
}
