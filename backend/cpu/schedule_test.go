package cpu

import (
	"fmt"
	"strings"
	"testing"

	"github.com/seed64708441/ember/backend/cpu/internal/kernel"
	"github.com/seed64708441/ember/ops"
	"github.com/seed64708441/ember/tensor"
)

var kindNames = map[kind]string{kEmbed: "embed", kNorm: "norm", kMatMul: "product", kAdd: "add", kBias: "bias", kGLU: "glu",
	kGather: "gather", kQuantize: "quantize", kAngles: "angles", kStore: "store", kAttend: "attend"}

// text writes the stages, one a line, with what is fused into products.
func text(lo *lowering, stages []stage) string {
	var b strings.Builder
	for _, st := range stages {
		for _, i := range st.items {
			it := &lo.items[i]
			b.WriteString(kindNames[it.kind])
			for name, on := range map[string]bool{"+bias": it.bias >= 0, "+gate": it.up >= 0, "+sum": it.accumulate, "+few": it.few} {
				if on {
					b.WriteString(name)
				}
			}
			b.WriteByte(' ')
		}
		b.WriteString("\n")
	}
	return b.String()
}

// TestStages holds the stages of a layer: what is computed together, and how often workers meet.
func TestStages(t *testing.T) {
	c := shapeTest
	c.layers = 2
	for _, test := range []struct {
		dtype              tensor.DType
		first, layer, last string
	}{
		{tensor.Q4_0, "embed norm quantize angles", `
product+bias product+bias product+bias
store
attend
quantize
product+sum
norm quantize
product+gate
quantize+few
product+sum`, "gather norm quantize"},
		{tensor.F32, "embed norm angles", `
product+bias product+bias product+bias
store
attend
product+sum
norm
product+gate
product+sum`, "gather norm"},
	} {
		lo, stages := lowered(t, c, test.dtype)
		between := strings.ReplaceAll(test.first, "embed ", "")
		between = strings.ReplaceAll(between, " angles", "")
		want := test.first + test.layer + "\n" + between + test.layer + "\n" + test.last + "\nproduct\n"
		if got := strings.ReplaceAll(text(lo, stages), " \n", "\n"); got != want {
			t.Errorf("%v: the stages are\n%swant\n%s", test.dtype, got, want)
		}
		checkOrder(t, lo, stages)
	}
}

// checkOrder checks that every item runs after those it depends on.
func checkOrder(t *testing.T, lo *lowering, stages []stage) {
	t.Helper()
	at := make([]int, len(lo.items)) // stage
	for n, st := range stages {
		for _, i := range st.items {
			at[i] = n + 1
			if c := lo.items[i].class(); c != st.class {
				t.Errorf("item %d of class %d is in a stage of class %d", i, c, st.class)
			}
		}
	}
	for i, deps := range lo.dependences() {
		if at[i] == 0 {
			t.Errorf("item %d is in no stage", i)
		}
		for _, d := range deps {
			rows := lo.items[i].class() == rowClass && lo.items[i].kind != kGather && d < i
			if at[d] > at[i] || at[d] == at[i] && !rows {
				t.Errorf("item %d in stage %d depends on item %d in stage %d", i, at[i]-1, d, at[d]-1)
			}
		}
	}
}

// TestFusion checks which products may add to memory that holds something else: not where it is needed again, nor
// where the product reads it.
func TestFusion(t *testing.T) {
	const d = 256
	for _, test := range []struct {
		name        string
		build       func(b *ops.Builder, w func(string) ops.Value) ops.Value
		float, int8 int // products that add to memory
	}{
		{"of its own operand", func(b *ops.Builder, w func(string) ops.Value) ops.Value {
			x := b.Embed(w("e"))
			return b.Add(x, b.MatMul(x, w("a")))
		}, 0, 1},
		{"needed again", func(b *ops.Builder, w func(string) ops.Value) ops.Value {
			x := b.Embed(w("e"))
			n := b.RMSNorm(x, b.Weight("n", d), 0)
			return b.Add(b.Add(x, b.MatMul(n, w("a"))), x)
		}, 0, 0},
		{"needed by a view", func(b *ops.Builder, w func(string) ops.Value) ops.Value {
			x := b.Embed(w("e"))
			n := b.RMSNorm(x, b.Weight("n", d), 0)
			return b.Add(b.Add(x, b.MatMul(n, w("a"))), b.Reshape(b.Reshape(x, 2, d/2), d))
		}, 0, 0},
		{"residual", func(b *ops.Builder, w func(string) ops.Value) ops.Value {
			x := b.Embed(w("e"))
			for i := range 3 {
				n := b.RMSNorm(x, b.Weight("n", d), 0)
				x = b.Add(b.MatMul(n, w(fmt.Sprint(i))), x)
			}
			return x
		}, 3, 3},
		{"product with two readers", func(b *ops.Builder, w func(string) ops.Value) ops.Value {
			x := b.Embed(w("e"))
			p := b.MatMul(b.RMSNorm(x, b.Weight("n", d), 0), w("a"))
			return b.Add(b.Add(x, p), p)
		}, 0, 0},
		{"operand overwritten before the sum", func(b *ops.Builder, w func(string) ops.Value) ops.Value {
			x := b.Embed(w("e"))
			n := b.RMSNorm(x, b.Weight("n", d), 0)
			p := b.MatMul(x, w("a"))           // reads x
			y := b.Add(x, b.MatMul(n, w("b"))) // would write to x; p must come first
			return b.Add(b.RMSNorm(y, b.Weight("n", d), 0), p)
		}, 1, 1},
	} {
		for _, dt := range []tensor.DType{tensor.F32, tensor.Q8_0} {
			layout, _ := kernel.LayoutFor(dt)
			b := ops.NewBuilder()
			w := func(name string) ops.Value { return b.Weight(name, d, d) }
			g, err := b.Build(b.MatMul(b.Outputs(test.build(b, w)), w("head")))
			if err != nil {
				t.Fatal(err)
			}
			lo, err := lower(g, func(int) kernel.Layout { return layout })
			if err != nil {
				t.Fatal(err)
			}
			checkOrder(t, lo, lo.schedule())
			n := 0
			for i := range lo.items {
				if lo.items[i].accumulate {
					n++
				}
			}
			want := test.float
			if dt != tensor.F32 {
				want = test.int8
			}
			if n != want {
				t.Errorf("%s, %v: %d products add to memory, want %d", test.name, dt, n, want)
			}
		}
	}
}
