package backendtest

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/seed64708441/ember/backend"
	"github.com/seed64708441/ember/ops"
	"github.com/seed64708441/ember/ops/ref"
	"github.com/seed64708441/ember/tensor"
)

// opCase is a small graph about one operation, which stands between the embedding and the head.
type opCase struct {
	op    ops.Op
	name  string
	build func(b *ops.Builder) ops.Value
	// rows is the length of the run; 0 means 11.
	rows int
	// scale multiplies the embeddings; 0 means 1.
	scale float64
	// optional says that a backend may answer ErrUnsupported.
	optional bool
}

// between is a graph with f between an embedding of width d and a head; f gives rows of w elements.
func between(d, w int, f func(b *ops.Builder, x ops.Value) ops.Value) func(b *ops.Builder) ops.Value {
	return func(b *ops.Builder) ops.Value {
		y := f(b, b.Embed(b.Weight("token_embd", 29, d)))
		return head(b, b.Outputs(b.Reshape(y, w)), w)
	}
}

// head multiplies rows of w elements with an output matrix of odd height.
func head(b *ops.Builder, y ops.Value, w int) ops.Value {
	return b.MatMul(y, b.Weight("output", 19, w))
}

// opCases are the conformance cases of every operation.
var opCases = slices.Concat(embedCases, normCases, matMulCases, addCases, gluCases, reshapeCases, outputsCases, attentionCases())

var embedCases = []opCase{
	{op: ops.OpEmbed, name: "width 64", build: between(64, 64, identity)},
	{op: ops.OpEmbed, name: "width 33", build: between(33, 33, identity)},
	{op: ops.OpEmbed, name: "width 7", build: between(7, 7, identity)},
	{op: ops.OpEmbed, name: "width 1", build: between(1, 1, identity)},
	{op: ops.OpEmbed, name: "one token", rows: 3, build: func(b *ops.Builder) ops.Value {
		return head(b, b.Outputs(b.Embed(b.Weight("token_embd", 1, 20))), 20)
	}},
	{op: ops.OpEmbed, name: "two tables", build: func(b *ops.Builder) ops.Value {
		return head(b, b.Outputs(b.Add(b.Embed(b.Weight("token_embd", 29, 20)), b.Embed(b.Weight("second", 29, 20)))), 20)
	}},
	{op: ops.OpEmbed, name: "one table twice", build: func(b *ops.Builder) ops.Value {
		w := b.Weight("token_embd", 29, 20)
		return head(b, b.Outputs(b.Add(b.Embed(w), b.MatMul(b.Embed(w), b.Weight("a", 20, 20)))), 20)
	}},
}

func identity(_ *ops.Builder, x ops.Value) ops.Value { return x }

func norm(d, heads int, eps float32) func(b *ops.Builder) ops.Value {
	return between(d*heads, d*heads, func(b *ops.Builder, x ops.Value) ops.Value {
		if heads > 1 {
			x = b.Reshape(x, heads, d)
		}
		return b.RMSNorm(x, b.Weight("norm", d), eps)
	})
}

var normCases = []opCase{
	{op: ops.OpRMSNorm, name: "width 64", build: norm(64, 1, 1e-5)},
	{op: ops.OpRMSNorm, name: "width 100", build: norm(100, 1, 1e-6)},
	{op: ops.OpRMSNorm, name: "width 31", build: norm(31, 1, 1e-5)},
	{op: ops.OpRMSNorm, name: "width 5", build: norm(5, 1, 1e-5)},
	{op: ops.OpRMSNorm, name: "width 1", build: norm(1, 1, 0.5)},
	{op: ops.OpRMSNorm, name: "eps matters", scale: 0.01, build: norm(48, 1, 1e-4)},
	{op: ops.OpRMSNorm, name: "eps zero", build: norm(48, 1, 0)},
	{op: ops.OpRMSNorm, name: "large rows", scale: 1e4, build: norm(300, 1, 1e-5)},
	{op: ops.OpRMSNorm, name: "small rows", scale: 1e-4, build: norm(300, 1, 1e-12)},
	{op: ops.OpRMSNorm, name: "heads of 16", build: norm(16, 5, 1e-5)},
	{op: ops.OpRMSNorm, name: "heads of 17", build: norm(17, 3, 1e-5)},
	{op: ops.OpRMSNorm, name: "of outputs", build: func(b *ops.Builder) ops.Value {
		x := b.Outputs(b.Embed(b.Weight("token_embd", 29, 24)))
		return head(b, b.RMSNorm(x, b.Weight("norm", 24), 1e-5), 24)
	}},
}

func multiply(k, n int) func(b *ops.Builder) ops.Value {
	return between(k, n, func(b *ops.Builder, x ops.Value) ops.Value { return b.MatMul(x, b.Weight("a", n, k)) })
}

var matMulCases = []opCase{
	{op: ops.OpMatMul, name: "1 to 1", build: multiply(1, 1)},
	{op: ops.OpMatMul, name: "3 to 5", build: multiply(3, 5)},
	{op: ops.OpMatMul, name: "16 to 16", build: multiply(16, 16)},
	{op: ops.OpMatMul, name: "17 to 15", build: multiply(17, 15)},
	{op: ops.OpMatMul, name: "64 to 33", build: multiply(64, 33)},
	{op: ops.OpMatMul, name: "100 to 67", build: multiply(100, 67)},
	{op: ops.OpMatMul, name: "33 to 130", build: multiply(33, 130)},
	{op: ops.OpMatMul, name: "256 to 48", build: multiply(256, 48)},
	{op: ops.OpMatMul, name: "321 to 17, 40 rows", rows: 40, build: multiply(321, 17)},
	{op: ops.OpMatMul, name: "one weight twice", build: between(24, 24, func(b *ops.Builder, x ops.Value) ops.Value {
		w := b.Weight("a", 24, 24)
		return b.MatMul(b.MatMul(x, w), w)
	})},
	{op: ops.OpMatMul, name: "of heads", optional: true, build: between(24, 15, func(b *ops.Builder, x ops.Value) ops.Value {
		return b.MatMul(b.Reshape(x, 3, 8), b.Weight("a", 5, 8))
	})},
}

var addCases = []opCase{
	{op: ops.OpAdd, name: "rows", build: between(40, 40, func(b *ops.Builder, x ops.Value) ops.Value {
		return b.Add(x, b.MatMul(x, b.Weight("a", 40, 40)))
	})},
	{op: ops.OpAdd, name: "other order", build: between(33, 33, func(b *ops.Builder, x ops.Value) ops.Value {
		return b.Add(b.MatMul(x, b.Weight("a", 33, 33)), x)
	})},
	{op: ops.OpAdd, name: "to itself", build: between(7, 7, func(b *ops.Builder, x ops.Value) ops.Value { return b.Add(x, x) })},
	{op: ops.OpAdd, name: "bias", build: between(33, 33, func(b *ops.Builder, x ops.Value) ops.Value { return b.Add(x, b.Bias("a", 33)) })},
	{op: ops.OpAdd, name: "bias of heads", build: between(33, 33, func(b *ops.Builder, x ops.Value) ops.Value {
		return b.Add(b.Reshape(x, 3, 11), b.Bias("a", 11))
	})},
	{op: ops.OpAdd, name: "bias of one", build: between(1, 1, func(b *ops.Builder, x ops.Value) ops.Value { return b.Add(x, b.Bias("a", 1)) })},
	{op: ops.OpAdd, name: "heads", build: between(34, 34, func(b *ops.Builder, x ops.Value) ops.Value {
		h := b.Reshape(x, 2, 17)
		return b.Add(h, b.RMSNorm(h, b.Weight("norm", 17), 1e-5))
	})},
}

func glu(d int) func(b *ops.Builder) ops.Value {
	return between(d, d, func(b *ops.Builder, x ops.Value) ops.Value {
		return b.GLU(ops.SiLU, x, b.MatMul(x, b.Weight("up", d, d)))
	})
}

var gluCases = []opCase{
	{op: ops.OpGLU, name: "width 96", build: glu(96)},
	{op: ops.OpGLU, name: "width 35", build: glu(35)},
	{op: ops.OpGLU, name: "width 1", build: glu(1)},
	{op: ops.OpGLU, name: "saturated", scale: 60, build: glu(35)},
	{op: ops.OpGLU, name: "flat", scale: 1e-4, build: glu(35)},
	{op: ops.OpGLU, name: "same operand", build: between(20, 20, func(b *ops.Builder, x ops.Value) ops.Value { return b.GLU(ops.SiLU, x, x) })},
}

var reshapeCases = []opCase{
	{op: ops.OpReshape, name: "there and back", build: between(48, 48, func(b *ops.Builder, x ops.Value) ops.Value {
		return b.Reshape(b.Reshape(b.Reshape(x, 6, 8), 2, 3, 4, 2), 48)
	})},
	{op: ops.OpReshape, name: "between norms", build: between(48, 48, func(b *ops.Builder, x ops.Value) ops.Value {
		x = b.RMSNorm(b.Reshape(x, 6, 8), b.Weight("a", 8), 1e-5)
		return b.RMSNorm(b.Reshape(x, 3, 16), b.Weight("b", 16), 1e-5)
	})},
	{op: ops.OpReshape, name: "original needed again", build: between(24, 24, func(b *ops.Builder, x ops.Value) ops.Value {
		h := b.RMSNorm(b.Reshape(x, 3, 8), b.Weight("a", 8), 1e-5)
		return b.Add(b.Reshape(h, 24), x)
	})},
}

var outputsCases = []opCase{
	{op: ops.OpOutputs, name: "last", build: between(24, 24, identity)},
	{op: ops.OpOutputs, name: "of heads", build: func(b *ops.Builder) ops.Value {
		x := b.Outputs(b.Reshape(b.Embed(b.Weight("token_embd", 29, 24)), 3, 8))
		return head(b, b.Reshape(x, 24), 24)
	}},
	{op: ops.OpOutputs, name: "first", build: func(b *ops.Builder) ops.Value {
		x := b.Outputs(b.Embed(b.Weight("token_embd", 29, 24)))
		x = b.Add(x, b.MatMul(x, b.Weight("a", 24, 24)))
		return head(b, x, 24)
	}},
}

// attentionSize is one attention: H query heads on K key heads of D and values of V elements.
type attentionSize struct {
	h, k, d, v int
	window     int
	rope       ops.Rope
}

func attentionCases() []opCase {
	turned := ops.Rope{Freqs: rope(8, false).Freqs, Magnitude: 1.25}
	mirrored := ops.Rope{Freqs: slices.Clone(rope(8, false).Freqs)}
	slices.Reverse(mirrored.Freqs)
	var cases []opCase
	for _, a := range []attentionSize{
		{1, 1, 8, 8, 0, ops.Rope{}},
		{2, 1, 16, 16, 0, rope(8, false)},
		{4, 2, 16, 16, 0, rope(8, true)},
		{4, 1, 16, 16, 0, turned},
		{2, 2, 16, 16, 0, mirrored},
		{6, 2, 17, 17, 0, rope(8, true)},
		{3, 3, 17, 17, 0, rope(3, false)},
		{7, 1, 64, 64, 0, rope(32, false)},
		{5, 5, 80, 80, 0, rope(20, false)},
		{5, 1, 32, 32, 0, rope(16, false)},
		{6, 1, 16, 16, 0, rope(8, false)},
		{3, 1, 128, 128, 0, rope(64, false)},
		{4, 4, 64, 40, 0, rope(32, true)},
		{2, 1, 24, 50, 0, rope(12, false)},
		{2, 1, 5, 3, 0, rope(2, false)},
		{1, 1, 1, 1, 0, ops.Rope{}},
		{4, 2, 32, 32, 1, rope(16, false)},
		{4, 2, 32, 32, 5, rope(16, false)},
		{4, 2, 32, 32, 63, rope(16, false)},
		{4, 2, 32, 32, 64, rope(16, false)},
		{4, 2, 32, 32, 65, rope(16, false)},
		{6, 2, 16, 16, 100, rope(8, true)},
		{2, 2, 16, 16, 1000, ops.Rope{}},
	} {
		name := fmt.Sprintf("H=%d K=%d D=%d V=%d window=%d rope=%d", a.h, a.k, a.d, a.v, a.window, len(a.rope.Freqs))
		if a.rope.Interleaved {
			name += " interleaved"
		}
		if a.rope.Magnitude != 0 {
			name += " magnified"
		}
		if a.rope.Equal(mirrored) {
			name += " mirrored"
		}
		cases = append(cases, opCase{op: ops.OpAttention, name: name, rows: 140, build: between(24, a.h*a.v, func(b *ops.Builder, x ops.Value) ops.Value { return a.build(b, x, 24) })})
	}
	return append(cases, opCase{op: ops.OpAttention, name: "two states", rows: 70, build: between(24, 48, func(b *ops.Builder, x ops.Value) ops.Value {
		x = b.Reshape(attentionSize{2, 1, 12, 12, 0, rope(6, false)}.build(b.In("a"), x, 24), 24)
		return attentionSize{3, 1, 8, 16, 9, rope(4, true)}.build(b.In("b"), x, 24)
	})})
}

// build projects x, rows of w elements, to queries, keys and values and attends. The scores are large enough to be far from uniform.
func (a attentionSize) build(b *ops.Builder, x ops.Value, w int) ops.Value {
	q := b.Reshape(b.MatMul(x, b.Weight("q", a.h*a.d, w)), a.h, a.d)
	k := b.Reshape(b.MatMul(x, b.Weight("k", a.k*a.d, w)), a.k, a.d)
	v := b.Reshape(b.MatMul(x, b.Weight("v", a.k*a.v, w)), a.k, a.v)
	return b.Attention(q, k, v, ops.Attention{State: b.KV(a.k, a.d, a.v), Scale: 0.25, Window: a.window, Rope: a.rope})
}

// testOps runs the cases of every operation in F32 with a prompt and single tokens; attention also with a cache of
// halves, and embeddings also as given rows.
func testOps(t *testing.T, s *suite) {
	for _, c := range opCases {
		t.Run(c.op.String()+"/"+c.name, func(t *testing.T) {
			m := newModel(t, modelOptions{scale: c.scale}, c.build)
			if c.optional {
				_, err := s.newBackend(t, Config{}).Plan(m.graph, m.source(true), backend.Options{})
				if errors.Is(err, backend.ErrUnsupported) {
					t.Skip(err)
				}
			}
			testOp(t, s.rig(t, m, Config{}, backend.Options{}), c)
		})
	}
}

func testOp(t *testing.T, r *rig, c opCase) {
	rows := c.rows
	if rows == 0 {
		rows = 11
	}
	m := r.model
	ids := m.tokens(rows, 3)
	want := m.oracle(t, ref.Rounding{}, ids, nil)
	kinds := []backend.CacheType{backend.CacheF32}
	if c.op == ops.OpAttention {
		kinds = append(kinds, backend.CacheF16)
	}
	for _, kind := range kinds {
		q := r.seq(r.cache(kind, pagesFor(rows)))
		got := append(q.run(ids[:rows-2], rows), q.run(ids[rows-2:], 1)...)
		if kind == backend.CacheF32 {
			near(t, "cache F32", got, want)
		} else {
			rounded(t, "cache F16", got, want, m.oracle(t, storage(tensor.F16), ids, nil))
		}
	}
	switch c.op {
	case ops.OpEmbed:
		testGiven(t, r, ids)
	case ops.OpOutputs:
		testSubsets(t, r, ids, want)
	}
}

// testGiven replaces every second token by an embedding of other numbers.
func testGiven(t *testing.T, r *rig, ids []int32) {
	m := r.model
	ids = slices.Clone(ids)
	var given []float32
	d := m.weights["token_embd.weight"].shape[1]
	for i := range ids {
		if i%2 == 0 {
			ids[i] = -1
			for j := range d {
				given = append(given, float32((i*d+j)%23-11)/7)
			}
		}
	}
	got := r.step(part{q: r.seq(r.cache(backend.CacheF32, 1)), tokens: ids, embeddings: given})[0]
	near(t, "given embeddings", got, m.oracle(t, ref.Rounding{}, ids, given))
}

// testSubsets asks for some rows only.
func testSubsets(t *testing.T, r *rig, ids []int32, want []float64) {
	v := r.model.vocab()
	for _, rows := range [][]int32{{0}, {10}, {1, 2, 9}, {0, 2, 4, 6, 8, 10}, {}} {
		got := r.step(part{q: r.seq(r.cache(backend.CacheF32, 1)), tokens: ids, outputs: rows})[0]
		var some []float64
		for _, row := range rows {
			some = append(some, want[int(row)*v:][:v]...)
		}
		if len(rows) > 0 {
			near(t, fmt.Sprint("outputs ", rows), got, some)
		}
	}
}
