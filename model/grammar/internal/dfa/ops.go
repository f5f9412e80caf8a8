package dfa

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
