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

// matrix is a weight in panels.
type matrix struct {
	layout     kernel.Layout
	n, k       int
	panelBytes int
	data       []byte // panels from first on
	first      int
	// packed is how many panels of data are there. The others are still in stored alone, row by row: see staging.
	packed int
	dtype  tensor.DType
	stored []byte
}

func (m *matrix) panels() int { return panelsOf(m.n) }

// panel returns the address of panel i.
func (m *matrix) panel(i int) unsafe.Pointer {
	return unsafe.Add(unsafe.Pointer(unsafe.SliceData(m.data)), (i-m.first)*m.panelBytes)
}

// pack interleaves the rows of the panels lo..hi-1, whose stored bytes are b, at dst.
func (m *matrix) pack(set *kernel.Set, dst []byte, lo, hi int, b []byte) error {
	rowBytes := len(b) / (min(hi*kernel.PanelRows, m.n) - lo*kernel.PanelRows)
	for ; lo < hi; lo++ {
		var rows [kernel.PanelRows][]byte
		for r := range min(kernel.PanelRows, m.n-lo*kernel.PanelRows) {
			rows[r], b = b[:rowBytes], b[rowBytes:]
		}
		if err := set.Pack(dst[:m.panelBytes], m.dtype, m.k, &rows); err != nil {
			return err
		}
		dst = dst[m.panelBytes:]
	}
	return nil
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
	lazy                  bool // its panels are packed later: see backlog
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

// planLazy chooses the weights that are packed later, if they are more than the given bytes, and reports whether there are any.
func planLazy(plans []weightPlan, lazy func(tensor.DType) bool, bytes int) bool {
	chosen := func(p *weightPlan) bool { return p.use.panels && p.source.Mapped && lazy(p.source.DType) }
	n := 0
	for i := range plans {
		if p := &plans[i]; chosen(p) {
			n += p.bytes
		}
	}
	for i := range plans {
		plans[i].lazy = n > bytes && chosen(&plans[i])
	}
	return n > bytes
}

// placeWeights gives each weight its places and returns the bytes of the packed and copied ones, and the bytes that are
// read from the mapped file. Panels come last: they may be written later than the others, page by page.
func placeWeights(plans []weightPlan, uses []use) (packed, mapped int64, err error) {
	total, tooLarge := 0, false
	take := func(n int) int {
		at := total
		if tooLarge = tooLarge || n > math.MaxInt/4-total; !tooLarge {
			total += roundUp(n, align)
		}
		return at
	}
	for i := range plans {
		p := &plans[i]
		p.use = uses[i]
		if ok, _ := quant.Supported(p.source.DType); (p.use.table || p.use.vector) && !ok {
			return 0, 0, fmt.Errorf("cpu: weight %s is %v: cannot be decoded: %w", p.name, p.source.DType, backend.ErrUnsupported)
		}
		switch {
		case p.use.table && p.source.Mapped:
			mapped += int64(p.bytes)
		case p.use.table:
			p.table = take(p.bytes)
		}
		if p.use.vector {
			n, _ := p.source.Shape.Elements()
			p.vector = take(4 * n)
		}
	}
	for i := range plans {
		p := &plans[i]
		if !p.use.panels {
			continue
		}
		if _, ok := kernel.LayoutFor(p.source.DType); !ok {
			return 0, 0, fmt.Errorf("cpu: weight %s is %v: no kernel multiplies it: %w", p.name, p.source.DType, backend.ErrUnsupported)
		}
		p.panels = take(panelsOf(p.source.Shape[0]) * p.layout.PanelBytes(p.source.Shape[1]))
	}
	if tooLarge {
		return 0, 0, fmt.Errorf("cpu: weights cannot be addressed: %w", mem.ErrLimit)
	}
	return int64(total), mapped, nil
}
