// Package ref interprets a graph slowly and obviously in float64: the oracle that every backend is tested against. It
// evaluates one node after the other, one sequence at a time, and keeps every value. It imports only ops.
package ref

import (
	"fmt"
	"slices"

	"github.com/seed64708441/ember/ops"
)

// Machine interprets one graph. It is for one goroutine.
type Machine struct {
	// Round imitates how a backend stores numbers; its zero value rounds nothing.
	Round Rounding

	graph   *ops.Graph
	weights [][]float64
	values  [][]float64 // of the last step, by node
}

// Rounding shows how far storage in a smaller type moves a result: a function that is not nil replaces the numbers it
// is given by the nearest that the type can hold.
type Rounding struct {
	// Operand gets each row that is multiplied with the named weight.
	Operand func(weight string, x []float64)
	// Key gets each head of a key after rotation, and Value each head of a value, when attention reads them.
	Key, Value func(x []float64)
}

// New returns a machine for g. weights gives the elements of a declared weight, row-major.
func New(g *ops.Graph, weights func(name string) ([]float32, error)) (*Machine, error) {
	m := &Machine{graph: g, values: make([][]float64, len(g.Nodes))}
	for _, n := range g.Nodes {
		if eval[n.Op] == nil {
			return nil, fmt.Errorf("ref: %v in %q has no reference", n.Op, n.Scope)
		}
	}
	for _, w := range g.Weights {
		data, err := weights(w.Name)
		if err != nil {
			return nil, fmt.Errorf("ref: weight %q: %w", w.Name, err)
		}
		if want := elements(w.Shape); len(data) != want {
			return nil, fmt.Errorf("ref: weight %q has %d elements, %v needs %d", w.Name, len(data), w.Shape, want)
		}
		m.weights = append(m.weights, widen(data))
	}
	return m, nil
}

// Sequence is the history of one sequence: what attention remembers of the positions 0 to Len-1.
type Sequence struct {
	// Len is the number of positions.
	Len int
	// Keys and Values have one slice per state of the graph: position after position, head after head. Keys are stored
	// as they were computed, not rotated; attention rotates them by their position each time. A state that no node
	// appends to stays empty.
	Keys, Values [][]float64

	states []ops.KV
}

// NewSequence returns an empty history.
func (m *Machine) NewSequence() *Sequence {
	n := len(m.graph.States)
	return &Sequence{Keys: make([][]float64, n), Values: make([][]float64, n), states: m.graph.States}
}

// Clone returns a copy that goes its own way.
func (s *Sequence) Clone() *Sequence {
	c := &Sequence{Len: s.Len, states: s.states}
	for i := range s.states {
		c.Keys = append(c.Keys, slices.Clone(s.Keys[i]))
		c.Values = append(c.Values, slices.Clone(s.Values[i]))
	}
	return c
}

// Truncate forgets all positions from n on; it does nothing when there are none.
func (s *Sequence) Truncate(n int) {
	if n < 0 || n >= s.Len {
		return
	}
	s.Len = n
	for i, kv := range s.states {
		s.Keys[i] = s.Keys[i][:min(n*kv.Heads*kv.KeyDim, len(s.Keys[i]))]
		s.Values[i] = s.Values[i][:min(n*kv.Heads*kv.ValueDim, len(s.Values[i]))]
	}
}

// Step appends rows to s at the positions Len, Len+1 and so on, and returns the logits of the rows named in outputs,
// one after the other. A row is a token id, or -1 and the next embedding of D numbers. An error leaves s as it was.
func (m *Machine) Step(s *Sequence, tokens []int32, embeddings []float32, outputs []int32) ([]float64, error) {
	st := &step{Machine: m, seq: s, tokens: tokens, outputs: outputs}
	if err := st.check(embeddings); err != nil {
		return nil, fmt.Errorf("ref: %w", err)
	}
	st.embeddings = widen(embeddings)
	for i := range m.graph.Nodes {
		n := &m.graph.Nodes[i]
		m.values[i] = eval[n.Op](st, n)
	}
	s.Len += len(tokens)
	return slices.Clone(m.values[m.graph.Output.Node()]), nil
}

// Values returns what each node of the graph gave in the last step, row by row.
func (m *Machine) Values() [][]float64 { return m.values }

// step is one evaluation of the graph.
type step struct {
	*Machine
	seq        *Sequence
	tokens     []int32
	embeddings []float64
	outputs    []int32
}

// check returns the first problem of the arguments of Step.
func (st *step) check(embeddings []float32) error {
	for _, n := range st.graph.Nodes {
		a, ok := n.Attr.(ops.Attention)
		if !ok {
			continue
		}
		i, kv := a.State, st.graph.States[a.State]
		k, v := st.seq.Len*kv.Heads*kv.KeyDim, st.seq.Len*kv.Heads*kv.ValueDim
		if len(st.seq.Keys) <= i || len(st.seq.Values) <= i || len(st.seq.Keys[i]) != k || len(st.seq.Values[i]) != v {
			return fmt.Errorf("state %d of the sequence does not hold %d positions of %+v", i, st.seq.Len, kv)
		}
	}
	given := 0
	for i, id := range st.tokens {
		if id < -1 {
			return fmt.Errorf("row %d has token %d: want an id, or -1 for an embedding", i, id)
		}
		if id == -1 {
			given++
		}
	}
	for _, n := range st.graph.Nodes {
		if n.Op != ops.OpEmbed {
			continue
		}
		table := st.graph.Shape(n.In[0])
		for i, id := range st.tokens {
			if int(id) >= int(table[0]) {
				return fmt.Errorf("row %d has token %d, the table has %v", i, id, table)
			}
		}
		if want := given * int(table[1]); len(embeddings) != want {
			return fmt.Errorf("%d numbers for %d embeddings of %v: want %d", len(embeddings), given, table[1], want)
		}
	}
	for i, row := range st.outputs {
		if row < 0 || int(row) >= len(st.tokens) || i > 0 && row <= st.outputs[i-1] {
			return fmt.Errorf("outputs %v: want ascending rows of %d", st.outputs, len(st.tokens))
		}
	}
	return nil
}

// in returns the elements and the shape of operand i of a node.
func (st *step) in(n *ops.Node, i int) ([]float64, ops.Shape) {
	v := n.In[i]
	if w := v.Weight(); w >= 0 {
		return st.weights[w], st.graph.Shape(v)
	}
	return st.values[v.Node()], st.graph.Shape(v)
}

func elements(s ops.Shape) int {
	if len(s) == 0 {
		return 1
	}
	return int(s[0]) * s.RowLen()
}

func widen(x []float32) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	return y
}
