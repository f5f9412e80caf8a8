package machine

import (
	"github.com/seed64708441/ember/model/grammar/internal/dfa"
)

// ArraySpec says which items an array may have.
type ArraySpec struct {
	Prefix   [][]Item // ways to read the first items
	Rest     []Item   // ways to read the items after them
	Min, Max int      // items; Max -1 is no bound
	Contains []Contains
	Distinct bool // no two items may be equal

	clamp int // counting stops mattering here
	live  map[arrayState]bool
	ok    []bool // nodes that can be completed
}

// Contains asks for Lo to Hi (-1: no bound) items, from index From on, that match something.
type Contains struct {
	From, Lo, Hi int
}

// An Item is one way to read an item: which Contains (a bit each) it is known to match, and which it is known not to.
// Where Hi is bounded every item must be known.
type Item struct {
	Hits, Misses uint8
	Node         NodeID
}

// MaxContains bounds the number of Contains, and MaxContainsCount what they may count to.
const (
	MaxContains      = 4
	MaxContainsCount = 1 << 12
)

// maxArrayStates bounds the states of an array with Contains.
const maxArrayStates = 1 << 16

type arrayState struct {
	n      int32
	counts uint64
}

func (s *ArraySpec) prepare() {
	s.clamp = max(len(s.Prefix), s.Min)
	for _, c := range s.Contains {
		s.clamp = max(s.clamp, c.From)
	}
	if s.Max >= 0 {
		s.clamp = s.Max
	}
}

func (s *ArraySpec) items(n int32) []Item {
	if int(n) < len(s.Prefix) {
		return s.Prefix[n]
	}
	return s.Rest
}

// satisfiable works out from which states the array can be completed, given the nodes that can.
func (s *ArraySpec) satisfiable(p *Program, ok []bool) (bool, error) {
	s.ok = ok
	if s.Distinct && !s.distinctFeasible(p) {
		return false, nil
	}
	if len(s.Contains) == 0 {
		return s.plainFeasible(0), nil
	}
	s.live = map[arrayState]bool{}
	start := arrayState{}
	order := []arrayState{start}
	s.live[start] = false
	back := map[arrayState][]arrayState{}
	for i := 0; i < len(order); i++ {
		for _, it := range s.items(order[i].n) {
			if !ok[it.Node] {
				continue
			}
			next, fits := s.count(order[i], it)
			if !fits {
				continue
			}
			back[next] = append(back[next], order[i])
			if _, met := s.live[next]; !met {
				s.live[next] = false
				order = append(order, next)
			}
		}
		if len(order) > maxArrayStates {
			return false, dfa.ErrTooLarge
		}
	}
	var work []arrayState
	for _, st := range order {
		if s.complete(st) {
			s.live[st] = true
			work = append(work, st)
		}
	}
	for len(work) > 0 {
		st := work[len(work)-1]
		work = work[:len(work)-1]
		for _, b := range back[st] {
			if !s.live[b] {
				s.live[b] = true
				work = append(work, b)
			}
		}
	}
	return s.live[start], nil
}

// plainFeasible reports whether an array without Contains that has n items can be completed.
func (s *ArraySpec) plainFeasible(n int32) bool {
	if s.Max >= 0 && int(n) > s.Max || s.Max >= 0 && s.Min > s.Max {
		return false
	}
	for i := int(n); i < s.Min; i++ {
		if !s.possible(int32(i)) {
			return false
		}
		if i >= len(s.Prefix) {
			break // the rest is alike
		}
	}
	return true
}

func (s *ArraySpec) possible(n int32) bool {
	for _, it := range s.items(n) {
		if s.ok[it.Node] {
			return true
		}
	}
	return false
}

// grows reports whether there is always another item.
func (s *ArraySpec) grows(p *Program) bool {
	if s.Max >= 0 {
		return false
	}
	for _, it := range s.Rest {
		if s.ok[it.Node] && it.Hits == 0 && (!s.Distinct || p.supply(it.Node, s.ok) == dfa.Infinite) {
			return true
		}
	}
	return false
}

// supply counts the values of a node as items of a Distinct array.
func (p *Program) supply(id NodeID, ok []bool) int64 {
	n := &p.nodes[id]
	switch {
	case !ok[id]:
		return 0
	case n.Kind == Choice:
		total := int64(0)
		for _, a := range n.Alts {
			total = min(dfa.Infinite, total+p.supply(a, ok))
		}
		return total
	case n.Distinct:
		return int64(n.words.count[0][n.DFA.Start()])
	}
	return dfa.Infinite
}

// distinctFeasible reports whether there are enough different values for the items an array must have: at each place
// more than places before it.
func (s *ArraySpec) distinctFeasible(p *Program) bool {
	for i := 0; i < s.Min; i++ {
		rest := i >= len(s.Prefix)
		total := int64(0)
		for _, it := range s.items(int32(i)) {
			total = min(dfa.Infinite, total+p.supply(it.Node, s.ok))
		}
		if rest {
			return total >= int64(s.Min)
		}
		if total <= int64(i) {
			return false
		}
	}
	return true
}

// complete reports whether the array may end.
func (s *ArraySpec) complete(st arrayState) bool {
	if int(st.n) < s.Min {
		return false
	}
	for i, c := range s.Contains {
		if int(st.counts>>(16*i)&0xFFFF) < c.Lo {
			return false
		}
	}
	return true
}

// count returns the state after an item.
func (s *ArraySpec) count(st arrayState, it Item) (arrayState, bool) {
	if s.Max >= 0 && int(st.n) >= s.Max {
		return st, false
	}
	for i, c := range s.Contains {
		if it.Hits>>i&1 == 0 {
			continue
		}
		have := int(st.counts >> (16 * i) & 0xFFFF)
		switch {
		case c.Hi >= 0 && have >= c.Hi:
			return st, false
		case c.Hi >= 0 || have < c.Lo:
			st.counts += 1 << (16 * i)
		default:
			return st, false // enough: reading it as any other item is the same
		}
	}
	st.n = min(st.n+1, int32(s.clamp))
	return st, true
}

// feasible reports whether the array can be completed from st.
func (s *ArraySpec) feasible(st arrayState) bool {
	if len(s.Contains) == 0 {
		return s.plainFeasible(st.n)
	}
	return s.live[st]
}
