package dfa

import "sort"

// Combine runs the automata side by side; label gets which of them accept (each its label, or NoLabel) and returns the
// label of the whole. The slice given to label is reused.
func Combine(parts []*DFA, label func(labels []int32) int32) (*DFA, error) {
	var cuts []rune
	for _, p := range parts {
		cuts = append(cuts, p.bounds...)
	}
	d := &DFA{bounds: partition(cuts)}
	start := make([]int32, len(parts))
	for i, p := range parts {
		start[i] = p.Start()
	}
	ids := map[string]int32{key(start): 0}
	states := [][]int32{start}
	classes := make([][]int, len(parts)) // class of each part, per class of d
	for i, p := range parts {
		classes[i] = make([]int, len(d.bounds))
		for c, r := range d.bounds {
			if len(p.bounds) > 0 {
				classes[i][c] = p.class(r)
			}
		}
	}
	labels := make([]int32, len(parts))
	to := make([]int32, len(parts))
	var buf []byte
	for n := 0; n < len(states); n++ {
		s := states[n]
		for i, p := range parts {
			labels[i] = NoLabel
			if s[i] != Dead {
				labels[i] = p.label[s[i]]
			}
		}
		d.label = append(d.label, label(labels))
		for c, r := range d.bounds {
			if isSurrogate(r) {
				d.next = append(d.next, Dead)
				continue
			}
			for i, p := range parts {
				to[i] = Dead
				if s[i] != Dead {
					to[i] = p.next[int(s[i])*len(p.bounds)+classes[i][c]]
				}
			}
			buf = appendKey(buf[:0], to)
			id, ok := ids[string(buf)]
			if !ok {
				id = int32(len(states))
				ids[string(buf)] = id
				states = append(states, append([]int32(nil), to...))
			}
			d.next = append(d.next, id)
		}
		if len(states) > MaxStates || len(d.next) > maxCells {
			return nil, ErrTooLarge
		}
	}
	return d.reduced(), nil
}

func key(s []int32) string { return string(appendKey(nil, s)) }

func appendKey(b []byte, s []int32) []byte {
	for _, v := range s {
		b = append(b, byte(v), byte(v>>8), byte(v>>16), byte(v>>24))
	}
	return b
}

// And accepts what both accept.
func And(a, b *DFA) (*DFA, error) {
	return Combine([]*DFA{a, b}, func(l []int32) int32 { return yes(l[0] != NoLabel && l[1] != NoLabel) })
}

// Or accepts what one of the automata accepts.
func Or(parts ...*DFA) (*DFA, error) {
	for len(parts) > 1 { // pairs in rounds: the sizes stay balanced
		var half []*DFA
		for i := 0; i < len(parts); i += 2 {
			if i+1 == len(parts) {
				half = append(half, parts[i])
				continue
			}
			d, err := Combine(parts[i:i+2], func(l []int32) int32 { return yes(l[0] != NoLabel || l[1] != NoLabel) })
			if err != nil {
				return nil, err
			}
			half = append(half, d)
		}
		parts = half
	}
	if len(parts) == 0 {
		return &DFA{}, nil
	}
	return parts[0], nil
}

// Minus accepts what a accepts and b does not.
func Minus(a, b *DFA) (*DFA, error) {
	return Combine([]*DFA{a, b}, func(l []int32) int32 { return yes(l[0] != NoLabel && l[1] == NoLabel) })
}

func yes(ok bool) int32 {
	if ok {
		return 0
	}
	return NoLabel
}

// reduced returns the trimmed automaton with equal states merged and classes of equal behaviour joined.
func (d *DFA) reduced() *DFA {
	live := d.liveStates()
	if len(live) == 0 || !live[d.start] {
		return &DFA{}
	}
	for i, to := range d.next {
		if to != Dead && !live[to] {
			d.next[i] = Dead
		}
	}
	block := d.blocks(live)
	out := &DFA{bounds: d.bounds}
	n := len(d.bounds)
	order := map[int32]int32{}
	var reps []int32
	visit := func(q int32) int32 {
		b := block[q]
		id, ok := order[b]
		if !ok {
			id = int32(len(reps))
			order[b] = id
			reps = append(reps, q)
		}
		return id
	}
	out.start = visit(d.start)
	for i := 0; i < len(reps); i++ {
		q := reps[i]
		out.label = append(out.label, d.label[q])
		for c := range n {
			to := d.next[int(q)*n+c]
			if to != Dead {
				to = visit(to)
			}
			out.next = append(out.next, to)
		}
	}
	out.joinClasses()
	out.fillASCII()
	return out
}

// liveStates marks the states from which an accepting state can be reached.
func (d *DFA) liveStates() []bool {
	n := len(d.bounds)
	back := make([][]int32, len(d.label))
	for q := range d.label {
		last := int32(Dead)
		for _, to := range d.next[q*n : (q+1)*n] {
			if to != Dead && to != last {
				back[to] = append(back[to], int32(q))
				last = to
			}
		}
	}
	live := make([]bool, len(d.label))
	var work []int32
	for q, l := range d.label {
		if l != NoLabel {
			live[q] = true
			work = append(work, int32(q))
		}
	}
	for len(work) > 0 {
		q := work[len(work)-1]
		work = work[:len(work)-1]
		for _, p := range back[q] {
			if !live[p] {
				live[p] = true
				work = append(work, p)
			}
		}
	}
	return live
}

// maxMinimize is the number of states up to which equal ones are looked for. Larger automata are mostly long chains, in
// which there are few.
const maxMinimize = 3000

// blocks returns the coarsest partition of the live states into states of equal behaviour (Moore's algorithm).
func (d *DFA) blocks(live []bool) []int32 {
	n := len(d.bounds)
	block := make([]int32, len(d.label))
	if len(d.label) > maxMinimize {
		return identity(block)
	}
	first := map[int32]int32{}
	for q, l := range d.label {
		id, ok := first[l]
		if !ok {
			id = int32(len(first))
			first[l] = id
		}
		block[q] = id
	}
	count := len(first)
	sig := make([]int32, n+1)
	var buf []byte
	// A long chain needs as many rounds as it has states; equal states are then rare, so stop early there.
	for rounds := 0; rounds < 64; rounds++ {
		ids := map[string]int32{}
		next := make([]int32, len(block))
		for q := range block {
			if !live[q] {
				continue
			}
			sig[0] = block[q]
			for c := range n {
				to := d.next[q*n+c]
				if to != Dead {
					to = block[to]
				}
				sig[c+1] = to
			}
			buf = appendKey(buf[:0], sig)
			id, ok := ids[string(buf)]
			if !ok {
				id = int32(len(ids))
				ids[string(buf)] = id
			}
			next[q] = id
		}
		if len(ids) == count && rounds > 0 {
			return next
		}
		block, count = next, len(ids)
	}
	return identity(block)
}

func identity(block []int32) []int32 {
	for q := range block {
		block[q] = int32(q)
	}
	return block
}

// joinClasses merges neighbouring classes that behave alike in every state.
func (d *DFA) joinClasses() {
	n := len(d.bounds)
	keep := []int{0}
	for c := 1; c < n; c++ {
		prev := keep[len(keep)-1]
		same := isSurrogate(d.bounds[c]) == isSurrogate(d.bounds[prev])
		for q := 0; same && q < len(d.label); q++ {
			same = d.next[q*n+c] == d.next[q*n+prev]
		}
		if !same {
			keep = append(keep, c)
		}
	}
	if len(keep) == n {
		return
	}
	bounds := make([]rune, len(keep))
	next := make([]int32, 0, len(keep)*len(d.label))
	for i, c := range keep {
		bounds[i] = d.bounds[c]
	}
	for q := range d.label {
		for _, c := range keep {
			next = append(next, d.next[q*n+c])
		}
	}
	d.bounds, d.next = bounds, next
}

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
