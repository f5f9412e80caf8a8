package dfa

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
