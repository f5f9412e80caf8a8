package ref

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/seed64708441/ember/ops"
)

// TestEveryOp fails for an operation without a reference.
func TestEveryOp(t *testing.T) {
	for _, op := range ops.Ops() {
		if eval[op] == nil {
			t.Errorf("%v has no reference", op)
		}
	}
	if len(eval) != len(ops.Ops()) {
		t.Errorf("%d references for %d ops", len(eval), len(ops.Ops()))
	}
}

// fixed gives weights from a map of short lists.
func fixed(m map[string][]float32) func(string) ([]float32, error) {
	return func(name string) ([]float32, error) {
		if w, ok := m[name]; ok {
			return w, nil
		}
		return nil, errors.New("unknown")
	}
}

// machine builds a graph whose output is f of the embeddings times a unit matrix.
func machine(t *testing.T, d int, m map[string][]float32, f func(b *ops.Builder, x ops.Value) ops.Value) *Machine {
	t.Helper()
	b := ops.NewBuilder()
	x := f(b, b.Embed(b.Weight("embed", 3, d)))
	unit := make([]float32, d*d)
	for i := range d {
		unit[i*d+i] = 1
	}
	m["unit.weight"] = unit
	g, err := b.Build(b.MatMul(b.Outputs(x), b.Weight("unit", d, d)))
	if err != nil {
		t.Fatal(err)
	}
	ref, err := New(g, fixed(m))
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

// TestByHand compares each op with numbers worked out on paper.
func TestByHand(t *testing.T) {
	embed := []float32{1, 2, 3, 4, -1, 0, 0, 3, 0, 0, 0, 0}
	sigmoid := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	for _, c := range []struct {
		name   string
		m      map[string][]float32
		tokens []int32
		rows   []int32
		f      func(b *ops.Builder, x ops.Value) ops.Value
		want   []float64
	}{
		{"Embed", nil, []int32{1, 0}, []int32{0, 1}, func(b *ops.Builder, x ops.Value) ops.Value { return x },
			[]float64{-1, 0, 0, 3, 1, 2, 3, 4}},
		{"Embed given", nil, []int32{-1, 0, -1}, []int32{0, 1, 2}, func(b *ops.Builder, x ops.Value) ops.Value { return x },
			[]float64{9, 8, 7, 6, 1, 2, 3, 4, 5, 4, 3, 2}},
		{"Outputs", nil, []int32{1, 2, 0}, []int32{0, 2}, func(b *ops.Builder, x ops.Value) ops.Value { return x },
			[]float64{-1, 0, 0, 3, 1, 2, 3, 4}},
		{"RMSNorm", map[string][]float32{"w.weight": {1, 2, 1, -1}}, []int32{0}, []int32{0},
			func(b *ops.Builder, x ops.Value) ops.Value { return b.RMSNorm(x, b.Weight("w", 4), 0.5) },
			[]float64{1 / math.Sqrt(8), 4 / math.Sqrt(8), 3 / math.Sqrt(8), -4 / math.Sqrt(8)}},
		{"RMSNorm of heads", map[string][]float32{"w.weight": {1, 2}}, []int32{0}, []int32{0},
			func(b *ops.Builder, x ops.Value) ops.Value {
				return b.Reshape(b.RMSNorm(b.Reshape(x, 2, 2), b.Weight("w", 2), 0), 4)
			},
			[]float64{1 / math.Sqrt(2.5), 4 / math.Sqrt(2.5), 3 / math.Sqrt(12.5), 8 / math.Sqrt(12.5)}},
		{"MatMul", map[string][]float32{"w.weight": {1, 0, 0, 0, 0, 1, 1, 0, 2, 0, 0, -1, 1, 1, 1, 1}}, []int32{0}, []int32{0},
			func(b *ops.Builder, x ops.Value) ops.Value { return b.MatMul(x, b.Weight("w", 4, 4)) }, []float64{1, 5, -2, 10}},
		{"Add", nil, []int32{0}, []int32{0}, func(b *ops.Builder, x ops.Value) ops.Value { return b.Add(x, x) }, []float64{2, 4, 6, 8}},
		{"Add bias", map[string][]float32{"w.bias": {10, 20, 30, 40}}, []int32{0, 1}, []int32{0, 1},
			func(b *ops.Builder, x ops.Value) ops.Value { return b.Add(x, b.Bias("w", 4)) }, []float64{11, 22, 33, 44, 9, 20, 30, 43}},
		{"GLU", nil, []int32{1}, []int32{0}, func(b *ops.Builder, x ops.Value) ops.Value { return b.GLU(ops.SiLU, x, b.Add(x, x)) },
			[]float64{2 * sigmoid(-1), 0, 0, 18 * sigmoid(3)}},
		// Two heads of two numbers, a key head each.
		{"Attention", nil, []int32{0, 1}, []int32{1}, func(b *ops.Builder, x ops.Value) ops.Value {
			h := b.Reshape(x, 2, 2)
			return b.Reshape(b.Attention(h, h, h, ops.Attention{State: b.KV(2, 2, 2), Scale: 0.5}), 4)
		}, func() []float64 {
			// Head 0: q (-1 0), keys (1 2) (-1 0): scores -0.5, 0.5. Head 1: q (0 3), keys (3 4) (0 3): scores 6, 4.5.
			a, b := sigmoid(-1), sigmoid(1.5)
			return []float64{a - (1 - a), 2 * a, 3 * b, 4*b + 3*(1-b)}
		}()},
		{"Attention window 1", nil, []int32{0, 1}, []int32{0, 1}, func(b *ops.Builder, x ops.Value) ops.Value {
			h := b.Reshape(x, 2, 2)
			return b.Reshape(b.Attention(h, h, h, ops.Attention{State: b.KV(2, 2, 2), Scale: 0.5, Window: 1}), 4)
		}, []float64{1, 2, 3, 4, -1, 0, 0, 3}},
		// A rotation by a right angle: q1 (-1 0) at 1 is (0 -1), k0 (1 2) at 0 stays, k1 at 1 is (0 -1).
		{"Attention rotated", nil, []int32{0, 1}, []int32{1}, func(b *ops.Builder, x ops.Value) ops.Value {
			h := b.Reshape(x, 2, 2)
			return b.Reshape(b.Attention(h, h, h, ops.Attention{State: b.KV(2, 2, 2), Scale: 1,
				Rope: ops.Rope{Freqs: []float64{math.Pi / 2}, Magnitude: 2}}), 4)
		}, func() []float64 {
			// Head 0: 4*(-2), 4*1. Head 1: q (0 3) turns to (-3 0): 4*(-9), 4*9.
			a, b := sigmoid(-12), sigmoid(-72)
			return []float64{a - (1 - a), 2 * a, 3 * b, 4*b + 3*(1-b)}
		}()},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := map[string][]float32{"embed.weight": embed}
			for k, v := range c.m {
				m[k] = v
			}
			ref := machine(t, 4, m, c.f)
			var given []float32
			if slices.Contains(c.tokens, -1) {
				given = []float32{9, 8, 7, 6, 5, 4, 3, 2}
			}
			got, err := ref.Step(ref.NewSequence(), c.tokens, given, c.rows)
			if err != nil {
				t.Fatal(err)
			}
			if len(got) != len(c.want) {
				t.Fatalf("got %v, want %v", got, c.want)
			}
			for i := range got {
				if !(math.Abs(got[i]-c.want[i]) < 1e-14*(1+math.Abs(c.want[i]))) {
					t.Errorf("got %v, want %v", got, c.want)
					break
				}
			}
		})
	}
}

// TestRotate checks both orders of the pairs, a part of the head, and that a rotation by a then b is one by a+b.
func TestRotate(t *testing.T) {
	x := []float64{1, 2, 3, 4, 5, 6}
	quarter := math.Pi / 2
	for _, c := range []struct {
		r    ops.Rope
		want []float64
	}{
		{ops.Rope{Freqs: []float64{quarter, 0}}, []float64{-3, 2, 1, 4, 5, 6}},
		{ops.Rope{Freqs: []float64{quarter, 0}, Interleaved: true}, []float64{-2, 1, 3, 4, 5, 6}},
		{ops.Rope{Freqs: []float64{quarter, quarter, quarter}}, []float64{-4, -5, -6, 1, 2, 3}},
		{ops.Rope{Freqs: []float64{quarter}, Magnitude: 10}, []float64{-20, 10, 3, 4, 5, 6}},
	} {
		y := slices.Clone(x)
		rotate(y, 1, c.r)
		for i := range y {
			if math.Abs(y[i]-c.want[i]) > 1e-14 {
				t.Errorf("%+v: got %v, want %v", c.r, y, c.want)
				break
			}
		}
		if c.r.Magnitude != 0 {
			continue
		}
		z := slices.Clone(x)
		rotate(z, 5, c.r)
		rotate(z, -4, c.r)
		for i := range y {
			if math.Abs(y[i]-z[i]) > 1e-13 {
				t.Errorf("%+v: turning by 5 and -4 gave %v, by 1 %v", c.r, z, y)
				break
			}
		}
	}
}

// layered returns a machine of two layers with random weights.
func layered(t *testing.T) *Machine {
	t.Helper()
	b := ops.NewBuilder()
	x := b.Embed(b.Weight("embed", 11, 12))
	for i := range 2 {
		l := b.In("blk.%d", i)
		h := l.RMSNorm(x, l.Weight("norm", 12), 1e-5)
		a := ops.Attention{State: l.KV(2, 4, 6), Scale: 0.5, Window: 5 * i, Rope: ops.Rope{Freqs: []float64{1, 0.1}}}
		q := l.Reshape(l.MatMul(h, l.Weight("q", 16, 12)), 4, 4)
		k := l.Reshape(l.MatMul(h, l.Weight("k", 8, 12)), 2, 4)
		v := l.Reshape(l.MatMul(h, l.Weight("v", 12, 12)), 2, 6)
		y := l.Reshape(l.Attention(q, k, v, a), 24)
		x = l.Add(x, l.MatMul(y, l.Weight("o", 12, 24)))
	}
	g, err := b.Build(b.MatMul(b.Outputs(x), b.Weight("out", 11, 12)))
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	m, err := New(g, func(name string) ([]float32, error) {
		for _, w := range g.Weights {
			if w.Name == name {
				data := make([]float32, elements(w.Shape))
				for i := range data {
					data[i] = float32(r.NormFloat64())
				}
				return data, nil
			}
		}
		return nil, fmt.Errorf("no weight %s", name)
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

var prompt = []int32{3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9}

// run feeds the tokens in pieces and returns the logits of every row.
func run(t *testing.T, m *Machine, s *Sequence, tokens []int32, piece int) []float64 {
	t.Helper()
	var all []float64
	for part := range slices.Chunk(tokens, piece) {
		rows := make([]int32, len(part))
		for i := range rows {
			rows[i] = int32(i)
		}
		y, err := m.Step(s, part, nil, rows)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, y...)
	}
	return all
}

// TestHistory checks that pieces, clones and truncation change no bit.
func TestHistory(t *testing.T) {
	m := layered(t)
	whole := run(t, m, m.NewSequence(), prompt, len(prompt))
	if len(whole) != len(prompt)*11 || whole[0] == whole[11] {
		t.Fatalf("%d logits", len(whole))
	}
	for _, piece := range []int{1, 2, 7} {
		if got := run(t, m, m.NewSequence(), prompt, piece); !slices.Equal(got, whole) {
			t.Errorf("pieces of %d give other logits", piece)
		}
	}
	s := m.NewSequence()
	run(t, m, s, prompt[:8], 8)
	c := s.Clone()
	run(t, m, c, []int32{0, 0, 0}, 3)
	if got := run(t, m, s, prompt[8:], 3); !slices.Equal(got, whole[8*11:]) {
		t.Error("the original changed with its clone")
	}
	c.Truncate(8)
	c.Truncate(50)
	if got := run(t, m, c, prompt[8:], 3); !slices.Equal(got, whole[8*11:]) {
		t.Error("a truncated clone gives other logits")
	}
	if other := run(t, m, m.NewSequence(), append([]int32{2}, prompt[1:]...), 15); slices.Equal(other[14*11:], whole[14*11:]) {
		t.Error("the first token does not matter: the test shows nothing")
	}
}

// TestRounding checks that the hooks are given what they promise and change the result.
func TestRounding(t *testing.T) {
	m := layered(t)
	exact := run(t, m, m.NewSequence(), prompt, 15)
	sizes := map[string]bool{}
	coarse := func(x []float64) {
		for i := range x {
			x[i] = math.Round(x[i]*64) / 64
		}
	}
	for name, r := range map[string]Rounding{
		"operand": {Operand: func(w string, x []float64) { sizes[fmt.Sprint(w, len(x))] = true; coarse(x) }},
		"key":     {Key: func(x []float64) { sizes[fmt.Sprint("key", len(x))] = true; coarse(x) }},
		"value":   {Value: func(x []float64) { sizes[fmt.Sprint("value", len(x))] = true; coarse(x) }},
	} {
		m.Round = r
		got := run(t, m, m.NewSequence(), prompt, 15)
		if slices.Equal(got, exact) {
			t.Errorf("rounding the %s changes nothing", name)
		}
		if pieces := run(t, m, m.NewSequence(), prompt, 4); !slices.Equal(got, pieces) {
			t.Errorf("rounding the %s depends on the pieces", name)
		}
	}
	m.Round = Rounding{}
	if got := run(t, m, m.NewSequence(), prompt, 15); !slices.Equal(got, exact) {
		t.Error("rounding changed the weights or the history")
	}
	for _, s := range []string{"blk.0.q.weight12", "blk.1.o.weight24", "out.weight12", "key4", "value6"} {
		if !sizes[s] {
			t.Errorf("no call of %s among %v", s, sizes)
		}
	}
}

func TestErrors(t *testing.T) {
	m := layered(t)
	s := m.NewSequence()
	run(t, m, s, prompt[:4], 4)
	for _, c := range []struct {
		want   string
		tokens []int32
		given  []float32
		rows   []int32
	}{
		{"token 11", []int32{1, 11}, nil, nil},
		{"token -2", []int32{-2}, nil, nil},
		{"numbers for 1 embeddings", []int32{-1}, nil, nil},
		{"numbers for 0 embeddings", []int32{1}, make([]float32, 12), nil},
		{"ascending", []int32{1, 2}, nil, []int32{1, 0}},
		{"ascending", []int32{1, 2}, nil, []int32{1, 1}},
		{"ascending", []int32{1, 2}, nil, []int32{2}},
		{"ascending", []int32{1, 2}, nil, []int32{-1}},
	} {
		before := s.Clone()
		if _, err := m.Step(s, c.tokens, c.given, c.rows); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v %v: %v: want %q", c.tokens, c.rows, err, c.want)
		}
		if s.Len != before.Len || !slices.Equal(s.Keys[0], before.Keys[0]) {
			t.Errorf("%v %v: an error changed the sequence", c.tokens, c.rows)
		}
	}
	s.Len = 7
	if _, err := m.Step(s, prompt, nil, nil); err == nil {
		t.Error("a sequence that lacks keys is taken")
	}
	g := m.graph
	if _, err := New(g, func(string) ([]float32, error) { return nil, errors.New("boom") }); err == nil || !strings.Contains(err.Error(), "boom") {
		t.Errorf("weights that cannot be read: %v", err)
	}
	if _, err := New(g, func(string) ([]float32, error) { return make([]float32, 3), nil }); err == nil {
		t.Error("a weight of a wrong size is taken")
	}
}
