package model

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seed64708441/ember/backend"
	"github.com/seed64708441/ember/model/arch"
	"github.com/seed64708441/ember/model/gguf"
	"github.com/seed64708441/ember/tensor"
	"github.com/seed64708441/ember/tensor/quant"
)

// BindError lists every difference between the weights that an architecture declares and the tensors of a file.
type BindError struct {
	// Missing are declared and not in the file, Unused the other way round, Misshapen have another shape.
	Missing, Unused, Misshapen []string
}

// Error lists the first few of each kind.
func (e *BindError) Error() string {
	var parts []string
	for _, k := range []struct {
		what  string
		names []string
	}{{"missing", e.Missing}, {"with another shape", e.Misshapen}, {"unused", e.Unused}} {
		if n := len(k.names); n > 0 {
			const most = 8
			list := strings.Join(k.names[:min(n, most)], ", ")
			if n > most {
				list += fmt.Sprintf(" and %d more", n-most)
			}
			parts = append(parts, fmt.Sprintf("%d tensors %s: %s", n, k.what, list))
		}
	}
	return "model: weights: " + strings.Join(parts, "; ")
}

// bind finds the tensor of every weight that the graph declares.
func bind(f *gguf.File, a *arch.Model) (backend.Weights, error) {
	var e BindError
	found := make(map[string]backend.Weight, len(a.Graph.Weights))
	for _, w := range a.Graph.Weights {
		t, ok := f.Tensor(w.Name)
		if !ok {
			e.Missing = append(e.Missing, w.Name)
			continue
		}
		want := make(tensor.Shape, len(w.Shape))
		for i, d := range w.Shape {
			want[i] = int(d)
		}
		if !t.Shape.Equal(want) {
			e.Misshapen = append(e.Misshapen, fmt.Sprintf("%s is %v, want %v", w.Name, t.Shape, want))
			continue
		}
		found[w.Name] = backend.Weight{
			DType: t.DType, Shape: t.Shape, Mapped: f.Mapped(),
			Section: func(off, n int, buf []byte) ([]byte, error) { return f.Section(t, off, n, buf) },
			Release: func(off, n int) { f.Release(t, off, n) },
		}
	}
	for _, t := range f.Tensors() {
		if _, ok := found[t.Name]; !ok && !slices.Contains(a.Known, t.Name) &&
			!slices.ContainsFunc(e.Misshapen, func(s string) bool { return strings.HasPrefix(s, t.Name+" is ") }) {
			e.Unused = append(e.Unused, t.Name)
		}
	}
	if len(e.Missing)+len(e.Unused)+len(e.Misshapen) > 0 {
		return nil, &e
	}
	return func(name string) (backend.Weight, error) {
		w, ok := found[name]
		if !ok {
			return w, fmt.Errorf("model: weight %q is not declared", name)
		}
		return w, nil
	}, nil
}

// archFile is what package arch reads of a GGUF file.
func archFile(f *gguf.File) arch.File {
	return arch.File{
		Meta: f.Meta(),
		Shape: func(name string) (tensor.Shape, bool) {
			t, ok := f.Tensor(name)
			return t.Shape, ok
		},
		Floats: func(name string) ([]float32, error) {
			t, ok := f.Tensor(name)
			if !ok {
				return nil, fmt.Errorf("model: tensor %q is missing", name)
			}
			n, err := t.Shape.Elements()
			if err != nil {
				return nil, err
			}
			b, err := f.Section(t, 0, t.Bytes, nil)
			if err != nil {
				return nil, err
			}
			v := make([]float32, n)
			return v, quant.Decode(v, b, t.DType)
		},
	}
}
