package gbnf

import (
	"errors"
	"fmt"

	"github.com/seed64708441/ember/model/grammar/internal/dfa"
	"github.com/seed64708441/ember/model/grammar/internal/machine"
)

// Compile turns a grammar into a program; the rule root is where texts begin. Left recursion is refused. Rules named in
// holes are not defined by the grammar but by nodes of prog, none of which may be empty.
func Compile(src string, prog *machine.Program, holes map[string]machine.NodeID) (*machine.Program, error) {
	p, err := parse(src, holes)
	if err != nil {
		return nil, err
	}
	root, ok := p.ids["root"]
	if !ok || p.rules[root].hole {
		return nil, &Error{Message: `no rule "root"`}
	}
	p.nullable()
	if err := p.leftRecursion(); err != nil {
		return nil, err
	}
	p.yielding()
	if !p.rules[root].yields {
		return nil, fmt.Errorf("gbnf: %w", machine.ErrEmpty)
	}
	p.recursion(root)
	b := &builder{p: p, prog: prog, nodes: map[int]machine.NodeID{}}
	for name, node := range holes {
		if r, ok := p.ids[name]; ok {
			b.nodes[r] = node
		}
	}
	id := b.node(root)
	for len(b.todo) > 0 {
		r := b.todo[0]
		b.todo = b.todo[1:]
		if err := b.build(r); err != nil {
			return nil, err
		}
	}
	if err := b.prog.Finish(id); err != nil {
		return nil, fmt.Errorf("gbnf: %w", err)
	}
	return b.prog, nil
}

// builder turns rules into nodes.
type builder struct {
	p     *parser
	prog  *machine.Program
	nodes map[int]machine.NodeID
	todo  []int
	nfa   *dfa.NFA
	work  int  // spent on automata
	calls bool // copy no rule
}

func (b *builder) node(r int) machine.NodeID {
	id, ok := b.nodes[r]
	if !ok {
		id = b.prog.Add(machine.Node{})
		b.nodes[r] = id
		b.todo = append(b.todo, r)
	}
	return id
}

// build makes the node of a rule. Where its automaton is too large with the rules it uses copied in, it calls them.
func (b *builder) build(r int) error {
	d, err := b.automaton(r)
	if errors.Is(err, dfa.ErrTooLarge) {
		b.calls = true
		d, err = b.automaton(r)
		b.calls = false
	}
	if errors.Is(err, dfa.ErrTooLarge) {
		return b.p.errorAt(b.p.rules[r].at, "rule %q: %w", b.p.rules[r].name, err)
	}
	if err != nil {
		return err
	}
	b.prog.Set(b.nodes[r], machine.Node{Kind: machine.Text, DFA: d})
	return nil
}

func (b *builder) automaton(r int) (*dfa.DFA, error) {
	b.nfa = dfa.NewNFA(&b.work)
	start, end := b.nfa.State(), b.nfa.State()
	if err := b.expr(b.p.rules[r].body, start, end); err != nil {
		return nil, err
	}
	return b.nfa.Determinize(start, end)
}

// expr adds the paths of e between two states.
func (b *builder) expr(e *expr, from, to int32) error {
	if b.nfa.Len() > maxSize {
		return dfa.ErrTooLarge
	}
	switch e.op {
	case opClass:
		for i := 0; i < len(e.ranges); i += 2 {
			b.nfa.Edge(from, to, e.ranges[i], e.ranges[i+1])
		}
	case opRule:
		r := b.p.rules[e.rule]
		if !r.yields {
			return nil
		}
		if r.inlined && !r.hole && !b.calls {
			return b.expr(r.body, from, to)
		}
		sym := machine.CallSymbol(b.node(e.rule))
		b.nfa.Edge(from, to, sym, sym)
	case opSeq:
		for i, k := range e.kids {
			next := to
			if i+1 < len(e.kids) {
				next = b.nfa.State()
			}
			if err := b.expr(k, from, next); err != nil {
				return err
			}
			from = next
		}
		if len(e.kids) == 0 {
			b.nfa.Epsilon(from, to)
		}
	case opAlt:
		for _, k := range e.kids {
			// States of their own: a loop at the border of one alternative must not touch the others.
			in, out := b.nfa.State(), b.nfa.State()
			b.nfa.Epsilon(from, in)
			b.nfa.Epsilon(out, to)
			if err := b.expr(k, in, out); err != nil {
				return err
			}
		}
	case opRepeat:
		return b.repeat(e, from, to)
	}
	return nil
}

func (b *builder) repeat(e *expr, from, to int32) error {
	copies := e.min
	if e.max >= 0 {
		copies = e.max
	}
	for i := range copies {
		next := b.nfa.State()
		if i >= e.min {
			b.nfa.Epsilon(from, to)
		}
		if err := b.expr(e.kids[0], from, next); err != nil {
			return err
		}
		from = next
	}
	if e.max < 0 {
		loop := b.nfa.State()
		b.nfa.Epsilon(from, loop)
		back := b.nfa.State()
		if err := b.expr(e.kids[0], loop, back); err != nil {
			return err
		}
		b.nfa.Epsilon(back, loop)
		from = loop
	}
	b.nfa.Epsilon(from, to)
	return nil
}
