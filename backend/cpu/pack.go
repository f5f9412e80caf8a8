package cpu

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
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

// weightUses collects the uses of every weight of a graph.
func weightUses(g *ops.Graph) []use {
	uses := make([]use, len(g.Weights))
	for i := range g.Nodes {
		for _, v := range g.Nodes[i].In {
			w := v.Weight()
			if w < 0 {
				continue
			}
			switch g.Nodes[i].Op {
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

// weightBytes returns what a weight takes: packed and copied bytes, and bytes read from the mapped file.
func weightBytes(name string, w backend.Weight, u use) (packed, mapped int64, err error) {
	total, err := w.Shape.Bytes(w.DType)
	if err != nil {
		return 0, 0, fmt.Errorf("cpu: weight %s: %w", name, err)
	}
	if u.panels {
		l, ok := kernel.LayoutFor(w.DType)
		if !ok {
			return 0, 0, fmt.Errorf("cpu: weight %s is %v: no kernel multiplies it: %w", name, w.DType, backend.ErrUnsupported)
		}
		panels := (w.Shape[0] + kernel.PanelRows - 1) / kernel.PanelRows
		packed += int64(panels) * int64(l.PanelBytes(w.Shape[1]))
	}
	if ok, _ := quant.Supported(w.DType); (u.table || u.vector) && !ok {
		return 0, 0, fmt.Errorf("cpu: weight %s is %v: cannot be decoded: %w", name, w.DType, backend.ErrUnsupported)
	}
	if u.table && w.Mapped {
		mapped += int64(total)
	} else if u.table {
		packed += int64(total)
	}
	return packed, mapped, nil
}

// packer loads the weights of one program and owns their memory.
type packer struct {
	memory *mem.Account
	blocks []*mem.Block
}

// alloc takes n bytes that live as long as the program.
func (p *packer) alloc(n int) ([]byte, error) {
	b, err := p.memory.Alloc(max(n, 1))
	if err != nil {
		return nil, fmt.Errorf("cpu: weights: %w", err)
	}
	p.blocks = append(p.blocks, b)
	return b.Bytes()[:n], nil
}

// load brings one weight into the forms of u.
func (p *packer) load(ctx context.Context, w backend.Weight, u use, threads int) (weight, error) {
	var out weight
	size, err := w.Shape.Bytes(w.DType)
	if err != nil {
		return out, err
	}
	if u.table {
		t := table{dtype: w.DType, rows: w.Shape[0], n: w.Shape[1], rowBytes: size / w.Shape[0]}
		if !w.Mapped {
			if t.data, err = p.alloc(size); err != nil {
				return out, err
			}
		}
		if t.data, err = w.Section(0, size, t.data); err != nil {
			return out, err
		}
		out.table = t
	}
	if u.vector {
		b, err := w.Section(0, size, nil)
		if err != nil {
			return out, err
		}
		n, _ := w.Shape.Elements()
		out.vector = make([]float32, n)
		if err := quant.Decode(out.vector, b, w.DType); err != nil {
			return out, err
		}
	}
	if u.panels {
		layout, _ := kernel.LayoutFor(w.DType)
		m := matrix{layout: layout, n: w.Shape[0], k: w.Shape[1], panelBytes: layout.PanelBytes(w.Shape[1])}
		if m.data, err = p.alloc(m.panels() * m.panelBytes); err != nil {
			return out, err
		}
		if err := p.pack(ctx, &m, w, size/w.Shape[0], threads); err != nil {
			return out, err
		}
		out.matrix = m
	}
	return out, nil
}

// packRun is how many panels a goroutine packs before it looks at the context.
const packRun = 8

// pack interleaves the rows of w into the panels of m, several goroutines at a time.
func (p *packer) pack(ctx context.Context, m *matrix, w backend.Weight, rowBytes, threads int) error {
	var (
		next  atomic.Int64
		mu    sync.Mutex
		first error
		wg    sync.WaitGroup
	)
	work := func() error {
		var buf []byte
		for {
			lo := int(next.Add(packRun)) - packRun
			if lo >= m.panels() {
				return nil
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			hi := min(lo+packRun, m.panels())
			row0, row1 := lo*kernel.PanelRows, min(hi*kernel.PanelRows, m.n)
			b, err := w.Section(row0*rowBytes, (row1-row0)*rowBytes, buf)
			if err != nil {
				return err
			}
			if !w.Mapped {
				buf = b
			}
			for i := lo; i < hi; i++ {
				var rows [kernel.PanelRows][]byte
				for r := range min(kernel.PanelRows, m.n-i*kernel.PanelRows) {
					rows[r], b = b[:rowBytes], b[rowBytes:]
				}
				dst := m.data[i*m.panelBytes : (i+1)*m.panelBytes]
				if err := kernel.Pack(dst, w.DType, m.k, &rows); err != nil {
					return err
				}
			}
		}
	}
	for range min(threads, m.panels()/packRun+1) {
		wg.Go(func() {
			if err := work(); err != nil {
				mu.Lock()
				first = errors.Join(first, err)
				mu.Unlock()
				next.Store(int64(m.panels()))
			}
		})
	}
	wg.Wait()
	return first
}

// free gives back all that was allocated.
func (p *packer) free() error {
	var first error
	for _, b := range p.blocks {
		if err := b.Free(); err != nil && first == nil {
			first = err
		}
	}
	p.blocks = nil
	return first
}
