package arch

import (
	"math"
	"testing"
)

// TestRope compares frequencies with values computed by hand from the papers' formulas, for heads of 8.
func TestRope(t *testing.T) {
	plain := []float64{1, 0.1, 0.01, 0.001}
	for name, c := range map[string]struct {
		edit      func(f *fake)
		freqs     []float64
		magnitude float64
	}{
		"plain":     {func(f *fake) {}, plain, 1},
		"base":      {func(f *fake) { f.set("rope.freq_base", 1e6) }, []float64{1, math.Pow(10, -1.5), 1e-3, math.Pow(10, -4.5)}, 1},
		"linear":    {func(f *fake) { f.set("rope.scaling.factor", 4.0, "rope.scaling.type", "linear") }, []float64{0.25, 0.025, 0.0025, 0.00025}, 1},
		"unnamed":   {func(f *fake) { f.set("rope.scaling.factor", 4.0) }, []float64{0.25, 0.025, 0.0025, 0.00025}, 1},
		"old name":  {func(f *fake) { f.set("rope.scale_linear", 2.0) }, []float64{0.5, 0.05, 0.005, 0.0005}, 1},
		"zero":      {func(f *fake) { f.set("rope.scaling.factor", 0.0) }, plain, 1},
		"none":      {func(f *fake) { f.set("rope.scaling.factor", 4.0, "rope.scaling.type", "none") }, plain, 1},
		"partial":   {func(f *fake) { f.set("rope.dimension_count", 4) }, []float64{1, 0.01}, 1},
		"no":        {func(f *fake) { f.set("rope.dimension_count", 0) }, nil, 1},
		"factors":   {func(f *fake) { f.constant("rope_freqs.weight", 1, 1, 4, 8) }, []float64{1, 0.1, 0.0025, 0.000125}, 1},
		"magnitude": {func(f *fake) { f.set("rope.scaling.attn_factor", 1.25) }, plain, 1.25},
		"both":      {func(f *fake) { f.constant("rope_freqs.weight", 1, 1, 4, 8); f.set("rope.scaling.factor", 2.0) }, []float64{0.5, 0.05, 0.00125, 0.0000625}, 1},
		"YaRN by 1": {func(f *fake) { f.set("rope.scaling.type", "yarn", "rope.scaling.factor", 1.0) }, plain, 1},
		"YaRN given": {func(f *fake) {
			f.set("rope.scaling.type", "yarn", "rope.scaling.factor", 1.0, "rope.scaling.yarn_attn_factor", 1.5)
		}, plain, 1.5},
		// Over 6283 positions the pairs turn 1000, 100, 10 and 1 times: 32 turns lie between pairs 1 and 2, 1 turn is
		// pair 3, so the ramp goes from 1 to 3 and pair 2 is half-way.
		"YaRN": {func(f *fake) {
			f.set("rope.scaling.type", "yarn", "rope.scaling.factor", 4.0, "rope.scaling.original_context_length", 6283)
		}, []float64{1, 0.1, 0.01/2 + 0.0025/2, 0.00025}, 0.1*math.Log(4) + 1},
		"YaRN, no extrapolation": {func(f *fake) {
			f.set("rope.scaling.type", "yarn", "rope.scaling.factor", 4.0, "rope.scaling.yarn_ext_factor", 0.0)
		}, []float64{0.25, 0.025, 0.0025, 0.00025}, 1},
		"YaRN, mscale": {func(f *fake) {
			f.set("rope.scaling.type", "yarn", "rope.scaling.factor", 4.0, "rope.scaling.original_context_length", 6283, "rope.scaling.yarn_log_multiplier", 0.5)
		}, []float64{1, 0.1, 0.01/2 + 0.0025/2, 0.00025}, (0.1*math.Log(4) + 1) / (0.05*math.Log(4) + 1)},
	} {
		t.Run(name, func(t *testing.T) {
			r := mustNew(t, newFake("llama").with(c.edit)).Config.Rope
			if len(r.Freqs) != len(c.freqs) || math.Abs(r.Scale()-c.magnitude) > 1e-12 {
				t.Fatalf("%v times %v: want %v times %v", r.Freqs, r.Scale(), c.freqs, c.magnitude)
			}
			for i, f := range r.Freqs {
				if math.Abs(f-c.freqs[i]) > 1e-12*c.freqs[i] {
					t.Errorf("frequencies %v: want %v", r.Freqs, c.freqs)
					break
				}
			}
		})
	}
}
