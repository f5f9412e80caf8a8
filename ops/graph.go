package ops

// Value names a weight or the result of a node of one graph. The zero Value is what builder methods return after an
// error; it names nothing.
type Value struct {
	kind  valueKind
	index int32
}

type valueKind uint8

const (
	kindNone valueKind = iota
	kindWeight
	kindNode
)

// Weight returns the index of the weight, or -1 when v is not one.
func (v Value) Weight() int {
	if v.kind != kindWeight {
		return -1
	}
	return int(v.index)
}

// Node returns the index of the node, or -1 when v is not the result of one.
func (v Value) Node() int {
	if v.kind != kindNode {
		return -1
	}
	return int(v.index)
}

// Weight is a declared weight: its name as in a GGUF file and its row-major shape.
type Weight struct {
	Name  string
	Shape Shape
}

// Node is one operation.
type Node struct {
	Op Op
	// Scope is the name prefix of the builder that made it, for instance "blk.3".
	Scope string
	In    []Value
	Attr  Attr
	Shape Shape
}

// KV is a key/value state: for each position Heads keys of KeyDim and Heads values of ValueDim elements.
type KV struct{ Heads, KeyDim, ValueDim int }

// Graph is an immutable model: nodes in the order of evaluation, the weights and states they name, and the output.
// The slices must not be changed.
type Graph struct {
	Nodes   []Node
	Weights []Weight
	States  []KV
	Output  Value
}

// has reports whether v names a weight or node of the graph.
func (g *Graph) has(v Value) bool {
	switch v.kind {
	case kindWeight:
		return int(v.index) < len(g.Weights)
	case kindNode:
		return int(v.index) < len(g.Nodes)
	}
	return false
}

// Shape returns the shape of a value of the graph.
func (g *Graph) Shape(v Value) Shape {
	if v.kind == kindWeight {
		return g.Weights[v.index].Shape
	}
	return g.Nodes[v.index].Shape
}
