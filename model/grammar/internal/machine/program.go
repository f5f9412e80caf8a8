// Package machine runs grammars: a set of stacks over bytes. A Program is a graph of nodes; a stack frame stands in a
// node; a thread is a frame that waits for a byte, with the stack, or stacks, below it. Text nodes are automata over code points that may call
// other nodes; String, Object and Array nodes know JSON and carry registers (lengths, keys seen, items counted).
//
// The invariant that makes masks exact: a frame exists only if it and everything below it can be completed. So a byte
// may follow exactly if a thread survives it, and nothing ever has to be undone.
package machine

import (
	"errors"

	"github.com/seed64708441/ember/model/grammar/internal/dfa"
)

// ErrEmpty says that no text satisfies the program.
var ErrEmpty = errors.New("no text satisfies the grammar")

// ErrBounded says that a node that must be able to grow cannot.
var ErrBounded = errors.New("object or array cannot grow without bound")

// NodeID names a node of a Program.
type NodeID int32

// Kind says what a node reads.
type Kind uint8

// The kinds of nodes.
const (
	Text   Kind = iota // text as the automaton says, UTF-8
	String             // a JSON string whose decoded content the automaton accepts
	Object             // a JSON object
	Array              // a JSON array
	Choice             // one of several nodes
)

// A Node is one nonterminal. Which fields count depends on Kind.
type Node struct {
	Kind     Kind
	DFA      *dfa.DFA // Text, String
	Calls    bool     // Text: symbols above unicode.MaxRune call nodes, see CallSymbol
	Min, Max int32    // String: code points; Max -1 is no bound. Only with a universal DFA
	Plain    bool     // String: only escapes that are needed
	Distinct bool     // Text, String: the value must differ from the earlier items of the array it stands in
	MustGrow bool     // Object, Array: another member or item must always be possible, or Finish returns ErrBounded
	Object   *ObjectSpec
	Array    *ArraySpec
	Alts     []NodeID // Choice

	key    bool   // String: a key of an object
	free   bool   // String: anything is accepted, but for the length
	sinks  []bool // String: states from which everything is accepted
	states []state
	kinds  []charSet // by class of the automaton
	words  wordTable
}

// state is what the machine needs to know about a state of a Text node.
type state struct {
	reads   bool // code points lead on
	accepts bool
	calls   []call
}

// exits reports whether the frame may end or call.
func (s *state) exits() bool { return s.accepts || len(s.calls) > 0 }

type call struct {
	node  NodeID
	to    int32
	final bool // nothing follows: the frame need not be kept
}

// CallSymbol is the symbol in the automaton of a Text node that calls a node.
func CallSymbol(n NodeID) rune { return 0x110000 + rune(n) }

// Program is a graph of nodes. Build it with Add and Set, then call Finish; it is read-only and safe for concurrent use
// afterwards.
type Program struct {
	nodes    []Node
	root     NodeID
	space    Space
	keepText bool // some frame looks back at the text
	distinct bool // some array must not repeat items
}

// NewProgram returns an empty program; space says what may stand between the tokens of JSON.
func NewProgram(space Space) *Program { return &Program{space: space} }

// Len returns the number of nodes.
func (p *Program) Len() int { return len(p.nodes) }

// Add appends a node.
func (p *Program) Add(n Node) NodeID {
	p.nodes = append(p.nodes, n)
	return NodeID(len(p.nodes) - 1)
}

// KeepsText reports whether threads look back at the text, so that a state must keep it.
func (p *Program) KeepsText() bool { return p.keepText }

// Set replaces a node, so that nodes may refer to one another.
func (p *Program) Set(id NodeID, n Node) { p.nodes[id] = n }

// Finish checks and prepares the program. It removes everything that cannot be completed and returns ErrEmpty when
// nothing is left.
func (p *Program) Finish(root NodeID) error {
	p.root = root
	for i := 0; i < len(p.nodes); i++ { // objects add nodes
		n := &p.nodes[i]
		switch n.Kind {
		case Text:
			n.prepareText()
		case Object:
			if err := n.Object.prepare(p); err != nil {
				return err
			}
			continue
		case Array:
			n.Array.prepare()
			if n.Array.Distinct {
				p.keepText, p.distinct = true, true
			}
		}
		if n.Kind == String {
			n.prepareString()
		}
		if n.DFA != nil {
			n.kinds = kindsOf(n.DFA)
		}
		if n.Distinct {
			n.words = newWordTable(n.DFA, 1)
		}
	}
	productive, err := p.productive()
	if err != nil {
		return err
	}
	if !productive[root] {
		return ErrEmpty
	}
	for i := range p.nodes {
		n := &p.nodes[i]
		if n.MustGrow && productive[i] && !n.grows(p) {
			return ErrBounded
		}
		switch n.Kind {
		case Choice:
			n.Alts = keep(n.Alts, productive)
		case Object:
			if productive[i] {
				n.Object.finish()
			}
		}
	}
	return nil
}

// grows reports whether an object or array can always get another member or item.
func (n *Node) grows(p *Program) bool {
	if n.Kind == Array {
		return n.Array.grows(p)
	}
	return n.Object.grows()
}

func keep(ids []NodeID, ok []bool) []NodeID {
	var out []NodeID
	for _, id := range ids {
		if ok[id] {
			out = append(out, id)
		}
	}
	return out
}

// productive finds the nodes that some text satisfies: the least fixed point.
func (p *Program) productive() ([]bool, error) {
	ok := make([]bool, len(p.nodes))
	for changed := true; changed; {
		changed = false
		for i := len(p.nodes) - 1; i >= 0; i-- {
			if ok[i] {
				continue
			}
			yes := false
			var err error
			switch n := &p.nodes[i]; n.Kind {
			case Text: // rules that call are trimmed by their maker
				yes = !n.DFA.Empty()
			case String:
				yes = !n.DFA.Empty() && (n.Max < 0 || n.Min <= n.Max)
			case Choice:
				for _, a := range n.Alts {
					yes = yes || ok[a]
				}
			case Object:
				yes = n.Object.satisfiable(ok)
			case Array:
				yes, err = n.Array.satisfiable(p, ok)
			}
			if err != nil {
				return nil, err
			}
			if yes {
				ok[i], changed = true, true
			}
		}
	}
	// The registers were worked out with what was known then; now everything is known.
	for i := range p.nodes {
		switch n := &p.nodes[i]; n.Kind {
		case Object:
			n.Object.satisfiable(ok)
		case Array:
			if _, err := n.Array.satisfiable(p, ok); err != nil {
				return nil, err
			}
		}
	}
	return ok, nil
}

func (n *Node) prepareString() {
	n.sinks = make([]bool, n.DFA.States())
	for q := range n.sinks {
		n.sinks[q] = n.DFA.Sink(int32(q))
	}
	n.free = n.DFA.Universal()
}

func (n *Node) prepareText() {
	n.states = make([]state, n.DFA.States())
	for q := range n.states {
		s := &n.states[q]
		s.accepts = n.DFA.Accepts(int32(q))
		n.DFA.Edges(int32(q), func(lo, hi rune, to int32) {
			if lo < CallSymbol(0) {
				s.reads = true
				return
			}
			for sym := lo; sym <= hi; sym++ {
				s.calls = append(s.calls, call{node: NodeID(sym - CallSymbol(0)), to: to})
			}
		})
	}
	for q := range n.states {
		for i := range n.states[q].calls {
			c := &n.states[q].calls[i]
			to := &n.states[c.to]
			c.final = to.accepts && !to.reads && len(to.calls) == 0
		}
	}
}
