package cpu

import (
	"unsafe"

	"github.com/seed64708441/ember/backend/cpu/internal/kernel"
)

// segmentRows is how many activation rows are multiplied together with four panels of each of gate and up, or with eight.
// Their part of a segment (128 KiB) and the sums (256 KiB) stay in the second-level cache.
const segmentRows = 512

// canSegment reports whether a set has the kernels for the layouts of p.
func (p *product) canSegment(set *kernel.Set) bool {
	return set.MatMulSegment[p.m.layout] != nil && (p.up == nil || set.MatMulSegment[p.up.layout] != nil)
}

// segments multiplies the panels lo..hi-1 with the rows r..end-1 of all, which are many.
func (p *product) segments(w *worker, lo, hi, r, end, all int) {
	columns := (hi - lo) * kernel.PanelRows
	areas := [2][]float32{w.tile.sums}
	if p.up != nil {
		areas = [2][]float32{w.tile.gate, w.tile.up}
	}
	for rows := len(areas[0]) / columns; r < end; r += rows {
		n := min(rows, end-r)
		for _, a := range areas {
			clear(a[:min(n*columns, len(a))])
		}
		for k := 0; k < p.m.k; k += kernel.SegmentColumns {
			p.segment(w, p.m, lo, hi, r, n, k, areas[0])
			if p.up != nil {
				p.segment(w, p.up, lo, hi, r, n, k, areas[1])
			}
		}
		p.storeSums(w, lo, hi, r, n, all, areas)
	}
}

// segment adds the products of a segment that begins at column k to the sums.
func (p *product) segment(w *worker, m *matrix, lo, hi, r, n, k int, sums []float32) {
	a := &w.args.segment
	*a = kernel.SegmentArgs{
		DstStride: (hi - lo) * kernel.PanelRows, PanelBytes: m.panelBytes,
		X: unsafe.Add(w.row(p.x, r), 4*k), XStride: p.x.stride, K: min(kernel.SegmentColumns, m.k-k), M: n,
	}
	column := k * (m.panelBytes / m.k)
	i := lo
	for ; i+kernel.SegmentPanels <= hi; i += kernel.SegmentPanels {
		a.Dst, a.W = unsafe.Pointer(&sums[(i-lo)*kernel.PanelRows]), unsafe.Add(m.panel(i), column)
		w.p.set.MatMulSegment[m.layout](a)
	}
	for ; i < hi; i++ { // the sum of one segment, added to that of those before
		b := &w.args.matmul
		*b = kernel.MatMulArgs{
			Dst: unsafe.Pointer(&sums[(i-lo)*kernel.PanelRows]), DstStride: a.DstStride,
			W: unsafe.Add(m.panel(i), column), Panels: 1, X: a.X, XStride: a.XStride, K: a.K, M: n, Accumulate: true,
		}
		w.p.set.MatMul[m.layout](b)
	}
}

// storeSums writes n rows from r on.
func (p *product) storeSums(w *worker, lo, hi, r, n, all int, areas [2][]float32) {
	columns, from, to := (hi-lo)*kernel.PanelRows, lo*kernel.PanelRows, min(hi*kernel.PanelRows, p.m.n)
	for j := range n {
		x := areas[0][j*columns:][:to-from]
		if p.up != nil {
			p.activate(w, x, areas[1][j*columns:][:to-from], r+j, from, all)
			continue
		}
		y := w.floats(p.out, r+j, to)[from:]
		if p.accumulate {
			w.p.set.Add(y, x, y)
		} else {
			copy(y, x)
		}
		if p.bias != nil {
			w.p.set.Add(y, y, p.bias[from:to])
		}
	}
}
