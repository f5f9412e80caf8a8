package arch

import (
	"fmt"
	"math"

	"github.com/seed64708441/ember/tensor"
)

// reader reads the keys of one architecture and collects what is wrong with them. After a problem its methods return
// a value that lets the caller go on, so that one error lists all.
type reader struct {
	file     File
	arch     string
	keys     map[string]bool
	problems []string
	variant  bool // ConfigError.Variant
	known    []string
}

func newReader(f File, arch string) *reader {
	r := &reader{file: f, arch: arch, keys: map[string]bool{}}
	for _, k := range f.Meta.Keys() {
		r.keys[k] = true
	}
	return r
}

func (r *reader) problem(format string, args ...any) {
	r.problems = append(r.problems, fmt.Sprintf(format, args...))
}

// has reports whether the file has the key arch.name.
func (r *reader) has(name string) bool { return r.keys[r.arch+"."+name] }

// find returns the full key, and whether the file has it. A required key that is missing is a problem.
func (r *reader) find(name string, required bool) (string, bool) {
	key := r.arch + "." + name
	if !r.keys[key] && required {
		r.problem("key %q is missing", key)
	}
	return key, r.keys[key]
}

// int reads a required integer between lo and hi.
func (r *reader) int(name string, lo, hi int) int {
	key, ok := r.find(name, true)
	if !ok {
		return lo
	}
	v, err := r.file.Meta.Int(key)
	return r.checkInt(key, v, err, lo, hi)
}

// intOr reads an optional integer.
func (r *reader) intOr(name string, lo, hi, missing int) int {
	if !r.has(name) {
		return missing
	}
	return r.int(name, lo, hi)
}

func (r *reader) checkInt(key string, v int, err error, lo, hi int) int {
	if err != nil {
		r.problem("%v", err)
		return lo
	}
	if v < lo || v > hi {
		r.problem("key %q is %d: want %d to %d", key, v, lo, hi)
		return lo
	}
	return v
}

// perLayer reads a required integer that is one for all of n layers, or an array with one a layer.
func (r *reader) perLayer(name string, lo, hi, n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = lo
	}
	key, ok := r.find(name, true)
	if !ok {
		return out
	}
	if v, err := r.file.Meta.Int(key); err == nil {
		v = r.checkInt(key, v, nil, lo, hi)
		for i := range out {
			out[i] = v
		}
		return out
	}
	vs, err := r.file.Meta.Ints(key)
	if err != nil {
		r.problem("%v", err)
		return out
	}
	if len(vs) != n {
		r.problem("key %q has %d values: want one, or one for each of %d layers", key, len(vs), n)
		return out
	}
	for i, v := range vs {
		if v < lo || v > hi {
			r.problem("key %q is %d for layer %d: want %d to %d", key, v, i, lo, hi)
			continue
		}
		out[i] = v
	}
	return out
}

// float reads a required number; ok says what it must be, in the words of want. NaN and infinities are always wrong.
func (r *reader) float(name string, ok func(v float64) bool, want string) float64 {
	key, found := r.find(name, true)
	if !found {
		return 1
	}
	v, err := r.file.Meta.Float(key)
	if err != nil {
		r.problem("%v", err)
		return 1
	}
	if math.IsNaN(v) || math.IsInf(v, 0) || !ok(v) {
		r.problem("key %q is %v: want %s", key, v, want)
		return 1
	}
	return v
}

// floatOr reads an optional number.
func (r *reader) floatOr(name string, missing float64, ok func(v float64) bool, want string) float64 {
	if !r.has(name) {
		return missing
	}
	return r.float(name, ok, want)
}

func positive(v float64) bool { return v > 0 }

func notNegative(v float64) bool { return v >= 0 }

// stringOr reads an optional string.
func (r *reader) stringOr(name, missing string) string {
	key, ok := r.find(name, false)
	if !ok {
		return missing
	}
	s, err := r.file.Meta.String(key)
	if err != nil {
		r.problem("%v", err)
		return missing
	}
	return s
}

// refuse notes a problem for each key that changes what a model computes in a way the family does not implement, unless
// its number is zero or it is a bool with the harmless value: ignoring it would give wrong text without a word.
func (r *reader) refuse(names ...string) {
	for _, name := range names {
		key, ok := r.find(name, false)
		if !ok {
			continue
		}
		if v, err := r.file.Meta.Float(key); err == nil && v == 0 {
			continue
		}
		if v, err := r.file.Meta.Int(key); err == nil && v == 0 {
			continue
		}
		r.variant = true
		r.problem("key %q asks for what %s does not have here", key, r.arch)
	}
}

// tensor returns the shape of a tensor.
func (r *reader) tensor(name string) (tensor.Shape, bool) { return r.file.Shape(name) }

// hasTensor reports whether the file has a tensor.
func (r *reader) hasTensor(name string) bool {
	_, ok := r.file.Shape(name)
	return ok
}

// constants returns the n numbers of an optional small tensor that becomes part of the graph, nil when the file does
// not have it.
func (r *reader) constants(name string, n int) []float32 {
	shape, ok := r.tensor(name)
	if !ok {
		return nil
	}
	r.known = append(r.known, name)
	if !shape.Equal(tensor.Shape{n}) {
		r.problem("tensor %q is %v: want %v", name, shape, tensor.Shape{n})
		return nil
	}
	v, err := r.file.Floats(name)
	if err != nil {
		r.problem("tensor %q: %v", name, err)
		return nil
	}
	if len(v) != n {
		r.problem("tensor %q gave %d elements: want %d", name, len(v), n)
		return nil
	}
	return v
}
