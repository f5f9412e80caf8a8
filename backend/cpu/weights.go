package cpu

import (
	"fmt"
	"math"
	"unsafe"

	"github.com/seed64708441/ember/backend"
	"github.com/seed64708441/ember/backend/cpu/internal/kernel"
	"github.com/seed64708441/ember/ops"
	"github.com/seed64708441/ember/tensor"
	"github.com/seed64708441/ember/tensor/mem"
	"github.com/seed64708441/ember/tensor/quant"
)

// use says in which forms the graph reads a weight. A tied embedding is read in two.
type use struct{ panels, table, vector bool }

// weightUses collects the uses of every weight by the live nodes of a graph.
func weightUses(lo *lowering) []use {
	uses := make([]use, len(lo.g.Weights))
	for i := range lo.g.Nodes {
		if !lo.live[i] {
			continue
		}
		for _, v := range lo.g.Nodes[i].In {
			w := v.Weight()
			if w < 0 {
				continue
			}
			switch lo.g.Nodes[i].Op {
			case ops.OpMatMul:
				uses[w].panels = true
			case ops.OpEmbed:
				uses[w].table = true
			default:
				uses[w].vector = true
			}
		}
	}
	return uses
}

// matrix is a weight packed into panels.
type matrix struct {
	layout     kernel.Layout
	n, k       int
	panelBytes int
	data       []byte
}

func (m *matrix) panels() int { return (m.n + kernel.PanelRows - 1) / kernel.PanelRows }

// panel returns the address of panel i.
func (m *matrix) panel(i int) unsafe.Pointer {
	return unsafe.Add(unsafe.Pointer(unsafe.SliceData(m.data)), i*m.panelBytes)
}

// table is an embedding table in its stored form.
type table struct {
	dtype    tensor.DType
	rows, n  int
	rowBytes int
	data     []byte
}

// weight is everything a program keeps of one weight.
type weight struct {
	matrix matrix
	table  table
	vector []float32
}

// weightPlan says what is kept of a weight and where it lies in the memory for weights, -1 for nowhere.
type weightPlan struct {
	name                  string
	source                backend.Weight
	use                   use
	layout                kernel.Layout
	bytes                 int // as stored
	panels, table, vector int // offsets
}

// planWeights asks for every weight of a graph.
func planWeights(g *ops.Graph, w backend.Weights) ([]weightPlan, error) {
	plans := make([]weightPlan, len(g.Weights))
	for i := range g.Weights {
		p := weightPlan{name: g.Weights[i].Name, panels: -1, table: -1, vector: -1}
		var err error
		if p.source, err = w(p.name); err != nil {
			return nil, err
		}
		if p.bytes, err = p.source.Shape.Bytes(p.source.DType); err != nil {
			return nil, fmt.Errorf("cpu: weight %s: %w", p.name, err)
		}
		p.layout, _ = kernel.LayoutFor(p.source.DType)
		plans[i] = p
	}
	return plans, nil
}

// placeWeights gives each weight its places and returns the bytes of the packed and copied ones, and the bytes that are
// read from the mapped file.
func placeWeights(plans []weightPlan, uses []use) (packed, mapped int64, err error) {
	total := 0
	take := func(n int) int {
		at := total
		total += roundUp(n, align)
		return at
	}
	for i := range plans {
		p := &plans[i]
		p.use = uses[i]
		d, shape := p.source.DType, p.source.Shape
		if p.use.panels {
			if _, ok := kernel.LayoutFor(d); !ok {
				return 0, 0, fmt.Errorf("cpu: weight %s is %v: no kernel multiplies it: %w", p.name, d, backend.ErrUnsupported)
			}
			m := matrix{n: shape[0]}
			p.panels = take(m.panels() * p.layout.PanelBytes(shape[1]))
		}
		if ok, _ := quant.Supported(d); (p.use.table || p.use.vector) && !ok {
			return 0, 0, fmt.Errorf("cpu: weight %s is %v: cannot be decoded: %w", p.name, d, backend.ErrUnsupported)
		}
		switch {
		case p.use.table && p.source.Mapped:
			mapped += int64(p.bytes)
		case p.use.table:
			p.table = take(p.bytes)
		}
		if p.use.vector {
			n, _ := shape.Elements()
			p.vector = take(4 * n)
		}
		if total > math.MaxInt/4 {
			return 0, 0, fmt.Errorf("cpu: weights cannot be addressed: %w", mem.ErrLimit)
		}
	}
	return int64(total), mapped, nil
}
