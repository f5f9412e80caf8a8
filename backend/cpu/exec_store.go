package cpu

import (
	"unsafe"

	"github.com/seed64708441/ember/backend/cpu/internal/kernel"
	"github.com/seed64708441/ember/ops"
)

// storeOp rotates the keys of a row and writes keys and values to the page of its position. It is a row operation, or
// part of attention in steps where a task of attention has all rows of its head.
type storeOp struct {
	k, v, table loc
	state       int
	kv          ops.KV
	rope        ops.Rope
}

// storeOp resolves the store of an item whose keys and values lie at k and v.
func (r *resolver) storeOp(it *item, k, v loc) *storeOp {
	a := it.node.Attr.(ops.Attention)
	op := &storeOp{k: k, v: v, state: a.State, kv: r.p.graph.States[a.State], rope: a.Rope}
	if len(a.Rope.Freqs) > 0 {
		op.table = r.in(it, len(it.in)-1)
	}
	return op
}

func (op *storeOp) idle(s *stepState) bool { return s.storing }

func (op *storeOp) row(w *worker, s *stepState, r int) {
	for h := range op.kv.Heads {
		op.head(w, s, r, h)
	}
}

// head stores one head of a row.
func (op *storeOp) head(w *worker, s *stepState, r, h int) {
	page, slot := s.page(&s.refs[r])
	l := &s.cache.layout
	st := &l.states[op.state]
	d, dv := op.kv.KeyDim, op.kv.ValueDim
	key := w.at.key[:d]
	copy(key, w.floats(op.k, r, op.kv.Heads*d)[h*d:])
	rot := rotation{&op.rope, w.angles(op.table, &op.rope, s, r, page.shift)}
	rot.apply(w, key)
	at := func(off, bytes int) []byte {
		return unsafe.Slice((*byte)(unsafe.Add(page.base, off+h*bytes)), bytes)
	}
	kernel.StoreKey(l.format, at(st.key, st.keyBytes), slot, d, key)
	kernel.StoreValue(l.format, at(st.value, st.valueBytes), slot, dv, w.floats(op.v, r, op.kv.Heads*dv)[h*dv:(h+1)*dv])
}

// angles returns the angles of a row for pages of the given shift: those of the step's table, or others computed into
// the worker's memory.
func (w *worker) angles(table loc, rope *ops.Rope, s *stepState, r, shift int) []float32 {
	n := 2 * len(rope.Freqs)
	if n == 0 {
		return nil
	}
	if shift == 0 {
		return w.floats(table, r, n)
	}
	angles(w.at.angles[:n], rope, int(s.refs[r].position)-shift)
	return w.at.angles[:n]
}
