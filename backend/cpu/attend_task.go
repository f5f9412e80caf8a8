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
	next    unsafe.Pointer // the keys after those of the current head
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

// eachRange calls f with the queries from i on of some heads, as many at once as see the same range of something: that
// which slots gives for the position of their row. Queries that see nothing are left out.
func (t *attendTask) eachRange(i, heads int, slots func(position int) (lo, hi int), f func(i, n, lo, hi int)) {
	rows, each, first := int(t.b.rows), t.each(), int(t.s.refs[t.b.row].position)
	lo, hi := slots(first)
	if l, h := slots(first + rows - 1); l == lo && h == hi { // and so do the rows between
		rows, each = 1, rows*each*heads
		heads = 1
	}
	for range heads {
		for r := range rows {
			if lo, hi := slots(first + r); lo < hi {
				f(i, each, lo, hi)
			}
			i += each
		}
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
	keys := &t.s.cache.layout.states[st.attr.State]
	for i := max(st.lowest(first)/tile, g*groupTiles); i < min(last+1, (g+1)*groupTiles); i++ {
		t.rotate(pages[i].shift)
		for h := t.from; h < t.to; h++ {
			next, after := &pages[i], h+1
			if after == t.to {
				next, after = &pages[min(i+1, last)], t.from
			}
			t.next = unsafe.Add(next.base, keys.key+after*keys.keyBytes)
			t.head(p, &pages[i], i*tile, h)
		}
	}
}

// head attends with the queries of a key head over a page whose first position is start. One head after the other keeps
// memory busy: while the scores of a head become probabilities, the keys and values asked for ahead arrive.
func (t *attendTask) head(p *partial, page *pageRef, start, h int) {
	l, n := &t.s.cache.layout.states[t.st.attr.State], int(t.b.rows)*t.each()
	i, v := (h-t.from)*n, unsafe.Add(page.base, l.value+h*l.valueBytes)
	t.scores(unsafe.Add(page.base, l.key+h*l.keyBytes), v, i, n)
	t.eachRange(i, 1, func(position int) (lo, hi int) { return t.st.visible(position, start) },
		func(i, n, lo, hi int) { t.add(p, v, i, n, lo, hi) })
}

// scores multiplies n queries from i on with a tile of keys, whose values are at v.
func (t *attendTask) scores(k, v unsafe.Pointer, i, n int) {
	m, d := &t.w.at, t.st.kv.KeyDim
	a := &t.w.args.scores
	*a = kernel.ScoresArgs{
		Dst: unsafe.Pointer(&m.scores[i*tile]), Q: unsafe.Pointer(&m.q[i*d]), QStride: d, N: n,
		K: k, Next: v, D: d, Scale: t.st.attr.Scale,
	}
	t.w.p.set.Scores[t.s.cache.layout.format](a)
}

// add merges the scores of the slots lo..hi-1 into the softmax of n queries from i on, and adds their values.
func (t *attendTask) add(p *partial, v unsafe.Pointer, i, n, lo, hi int) {
	m := &t.w.at
	s := &t.w.args.softmax
	*s = kernel.SoftmaxArgs{
		S: unsafe.Pointer(&m.scores[i*tile]), N: n, Lo: lo, Hi: hi,
		Running: unsafe.Pointer(p.max(i)), RunningStride: p.stride, Correction: unsafe.Pointer(&m.correction[i]),
		Next: t.next, Half: t.s.cache.layout.states[t.st.attr.State].keyBytes / 2,
	}
	t.w.p.set.Softmax(s)
	a := &t.w.args.values
	*a = kernel.ValuesArgs{
		Acc: unsafe.Pointer(unsafe.SliceData(p.acc(i))), AccStride: p.stride, P: s.S, Correction: s.Correction,
		N: n, V: v, Next: t.next, D: p.dv, Lo: lo, Hi: hi,
	}
	t.w.p.set.Values[t.s.cache.layout.format](a)
}

// merge adds the results of the groups from..to-1 to total; first are those of the first. Rows that see nothing of them are
// left alone.
func (t *attendTask) merge(total, first *partial, from, to int) {
	t.eachRange(0, t.to-t.from, func(position int) (lo, hi int) {
		return max(t.st.lowest(position)/tile/groupTiles-from, 0), min(position/tile/groupTiles+1, to) - from
	}, func(i, n, lo, hi int) { total.merge(t.w, first, i, n, lo, hi) })
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
