package ops

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "rewrite testdata/*.graph.txt")

// tiny is a two-layer model with a tied head, biases, per-head norms, a window and two rotations.
func tiny(b *Builder) Value {
	table := b.Weight("token_embd", 32, 16)
	x := b.Embed(table)
	x = block(b.In("blk.%d", 0), x, 16, 4, 2, 8, 24, Attention{Scale: 0.35355338, Rope: Rope{Freqs: []float64{1, 0.1, 0.01, 0.001}}})
	x = block(b.In("blk.%d", 1), x, 16, 4, 1, 8, 24, Attention{Scale: 0.25, Window: 12,
		Rope: Rope{Freqs: []float64{0.5, 0.125}, Interleaved: true, Magnitude: 1.25}})
	x = b.RMSNorm(b.Outputs(x), b.Weight("output_norm", 16), 1e-5)
	return b.MatMul(x, table)
}

// smallest is a lookup and its transpose.
func smallest(b *Builder) Value {
	table := b.Weight("token_embd", 3, 2)
	return b.MatMul(b.Outputs(b.Embed(table)), table)
}

func build(t *testing.T, f func(b *Builder) Value) *Graph {
	t.Helper()
	b := NewBuilder()
	g, err := b.Build(f(b))
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestText(t *testing.T) {
	for name, f := range map[string]func(b *Builder) Value{"tiny": tiny, "smallest": smallest} {
		t.Run(name, func(t *testing.T) {
			got := build(t, f).Text()
			file := filepath.Join("testdata", name+".graph.txt")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s differs; rewrite it with -update if the change is wanted. The graph is now\n%s", file, got)
			}
		})
	}
}

// TestTextShowsChange checks that two graphs that compute different things have different texts.
func TestTextShowsChange(t *testing.T) {
	base := Attention{Scale: 1, Rope: Rope{Freqs: []float64{1, 0.5, 0.25}}}
	with := func(f func(a *Attention)) Attention {
		a := base
		a.Rope.Freqs = append([]float64(nil), base.Rope.Freqs...)
		f(&a)
		return a
	}
	seen := map[string]string{}
	for name, a := range map[string]Attention{
		"base":        base,
		"scale":       with(func(a *Attention) { a.Scale = 0.99999994 }),
		"window":      with(func(a *Attention) { a.Window = 4 }),
		"middle":      with(func(a *Attention) { a.Rope.Freqs[1] = 0.50000001 }),
		"interleaved": with(func(a *Attention) { a.Rope.Interleaved = true }),
		"magnitude":   with(func(a *Attention) { a.Rope.Magnitude = 1.5 }),
		"partial":     with(func(a *Attention) { a.Rope.Freqs = a.Rope.Freqs[:2] }),
		"none":        with(func(a *Attention) { a.Rope = Rope{} }),
		"state":       with(func(a *Attention) { a.State = 3 }),
	} {
		if other, ok := seen[a.String()]; ok {
			t.Errorf("%s and %s are both %q", name, other, a)
		}
		seen[a.String()] = name
	}
}
