package arch

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seed64708441/ember/ops"
)

var update = flag.Bool("update", false, "rewrite testdata/*.graph.txt")

// golden has the configs whose graphs are kept as text: every family, and every branch of the shared blocks.
var golden = map[string]*fake{
	"llama": newFake("llama"),
	"llama-biases": newFake("llama").with(func(f *fake) {
		for _, name := range []string{"attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"} {
			f.tensor("blk.0."+name+".bias", 1) // the shape is the binder's business
			f.tensor("blk.1."+name+".bias", 1)
		}
	}),
	"llama-one-bias": newFake("llama").with(func(f *fake) { f.tensor("blk.1.attn_output.bias", 24) }),
	"llama3":         newFake("llama").with(func(f *fake) { f.constant("rope_freqs.weight", 1, 2, 4, 8) }),
	"llama-linear":   newFake("llama").with(func(f *fake) { f.set("rope.scaling.type", "linear", "rope.scaling.factor", 4.0) }),
	"llama-yarn": newFake("llama").with(func(f *fake) {
		f.set("rope.scaling.type", "yarn", "rope.scaling.factor", 4.0, "rope.scaling.original_context_length", 32)
	}),
	"mistral": newFake("llama").with(func(f *fake) {
		f.set("attention.sliding_window", 16, "attention.key_length", 16, "attention.value_length", 16)
	}),
	"llama-per-layer": newFake("llama").with(func(f *fake) {
		f.set("attention.head_count", []int{3, 2}, "attention.head_count_kv", []int{1, 2}, "feed_forward_length", []int{56, 40})
	}),
	"llama-value-size": newFake("llama").with(func(f *fake) {
		f.set("attention.key_length", 10, "attention.value_length", 6, "rope.dimension_count", 4)
	}),
	"qwen2":      newFake("qwen2"),
	"qwen2-tied": newFake("qwen2").with(func(f *fake) { delete(f.tensors, "output.weight") }),
	"qwen3":      newFake("qwen3").with(func(f *fake) { f.set("attention.key_length", 32, "attention.value_length", 32) }),
}

func TestGolden(t *testing.T) {
	for name, f := range golden {
		t.Run(name, func(t *testing.T) {
			got := mustNew(t, f).Graph.Text()
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
	files, err := filepath.Glob(filepath.Join("testdata", "*.graph.txt"))
	if err != nil || len(files) != len(golden) {
		t.Errorf("%d files in testdata for %d graphs, %v", len(files), len(golden), err)
	}
	for _, name := range Names() {
		if golden[name] == nil {
			t.Errorf("architecture %s has no golden graph", name)
		}
	}
}

// TestGoldenDiffer checks that no two of the configs give the same graph: each shows a difference.
func TestGoldenDiffer(t *testing.T) {
	seen := map[string]string{}
	for name, f := range golden {
		text := mustNew(t, f).Graph.Text()
		if other := seen[text]; other != "" {
			t.Errorf("%s and %s have the same graph", name, other)
		}
		seen[text] = name
	}
}

func TestConfig(t *testing.T) {
	c := mustNew(t, golden["mistral"]).Config
	if c.Arch != "llama" || c.Context != 128 || c.Vocab != 40 || c.Width != 24 || c.Layers != 2 || c.KeySize != 16 || c.ValueSize != 16 ||
		c.Window != 16 || c.Eps != 1e-5 || c.Scale != 0.25 || !c.Rope.Interleaved || !c.Shiftable || c.Tied {
		t.Errorf("mistral: %+v", c)
	}
	c = mustNew(t, golden["llama-per-layer"]).Config
	if !slices.Equal(c.Heads, []int{3, 2}) || !slices.Equal(c.KVHeads, []int{1, 2}) || !slices.Equal(c.FFN, []int{56, 40}) {
		t.Errorf("per layer: %+v", c)
	}
	c = mustNew(t, golden["qwen2-tied"]).Config
	if c.Rope.Interleaved || !c.Tied || c.KeySize != 8 {
		t.Errorf("qwen2: %+v", c)
	}
	m := mustNew(t, newFake("llama").with(func(f *fake) {
		delete(f.values, "llama.attention.head_count_kv")
		delete(f.values, "llama.rope.freq_base")
		f.set("attention.scale", 0.5)
	}))
	if !slices.Equal(m.Config.KVHeads, []int{3, 3}) || m.Config.Scale != 0.5 {
		t.Errorf("defaults: %+v", m.Config)
	}
	if same := mustNew(t, newFake("llama")).Config.Rope; !m.Config.Rope.Equal(same) {
		t.Errorf("without a base the rotation is %v, want that of 10000: %v", m.Config.Rope, same)
	}
}

// TestKnown checks that a tensor read into constants is named and not declared.
func TestKnown(t *testing.T) {
	m := mustNew(t, golden["llama3"])
	if !slices.Equal(m.Known, []string{"rope_freqs.weight"}) || strings.Contains(weightNames(m.Graph), "rope_freqs") {
		t.Errorf("known %q, declared %s", m.Known, weightNames(m.Graph))
	}
	if m := mustNew(t, golden["llama"]); len(m.Known) != 0 {
		t.Errorf("known %q: want none", m.Known)
	}
}

// TestOutputsEarly checks that the last layer computes its feed-forward block only for the rows asked.
func TestOutputsEarly(t *testing.T) {
	g := mustNew(t, golden["llama"]).Graph
	rows := 0
	for _, n := range g.Nodes {
		if n.Op == ops.OpGLU && n.Shape[0] == ops.Rows {
			rows++
		}
	}
	if rows != 1 {
		t.Errorf("%d of 2 feed-forward blocks run for all rows: want 1", rows)
	}
}

func TestUnsupported(t *testing.T) {
	_, err := New(newFake("mamba").file())
	var u *UnsupportedError
	if !errors.Is(err, ErrUnsupportedArch) || !errors.As(err, &u) || u.Name != "mamba" || !slices.Equal(u.Supported, Names()) {
		t.Errorf("mamba: %v", err)
	}
	for _, name := range append(Names(), "mamba") {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%v: does not name %s", err, name)
		}
	}
	if _, err := New(newFake("llama").with(func(f *fake) { delete(f.values, keyArchitecture) }).file()); err == nil || errors.Is(err, ErrUnsupportedArch) {
		t.Errorf("no architecture: %v", err)
	}
}
