package backendtest

import (
	"math"
	"slices"
	"testing"

	"github.com/seed64708441/ember/backend"
	"github.com/seed64708441/ember/ops"
	"github.com/seed64708441/ember/ops/ref"
	"github.com/seed64708441/ember/tensor"
)

// testTypes compares products and whole models of every weight type with the reference on the decoded weights.
func testTypes(t *testing.T, s *suite) {
	for _, d := range weightTypes() {
		t.Run(d.String(), func(t *testing.T) {
			t.Run("product", func(t *testing.T) { testProduct(t, s, d) })
			t.Run("zero", func(t *testing.T) { testZeroProduct(t, s, d) })
			t.Run("lookup", func(t *testing.T) { testLookup(t, s, d) })
			t.Run("model", func(t *testing.T) {
				c := blocky
				if d.BlockLen() > 32 {
					c = wide
				}
				m := newModel(t, modelOptions{dtype: d}, c.build)
				compareRounded(t, s.rig(t, m, Config{}, backend.Options{}), backend.CacheF32, ref.Rounding{})
			})
			if d.BlockLen() == 1 {
				t.Run("vectors", func(t *testing.T) {
					m := newModel(t, modelOptions{dtype: d, vectors: true}, small.build)
					compareRounded(t, s.rig(t, m, Config{}, backend.Options{}), backend.CacheF32, ref.Rounding{})
				})
			}
		})
	}
}

// compareRounded compares a short run with the reference, with the room that rounding needs.
func compareRounded(t *testing.T, r *rig, kind backend.CacheType, cache ref.Rounding) {
	t.Helper()
	m := r.model
	ids := m.tokens(75, 2)
	want := m.oracle(t, ref.Rounding{}, ids, nil)
	q := r.seq(r.cache(kind, pagesFor(len(ids))))
	got := append(q.run(ids[:70], 70), q.run(ids[70:], 1)...)
	if !m.needsRounding() && cache.Key == nil {
		near(t, "logits", got, want)
		return
	}
	rounded(t, "logits", got, want, m.oracle(t, both(m.operandRounding(), cache), ids, nil))
}

// testProduct checks single products against a bound that holds for each logit. With activations rounded in blocks of
// largest magnitude a, x is off by at most a/254 and the logit by at most the sum of |w|*a/254; scales may be rounded
// to halves, which adds 2^-11 of each block's sum. Rounding errors are evenly distributed and independent, so their
// root mean square is the square root of the sum of w²(a/127)²/12: what is a quarter more is not rounding.
func testProduct(t *testing.T, s *suite, d tensor.DType) {
	for _, size := range []struct{ n, k int }{{1, 256}, {16, 256}, {33, 512}, {50, 768}, {35, 32}, {31, 160}, {23, 17}, {40, 1}} {
		if size.k%d.BlockLen() != 0 {
			continue
		}
		m := newModel(t, modelOptions{dtype: d, plainTables: true}, func(b *ops.Builder) ops.Value {
			x := b.Outputs(b.Embed(b.Weight("token_embd", 30, size.k)))
			return b.MatMul(x, b.Weight("output", size.n, size.k))
		})
		r := s.rig(t, m, Config{Threads: 1}, backend.Options{})
		c := r.cache(backend.CacheF32, 1)
		p := product{m: m, n: size.n, k: size.k}
		for _, rows := range []int{1, 2, 3, 4, 5, 8, 13, 20} {
			q := r.seq(c)
			ids := m.tokens(rows, uint64(rows))
			if !p.check(t, ids, q.run(ids, rows)) {
				t.Fatalf("%d rows of %d times [%d %d]", rows, size.k, size.n, size.k)
			}
			c.Free(q.pages[0].ID)
		}
		if !(p.squares <= 1.25*1.25*p.expected) && size.n >= 16 {
			t.Errorf("%d times [%d %d]: the errors are %.3g times as large as rounding explains", size.k, size.n, size.k, math.Sqrt(p.squares/p.expected))
		}
	}
}

// product is a model that only looks up rows of k numbers and multiplies them with an [n k] weight.
type product struct {
	m    *model
	n, k int
	// squares is the sum of squared errors so far, and expected what rounding explains of it.
	squares, expected float64
}

// check compares the logits of some rows with the bound.
func (p *product) check(t *testing.T, ids []int32, got []float32) bool {
	t.Helper()
	table, w := p.m.weights["token_embd.weight"], p.m.weights["output.weight"]
	block := 1
	if w.dtype.BlockLen() > 1 {
		block = max(32, w.dtype.BlockLen())
	}
	for row, id := range ids {
		x := widen(table.values[int(id)*p.k:][:p.k])
		for col := range p.n {
			wrow := widen(w.values[col*p.k:][:p.k])
			var sum, magnitude, most, variance float64
			for i := 0; i < p.k; i += block {
				end := min(i+block, p.k)
				var part, weights, power float64
				for j := i; j < end; j++ {
					part += x[j] * wrow[j]
					weights += math.Abs(wrow[j])
					power += wrow[j] * wrow[j]
					magnitude += math.Abs(x[j] * wrow[j])
				}
				sum += part
				if block > 1 {
					a := amax(x[i:end])
					most += weights*a/254 + math.Abs(part)/2048
					variance += power * (a / 127) * (a / 127) / 12
				}
			}
			diff := math.Abs(float64(got[row*p.n+col]) - sum)
			slack := 2e-6 * magnitude // float32 sums
			if !(diff <= most+slack) {
				t.Errorf("row %d column %d: %v, want %v: off by %.3g, rounding explains %.3g", row, col, got[row*p.n+col], sum, diff, most+slack)
				return false
			}
			p.squares += diff * diff
			p.expected += variance + slack*slack
		}
	}
	return true
}

// testZeroProduct checks that a row of zeros gives exactly zero, whatever else is in the step.
func testZeroProduct(t *testing.T, s *suite, d tensor.DType) {
	m := newModel(t, modelOptions{dtype: d, plainTables: true}, func(b *ops.Builder) ops.Value {
		return b.MatMul(b.Outputs(b.Embed(b.Weight("token_embd", 5, 256))), b.Weight("output", 37, 256))
	})
	r := s.rig(t, m, Config{}, backend.Options{})
	given := make([]float32, 3*256)
	for i := range given[256:512] {
		given[256+i] = float32(i - 100)
	}
	got := r.step(part{q: r.seq(r.cache(backend.CacheF32, 1)), tokens: []int32{-1, -1, 3, -1}, embeddings: given})[0]
	for row, zero := range []bool{true, false, false, true} {
		logits := got[row*37:][:37]
		if all := !slices.ContainsFunc(logits, func(v float32) bool { return v != 0 }); all != zero {
			t.Errorf("row %d gives %v; the row is zero: %v", row, logits, zero)
		}
	}
}

// testLookup checks that rows of an embedding table arrive exactly: the head adds up single elements of them.
func testLookup(t *testing.T, s *suite, d tensor.DType) {
	k := max(32, d.BlockLen())
	m := newModel(t, modelOptions{}, func(b *ops.Builder) ops.Value {
		return b.MatMul(b.Outputs(b.Embed(b.Weight("token_embd", 9, k))), b.Weight("output", k, k))
	})
	typed := newModel(t, modelOptions{dtype: d}, func(b *ops.Builder) ops.Value {
		w := b.Weight("token_embd", 9, k)
		return b.MatMul(b.Outputs(b.Embed(w)), w)
	})
	m.weights["token_embd.weight"] = typed.weights["token_embd.weight"]
	unit := make([]float32, k*k)
	for i := range k {
		unit[i*k+i] = 1
	}
	m.weights["output.weight"] = plain(tensor.Shape{k, k}, unit)
	r := s.rig(t, m, Config{}, backend.Options{})
	got := r.fresh(backend.CacheF32, iota32(9))
	want := slices.Clone(m.weights["token_embd.weight"].values)
	for i := range want { // -0 may become 0 in a sum
		want[i], got[i] = want[i]+0, got[i]+0
	}
	same(t, "rows", got, want)
}

// testCaches compares runs with every cache type with the reference.
func testCaches(t *testing.T, s *suite) {
	kinds := []tensor.DType{backend.CacheF16: tensor.F16, backend.CacheF32: tensor.F32, backend.CacheQ8_0: tensor.Q8_0, backend.CacheQ4_0: tensor.Q4_0}
	for kind, d := range kinds {
		t.Run(d.String(), func(t *testing.T) {
			for _, c := range []llama{blocky, blocky.alter(func(c *llama) { c.headDim, c.kvHeads = 64, 4 }), blocky.alter(func(c *llama) { c.headDim, c.heads = 96, 6 })} {
				m := newModel(t, modelOptions{}, c.build)
				compareRounded(t, s.rig(t, m, Config{}, backend.Options{}), backend.CacheType(kind), storage(d))
			}
		})
	}
	t.Run("heads that are no whole blocks", func(t *testing.T) {
		m := newModel(t, modelOptions{}, small.build)
		r := s.rig(t, m, Config{}, backend.Options{})
		for _, kind := range []backend.CacheType{backend.CacheQ8_0, backend.CacheQ4_0} {
			wantUnsupported(t, r, kind)
		}
		wantUnsupported(t, r, backend.CacheType(200))
	})
	t.Run("no state", func(t *testing.T) {
		m := newModel(t, modelOptions{}, between(8, 8, func(_ *ops.Builder, x ops.Value) ops.Value { return x }))
		r := s.rig(t, m, Config{}, backend.Options{})
		r.fresh(backend.CacheQ4_0, m.tokens(70, 1))
	})
}
