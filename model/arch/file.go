package arch

import "github.com/seed64708441/ember/tensor"

// Meta is the metadata of a model file: values by key. A method returns an error for a key that is missing or holds
// another type, and the error names the key; Keys tells the two apart.
type Meta interface {
	// Keys returns all keys, in any order.
	Keys() []string
	String(key string) (string, error)
	Bool(key string) (bool, error)
	// Int accepts every integer type whose value fits an int.
	Int(key string) (int, error)
	// Float accepts both float types.
	Float(key string) (float64, error)
	// Ints is for arrays of integers.
	Ints(key string) ([]int, error)
}

// File is what New reads of a model file. All three fields are required.
type File struct {
	Meta Meta
	// Shape returns the row-major shape of a tensor, and whether the file has it.
	Shape func(name string) (tensor.Shape, bool)
	// Floats returns the elements of a tensor. It is called only for small tensors that become constants of the graph,
	// after Shape.
	Floats func(name string) ([]float32, error)
}
