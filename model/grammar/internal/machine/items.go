package machine

// stepArray reads a byte between the tokens of an array.
func (w *stepper) stepArray(n *Node, f frame, b byte) {
	if lx, ok := w.p.space.step(f.lex, b); ok && f.q != phaseOpen {
		f.lex = lx
		w.ready(f)
		if f.q == phaseFirst || f.q == phaseNext {
			w.items(n.Array, f)
		}
		return
	}
	f.lex = 0
	switch f.q {
	case phaseOpen:
		if b == '[' {
			f.q = phaseFirst
			w.ready(f)
			w.items(n.Array, f)
		}
	case phaseFirst, phaseAfter:
		if b == ']' && n.Array.complete(arrayState{f.n, f.counts}) {
			w.ret(f)
		} else if b == ',' && f.q == phaseAfter && w.more(n.Array, &f) {
			f.q = phaseNext
			w.ready(f)
			w.items(n.Array, f)
		}
	}
}

// items enters the items that may come next.
func (w *stepper) items(s *ArraySpec, f frame) {
	st := arrayState{f.n, f.counts}
	f.q, f.lex = phaseAfter, 0
	f.start = 0
	if s.Distinct {
		f.start = int32(len(w.a.text))
	}
	for _, it := range s.items(st.n) {
		next, fits := s.count(st, it)
		if !fits || !s.ok[it.Node] || !s.feasible(next) {
			continue
		}
		f.n, f.counts = next.n, next.counts
		parent := w.a.add(f)
		if w.fresh(s, it.Node, f.reg) {
			w.enter(it.Node, parent)
		}
	}
}

// more reports whether another item may follow.
func (w *stepper) more(s *ArraySpec, f *frame) bool {
	st := arrayState{f.n, f.counts}
	for _, it := range s.items(st.n) {
		if next, fits := s.count(st, it); fits && s.ok[it.Node] && s.feasible(next) && w.fresh(s, it.Node, f.reg) {
			return true
		}
	}
	return false
}

// fresh reports whether a node has a value that is not among the items of a Distinct array yet.
func (w *stepper) fresh(s *ArraySpec, id NodeID, r *register) bool {
	if !s.Distinct || r == nil {
		return true
	}
	n := &w.p.nodes[id]
	if n.Kind == Choice {
		for _, a := range n.Alts {
			if w.fresh(s, a, r) {
				return true
			}
		}
		return false
	}
	return w.unseen(n, r)
}

// unseen reports whether a single node has a value that is not among the items of a Distinct array yet.
func (w *stepper) unseen(n *Node, r *register) bool {
	if !n.Distinct || r == nil {
		return true // nothing seen, or an object or array that can grow without bound
	}
	switch n.quick(n.DFA.Start(), onlyLabel, nil, r.values.supply()) {
	case yes:
		return true
	case no:
		return false
	}
	if w.oneOfMany {
		w.undecided = true
		return false
	}
	typed := ""
	if n.Kind == String {
		typed = `"`
	}
	return w.countSpare(n, n.DFA.Start(), onlyLabel, r.values, typed, func(string) bool { return true }) > 0
}

// item goes on after an item.
func (w *stepper) item(p frame) {
	if w.p.nodes[p.node].Array.Distinct {
		if w.oneOfMany {
			w.undecided = true
			return
		}
		text := canonical(w.a.text[p.start:])
		var seen *seenValue
		if p.reg != nil {
			seen = p.reg.values
		}
		if seen.has(text) {
			return
		}
		p.reg = &register{values: seen.add(text, 0)}
		p.start = 0
	}
	w.ready(p)
}
