package cpu

import (
	"fmt"
	"slices"
	"testing"

	"github.com/seed64708441/ember/backend"
	"github.com/seed64708441/ember/backend/cpu/internal/kernel"
	"github.com/seed64708441/ember/tensor"
)

// TestMixedSteps gives spans of very different lengths in one step, on every level and with more workers than panels: each
// row has the bits of a step of its span alone, on one thread.
func TestMixedSteps(t *testing.T) {
	types, teams := []tensor.DType{tensor.Q8_0, tensor.Q4_K, tensor.F16}, []int{1, 3, 40}
	c := shapeTest
	c.layers = 1
	if plainGo() {
		types, teams = types[:1], []int{1, 40}
	}
	rows, starts := []int{1, 17, 3, 70, 9, 31, 1}, []int{600, 0, 511, 0, 60, 0, 0}
	for _, level := range kernel.Available() {
		if level.Name == "generic" && !plainGo() {
			continue
		}
		for _, typ := range types {
			t.Run(fmt.Sprintf("level=%s/type=%v", level.Name, typ), func(t *testing.T) {
				var want []float32
				for _, threads := range teams {
					r := newRig(t, c, all(typ), Config{Threads: threads, Level: level.Name}, backend.Options{MaxRows: 650})
					joint := &backend.Step{Cache: r.cache}
					var alone []float32
					for i, n := range rows {
						pages := r.table(starts[i] + n)
						if starts[i] > 0 {
							r.run(r.step(pages, 0, starts[i]))
						}
						s := r.step(pages, starts[i], n)
						joint.Tokens, joint.Spans = append(joint.Tokens, s.Tokens...), append(joint.Spans, s.Spans...)
						joint.Outputs = append(joint.Outputs, int32(len(joint.Tokens)-1))
						r.run(s)
						alone = append(alone, s.Logits...)
					}
					joint.Logits = make([]float32, len(alone))
					r.run(joint)
					if want == nil {
						want = alone
					}
					if !slices.Equal(alone, want) || !slices.Equal(joint.Logits, want) {
						t.Errorf("%d threads: alone equal %v, together equal %v", threads, slices.Equal(alone, want), slices.Equal(joint.Logits, want))
					}
				}
			})
		}
	}
}
