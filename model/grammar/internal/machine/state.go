package machine

// A State is a place in a text that a Program reads: what has been read and what may follow. It is used by one goroutine
// at a time; states of one Program are independent.
type State struct {
	p    *Program
	a    arena
	tops []int32
	done bool
	w    stepper // kept for its buffers
	read int64
	live int // frames after the last compaction
}

// Start returns the state before the first byte.
func (p *Program) Start() *State {
	s := &State{p: p}
	s.w = stepper{p: p, a: &s.a}
	s.w.begin()
	s.w.enter(p.root, none)
	s.tops = append(s.tops, s.w.out...)
	s.done = s.w.done
	return s
}

// Clone returns an independent copy. It copies the live stacks, and the text where the program looks back.
func (s *State) Clone() *State {
	c := &State{p: s.p, done: s.done, read: s.read}
	c.w = stepper{p: s.p, a: &c.a}
	c.a.text = append([]byte(nil), s.a.text...)
	c.tops = c.a.adopt(&s.a, s.tops)
	return c
}

// Done reports whether the text may end here.
func (s *State) Done() bool { return s.done }

// More reports whether a byte may follow.
func (s *State) More() bool { return len(s.tops) > 0 }

// Read returns the number of bytes read.
func (s *State) Read() int64 { return s.read }

// Advance reads text. When the text cannot follow it returns how many bytes could, false, and leaves the state as it was.
// overflow says that the grammar is too ambiguous at this place to go on.
func (s *State) Advance(text []byte) (n int, ok, overflow bool) {
	here := s.mark()
	tops, done := s.tops, s.done
	for i, b := range text {
		next, fin, over := s.step(tops, b)
		if over || len(next) == 0 && !fin {
			s.reset(here)
			return i, false, over
		}
		tops, done = next, fin
	}
	s.tops = append(s.tops[:0:0], tops...)
	s.done = done
	s.w.out = s.w.out[:0]
	s.read += int64(len(text))
	s.compact()
	return len(text), true, false
}

// step moves all threads over b; the threads it returns lie in w.out.
func (s *State) step(tops []int32, b byte) (next []int32, done, overflow bool) {
	w := &s.w
	w.begin()
	if s.p.keepText {
		s.a.text = append(s.a.text, b)
	}
	w.overflow = false
	for _, t := range tops {
		w.step(t, b)
	}
	return w.out[w.from:], w.done, w.overflow
}

// compact drops frames that no thread needs when there are many.
func (s *State) compact() {
	const slack = 4096
	if len(s.a.frames) < slack+2*s.live {
		return
	}
	var b arena
	b.text = s.a.text
	s.tops = b.adopt(&s.a, s.tops)
	s.live = len(b.frames)
	if cap(s.a.frames) > 4*slack+4*len(b.frames) {
		s.a = b
		return
	}
	s.a.frames = append(s.a.frames[:0], b.frames...)
	s.a.links = append(s.a.links[:0], b.links...)
}

// Allowed reports whether b may follow.
func (s *State) Allowed(b byte) bool {
	here := s.mark()
	next, done, over := s.step(s.tops, b)
	ok := (len(next) > 0 || done) && !over
	s.reset(here)
	return ok
}

// Forced returns the bytes that must follow, at most limit of them: as long as the text may not end and only one byte
// is possible.
func (s *State) Forced(limit int) []byte {
	var out []byte
	c := s.Clone()
	for len(out) < limit && !c.done {
		next, n := byte(0), 0
		for b := 0; b < 256 && n < 2; b++ {
			if c.Allowed(byte(b)) {
				next = byte(b)
				n++
			}
		}
		if n != 1 {
			break
		}
		if _, ok, _ := c.Advance([]byte{next}); !ok {
			break
		}
		out = append(out, next)
	}
	return out
}
