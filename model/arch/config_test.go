package arch

import (
	"errors"
	"math"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/seed64708441/ember/tensor"
)

// wrong has the edits that must be refused, with what the error must say.
var wrong = []struct {
	name string
	edit func(f *fake)
	want []string
}{
	{"layers missing", func(f *fake) { delete(f.values, "llama.block_count") }, []string{`"llama.block_count" is missing`}},
	{"all missing", func(f *fake) {
		f.values = map[string]any{keyArchitecture: "llama"}
		f.tensors = map[string]tensor.Shape{}
	}, []string{`"llama.context_length" is missing`, `"llama.embedding_length" is missing`, `"llama.block_count" is missing`,
		`"llama.attention.head_count" is missing`, `"llama.feed_forward_length" is missing`,
		`"llama.attention.layer_norm_rms_epsilon" is missing`, `"token_embd.weight" is missing`}},
	{"layers a string", func(f *fake) { f.set("block_count", "two") }, []string{"llama.block_count", "string"}},
	{"no layers", func(f *fake) { f.set("block_count", 0) }, []string{`"llama.block_count" is 0`, "1 to 1024"}},
	{"layers negative", func(f *fake) { f.set("block_count", -1) }, []string{`"llama.block_count" is -1`}},
	{"layers huge", func(f *fake) { f.set("block_count", math.MaxInt32) }, []string{"llama.block_count"}},
	{"width huge", func(f *fake) { f.set("embedding_length", math.MaxInt32) }, []string{"llama.embedding_length"}},
	{"FFN huge", func(f *fake) { f.set("feed_forward_length", math.MaxInt32) }, []string{"llama.feed_forward_length"}},
	{"no heads", func(f *fake) { f.set("attention.head_count", 0) }, []string{`"llama.attention.head_count" is 0`}},
	{"no key heads", func(f *fake) { f.set("attention.head_count_kv", 0) }, []string{`"llama.attention.head_count_kv" is 0`}},
	{"heads not divisible", func(f *fake) { f.set("attention.head_count_kv", 2) }, []string{"3 query heads", "2 key heads"}},
	{"no head size", func(f *fake) { f.set("attention.head_count", 7, "attention.head_count_kv", 7) },
		[]string{`"llama.attention.key_length" is missing`, `"llama.attention.value_length" is missing`, "width 24 in 7 heads"}},
	{"head size zero", func(f *fake) { f.set("attention.key_length", 0) }, []string{`"llama.attention.key_length" is 0`}},
	{"too few per layer", func(f *fake) { f.set("attention.head_count", []int{3}) }, []string{"has 1 values", "2 layers"}},
	{"bad layer", func(f *fake) { f.set("feed_forward_length", []int{56, 0}) }, []string{"llama.feed_forward_length", "for layer 1"}},
	{"eps NaN", func(f *fake) { f.set("attention.layer_norm_rms_epsilon", math.NaN()) }, []string{"epsilon", "NaN"}},
	{"eps negative", func(f *fake) { f.set("attention.layer_norm_rms_epsilon", -1e-5) }, []string{"epsilon"}},
	{"eps zero", func(f *fake) { f.set("attention.layer_norm_rms_epsilon", 0.0) }, []string{"epsilon"}},
	{"eps below float32", func(f *fake) { f.set("attention.layer_norm_rms_epsilon", 1e-60) }, []string{"epsilon"}},
	{"scale infinite", func(f *fake) { f.set("attention.scale", math.Inf(1)) }, []string{"attention.scale"}},
	{"base zero", func(f *fake) { f.set("rope.freq_base", 0.0) }, []string{"rope.freq_base", "positive"}},
	{"base infinite", func(f *fake) { f.set("rope.freq_base", math.Inf(1)) }, []string{"rope.freq_base"}},
	{"rotation odd", func(f *fake) { f.set("rope.dimension_count", 3) }, []string{"even"}},
	{"rotation wider than the head", func(f *fake) { f.set("rope.dimension_count", 10) }, []string{"rope.dimension_count", "0 to 8"}},
	{"unknown scaling", func(f *fake) { f.set("rope.scaling.type", "longrope") }, []string{"longrope", "none, linear or yarn"}},
	{"factor negative", func(f *fake) { f.set("rope.scaling.factor", -2.0) }, []string{"rope.scaling.factor"}},
	{"factor NaN", func(f *fake) { f.set("rope.scaling.factor", math.NaN()) }, []string{"rope.scaling.factor"}},
	{"YaRN base 1", func(f *fake) { f.set("rope.scaling.type", "yarn", "rope.scaling.factor", 4.0, "rope.freq_base", 1.0) }, []string{"rope.freq_base", "YaRN"}},
	{"YaRN beta", func(f *fake) { f.set("rope.scaling.type", "yarn", "rope.scaling.yarn_beta_fast", 0.0) }, []string{"yarn_beta_fast"}},
	{"window negative", func(f *fake) { f.set("attention.sliding_window", -1) }, []string{"sliding_window"}},
	{"factors of another length", func(f *fake) { f.constant("rope_freqs.weight", 1, 2, 3) }, []string{"rope_freqs.weight", "[3]", "[4]"}},
	{"factors unreadable", func(f *fake) { f.tensor("rope_freqs.weight", 4) }, []string{"rope_freqs.weight", "cannot be read"}},
	{"factor zero", func(f *fake) { f.constant("rope_freqs.weight", 1, 0, 3, 4) }, []string{"rope_freqs.weight has 0 at 1"}},
	{"factor NaN", func(f *fake) { f.constant("rope_freqs.weight", 1, 1, 1, float32(math.NaN())) }, []string{"rope_freqs.weight", "NaN"}},
	{"table of one axis", func(f *fake) { f.tensor("token_embd.weight", 960) }, []string{"token_embd.weight", "[V D]"}},
	{"table empty", func(f *fake) { f.tensor("token_embd.weight", 0, 24) }, []string{"token_embd.weight"}},
	{"experts", func(f *fake) { f.set("expert_count", 8) }, []string{"expert_count"}},
	{"soft cap", func(f *fake) { f.set("final_logit_softcapping", 30.0) }, []string{"final_logit_softcapping"}},
	{"not causal", func(f *fake) { f.set("attention.causal", false) }, []string{"attention.causal"}},
}

func TestWrongConfig(t *testing.T) {
	for _, c := range wrong {
		t.Run(c.name, func(t *testing.T) {
			_, err := New(newFake("llama").with(c.edit).file())
			var e *ConfigError
			if !errors.As(err, &e) || e.Arch != "llama" {
				t.Fatalf("got %v: want a ConfigError", err)
			}
			for _, w := range c.want {
				if !strings.Contains(strings.ReplaceAll(err.Error(), `"rope_freqs.weight"`, "rope_freqs.weight"), w) {
					t.Errorf("%v: does not say %s", err, w)
				}
			}
		})
	}
}

// TestHarmless has what must not be refused: keys that say the usual.
func TestHarmless(t *testing.T) {
	want := mustNew(t, newFake("llama")).Graph.Text()
	m := mustNew(t, newFake("llama").with(func(f *fake) {
		f.set("expert_count", 0, "final_logit_softcapping", 0.0, "attention.causal", true, "attention.sliding_window", 0, "vocab_size", 40,
			"rope.scaling.type", "none", "rope.scaling.factor", 8.0, "rope.dimension_count", 8, "some.new.key", "x")
	}))
	if m.Graph.Text() != want {
		t.Errorf("graph is\n%s", m.Graph.Text())
	}
}

// TestHostile sets every number of a config to extremes, one to three at a time. Nothing may panic or take more memory
// than a graph of the largest allowed depth.
func TestHostile(t *testing.T) {
	numbers := []any{0, 1, -1, 2, 3, math.MaxInt32, math.MinInt32, math.MaxInt, math.MinInt, 1 << 12, 1 << 20, 1024, 0.0, -1.0, 1e-300, 1e300, math.NaN(), math.Inf(1), math.Inf(-1),
		"", "yarn", "linear", true, []int{}, []int{1, 2}, []int{-1, math.MaxInt}}
	keys := []string{"context_length", "embedding_length", "block_count", "feed_forward_length", "attention.head_count", "attention.head_count_kv",
		"attention.key_length", "attention.value_length", "attention.layer_norm_rms_epsilon", "rope.freq_base", "rope.dimension_count", "attention.scale",
		"attention.sliding_window", "rope.scaling.type", "rope.scaling.factor", "rope.scaling.original_context_length", "rope.scaling.yarn_beta_fast",
		"rope.scaling.yarn_beta_slow", "rope.scaling.yarn_ext_factor", "rope.scaling.yarn_attn_factor", "rope.scaling.yarn_log_multiplier", "rope.scaling.attn_factor"}
	rng := rand.New(rand.NewPCG(1, 2))
	built := 0
	for range 4000 {
		name := Names()[rng.IntN(len(Names()))]
		f := newFake(name)
		for range 1 + rng.IntN(3) {
			f.set(keys[rng.IntN(len(keys))], numbers[rng.IntN(len(numbers))])
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		m, err := New(f.file())
		runtime.ReadMemStats(&after)
		if got := after.TotalAlloc - before.TotalAlloc; got > 64<<20 {
			t.Fatalf("%v takes %d MiB", f.values, got>>20)
		}
		if err == nil && m.Graph != nil {
			built++
		}
	}
	if built < 100 || built > 3900 {
		t.Errorf("%d of 4000 were accepted: the numbers test too little", built)
	}
}

// TestVariant tells a variant that is not supported from a file that is wrong.
func TestVariant(t *testing.T) {
	for _, v := range []*ConfigError{{Variant: true}, {}} {
		if errors.Is(v, ErrUnsupportedArch) != v.Variant {
			t.Errorf("%+v: ErrUnsupportedArch is %v", v, !v.Variant)
		}
	}
}
