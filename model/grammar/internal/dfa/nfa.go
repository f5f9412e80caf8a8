package dfa

import "sort"

// An NFA is built by hand, state by state, and then made deterministic.
type NFA struct {
	edges   [][]edge
	epsilon [][]int32
	work    *int
}

// maxTotalWork bounds the steps of the constructions that share a count.
const maxTotalWork = maxWork / 5

// NewNFA returns an automaton without states whose construction adds its steps to a count, which several may share: together
// they are bounded.
func NewNFA(work *int) *NFA { return &NFA{work: work} }

type edge struct {
	lo, hi rune
	to     int32
}

// State adds a state.
func (n *NFA) State() int32 {
	n.edges = append(n.edges, nil)
	n.epsilon = append(n.epsilon, nil)
	return int32(len(n.edges) - 1)
}

// Len returns the number of states.
func (n *NFA) Len() int { return len(n.edges) }

// Edge lets the code points lo to hi lead from one state to another.
func (n *NFA) Edge(from, to int32, lo, hi rune) {
	n.edges[from] = append(n.edges[from], edge{lo, hi, to})
}

// Epsilon lets nothing lead from one state to another.
func (n *NFA) Epsilon(from, to int32) {
	n.epsilon[from] = append(n.epsilon[from], to)
}

// Determinize returns the automaton of the words that lead from start to end.
func (n *NFA) Determinize(start, end int32) (*DFA, error) {
	var cuts []rune
	for _, es := range n.edges {
		for _, e := range es {
			cuts = append(cuts, e.lo, e.hi+1)
		}
	}
	d := &DFA{bounds: partition(append(cuts, 0x110000))}
	mark := make([]int, n.Len())
	gen, work := 0, n.work
	closure := func(set []int32) []int32 {
		gen++
		var out []int32
		for len(set) > 0 {
			q := set[len(set)-1]
			set = set[:len(set)-1]
			if mark[q] == gen {
				continue
			}
			mark[q] = gen
			out = append(out, q)
			set = append(set, n.epsilon[q]...)
			*work += 1 + len(n.epsilon[q])
		}
		sort.Slice(out, func(i, j int) bool { return out[i] < out[j] })
		return out
	}
	first := closure([]int32{start})
	ids := map[string]int32{key(first): 0}
	sets := [][]int32{first}
	for i := 0; i < len(sets); i++ {
		d.label = append(d.label, NoLabel)
		targets := make([][]int32, len(d.bounds))
		for _, q := range sets[i] {
			if q == end {
				d.label[i] = 0
			}
			for _, e := range n.edges[q] {
				for c := d.class(e.lo); c < len(d.bounds) && d.bounds[c] <= e.hi; c++ {
					targets[c] = append(targets[c], e.to)
					*work++
				}
			}
		}
		for c, set := range targets {
			to := int32(Dead)
			if len(set) > 0 && !isSurrogate(d.bounds[c]) {
				*work += len(set)
				set = closure(set)
				k := key(set)
				id, ok := ids[k]
				if !ok {
					id = int32(len(sets))
					ids[k] = id
					sets = append(sets, set)
				}
				to = id
			}
			d.next = append(d.next, to)
		}
		if len(sets) > MaxStates || len(d.next) > maxCells || *work > maxTotalWork {
			return nil, ErrTooLarge
		}
	}
	return d.reduced(), nil
}
