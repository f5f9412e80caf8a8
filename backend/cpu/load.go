package cpu

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/seed64708441/ember/backend/cpu/internal/kernel"
	"github.com/seed64708441/ember/tensor/quant"
)

// loader fills the memory of a program's weights, several goroutines at a time.
type loader struct {
	plans   []weightPlan
	weights []weight
	units   []unit
	failed  atomic.Bool
}

// unit is a piece of one weight in one form: the rows lo to hi-1, of a length that keeps goroutines busy for about a
// millisecond.
type unit struct {
	weight int
	form   form
	lo, hi int
}

type form uint8

const (
	panelForm form = iota
	tableForm
	vectorForm
)

// unitBytes is about how many stored bytes a unit has.
const unitBytes = 1 << 20

// newLoader sets up the weights of plans in memory and divides the work.
func newLoader(plans []weightPlan, memory []byte) *loader {
	l := &loader{plans: plans, weights: make([]weight, len(plans))}
	for i := range plans {
		p, w := &plans[i], &l.weights[i]
		shape := p.source.Shape
		if p.use.panels {
			m := matrix{layout: p.layout, n: shape[0], k: shape[1], panelBytes: p.layout.PanelBytes(shape[1])}
			m.data = memory[p.panels : p.panels+m.panels()*m.panelBytes]
			w.matrix = m
			l.divide(i, panelForm, shape[0], kernel.PanelRows)
		}
		if p.use.table {
			w.table = table{dtype: p.source.DType, rows: shape[0], n: shape[1], rowBytes: p.bytes / shape[0]}
			if !p.source.Mapped {
				w.table.data = memory[p.table : p.table+p.bytes]
				l.divide(i, tableForm, shape[0], 1)
			}
		}
		if p.use.vector {
			n, _ := shape.Elements()
			w.vector = unsafe.Slice((*float32)(unsafe.Pointer(&memory[p.vector])), n)
			l.units = append(l.units, unit{i, vectorForm, 0, 1})
		}
	}
	return l
}

// divide adds the units of a weight of the given rows, each a multiple of step rows.
func (l *loader) divide(weight int, f form, rows, step int) {
	run := max(1, unitBytes/step/(l.plans[weight].bytes/rows)) * step
	for lo := 0; lo < rows; lo += run {
		l.units = append(l.units, unit{weight, f, lo, min(lo+run, rows)})
	}
}

// stored returns the section of the weight's bytes that a unit reads.
func (l *loader) stored(u *unit) (off, n int) {
	p := &l.plans[u.weight]
	if u.form == vectorForm {
		return 0, p.bytes
	}
	row := p.bytes / p.source.Shape[0]
	return u.lo * row, (u.hi - u.lo) * row
}

// run loads everything. Progress, when not nil, is called on the caller's goroutine.
func (l *loader) run(ctx context.Context, threads int, progress func(done, total int64)) error {
	var total, done int64
	for i := range l.units {
		_, n := l.stored(&l.units[i])
		total += int64(n)
	}
	type result struct {
		bytes int
		err   error
	}
	results := make(chan result, threads)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(threads, len(l.units)) {
		wg.Go(func() {
			var buf []byte
			for !l.failed.Load() {
				i := int(next.Add(1)) - 1
				if i >= len(l.units) {
					return
				}
				err := ctx.Err()
				if err == nil {
					err = l.unit(&l.units[i], &buf)
				}
				_, n := l.stored(&l.units[i])
				results <- result{n, err}
			}
		})
	}
	go func() {
		wg.Wait()
		close(results)
	}()
	var first error
	for r := range results {
		if r.err != nil {
			l.failed.Store(true)
			if first == nil {
				first = r.err
			}
		}
		if done += int64(r.bytes); progress != nil && first == nil {
			progress(done, total)
		}
	}
	if first != nil {
		return first
	}
	return l.mapTables()
}

// mapTables takes views of the embedding tables that are read where they are.
func (l *loader) mapTables() error {
	for i := range l.weights {
		if t := &l.weights[i].table; t.rows > 0 && t.data == nil {
			var err error
			if t.data, err = l.plans[i].source.Section(0, l.plans[i].bytes, nil); err != nil {
				return fmt.Errorf("cpu: weight %s: %w", l.plans[i].name, err)
			}
		}
	}
	return nil
}

// unit loads one unit. buf is the goroutine's memory for weights that are not mapped.
func (l *loader) unit(u *unit, buf *[]byte) error {
	p, w := &l.plans[u.weight], &l.weights[u.weight]
	off, n := l.stored(u)
	if u.form == tableForm {
		dst := w.table.data[off : off+n : off+n]
		b, err := p.source.Section(off, n, dst)
		if err != nil {
			return fmt.Errorf("cpu: weight %s: %w", p.name, err)
		}
		copy(dst, b) // nothing moves when the source has used dst
		return nil
	}
	b, err := p.source.Section(off, n, *buf)
	if err == nil && len(b) != n {
		err = fmt.Errorf("section of %d bytes: want %d", len(b), n)
	}
	if err == nil && u.form == vectorForm {
		err = quant.Decode(w.vector, b, p.source.DType)
	}
	if err == nil && u.form == panelForm {
		err = w.matrix.pack(p, u, b)
	}
	if err != nil {
		return fmt.Errorf("cpu: weight %s: %w", p.name, err)
	}
	if !p.source.Mapped {
		*buf = b
	} else if p.source.Release != nil {
		p.source.Release(off, n)
	}
	return nil
}

// pack interleaves the rows of a unit, whose bytes are b, into panels.
func (m *matrix) pack(p *weightPlan, u *unit, b []byte) error {
	rowBytes := len(b) / (u.hi - u.lo)
	for row := u.lo; row < u.hi; row += kernel.PanelRows {
		var rows [kernel.PanelRows][]byte
		for r := range min(kernel.PanelRows, u.hi-row) {
			rows[r], b = b[:rowBytes], b[rowBytes:]
		}
		i := row / kernel.PanelRows
		if err := kernel.Pack(m.data[i*m.panelBytes:(i+1)*m.panelBytes], p.source.DType, m.k, &rows); err != nil {
			return err
		}
	}
	return nil
}
