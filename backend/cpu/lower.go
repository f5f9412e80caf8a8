package cpu

import (
	"fmt"

	"github.com/seed64708441/ember/backend"
	"github.com/seed64708441/ember/backend/cpu/internal/kernel"
	"github.com/seed64708441/ember/ops"
)

// class says where an item runs. Items of one class that are ready together share a stage.
type class uint8

const (
	rowClass    class = iota // each row on its own
	matmulClass              // products, divided by panels
	attendClass              // attention, divided by row blocks and key heads
)

// kind is what an item does.
type kind uint8

const (
	kEmbed kind = iota
	kNorm
	kMatMul
	kAdd
	kBias
	kGLU
	kGather
	kQuantize
	kAngles
	kStore
	kAttend
)

// extent is how many rows a buffer has.
type extent uint8

const (
	eachRow extent = iota // one per row of the step
	eachOut               // one per output
	fewRow                // one per row, up to fewRows: steps with more do not use the buffer
	fewOut                // one per output, up to fewRows
)

// buffer is a piece of memory: rows of n elements in a format. Several graph values may share one.
type buffer struct {
	act    kernel.ActFormat
	n      int
	extent extent
	// first and last are the stages that use it, -1 when none does.
	first, last int
	loc         loc
}

// outs reports whether the rows are those of the outputs.
func (b *buffer) outs() bool { return b.extent == eachOut || b.extent == fewOut }

// item is one fused operation over buffers.
type item struct {
	kind   kind
	in     []int // buffers read
	out    int   // buffer written
	weight int   // index of the graph weight, -1 none
	node   *ops.Node
	// The rest is for products; see fused. A gated product of more than fewRows rows writes quantised rows, if that
	// is not -1, and leaves out alone.
	up, bias   int // weights, -1 none
	accumulate bool
	quantised  int // buffer
	rope       ops.Rope
	// few makes a quantisation run in steps of up to fewRows rows only.
	few bool
}

func (it *item) class() class {
	switch it.kind {
	case kMatMul:
		return matmulClass
	case kAttend:
		return attendClass
	}
	return rowClass
}

// outs returns the buffers that the item writes.
func (it *item) outs() []int {
	if it.quantised >= 0 {
		return []int{it.out, it.quantised}
	}
	return []int{it.out}
}

// lowering turns the nodes of a graph into items over buffers.
type lowering struct {
	*analysis
	items   []item
	buffers []buffer
	value   []int // buffer of each node's result
	quant   map[quantKey]int
	angles  []int // items of kind kAngles
}

// quantKey names the quantised form of a node's result.
type quantKey struct {
	base   int
	format kernel.ActFormat
}

// lower makes the items of g in an order that respects their dependences.
func lower(g *ops.Graph, layout func(weight int) kernel.Layout) (*lowering, error) {
	lo := &lowering{analysis: analyze(g, layout), value: make([]int, len(g.Nodes)), quant: map[quantKey]int{}}
	for i := range g.Nodes {
		if !lo.live[i] || lo.inside[i] {
			continue
		}
		if err := lo.node(i); err != nil {
			return nil, err
		}
	}
	return lo, nil
}

// newBuffer adds a buffer for a value of the given shape.
func (lo *lowering) newBuffer(s ops.Shape) int {
	b := buffer{act: kernel.ActF32, n: s.RowLen()}
	if s[0] == ops.Outs {
		b.extent = eachOut
	}
	return lo.addBuffer(b)
}

func (lo *lowering) addBuffer(b buffer) int {
	b.first, b.last = -1, -1
	lo.buffers = append(lo.buffers, b)
	return len(lo.buffers) - 1
}

func newItem(k kind, n *ops.Node) item {
	return item{kind: k, node: n, weight: -1, up: -1, bias: -1, quantised: -1}
}

func (lo *lowering) emit(it item) { lo.items = append(lo.items, it) }

func (lo *lowering) node(i int) error {
	n := &lo.g.Nodes[i]
	in := func(j int) int { return lo.value[lo.operand(i, j)] }
	if lo.products[i] != nil {
		return lo.product(i, lo.products[i])
	}
	var it item
	switch n.Op {
	case ops.OpEmbed:
		it = newItem(kEmbed, n)
		it.weight = n.In[0].Weight()
	case ops.OpRMSNorm:
		it = newItem(kNorm, n)
		it.in, it.weight = []int{in(0)}, n.In[1].Weight()
	case ops.OpAdd:
		it = newItem(kAdd, n)
		it.in = []int{in(0)}
		if w := n.In[1].Weight(); w >= 0 {
			it.kind, it.weight = kBias, w
		} else {
			it.in = append(it.in, in(1))
		}
	case ops.OpGLU:
		it = newItem(kGLU, n)
		it.in = []int{in(0), in(1)}
	case ops.OpReshape:
		return nil
	case ops.OpOutputs:
		it = newItem(kGather, n)
		it.in = []int{in(0)}
	case ops.OpAttention:
		lo.attention(i, in(0), in(1), in(2))
		return nil
	default:
		return fmt.Errorf("cpu: %v in %q: %w", n.Op, n.Scope, backend.ErrUnsupported)
	}
	it.out = lo.newBuffer(n.Shape)
	lo.value[i] = it.out
	lo.emit(it)
	return nil
}

// product emits the item of a product whose result is node i.
func (lo *lowering) product(i int, p *fused) error {
	n := &lo.g.Nodes[p.node]
	if len(n.Shape) != 2 {
		return fmt.Errorf("cpu: MatMul in %q has operand %v: want [T K]: %w", n.Scope, lo.g.Shape(n.In[0]), backend.ErrUnsupported)
	}
	it := newItem(kMatMul, n)
	it.weight, it.bias = n.In[1].Weight(), p.bias
	it.in = []int{lo.multiplied(lo.operand(p.node, 0), lo.act(p.node))}
	switch {
	case p.onto >= 0:
		it.accumulate, it.out = true, lo.value[p.onto]
		it.in = append(it.in, it.out)
	default:
		it.out = lo.newBuffer(n.Shape)
	}
	if p.up >= 0 {
		it.up = lo.g.Nodes[p.up].In[1].Weight()
		if f := lo.readFormat(i); f != kernel.ActF32 {
			lo.quantised(&it, i, f)
		}
	}
	lo.value[i] = it.out
	lo.emit(it)
	if it.quantised >= 0 { // what a step of few rows needs
		q := newItem(kQuantize, nil)
		q.in, q.out, q.few = []int{it.out}, it.quantised, true
		lo.emit(q)
	}
	return nil
}

// quantised lets a gated product of many rows write its result in the format in which it is read; the float rows are
// then needed for few rows only.
func (lo *lowering) quantised(it *item, i int, f kernel.ActFormat) {
	b := &lo.buffers[it.out]
	q := buffer{act: f, n: b.n, extent: b.extent}
	b.extent += fewRow - eachRow
	it.quantised = lo.addBuffer(q)
	lo.quant[quantKey{i, f}] = it.quantised
}

// multiplied returns the buffer that holds the result of base x in the format a product needs, quantising it once for
// all that read it.
func (lo *lowering) multiplied(x int, f kernel.ActFormat) int {
	if f == kernel.ActF32 {
		return lo.value[x]
	}
	key := quantKey{x, f}
	if q, ok := lo.quant[key]; ok {
		return q
	}
	src := lo.buffers[lo.value[x]]
	it := newItem(kQuantize, nil)
	it.in, it.out = []int{lo.value[x]}, lo.addBuffer(buffer{act: f, n: src.n, extent: src.extent})
	lo.quant[key] = it.out
	lo.emit(it)
	return it.out
}

// attention emits the angles of the rotation (once per rotation), the store of keys and values, and the attention,
// which also reads keys and values because it stores them itself where it can.
func (lo *lowering) attention(i, q, k, v int) {
	n := &lo.g.Nodes[i]
	a := n.Attr.(ops.Attention)
	store, attend := newItem(kStore, n), newItem(kAttend, n)
	store.in, store.out = []int{k, v}, lo.addBuffer(buffer{})
	attend.in, attend.out = []int{q, k, v, store.out}, lo.newBuffer(n.Shape)
	if len(a.Rope.Freqs) > 0 {
		table := lo.angleTable(a.Rope)
		store.in, attend.in = append(store.in, table), append(attend.in, table)
	}
	lo.value[i] = attend.out
	lo.emit(store)
	lo.emit(attend)
}

// angleTable returns the buffer with the cosines, then the sines, of every pair for each row.
func (lo *lowering) angleTable(r ops.Rope) int {
	for _, j := range lo.angles {
		if lo.items[j].rope.Equal(r) {
			return lo.items[j].out
		}
	}
	it := newItem(kAngles, nil)
	it.rope, it.out = r, lo.addBuffer(buffer{act: kernel.ActF32, n: 2 * len(r.Freqs)})
	lo.angles = append(lo.angles, len(lo.items))
	lo.emit(it)
	return it.out
}
