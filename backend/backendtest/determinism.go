package backendtest

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/seed64708441/ember/backend"
	"github.com/seed64708441/ember/tensor"
)

// storageCases are the weight and cache types that the bit-for-bit tests run with.
var storageCases = []struct {
	weights tensor.DType
	cache   backend.CacheType
	model   llama
	rows    int
	// threads is 0 for some, so that every test runs with several threads, and 1 for most: a barrier between threads
	// costs more than the work of a single row in models of this size.
	threads int
}{
	{tensor.F32, backend.CacheF32, small, 140, 0},
	{tensor.BF16, backend.CacheF16, small, 140, 1},
	{tensor.Q8_0, backend.CacheQ8_0, blocky, 140, 1},
	{tensor.Q4_0, backend.CacheQ4_0, blocky, 140, 1},
	{tensor.Q4_K, backend.CacheF16, wide, 80, 0},
	{tensor.Q6_K, backend.CacheQ8_0, wide, 80, 1},
}

// eachStorage runs f for every pair of weight and cache type.
func eachStorage(t *testing.T, s *suite, f func(t *testing.T, r *rig, kind backend.CacheType, ids []int32)) {
	for _, c := range storageCases {
		t.Run(fmt.Sprintf("%v weights %v cache", c.weights, c.cache), func(t *testing.T) {
			m := newModel(t, modelOptions{dtype: c.weights}, c.model.build)
			f(t, s.rig(t, m, Config{Threads: c.threads}, backend.Options{}), c.cache, m.tokens(c.rows, 4))
		})
	}
}

// testDeterminism checks that the bits of a row depend on nothing but its sequence.
func testDeterminism(t *testing.T, s *suite) {
	eachStorage(t, s, func(t *testing.T, r *rig, kind backend.CacheType, ids []int32) {
		whole := r.seq(r.cache(kind, pagesFor(len(ids))))
		want := whole.run(ids, len(ids))
		t.Run("pieces", func(t *testing.T) { testPieces(t, r, kind, whole, ids, want) })
		t.Run("outputs", func(t *testing.T) { testOutputRows(t, r, kind, ids, want) })
		t.Run("batch", func(t *testing.T) { testBatch(t, r, kind, ids, want) })
		t.Run("page ids", func(t *testing.T) { testPageIDs(t, r, kind, ids, want) })
		t.Run("embeddings", func(t *testing.T) { testEmbeddingRows(t, r, kind, ids, want) })
		t.Run("threads", func(t *testing.T) { testThreads(t, s, r.model, kind, ids, want) })
		t.Run("compilations", func(t *testing.T) { testCompilations(t, s, r.model, kind, ids, want) })
	})
}

// testPieces feeds the rows in pieces: logits and pages have the same bits.
func testPieces(t *testing.T, r *rig, kind backend.CacheType, whole *seq, ids []int32, want []float32) {
	r = r.with(t)
	for _, piece := range []int{1, 7, 64} {
		q := r.seq(r.cache(kind, pagesFor(len(ids))))
		same(t, fmt.Sprint("pieces of ", piece), q.run(ids, piece), want)
		for i := range q.pages {
			if !bytes.Equal(q.save(i), whole.save(i)) {
				t.Errorf("pieces of %d: page %d has other bytes", piece, i)
			}
		}
	}
}

// pick returns the logits of some rows.
func pick(all []float32, vocab int, rows []int32) []float32 {
	var out []float32
	for _, row := range rows {
		out = append(out, all[int(row)*vocab:][:vocab]...)
	}
	return out
}

// testOutputRows asks for parts of the output.
func testOutputRows(t *testing.T, r *rig, kind backend.CacheType, ids []int32, want []float32) {
	r = r.with(t)
	rng := rand.New(rand.NewPCG(5, 5))
	last := int32(len(ids) - 1)
	lists := [][]int32{{last}, {0, last / 2}, {last - 2, last - 1, last}, {}}
	lists = append(lists, slices.DeleteFunc(iota32(len(ids)), func(int32) bool { return rng.IntN(3) > 0 }))
	c := r.cache(kind, pagesFor(len(ids)))
	for _, rows := range lists {
		q := r.seq(c)
		got := r.step(part{q: q, tokens: ids, outputs: rows})[0]
		same(t, fmt.Sprint("outputs ", rows), got, pick(want, r.model.vocab(), rows))
		q.free()
	}
}

// testBatch runs the sequence together with others, in different orders and pieces.
func testBatch(t *testing.T, r *rig, kind backend.CacheType, ids []int32, want []float32) {
	r = r.with(t)
	m := r.model
	others := [][]int32{m.tokens(66, 6), m.tokens(1, 7), m.tokens(33, 8)}
	solo := [][]float32{want}
	all := [][]int32{ids}
	for _, o := range others {
		solo = append(solo, r.fresh(kind, o))
		all = append(all, o)
	}
	rng := rand.New(rand.NewPCG(9, 9))
	for round := range 2 {
		c := r.cache(kind, 2*len(all)+pagesFor(len(ids)))
		queues, got := slices.Clone(all), make([][]float32, len(all))
		seqs := make([]*seq, len(all))
		for i := range seqs {
			seqs[i] = r.seq(c)
		}
		for {
			var parts []part
			var who []int
			for _, i := range rng.Perm(len(all)) {
				n := min(len(queues[i]), 1+rng.IntN(25*(round+1)))
				if n == 0 || rng.IntN(4) == 0 {
					continue
				}
				parts, who = append(parts, part{q: seqs[i], tokens: queues[i][:n]}), append(who, i)
				queues[i] = queues[i][n:]
			}
			if len(parts) == 0 && !slices.ContainsFunc(queues, func(q []int32) bool { return len(q) > 0 }) {
				break
			}
			if len(parts) == 0 {
				continue
			}
			for j, y := range r.step(parts...) {
				got[who[j]] = append(got[who[j]], y...)
			}
		}
		for i := range all {
			same(t, fmt.Sprintf("round %d, sequence %d of a batch", round, i), got[i], solo[i])
		}
	}
}

// testPageIDs fills pages whose ids are not in order.
func testPageIDs(t *testing.T, r *rig, kind backend.CacheType, ids []int32, want []float32) {
	r = r.with(t)
	c := r.cache(kind, 12)
	var spare []backend.PageID
	for range 12 {
		spare = append(spare, alloc(t, c))
	}
	rng := rand.New(rand.NewPCG(10, 10))
	for range 2 {
		q := r.seq(c)
		for _, i := range rng.Perm(12)[:pagesFor(len(ids))] {
			q.pages = append(q.pages, backend.Page{ID: spare[i]})
		}
		same(t, fmt.Sprint("pages ", q.pages), q.run(ids, 50), want)
	}
}

// testEmbeddingRows gives the table's rows as embeddings, for some tokens and for all.
func testEmbeddingRows(t *testing.T, r *rig, kind backend.CacheType, ids []int32, want []float32) {
	r = r.with(t)
	table := r.model.weights["token_embd.weight"]
	d := table.shape[1]
	for _, every := range []int{1, 3} {
		mixed := slices.Clone(ids)
		var given []float32
		for i := 0; i < len(ids); i += every {
			given = append(given, table.values[int(ids[i])*d:][:d]...)
			mixed[i] = -1
		}
		q := r.seq(r.cache(kind, pagesFor(len(ids))))
		first := len(ids) / 2
		n := d * count(mixed[:first], -1)
		got := r.step(part{q: q, tokens: mixed[:first], embeddings: given[:n]})[0]
		got = append(got, r.step(part{q: q, tokens: mixed[first:], embeddings: given[n:]})[0]...)
		same(t, fmt.Sprintf("every %d. row given", every), got, want)
	}
}

func testThreads(t *testing.T, s *suite, m *model, kind backend.CacheType, ids []int32, want []float32) {
	for _, threads := range []int{1, 2, 4} {
		r := s.rig(t, m, Config{Threads: threads}, backend.Options{})
		q := r.seq(r.cache(kind, pagesFor(len(ids))))
		got := append(q.run(ids[:len(ids)-3], 100), q.run(ids[len(ids)-3:], 1)...)
		same(t, fmt.Sprintf("%d threads", threads), got, want)
	}
}

// testCompilations compiles again with other options and another way to read the weights.
func testCompilations(t *testing.T, s *suite, m *model, kind backend.CacheType, ids []int32, want []float32) {
	for i, o := range []backend.Options{{MaxRows: 200, MaxOutputs: 40}, {MaxRows: 9}} {
		r := s.rigFrom(t, m, Config{}, o, i%2 == 1)
		q := r.seq(r.cache(kind, pagesFor(len(ids))))
		piece := o.MaxRows
		if o.MaxOutputs > 0 {
			piece = o.MaxOutputs
		}
		same(t, fmt.Sprintf("options %d", i), q.run(ids, piece), want)
	}
}
