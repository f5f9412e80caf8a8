package arch

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/seed64708441/ember/ops"
	"github.com/seed64708441/ember/tensor"
)

// fake is a file written by hand: values by key, tensors by name.
type fake struct {
	values  map[string]any
	tensors map[string]tensor.Shape
	floats  map[string][]float32
}

func (f *fake) file() File {
	return File{Meta: f,
		Shape: func(name string) (tensor.Shape, bool) { s, ok := f.tensors[name]; return s, ok },
		Floats: func(name string) ([]float32, error) {
			v, ok := f.floats[name]
			if !ok {
				return nil, fmt.Errorf("data of %q cannot be read", name)
			}
			return v, nil
		}}
}

func (f *fake) Keys() []string                  { return slices.Collect(maps.Keys(f.values)) }
func (f *fake) String(k string) (string, error) { return get[string](f, k) }
func (f *fake) Bool(k string) (bool, error)     { return get[bool](f, k) }
func (f *fake) Int(k string) (int, error)       { return get[int](f, k) }
func (f *fake) Float(k string) (float64, error) { return get[float64](f, k) }
func (f *fake) Ints(k string) ([]int, error)    { return get[[]int](f, k) }
func (f *fake) with(edit func(f *fake)) *fake   { c := f.clone(); edit(c); return c }
func (f *fake) set(pairs ...any)                { f.put(f.values["general.architecture"].(string)+".", pairs) }
func (f *fake) put(prefix string, pairs []any) {
	each(pairs, func(k string, v any) { f.values[prefix+k] = v })
}
func (f *fake) tensor(name string, dims ...int)    { f.tensors[name] = dims }
func (f *fake) constant(name string, v ...float32) { f.tensor(name, len(v)); f.floats[name] = v }
func each(pairs []any, do func(k string, v any)) {
	for i := 0; i < len(pairs); i += 2 {
		do(pairs[i].(string), pairs[i+1])
	}
}

func get[T any](f *fake, key string) (T, error) {
	v, ok := f.values[key]
	if !ok {
		return *new(T), fmt.Errorf("no key %q", key)
	}
	t, ok := v.(T)
	if !ok {
		return t, fmt.Errorf("key %q is a %T, not a %T", key, v, t)
	}
	return t, nil
}

func (f *fake) clone() *fake {
	return &fake{maps.Clone(f.values), maps.Clone(f.tensors), maps.Clone(f.floats)}
}

// newFake has the keys that every family requires: 2 layers of width 24, 3 heads on 1, vocabulary 40.
func newFake(arch string) *fake {
	f := &fake{map[string]any{"general.architecture": arch}, map[string]tensor.Shape{}, map[string][]float32{}}
	f.set("context_length", 128, "embedding_length", 24, "block_count", 2, "feed_forward_length", 56,
		"attention.head_count", 3, "attention.head_count_kv", 1, "attention.layer_norm_rms_epsilon", 1e-5, "rope.freq_base", 10000.0)
	f.tensor("token_embd.weight", 40, 24)
	f.tensor("output.weight", 40, 24)
	return f
}

func mustNew(t *testing.T, f *fake) *Model {
	t.Helper()
	m, err := New(f.file())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// weightNames returns the names the graph declares.
func weightNames(g *ops.Graph) string {
	var names []string
	for _, w := range g.Weights {
		names = append(names, w.Name)
	}
	return strings.Join(names, " ")
}
