package cpu

import (
	"unsafe"

	"github.com/seed64708441/ember/backend/cpu/internal/kernel"
)

// attendTask is the attention of the rows of a block with the query heads of the key heads from..to-1. Queries are
// ordered by key head, then by row, then by query head.
type attendTask struct {
	st       *attendStage
	w        *worker
	s        *stepState
	b        *rowBlock
	from, to int
	// shift is that of the pages for which the queries are rotated, if they are.
	shift   int
	rotated bool
}

// each is how many query heads share a key head.
func (t *attendTask) each() int { return t.st.heads / t.st.kv.Heads }

// queries is how many queries the task has.
func (t *attendTask) queries() int { return (t.to - t.from) * int(t.b.rows) * t.each() }

// eachQuery calls f with all queries and the places of their rows in the block.
func (t *attendTask) eachQuery(f func(query, row int)) {
	each, rows := t.each(), int(t.b.rows)
	for i := range t.queries() {
		f(i, i/each%rows)
	}
}

// group attends over the tiles of one group and leaves the result in p. Where attention stores keys and values, it
// first stores those of the group.
func (t *attendTask) group(g int, p *partial) {
	st := t.st
	rows, first := int(t.b.rows), int(t.s.refs[t.b.row].position)
	if t.s.storing {
		for r := range rows {
			for h := t.from; h < t.to && (first+r)/tile/groupTiles == g; h++ {
				st.store.head(t.w, t.s, int(t.b.row)+r, h)
			}
		}
	}
	p.reset(t.queries())
	pages := t.s.pages[t.s.firstPage[t.b.span]:]
	last := (first + rows - 1) / tile
	for i := max(st.lowest(first)/tile, g*groupTiles); i < min(last+1, (g+1)*groupTiles); i++ {
		t.rotate(pages[i].shift)
		t.scores(&pages[i])
		whole := t.softmax(p, i*tile)
		t.values(p, &pages[i], i*tile, whole)
	}
}

// scores multiplies all queries with the keys of a page.
func (t *attendTask) scores(page *pageRef) {
	st, m, l := t.st, &t.w.at, &t.s.cache.layout
	n := int(t.b.rows) * t.each()
	sl := &l.states[st.attr.State]
	for h := t.from; h < t.to; h++ {
		i := (h - t.from) * n
		a := &t.w.args.scores
		*a = kernel.ScoresArgs{
			Dst: unsafe.Pointer(&m.scores[i*tile]), Q: unsafe.Pointer(&m.q[i*st.kv.KeyDim]), QStride: st.kv.KeyDim, N: n,
			K: unsafe.Add(page.base, sl.key+h*sl.keyBytes), D: st.kv.KeyDim, Scale: st.attr.Scale,
		}
		t.w.p.set.Scores[l.format](a)
	}
}

// softmax merges the scores of the tile that starts at position start into the softmax of all queries, and reports
// whether all rows see all of it.
func (t *attendTask) softmax(p *partial, start int) bool {
	m, first, whole := &t.w.at, int(t.s.refs[t.b.row].position), true
	t.eachQuery(func(i, r int) {
		lo, hi := t.st.visible(first+r, start)
		whole = whole && lo == 0 && hi == tile
		a := &t.w.args.softmax
		*a = kernel.SoftmaxArgs{S: unsafe.Pointer(&m.scores[i*tile]), Lo: lo, Hi: hi, Max: *p.max(i), Sum: *p.sum(i)}
		t.w.p.set.Softmax(a)
		*p.max(i), *p.sum(i), m.correction[i] = a.Max, a.Sum, a.Correction
	})
	return whole
}

// values adds the values of a page, whose first position is start, to the results.
func (t *attendTask) values(p *partial, page *pageRef, start int, whole bool) {
	sl := &t.s.cache.layout.states[t.st.attr.State]
	rows, each, first := int(t.b.rows), t.each(), int(t.s.refs[t.b.row].position)
	for h := t.from; h < t.to; h++ {
		v, i := unsafe.Add(page.base, sl.value+h*sl.valueBytes), (h-t.from)*rows*each
		if whole {
			t.add(p, v, i, rows*each, 0, tile)
			continue
		}
		for r := range rows { // rows see different slots
			if lo, hi := t.st.visible(first+r, start); lo < hi {
				t.add(p, v, i+r*each, each, lo, hi)
			}
		}
	}
}

// add adds the slots lo..hi-1 of a tile of values to n queries from i on.
func (t *attendTask) add(p *partial, v unsafe.Pointer, i, n, lo, hi int) {
	m, a := &t.w.at, &t.w.args.values
	*a = kernel.ValuesArgs{
		Acc: unsafe.Pointer(unsafe.SliceData(p.acc(i))), AccStride: p.stride, P: unsafe.Pointer(&m.scores[i*tile]),
		Correction: unsafe.Pointer(&m.correction[i]), N: n, V: v, D: p.dv, Lo: lo, Hi: hi,
	}
	t.w.p.set.Values[t.s.cache.layout.format](a)
}

// merge adds the results of group g to those of the groups before. Rows that see nothing of it are left alone.
func (t *attendTask) merge(total, part *partial, g int) {
	first := int(t.s.refs[t.b.row].position)
	t.eachQuery(func(i, r int) {
		p := first + r
		lo, hi := t.st.lowest(p)/tile/groupTiles, p/tile/groupTiles
		switch {
		case g == lo:
			copy(total.data[i*total.stride:(i+1)*total.stride], part.data[i*part.stride:(i+1)*part.stride])
		case g > lo && g <= hi:
			total.merge(t.w, part, i)
		}
	})
}

// write divides by the sums and writes the result to the output rows.
func (t *attendTask) write(p *partial) {
	each, rows := t.each(), int(t.b.rows)
	p.finish(t.w, t.queries())
	t.eachQuery(func(i, r int) {
		out := t.w.floats(t.st.out, int(t.b.row)+r, t.st.heads*p.dv)
		head := (t.from+i/(rows*each))*each + i%each
		copy(out[head*p.dv:(head+1)*p.dv], p.acc(i))
	})
}

// rotate copies the queries to the worker's memory, rotated for pages with the given shift.
func (t *attendTask) rotate(shift int) {
	if t.rotated && t.shift == shift {
		return
	}
	t.rotated, t.shift = true, shift
	d, each, rows := t.st.kv.KeyDim, t.each(), int(t.b.rows)
	for r := range rows {
		row := int(t.b.row) + r
		rot := rotation{&t.st.attr.Rope, t.w.angles(t.st.table, &t.st.attr.Rope, t.s, row, shift)}
		q := t.w.floats(t.st.q, row, t.st.heads*d)[t.from*each*d:]
		for h := range t.to - t.from {
			for g := range each {
				x := t.w.at.q[((h*rows+r)*each+g)*d:][:d]
				copy(x, q[(h*each+g)*d:])
				rot.apply(t.w, x)
			}
		}
	}
}
