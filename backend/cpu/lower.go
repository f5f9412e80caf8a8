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

// buffer is a piece of scratch memory: rows of n elements in a format. Several graph values may share one.
type buffer struct {
	act   kernel.ActFormat
	n     int
	outs  bool // one row per output instead of one per row
	first int  // stage that writes it first, -1 when none does
	last  int  // stage that reads it last
	loc   loc
}

// item is one fused operation over buffers.
type item struct {
	kind   kind
	in     []int // buffers read
	out    int   // buffer written
	weight int   // index of the graph weight, -1 none
	node   *ops.Node
	// accumulate makes a product add to what its buffer holds.
	accumulate bool
	rope       ops.Rope
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

// lowering turns the nodes of a graph into items over buffers.
type lowering struct {
	g       *ops.Graph
	layout  func(weight int) kernel.Layout
	items   []item
	buffers []buffer
	value   []int // buffer of each node's result
	uses    []int // consumers of each node's result
	quant   map[[2]int]int
	angles  []int // items of kind kAngles
}

// lower makes the items of g in an order that respects their dependences.
func lower(g *ops.Graph, layout func(weight int) kernel.Layout) (*lowering, error) {
	lo := &lowering{g: g, layout: layout, value: make([]int, len(g.Nodes)), uses: make([]int, len(g.Nodes)), quant: map[[2]int]int{}}
	for i := range g.Nodes {
		for _, v := range g.Nodes[i].In {
			if n := v.Node(); n >= 0 {
				lo.uses[n]++
			}
		}
	}
	lo.uses[g.Output.Node()]++
	for i := range g.Nodes {
		if err := lo.node(i); err != nil {
			return nil, err
		}
	}
	return lo, nil
}

// newBuffer adds a buffer for a value of the given shape.
func (lo *lowering) newBuffer(s ops.Shape) int {
	return lo.addBuffer(buffer{act: kernel.ActF32, n: s.RowLen(), outs: s[0] == ops.Outs})
}

func (lo *lowering) addBuffer(b buffer) int {
	b.first, b.last = -1, -1
	lo.buffers = append(lo.buffers, b)
	return len(lo.buffers) - 1
}

func (lo *lowering) emit(it item) { lo.items = append(lo.items, it) }

func (lo *lowering) node(i int) error {
	n := &lo.g.Nodes[i]
	in := func(j int) int { return lo.value[n.In[j].Node()] }
	it := item{node: n, weight: -1}
	switch n.Op {
	case ops.OpEmbed:
		it.kind, it.weight = kEmbed, n.In[0].Weight()
	case ops.OpRMSNorm:
		it.kind, it.in, it.weight = kNorm, []int{in(0)}, n.In[1].Weight()
	case ops.OpMatMul:
		it.kind, it.weight = kMatMul, n.In[1].Weight()
		it.in = []int{lo.operand(in(0), lo.layout(it.weight).Act())}
		if len(n.Shape) != 2 {
			return fmt.Errorf("cpu: MatMul in %s has operand %v: want [T K]: %w", n.Scope, lo.g.Shape(n.In[0]), backend.ErrUnsupported)
		}
	case ops.OpAdd:
		if w := n.In[1].Weight(); w >= 0 {
			it.kind, it.in, it.weight = kBias, []int{in(0)}, w
			break
		}
		if lo.fuseAdd(i) {
			return nil
		}
		it.kind, it.in = kAdd, []int{in(0), in(1)}
	case ops.OpGLU:
		it.kind, it.in = kGLU, []int{in(0), in(1)}
	case ops.OpReshape:
		lo.value[i] = in(0) // rows are contiguous: nothing moves
		return nil
	case ops.OpOutputs:
		it.kind, it.in = kGather, []int{in(0)}
	case ops.OpAttention:
		lo.attention(i, in(0), in(1), in(2))
		return nil
	default:
		return fmt.Errorf("cpu: %v in %s: %w", n.Op, n.Scope, backend.ErrUnsupported)
	}
	it.out = lo.newBuffer(n.Shape)
	lo.value[i] = it.out
	lo.emit(it)
	return nil
}

// operand returns the buffer that holds b in the format a product needs, quantising it once for all that read it.
func (lo *lowering) operand(b int, f kernel.ActFormat) int {
	if f == kernel.ActF32 {
		return b
	}
	key := [2]int{b, int(f)}
	if q, ok := lo.quant[key]; ok {
		return q
	}
	src := lo.buffers[b]
	q := lo.addBuffer(buffer{act: f, n: src.n, outs: src.outs})
	lo.quant[key] = q
	lo.emit(item{kind: kQuantize, in: []int{b}, out: q, weight: -1})
	return q
}

// fuseAdd lets the product that makes one operand of an addition add to the buffer of the other, when nothing else
// needs either afterwards. Float addition commutes, so the bits are those of the separate addition.
func (lo *lowering) fuseAdd(i int) bool {
	n := &lo.g.Nodes[i]
	for side, v := range n.In {
		p, other := v.Node(), n.In[1-side].Node()
		last := len(lo.items) - 1
		if p < 0 || other < 0 || p == other || lo.uses[p] != 1 || lo.g.Nodes[p].Op != ops.OpMatMul ||
			lo.items[last].node != &lo.g.Nodes[p] || lo.g.Output.Node() == other || !lo.lastUse(other, i) {
			continue
		}
		it := &lo.items[last]
		it.out = lo.value[other]
		it.in = append(it.in, it.out)
		it.accumulate = true
		lo.value[i], lo.value[p] = it.out, it.out
		return true
	}
	return false
}

// lastUse reports whether node i is the last that reads node v, so that its buffer may be overwritten.
func (lo *lowering) lastUse(v, i int) bool {
	for j := range lo.g.Nodes {
		for _, in := range lo.g.Nodes[j].In {
			if in.Node() == v && (j > i || lo.g.Nodes[j].Op == ops.OpReshape) {
				return false
			}
		}
	}
	return lo.g.Nodes[v].Op != ops.OpReshape
}

// attention emits the angles of the rotation (once per rotation), the store of keys and values, and the attention.
func (lo *lowering) attention(i, q, k, v int) {
	n := &lo.g.Nodes[i]
	a := n.Attr.(ops.Attention)
	store := item{kind: kStore, node: n, in: []int{k, v}, out: lo.addBuffer(buffer{}), weight: -1}
	attend := item{kind: kAttend, node: n, in: []int{q, store.out}, out: lo.newBuffer(n.Shape), weight: -1}
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
	out := lo.addBuffer(buffer{act: kernel.ActF32, n: 2 * len(r.Freqs)})
	lo.angles = append(lo.angles, len(lo.items))
	lo.emit(item{kind: kAngles, out: out, weight: -1, rope: r})
	return out
}
