package gbnf

// nullable finds the rules that may be empty.
func (p *parser) nullable() {
	p.fix(func(r *rule) *bool { return &r.null }, p.null)
}

// yielding finds the rules that some text satisfies.
func (p *parser) yielding() {
	p.fix(func(r *rule) *bool { return &r.yields }, p.yields)
}

// fix sets a flag of every rule for which test holds, until nothing changes.
func (p *parser) fix(flag func(*rule) *bool, test func(*expr) bool) {
	for changed := true; changed; {
		changed = false
		for _, r := range p.rules {
			if f := flag(r); !*f && test(r.body) {
				*f, changed = true, true
			}
		}
	}
}

func (p *parser) null(e *expr) bool {
	switch e.op {
	case opRule:
		return p.rules[e.rule].null
	case opSeq:
		return all(e.kids, p.null)
	case opAlt:
		return some(e.kids, p.null)
	case opRepeat:
		return e.min == 0 || p.null(e.kids[0])
	}
	return false
}

func (p *parser) yields(e *expr) bool {
	switch e.op {
	case opClass:
		return len(e.ranges) > 0
	case opRule:
		return p.rules[e.rule].yields
	case opSeq:
		return all(e.kids, p.yields)
	case opAlt:
		return some(e.kids, p.yields)
	}
	return e.min == 0 || p.yields(e.kids[0])
}

func all(kids []*expr, test func(*expr) bool) bool {
	for _, k := range kids {
		if !test(k) {
			return false
		}
	}
	return true
}

func some(kids []*expr, test func(*expr) bool) bool {
	for _, k := range kids {
		if test(k) {
			return true
		}
	}
	return false
}

// leftmost calls f for every rule e may begin with. more reports whether what follows e may also come first.
func (p *parser) leftmost(e *expr, f func(rule int)) (more bool) {
	switch e.op {
	case opClass:
		return false
	case opRule:
		f(e.rule)
		return p.rules[e.rule].null
	case opSeq:
		for _, k := range e.kids {
			if !p.leftmost(k, f) {
				return false
			}
		}
		return true
	case opAlt:
		for _, k := range e.kids {
			more = p.leftmost(k, f) || more
		}
		return more
	}
	if e.max == 0 {
		return true
	}
	return p.leftmost(e.kids[0], f) || e.min == 0
}

// anywhere calls f for every rule in e.
func anywhere(e *expr, f func(rule int)) {
	if e.op == opRule {
		f(e.rule)
	}
	for _, k := range e.kids {
		anywhere(k, f)
	}
}

// leftRecursion refuses rules that may begin with themselves.
func (p *parser) leftRecursion() error {
	onLoop := p.loops(func(r *rule, f func(int)) { p.leftmost(r.body, f) })
	for i, r := range p.rules {
		if onLoop[i] {
			return p.errorAt(r.at, "rule %q is left-recursive: it may begin with itself", r.name)
		}
	}
	return nil
}

// recursion decides which rules stand for themselves and which are copied into those that use them: every loop of rules
// keeps at least one. Copying lets alternatives that begin alike share their beginning, whatever rules they come from; with
// a call each, every nesting would double the readings of a text.
func (p *parser) recursion(root int) {
	p.cut(root)
	for _, r := range p.rules {
		p.measure(r, 0)
	}
}

// cut marks, on every loop that root leads to, the rule that is met first.
func (p *parser) cut(root int) {
	const open, done = 1, 2
	mark := make([]uint8, len(p.rules))
	type visit struct {
		rule int
		next []int
	}
	refs := func(r int) (out []int) {
		anywhere(p.rules[r].body, func(to int) { out = append(out, to) })
		return out
	}
	stack := []visit{{root, refs(root)}}
	mark[root] = open
	for len(stack) > 0 {
		v := &stack[len(stack)-1]
		if len(v.next) == 0 {
			mark[v.rule] = done
			stack = stack[:len(stack)-1]
			continue
		}
		to := v.next[0]
		v.next = v.next[1:]
		switch mark[to] {
		case 0:
			mark[to] = open
			stack = append(stack, visit{to, refs(to)})
		case open:
			p.rules[to].loops = true
		}
	}
	for i, r := range p.rules {
		r.loops = r.loops || mark[i] == 0 // never used
	}
}

// measure works out the size of a rule with the rules it uses copied in.
func (p *parser) measure(r *rule, depth int) int {
	if r.size == 0 {
		r.size = 1
		r.size = min(maxSize+1, p.size(r.body, depth+1))
		r.inlined = !r.loops && r.size <= maxInline
	}
	return r.size
}

func (p *parser) size(e *expr, depth int) int {
	n := 1
	switch e.op {
	case opRule:
		r := p.rules[e.rule]
		if r.loops || depth > maxDepth {
			return 1
		}
		if s := p.measure(r, depth); s <= maxInline {
			return s
		}
		return 1
	case opRepeat:
		copies := max(e.max, e.min+1)
		return min(maxSize+1, 1+p.size(e.kids[0], depth)*copies)
	}
	for _, k := range e.kids {
		n = min(maxSize+1, n+p.size(k, depth))
	}
	return n
}

// loops finds the rules that lie on a loop of the graph whose edges visit gives: Tarjan's components, without recursion
// of Go, as a hostile grammar may be deep.
func (p *parser) loops(visit func(r *rule, f func(int))) []bool {
	n := len(p.rules)
	edges := make([][]int, n)
	for i, r := range p.rules {
		visit(r, func(to int) { edges[i] = append(edges[i], to) })
	}
	index, low := make([]int, n), make([]int, n)
	onStack, loop := make([]bool, n), make([]bool, n)
	var stack []int
	type visitAt struct{ v, i int }
	count := 0
	for root := range n {
		if index[root] != 0 {
			continue
		}
		work := []visitAt{{root, 0}}
		for len(work) > 0 {
			w := &work[len(work)-1]
			v := w.v
			if w.i == 0 {
				count++
				index[v], low[v] = count, count
				stack = append(stack, v)
				onStack[v] = true
			}
			if w.i < len(edges[v]) {
				to := edges[v][w.i]
				w.i++
				switch {
				case to == v:
					loop[v] = true
				case index[to] == 0:
					work = append(work, visitAt{to, 0})
				case onStack[to]:
					low[v] = min(low[v], index[to])
				}
				continue
			}
			work = work[:len(work)-1]
			if len(work) > 0 {
				low[work[len(work)-1].v] = min(low[work[len(work)-1].v], low[v])
			}
			if low[v] == index[v] {
				for size := 0; ; size++ {
					u := stack[len(stack)-1]
					stack = stack[:len(stack)-1]
					onStack[u] = false
					if u == v {
						loop[v] = loop[v] || size > 0
						break
					}
					loop[u] = true
				}
			}
		}
	}
	return loop
}
