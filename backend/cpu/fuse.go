package cpu

import (
	"github.com/seed64708441/ember/backend/cpu/internal/kernel"
	"github.com/seed64708441/ember/ops"
)

// fused is a product with everything that is computed together with it. Its item is emitted where its result stands
// in the graph.
type fused struct {
	node int // the MatMul
	// up is the second MatMul of a gated unit whose gate is node, -1 for none.
	up int
	// bias is a weight that is added to every row, -1 for none.
	bias int
	// onto is the node whose memory the product is added to and which nothing reads afterwards, -1 for none.
	onto int
}

// analysis is what the items of a graph need to know about it as a whole.
type analysis struct {
	g      *ops.Graph
	layout func(weight int) kernel.Layout
	// base is, for each node, the node whose memory holds its result: rows are contiguous, so a reshape moves nothing.
	base []int
	// live marks the nodes that the output or a state depends on.
	live []bool
	// users are the live nodes that read the memory of a base, once for each operand; the output counts as one more.
	users [][]int
	// products has the product that gives each node's result; inside marks those that are part of a later one.
	products []*fused
	inside   []bool
	// emitted is the node at which the operands of a node are read: itself, or that it is fused into.
	emitted []int
	// overwritten is the node that adds onto the memory of a base, or the number of nodes.
	overwritten []int
}

// analyze finds what is needed of a graph and which nodes are computed together.
func analyze(g *ops.Graph, layout func(weight int) kernel.Layout) *analysis {
	n := len(g.Nodes)
	a := &analysis{
		g: g, layout: layout, base: make([]int, n), live: make([]bool, n), users: make([][]int, n),
		products: make([]*fused, n), inside: make([]bool, n), emitted: make([]int, n), overwritten: make([]int, n),
	}
	for i := range g.Nodes {
		a.base[i], a.emitted[i], a.overwritten[i] = i, i, n
		if g.Nodes[i].Op == ops.OpReshape {
			a.base[i] = a.base[g.Nodes[i].In[0].Node()]
		}
	}
	a.live[g.Output.Node()] = true
	for i := n - 1; i >= 0; i-- {
		a.live[i] = a.live[i] || g.Nodes[i].Op == ops.OpAttention
		for _, v := range g.Nodes[i].In {
			if v.Node() >= 0 && a.live[i] {
				a.live[v.Node()] = true
			}
		}
	}
	for i := range g.Nodes {
		if !a.live[i] || g.Nodes[i].Op == ops.OpReshape {
			continue
		}
		for _, v := range g.Nodes[i].In {
			if v.Node() >= 0 {
				a.users[a.base[v.Node()]] = append(a.users[a.base[v.Node()]], i)
			}
		}
	}
	out := a.base[g.Output.Node()]
	a.users[out] = append(a.users[out], n)
	for i := range g.Nodes {
		if a.live[i] {
			a.fuse(i)
		}
	}
	return a
}

// fuse decides whether node i is computed together with products before it.
func (a *analysis) fuse(i int) {
	n := &a.g.Nodes[i]
	switch n.Op {
	case ops.OpMatMul:
		a.products[i] = &fused{node: i, up: -1, bias: -1, onto: -1}
	case ops.OpGLU:
		gate, up := a.operand(i, 0), a.operand(i, 1)
		p, q := a.product(gate, i), a.product(up, i)
		if p == nil || q == nil || p == q || !p.plain() || !q.plain() || !a.sameOperand(p.node, q.node) {
			return
		}
		p.up = q.node
		a.absorb(p, gate, i)
		a.absorb(p, up, i)
	case ops.OpAdd:
		if w := n.In[1].Weight(); w >= 0 {
			x := a.operand(i, 0)
			if p := a.product(x, i); p != nil && p.up < 0 && p.bias < 0 && a.g.Weights[w].Shape.Inner() == n.Shape.RowLen() {
				p.bias = w
				a.absorb(p, x, i)
			}
			return
		}
		for side := range 2 {
			x, onto := a.operand(i, side), a.operand(i, 1-side)
			if p := a.product(x, i); p != nil && p.up < 0 && p.onto < 0 && a.free(onto, p, i) {
				p.onto = onto
				a.overwritten[onto] = i
				a.absorb(p, x, i)
				return
			}
		}
	}
}

func (p *fused) plain() bool { return p.bias < 0 && p.onto < 0 && p.up < 0 }

// operand returns the base of an operand.
func (a *analysis) operand(i, operand int) int { return a.base[a.g.Nodes[i].In[operand].Node()] }

// product returns the product whose result is at base x, when nothing but node i reads it and it can be computed as
// late as at node i.
func (a *analysis) product(x, i int) *fused {
	p := a.products[x]
	if p == nil || len(a.users[x]) != 1 || a.users[x][0] != i {
		return nil
	}
	if a.overwritten[a.operand(p.node, 0)] < i {
		return nil
	}
	return p
}

// absorb makes p the product that gives node i; it gave node x so far.
func (a *analysis) absorb(p *fused, x, i int) {
	a.products[x], a.inside[x], a.products[i] = nil, true, p
	a.emitted[p.node] = i
	if p.up >= 0 {
		a.emitted[p.up] = i
	}
}

// free reports whether product p may add onto the memory of base x at node i: x is computed before, all others that
// read it have read it, and p itself does not read it while it writes.
func (a *analysis) free(x int, p *fused, i int) bool {
	for _, u := range a.users[x] {
		if u != i && (u >= len(a.g.Nodes) || a.emitted[u] >= i && u != p.node) {
			return false
		}
	}
	reads := a.operand(p.node, 0) == x
	return !reads || a.act(p.node) != kernel.ActF32
}

// act returns the activation format that a MatMul multiplies with.
func (a *analysis) act(matmul int) kernel.ActFormat {
	return a.layout(a.g.Nodes[matmul].In[1].Weight()).Act()
}

// sameOperand reports whether two MatMuls multiply the same rows in the same format.
func (a *analysis) sameOperand(p, q int) bool {
	return a.operand(p, 0) == a.operand(q, 0) && a.act(p) == a.act(q)
}

// readFormat returns the quantised format in which all that read base x multiply it; F32 when there is no such.
func (a *analysis) readFormat(x int) kernel.ActFormat {
	format := kernel.ActF32
	for i, u := range a.users[x] {
		if u >= len(a.g.Nodes) || a.g.Nodes[u].Op != ops.OpMatMul || i > 0 && a.act(u) != format {
			return kernel.ActF32
		}
		format = a.act(u)
	}
	return format
}
