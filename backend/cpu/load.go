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
	set     *kernel.Set
	plans   []weightPlan
	weights []weight
	units   []unit // what is loaded at once
	later   []unit // the panels of lazy weights: see backlog
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
func newLoader(set *kernel.Set, plans []weightPlan, memory []byte) *loader {
	l := &loader{set: set, plans: plans, weights: make([]weight, len(plans))}
	for i := range plans {
		p, w := &plans[i], &l.weights[i]
		shape := p.source.Shape
		if p.use.panels {
			m := matrix{layout: p.layout, n: shape[0], k: shape[1], panelBytes: p.layout.PanelBytes(shape[1]), dtype: p.source.DType}
			m.data = memory[p.panels : p.panels+m.panels()*m.panelBytes]
			w.matrix = m
			units := &l.units
			if p.lazy {
				units = &l.later
			}
			l.divide(units, i, panelForm, shape[0], kernel.PanelRows)
		}
		if p.use.table {
			w.table = table{dtype: p.source.DType, rows: shape[0], n: shape[1], rowBytes: p.bytes / shape[0]}
			if !p.source.Mapped {
				w.table.data = memory[p.table : p.table+p.bytes]
				l.divide(&l.units, i, tableForm, shape[0], 1)
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
func (l *loader) divide(units *[]unit, weight int, f form, rows, step int) {
	run := max(1, unitBytes/step/(l.plans[weight].bytes/rows)) * step
	for lo := 0; lo < rows; lo += run {
		*units = append(*units, unit{weight, f, lo, min(lo+run, rows)})
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

// run loads everything that is not left for later. Progress, when not nil, is called on the caller's goroutine.
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
	for i := range l.units {
		l.packed(&l.units[i])
	}
	return l.mapViews()
}

// packed counts the panels of a unit that is loaded, and all before it.
func (l *loader) packed(u *unit) {
	if u.form == panelForm {
		l.weights[u.weight].matrix.packed = panelsOf(u.hi)
	}
}

// panelsOf returns how many panels hold the given rows.
func panelsOf(rows int) int { return (rows + kernel.PanelRows - 1) / kernel.PanelRows }

// mapViews takes views of what is read where it is: embedding tables, and panels that are packed later.
func (l *loader) mapViews() error {
	view := func(p *weightPlan) ([]byte, error) {
		b, err := p.source.Section(0, p.bytes, nil)
		if err == nil && len(b) != p.bytes {
			err = fmt.Errorf("section of %d bytes: want %d", len(b), p.bytes)
		}
		if err != nil {
			return nil, fmt.Errorf("cpu: weight %s: %w", p.name, err)
		}
		return b, nil
	}
	for i := range l.weights {
		w, p := &l.weights[i], &l.plans[i]
		var err error
		if t := &w.table; t.rows > 0 && t.data == nil {
			if t.data, err = view(p); err != nil {
				return err
			}
		}
		if m := &w.matrix; m.packed < m.panels() {
			if m.stored, err = view(p); err != nil {
				return err
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
		lo, hi := panelsOf(u.lo), panelsOf(u.hi)
		m := &w.matrix
		err = m.pack(l.set, m.data[lo*m.panelBytes:hi*m.panelBytes], lo, hi, b)
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
