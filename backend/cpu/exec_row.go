package cpu

import (
	"math"
	"unsafe"

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
	// idle reports that another stage does the work in this step.
	idle(s *stepState) bool
}

// always is part of row operations that are never idle.
type always struct{}

func (always) idle(*stepState) bool { return false }

// rowRun is how many rows a task of a row stage has. With as many or fewer the stage is not divided.
const rowRun = 4

func (st *rowStage) idle(s *stepState) bool {
	if s.extentRows(st.outs) == 0 {
		return true
	}
	for _, op := range st.ops {
		if !op.idle(s) {
			return false
		}
	}
	return true
}

func (st *rowStage) divide(s *stepState, _ int) int {
	return (s.extentRows(st.outs) + rowRun - 1) / rowRun
}

func (st *rowStage) task(w *worker, s *stepState, task int) {
	lo := task * rowRun
	for r := lo; r < min(lo+rowRun, s.extentRows(st.outs)); r++ {
		for _, op := range st.ops {
			if !op.idle(s) {
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
		return &quantizeOp{in: r.in(it, 0), out: out, n: b.n, bytes: b.act.RowBytes(b.n), f: r.p.set.Quantize[b.act], few: it.few, outs: b.outs()}
	case kAngles:
		return &anglesOp{rope: it.rope, out: out}
	case kStore:
		return r.storeOp(it, r.in(it, 0), r.in(it, 1))
	}
	panic("BUG: cpu: item is not a row operation")
}

type embedOp struct {
	always
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
	always
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
	always
	a, b, out loc
	n         int
}

func (op *addOp) row(w *worker, _ *stepState, r int) {
	w.p.set.Add(w.floats(op.out, r, op.n), w.floats(op.a, r, op.n), w.floats(op.b, r, op.n))
}

type biasOp struct {
	always
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
	always
	gate, up, out loc
	n             int
}

func (op *gluOp) row(w *worker, _ *stepState, r int) {
	w.p.set.SiLUMul(w.floats(op.out, r, op.n), w.floats(op.gate, r, op.n), w.floats(op.up, r, op.n))
}

type gatherOp struct {
	always
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
	few      bool // see item.few
	outs     bool
}

func (op *quantizeOp) idle(s *stepState) bool { return op.few && s.extentRows(op.outs) > fewRows }

func (op *quantizeOp) row(w *worker, _ *stepState, r int) {
	op.f(unsafe.Slice((*byte)(w.row(op.out, r)), op.bytes), w.floats(op.in, r, op.n))
}

// anglesOp writes the cosines and sines of a row's position, for the pages that are not shifted.
type anglesOp struct {
	always
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
