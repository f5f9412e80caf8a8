package machine

// arena owns the frames of a set of threads. Frames come after the frames below them.
type arena struct {
	frames []frame
	links  []int32 // members of junctions
	text   []byte  // all bytes read, when the program looks back
	looked int     // frames compared in this step
}

// junction is the node of a frame that stands for several: a stack may go on below in several ways. Its members are n
// links from q on. Threads whose top frames are alike become one with a junction below, so that there are never more
// threads than different top frames, however many readings a text has.
const junction NodeID = -2

func (a *arena) add(f frame) int32 {
	a.frames = append(a.frames, f)
	return int32(len(a.frames) - 1)
}

// members returns the frames that a parent stands for.
func (a *arena) members(p int32) []int32 {
	if p != none {
		if f := &a.frames[p]; f.node == junction {
			return a.links[f.q : f.q+f.n : f.q+f.n]
		}
	}
	return []int32{p}
}

// like reports whether two frames differ at most in what is below them.
func (f *frame) like(g *frame) bool {
	return f.node == g.node && f.q == g.q && f.n == g.n && f.lex == g.lex && f.start == g.start && f.counts == g.counts && f.reg.same(g.reg)
}

// maxCompared bounds the frames looked at to find two stacks equal. Stacks that are too much trouble count as different.
const maxCompared = 256

// same reports whether two stacks are equal. Junctions are equal if their members are, in order.
func (a *arena) same(i, j int32) bool {
	budget := maxCompared
	return a.equal(i, j, &budget)
}

func (a *arena) equal(i, j int32, budget *int) bool {
	for i != j {
		a.looked++
		if *budget--; i < 0 || j < 0 || *budget < 0 {
			return false
		}
		f, g := &a.frames[i], &a.frames[j]
		if f.node == junction || g.node == junction {
			x, y := a.members(i), a.members(j)
			if len(x) != len(y) {
				return false
			}
			for k := range x {
				if !a.equal(x[k], y[k], budget) {
					return false
				}
			}
			return true
		}
		if !f.like(g) {
			return false
		}
		i, j = f.parent, g.parent
	}
	return true
}

// maxJunction bounds the members of a junction, and maxFrames the frames of an arena: 64 MiB.
const (
	maxJunction = 512
	maxFrames   = 1 << 20
)

// join returns a parent that stands for both p and q; p itself when q adds nothing. ok is false beyond the limits.
func (a *arena) join(p, q int32) (joined int32, ok bool) {
	if p == q {
		return p, true
	}
	have := a.members(p)
	list := have
	for _, m := range a.members(q) {
		found := false
		a.looked += len(list) / 4
		for _, l := range list {
			if l == m || a.same(l, m) {
				found = true
				break
			}
		}
		if !found {
			if len(list) == len(have) {
				list = append([]int32(nil), have...)
			}
			list = append(list, m)
		}
	}
	if len(list) == len(have) {
		return p, true
	}
	if len(list) > maxJunction {
		return p, false
	}
	at := int32(len(a.links))
	a.links = append(a.links, list...)
	return a.add(frame{parent: none, node: junction, q: at, n: int32(len(list))}), true
}

// adopt copies the stacks of other into a and returns their tops.
func (a *arena) adopt(other *arena, tops []int32) []int32 {
	needed := map[int32]bool{none: true}
	stack := append([]int32(nil), tops...)
	least := int32(len(other.frames))
	for len(stack) > 0 {
		f := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if needed[f] {
			continue
		}
		needed[f] = true
		least = min(least, f)
		if other.frames[f].node == junction {
			stack = append(stack, other.members(f)...)
		} else {
			stack = append(stack, other.frames[f].parent)
		}
	}
	moved := map[int32]int32{none: none}
	for i := least; int(i) < len(other.frames); i++ {
		if !needed[i] {
			continue
		}
		f := other.frames[i]
		if f.node == junction {
			at := int32(len(a.links))
			for _, m := range other.members(i) {
				a.links = append(a.links, moved[m])
			}
			f.q = at
		} else {
			f.parent = moved[f.parent]
		}
		moved[i] = a.add(f)
	}
	out := make([]int32, len(tops))
	for i, t := range tops {
		out[i] = moved[t]
	}
	return out
}

// mark remembers the end of the arena, to go back to.
type mark struct{ frames, links, text, out int }

func (s *State) mark() mark {
	return mark{len(s.a.frames), len(s.a.links), len(s.a.text), len(s.w.out)}
}

func (s *State) reset(m mark) {
	s.a.frames, s.a.links, s.a.text, s.w.out = s.a.frames[:m.frames], s.a.links[:m.links], s.a.text[:m.text], s.w.out[:m.out]
}
