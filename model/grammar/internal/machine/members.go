package machine

// stepObject reads a byte between the tokens of an object.
func (w *stepper) stepObject(n *Node, f frame, b byte) {
	if lx, ok := w.p.space.step(f.lex, b); ok && f.q != phaseOpen {
		f.lex = lx
		w.ready(f)
		if f.q == phaseValue {
			w.value(n.Object, f)
		}
		return
	}
	f.lex = 0
	switch f.q {
	case phaseOpen:
		if b == '{' {
			f.q = phaseFirst
			w.ready(f)
		}
	case phaseFirst, phaseNext:
		if b == '"' && f.reg.more {
			f.q = phaseKey
			f.start = int32(len(w.a.text))
			k := w.p.nodes[n.Object.key].DFA
			w.ready(frame{parent: w.a.add(f), node: n.Object.key, q: k.Start(), start: f.start})
		} else if b == '}' && f.q == phaseFirst && f.reg.close {
			w.ret(f)
		}
	case phaseColon:
		if b == ':' {
			f.q = phaseValue
			w.ready(f)
			w.value(n.Object, f)
		}
	case phaseAfter:
		if b == ',' && f.reg.more {
			f.q = phaseNext
			w.ready(f)
		} else if b == '}' && f.reg.close {
			w.ret(f)
		}
	}
}

// value enters the values the member's key allows.
func (w *stepper) value(o *ObjectSpec, f frame) {
	k := &o.Classes[f.n]
	text := ""
	if !k.Named {
		text = `"` + unescape(w.a.text[f.start:])
	}
	c := f.n
	f.q, f.n, f.lex, f.start = phaseAfter, 0, 0, 0
	r := f.reg
	for _, v := range k.Values[:k.live] {
		if f.reg = o.after(r, c, v.Settles, text); f.reg != nil {
			w.enter(v.Node, w.a.add(f))
		}
	}
}

// member goes on after a key or a value.
func (w *stepper) member(p, child frame) {
	if p.q != phaseKey {
		w.ready(p)
		return
	}
	o := w.p.nodes[p.node].Object
	c := w.p.nodes[child.node].DFA.Label(child.q)
	if !getBit(p.reg.allowed, c) {
		return
	}
	if !o.Classes[c].Named && w.oneOfMany {
		w.undecided = true
		return
	}
	if !o.Classes[c].Named && p.reg.values.has(`"`+unescape(w.a.text[p.start:])) {
		return
	}
	p.q, p.n = phaseColon, c
	w.ready(p)
}
