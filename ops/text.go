package ops

import (
	"fmt"
	"strings"
)

// Text writes the graph one line a weight, state and node, so that a change of a model shows as a diff:
//
//	w0 = weight token_embd.weight [320 64]
//	s0 = state kv heads=2 key=16 value=16
//	v0 = Embed(w0) [T 64]
//	v1 = RMSNorm{eps=1e-05}(v0, w1) [T 64] # blk.0
func (g *Graph) Text() string {
	var b strings.Builder
	for i, w := range g.Weights {
		fmt.Fprintf(&b, "w%d = weight %s %v\n", i, w.Name, w.Shape)
	}
	for i, s := range g.States {
		fmt.Fprintf(&b, "s%d = state kv heads=%d key=%d value=%d\n", i, s.Heads, s.KeyDim, s.ValueDim)
	}
	for i, n := range g.Nodes {
		fmt.Fprintf(&b, "v%d = %v", i, n.Op)
		if n.Attr != nil {
			fmt.Fprintf(&b, "{%v}", n.Attr)
		}
		b.WriteByte('(')
		for j, v := range n.In {
			if j > 0 {
				b.WriteString(", ")
			}
			b.WriteString(v.String())
		}
		fmt.Fprintf(&b, ") %v", n.Shape)
		if n.Scope != "" {
			fmt.Fprintf(&b, " # %s", n.Scope)
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "return %v\n", g.Output)
	return b.String()
}

// String names the value as the text form does: w3 is a weight, v7 the result of a node.
func (v Value) String() string {
	switch v.kind {
	case kindWeight:
		return fmt.Sprintf("w%d", v.index)
	case kindNode:
		return fmt.Sprintf("v%d", v.index)
	}
	return "none"
}
