package cpu

import (
	"math"
	"unsafe"

	"github.com/seed64708441/ember/backend"
	"github.com/seed64708441/ember/backend/cpu/internal/kernel"
	"github.com/seed64708441/ember/ops"
	"github.com/seed64708441/ember/tensor/quant"
)

// rowStage runs a list of operations on each row; rows are shared out among the workers.
type rowStage struct {
	outs bool
	ops  []rowOp
}

// rowOp does its work for one row.
type rowOp interface {
	row(w *worker, s *stepState, r int)
}

// rowRun is how many rows a worker takes at a time.
const rowRun = 4

func (st *rowStage) run(w *worker, s *stepState) {
	rows := s.rows
	if st.outs {
		rows = s.outs
	}
	for {
		r := w.p.pool.task() * rowRun
		if r >= rows {
			return
		}
		for end := min(r+rowRun, rows); r < end; r++ {
			for _, op := range st.ops {
				op.row(w, s, r)
			}
		}
	}
}

// rowOp resolves one item of a row stage.
func (r *resolver) rowOp(it *item) rowOp {
	out := r.loc(it.out)
	switch it.kind {
	case kEmbed:
		return &embedOp{table: &r.p.weights[it.weight].table, out: out}
	case kNorm:
		x := r.shape(it, 0)
		return &normOp{in: r.in(it, 0), out: out, n: x.Inner(), count: x.RowLen() / x.Inner(),
			weight: r.p.weights[it.weight].vector, eps: it.node.Attr.(ops.Norm).Eps}
	case kAdd:
		return &addOp{a: r.in(it, 0), b: r.in(it, 1), out: out, n: r.shape(it, 0).RowLen()}
	case kBias:
		x := r.shape(it, 0)
		return &biasOp{in: r.in(it, 0), out: out, n: x.Inner(), count: x.RowLen() / x.Inner(), bias: r.p.weights[it.weight].vector}
	case kGLU:
		return &gluOp{gate: r.in(it, 0), up: r.in(it, 1), out: out, n: r.shape(it, 0).RowLen()}
	case kGather:
		return &gatherOp{in: r.in(it, 0), out: out, n: r.shape(it, 0).RowLen()}
	case kQuantize:
		b := &r.lo.buffers[it.out]
		return &quantizeOp{in: r.in(it, 0), out: out, n: b.n, bytes: b.act.RowBytes(b.n), f: r.p.set.Quantize[b.act]}
	case kAngles:
		return &anglesOp{rope: it.rope, out: out}
	case kStore:
		return r.storeOp(it)
	}
	panic("BUG: cpu: item is not a row operation")
}

type embedOp struct {
	table *table
	out   loc
}

func (op *embedOp) row(w *worker, s *stepState, r int) {
	dst := w.floats(op.out, r, op.table.n)
	if e := int(s.refs[r].embed); e >= 0 {
		copy(dst, s.Embeddings[e*op.table.n:])
		return
	}
	at := int(s.Tokens[r]) * op.table.rowBytes
	if err := quant.Decode(dst, op.table.data[at:at+op.table.rowBytes], op.table.dtype); err != nil {
		panic("BUG: cpu: " + err.Error()) // type and length were checked by Compile
	}
}

type normOp struct {
	in, out  loc
	n, count int
	weight   []float32
	eps      float32
}

func (op *normOp) row(w *worker, _ *stepState, r int) {
	x, y := w.floats(op.in, r, op.n*op.count), w.floats(op.out, r, op.n*op.count)
	for i := 0; i < len(x); i += op.n {
		w.p.set.RMSNorm(y[i:i+op.n], x[i:i+op.n], op.weight, op.eps)
	}
}

type addOp struct {
	a, b, out loc
	n         int
}

func (op *addOp) row(w *worker, _ *stepState, r int) {
	w.p.set.Add(w.floats(op.out, r, op.n), w.floats(op.a, r, op.n), w.floats(op.b, r, op.n))
}

type biasOp struct {
	in, out  loc
	n, count int
	bias     []float32
}

func (op *biasOp) row(w *worker, _ *stepState, r int) {
	x, y := w.floats(op.in, r, op.n*op.count), w.floats(op.out, r, op.n*op.count)
	for i := 0; i < len(x); i += op.n {
		w.p.set.Add(y[i:i+op.n], x[i:i+op.n], op.bias)
	}
}

type gluOp struct {
	gate, up, out loc
	n             int
}

func (op *gluOp) row(w *worker, _ *stepState, r int) {
	w.p.set.SiLUMul(w.floats(op.out, r, op.n), w.floats(op.gate, r, op.n), w.floats(op.up, r, op.n))
}

type gatherOp struct {
	in, out loc
	n       int
}

func (op *gatherOp) row(w *worker, s *stepState, r int) {
	copy(w.floats(op.out, r, op.n), w.floats(op.in, int(s.Outputs[r]), op.n))
}

type quantizeOp struct {
	in, out  loc
	n, bytes int
	f        func(dst []byte, x []float32)
}

func (op *quantizeOp) row(w *worker, _ *stepState, r int) {
	op.f(unsafe.Slice((*byte)(w.row(op.out, r)), op.bytes), w.floats(op.in, r, op.n))
}

// anglesOp writes the cosines and sines of a row's position, for the pages that are not shifted.
type anglesOp struct {
	rope ops.Rope
	out  loc
}

func (op *anglesOp) row(w *worker, s *stepState, r int) {
	angles(w.floats(op.out, r, 2*len(op.rope.Freqs)), &op.rope, int(s.refs[r].position))
}

// angles writes cos and sin of position*frequency for every pair, times the magnitude, computed in float64.
func angles(dst []float32, rope *ops.Rope, position int) {
	n, m := len(rope.Freqs), rope.Scale()
	for i, f := range rope.Freqs {
		sin, cos := math.Sincos(float64(position) * f)
		dst[i], dst[n+i] = float32(cos*m), float32(sin*m)
	}
}

// storeOp rotates the keys of a row and writes keys and values to the page of its position.
type storeOp struct {
	k, v, table  loc
	state, heads int
	keyDim       int
	valueDim     int
	rope         ops.Rope
}

func (r *resolver) storeOp(it *item) *storeOp {
	a := it.node.Attr.(ops.Attention)
	st := r.p.graph.States[a.State]
	op := &storeOp{k: r.in(it, 0), v: r.in(it, 1), state: a.State, heads: st.Heads, keyDim: st.KeyDim, valueDim: st.ValueDim, rope: a.Rope}
	if len(it.in) > 2 {
		op.table = r.in(it, 2)
	}
	return op
}

func (op *storeOp) row(w *worker, s *stepState, r int) {
	ref := &s.refs[r]
	page := s.pages[int(s.firstPage[ref.span])+int(ref.position)/backend.PageTokens]
	slot := int(ref.position) % backend.PageTokens
	l := &s.cache.layout
	st := &l.states[op.state]
	k, v := w.floats(op.k, r, op.heads*op.keyDim), w.floats(op.v, r, op.heads*op.valueDim)
	key := w.at.key[:op.keyDim]
	rot := rotation{rope: &op.rope}
	if pairs := len(op.rope.Freqs); pairs > 0 {
		rot.angles = w.floats(op.table, r, 2*pairs)
		if page.shift != 0 {
			rot.angles = w.at.angles[:2*pairs]
			angles(rot.angles, &op.rope, int(ref.position)-page.shift)
		}
	}
	for h := range op.heads {
		copy(key, k[h*op.keyDim:])
		rot.apply(w, key)
		kernel.StoreKey(l.format, unsafe.Slice((*byte)(unsafe.Add(page.base, st.key+h*st.keyBytes)), st.keyBytes), slot, op.keyDim, key)
		kernel.StoreValue(l.format, unsafe.Slice((*byte)(unsafe.Add(page.base, st.value+h*st.valueBytes)), st.valueBytes), slot, op.valueDim, v[h*op.valueDim:(h+1)*op.valueDim])
	}
}

// rotation applies a rope with given angles to one head.
type rotation struct {
	rope   *ops.Rope
	angles []float32 // cosines, then sines
}

func (rt *rotation) apply(w *worker, x []float32) {
	pairs := len(rt.rope.Freqs)
	if pairs == 0 {
		return
	}
	a := &w.args.rotate
	*a = kernel.RotateArgs{
		X: unsafe.Pointer(unsafe.SliceData(x)), Cos: unsafe.Pointer(unsafe.SliceData(rt.angles)),
		Sin: unsafe.Pointer(unsafe.SliceData(rt.angles[pairs:])), Pairs: pairs, Interleaved: rt.rope.Interleaved,
	}
	w.p.set.Rotate(a)
}
