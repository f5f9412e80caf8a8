package cpu

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/seed64708441/ember/backend"
	"github.com/seed64708441/ember/ops"
	"github.com/seed64708441/ember/tensor"
)

// benchModels are the shapes and types of the whole-step benchmarks. Made-up weights have the speed of any others.
var benchModels = []struct {
	name  string
	shape shape
	kind  func(string) tensor.DType
}{
	{"1B/type=Q4_0", shape1B, all(tensor.Q4_0)},
	{"1B/type=Q4_K_M", shape1B, q4KM},
	{"1B/type=Q6_K", shape1B, all(tensor.Q6_K)},
	{"1B/type=Q8_0", shape1B, all(tensor.Q8_0)},
	{"1B/type=F16", shape1B, all(tensor.F16)},
	{"05B/type=Q4_0", shapeHalfB, all(tensor.Q4_0)},
	{"05B/type=Q8_0", shapeHalfB, all(tensor.Q8_0)},
}

// weightRead is the bytes of weights that a step of one output reads.
func (r *rig) weightRead() int64 {
	n := int64(0)
	for i := range r.program.weights {
		n += int64(len(r.program.weights[i].matrix.data))
	}
	return n
}

// BenchmarkStep measures whole steps: decode and prefill in tokens per second, taken from the median step.
func BenchmarkStep(b *testing.B) {
	for _, m := range benchModels {
		for _, threads := range []int{1, 2} {
			b.Run(fmt.Sprintf("model=%s/threads=%d", m.name, threads), func(b *testing.B) {
				r := newRig(b, m.shape, m.kind, Config{Threads: threads}, backend.Options{MaxRows: 512, MaxOutputs: 32})
				for _, depth := range []int{0, 4096, 32768} {
					b.Run(fmt.Sprintf("decode/depth=%d", depth), func(b *testing.B) { r.decode(b, depth, 1) })
				}
				for _, n := range []int{8, 16, 32} {
					b.Run(fmt.Sprintf("batch=%d", n), func(b *testing.B) { r.decode(b, 0, n) })
				}
				b.Run("prefill=512", r.prefill)
			})
		}
	}
}

// fill writes what the first 64 tokens give to all pages: memory that was never written to is one page of zeros, which
// stays in the processor's cache.
func (r *rig) fill(pages []backend.Page) {
	r.tb.Helper()
	r.run(r.step(pages, 0, backend.PageTokens))
	b := make([]byte, r.cache.PageBytes())
	if err := r.cache.Save(b, pages[0].ID); err != nil {
		r.tb.Fatal(err)
	}
	for _, p := range pages[1:] {
		if err := r.cache.Load(p.ID, b); err != nil {
			r.tb.Fatal(err)
		}
	}
}

// decode runs steps of one row of each session, and counts the tokens of all.
func (r *rig) decode(b *testing.B, depth, sessions int) {
	r.tb = b
	step := &backend.Step{Cache: r.cache, Logits: make([]float32, sessions*r.program.vocab)}
	var all []backend.Page
	for i := range sessions {
		pages := r.table(depth + 128)
		r.fill(pages)
		all = append(all, pages...)
		step.Tokens = append(step.Tokens, int32(i))
		step.Outputs = append(step.Outputs, int32(i))
		step.Spans = append(step.Spans, backend.Span{Rows: 1, Start: depth, Pages: pages})
	}
	times := r.measure(b, func(i int) *backend.Step {
		for j := range step.Spans {
			step.Spans[j].Start = depth + i%128
		}
		return step
	})
	b.ReportMetric(float64(sessions)/times.Seconds(), "tok/s")
	b.ReportMetric(float64(r.weightRead())/times.Seconds()/1e9, "GB/s")
	for _, p := range all {
		r.cache.Free(p.ID)
	}
}

func (r *rig) prefill(b *testing.B) {
	r.tb = b
	pages := r.table(512)
	step := r.step(pages, 0, 512)
	times := r.measure(b, func(int) *backend.Step { return step })
	b.ReportMetric(512/times.Seconds(), "tok/s")
	for _, p := range pages {
		r.cache.Free(p.ID)
	}
}

// measure runs steps and returns the median of their times.
func (r *rig) measure(b *testing.B, step func(i int) *backend.Step) time.Duration {
	r.run(step(0))
	var times []time.Duration
	for i := 0; b.Loop(); i++ {
		start := time.Now()
		r.run(step(i))
		times = append(times, time.Since(start))
	}
	slices.Sort(times)
	return times[len(times)/2]
}

// benchHeads are the heads of the attention benchmarks, in models of 16 layers with next to no weights.
var benchHeads = []struct {
	name  string
	shape shape
}{
	{"32x8x64", shape{vocab: 64, dim: 32, heads: 32, kvHeads: 8, headDim: 64, ffn: 32, layers: 16}},
	{"32x8x128", shape{vocab: 64, dim: 32, heads: 32, kvHeads: 8, headDim: 128, ffn: 32, layers: 16}},
	{"14x2x64", shape{vocab: 64, dim: 32, heads: 14, kvHeads: 2, headDim: 64, ffn: 32, layers: 16}},
}

// BenchmarkAttend measures attention alone over pages of each type: one row after a long context, by the bytes of keys
// and values, and a block of a prompt, by its multiply-adds.
func BenchmarkAttend(b *testing.B) {
	for _, m := range benchHeads {
		for _, t := range []backend.CacheType{backend.CacheF16, backend.CacheQ8_0, backend.CacheQ4_0, backend.CacheF32} {
			for _, threads := range []int{1, 2} {
				b.Run(fmt.Sprintf("heads=%s/cache=%v/threads=%d", m.name, t, threads), func(b *testing.B) {
					r := newRig(b, m.shape, all(tensor.Q8_0), Config{Threads: threads}, backend.Options{MaxRows: 512})
					for _, depth := range []int{4096, 32768} {
						b.Run(fmt.Sprintf("depth=%d", depth), func(b *testing.B) { r.attend(b, t, depth, 1) })
					}
					b.Run("rows=512", func(b *testing.B) { r.attend(b, t, 3584, 512) })
				})
			}
		}
	}
}

// attend runs steps of some rows after depth positions.
func (r *rig) attend(b *testing.B, t backend.CacheType, depth, rows int) {
	r.tb = b
	c, err := r.program.NewCache(t, 4096)
	if err != nil {
		b.Fatal(err)
	}
	defer func(old backend.Cache) { r.cache = old }(r.cache)
	r.cache = c
	defer c.Close()
	pages := r.table(depth + max(rows, 128))
	r.fill(pages)
	step := r.step(pages, depth, rows)
	times := r.measure(b, func(i int) *backend.Step {
		if rows == 1 {
			step.Spans[0].Start = depth + i%128
		}
		return step
	})
	if rows == 1 {
		b.ReportMetric(float64(c.PageBytes())/tile*float64(depth+64)/times.Seconds()/1e9, "GB/s")
		return
	}
	macs := 0
	for _, n := range r.program.graph.Nodes {
		if a, ok := n.Attr.(ops.Attention); ok {
			kv := r.program.graph.States[a.State]
			macs += int(n.Shape[1]) * (kv.KeyDim + kv.ValueDim) * rows * (depth + rows/2)
		}
	}
	b.ReportMetric(float64(macs)/times.Seconds()/1e9, "GMAC/s")
}
