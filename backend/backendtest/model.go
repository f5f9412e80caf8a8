package backendtest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/seed64708441/ember/backend"
	"github.com/seed64708441/ember/ops"
	"github.com/seed64708441/ember/ops/ref"
	"github.com/seed64708441/ember/tensor"
	"github.com/seed64708441/ember/tensor/quant"
)

// model is a graph with weights made from a seed.
type model struct {
	graph   *ops.Graph
	weights map[string]*stored
}

// stored is one weight as a file has it, and the numbers that its bytes stand for.
type stored struct {
	dtype  tensor.DType
	shape  tensor.Shape
	bytes  []byte
	values []float32
}

// modelOptions chooses the weights of a model. The zero value is F32.
type modelOptions struct {
	// dtype is the type of matrices and embedding tables whose rows are whole blocks of it; others are F32.
	dtype tensor.DType
	// plainTables leaves embedding tables in F32, so that activations are not codes of dtype themselves.
	plainTables bool
	// vectors gives norm weights and biases the same type.
	vectors bool
	// scale multiplies embedding tables; 0 means 1.
	scale float64
}

// newModel builds the graph and makes its weights. It skips the test for a type that cannot be decoded.
func newModel(t *testing.T, o modelOptions, f func(b *ops.Builder) ops.Value) *model {
	t.Helper()
	b := ops.NewBuilder()
	g, err := b.Build(f(b))
	if err != nil {
		t.Fatal(err)
	}
	return fill(t, o, g)
}

// fill makes weights for a graph.
func fill(t *testing.T, o modelOptions, g *ops.Graph) *model {
	t.Helper()
	m := &model{graph: g, weights: map[string]*stored{}}
	embeds := map[int]bool{}
	for _, n := range g.Nodes {
		if n.Op == ops.OpEmbed {
			embeds[n.In[0].Weight()] = true
		}
	}
	for i, w := range g.Weights {
		s := &stored{dtype: tensor.F32}
		for _, d := range w.Shape {
			s.shape = append(s.shape, int(d))
		}
		if (len(s.shape) == 2 || o.vectors) && !(o.plainTables && embeds[i]) && w.Shape.Inner()%o.dtype.BlockLen() == 0 {
			s.dtype = o.dtype
		}
		mean, deviation := 0.0, 1.5/math.Sqrt(float64(w.Shape.Inner()))
		switch {
		case embeds[i]:
			deviation = 1
			if o.scale != 0 {
				deviation = o.scale
			}
		case len(s.shape) == 1:
			mean, deviation = 1, 0.3 // also of biases: a lost bias shows
		}
		if err := s.fill(w.Name, mean, deviation); err != nil {
			t.Skipf("weight %s as %v: %v", w.Name, s.dtype, err)
		}
		m.weights[w.Name] = s
	}
	return m
}

// fill encodes normally distributed numbers that depend on the name only.
func (s *stored) fill(name string, mean, deviation float64) error {
	n, err := s.shape.Elements()
	if err != nil {
		return err
	}
	size, err := s.shape.Bytes(s.dtype)
	if err != nil {
		return err
	}
	h := fnv.New64a()
	h.Write([]byte(name))
	r := rand.New(rand.NewPCG(h.Sum64(), uint64(n)))
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(mean + deviation*r.NormFloat64())
	}
	s.bytes, s.values = make([]byte, size), make([]float32, n)
	if _, encodes := quant.Supported(s.dtype); !encodes {
		return s.search(r, 2*float32(deviation))
	}
	if err := quant.Encode(s.bytes, x, s.dtype); err != nil {
		return err
	}
	return quant.Decode(s.values, s.bytes, s.dtype)
}

// search fills a weight of a type that cannot be encoded with random blocks, drawing each until the largest of its
// numbers lies between limit/8 and 2*limit.
func (s *stored) search(r *rand.Rand, limit float32) error {
	n, size := s.dtype.BlockLen(), s.dtype.BlockBytes()
	for i := range len(s.values) / n {
		values, block := s.values[i*n:][:n], s.bytes[i*size:][:size]
		for tries := 0; ; tries++ {
			for j := range block {
				block[j] = byte(r.Uint32())
				if j < 4 && tries%2 > 0 {
					block[j] &= 0x3f // where scales come first, smaller ones are found sooner
				}
			}
			if err := quant.Decode(values, block, s.dtype); err != nil {
				return err
			}
			top := float32(0)
			for _, v := range values {
				top = max(top, v, -v)
			}
			if top >= limit/8 && top <= 2*limit {
				break
			}
			if tries > 100000 {
				return fmt.Errorf("no block of %v between %v and %v found", s.dtype, limit/8, 2*limit)
			}
		}
	}
	return nil
}

// plain is a weight of given numbers.
func plain(shape tensor.Shape, values []float32) *stored {
	s := &stored{dtype: tensor.F32, shape: shape, values: values}
	for _, v := range values {
		s.bytes = binary.LittleEndian.AppendUint32(s.bytes, math.Float32bits(v))
	}
	return s
}

// source gives the weights to a backend, as views or as copies.
func (m *model) source(mapped bool) backend.Weights {
	return func(name string) (backend.Weight, error) {
		s, ok := m.weights[name]
		if !ok {
			return backend.Weight{}, fmt.Errorf("no weight %q", name)
		}
		return backend.Weight{DType: s.dtype, Shape: s.shape, Mapped: mapped, Section: func(off, n int, buf []byte) ([]byte, error) {
			if off < 0 || n < 0 || off+n > len(s.bytes) {
				return nil, fmt.Errorf("section %d+%d of %d bytes", off, n, len(s.bytes))
			}
			if mapped {
				return s.bytes[off : off+n : off+n], nil
			}
			return append(buf[:0], s.bytes[off:off+n]...), nil
		}}, nil
	}
}

// decoded gives the weights to ops/ref.
func (m *model) decoded(name string) ([]float32, error) {
	s, ok := m.weights[name]
	if !ok {
		return nil, fmt.Errorf("no weight %q", name)
	}
	return s.values, nil
}

func (m *model) vocab() int { return m.graph.Shape(m.graph.Output).Inner() }

// tokens returns n ids of the model, which depend on the seed.
func (m *model) tokens(n int, seed uint64) []int32 {
	limit := math.MaxInt32
	for _, node := range m.graph.Nodes {
		if node.Op == ops.OpEmbed {
			limit = min(limit, int(m.graph.Shape(node.In[0])[0]))
		}
	}
	r := rand.New(rand.NewPCG(seed, 99))
	ids := make([]int32, n)
	for i := range ids {
		ids[i] = int32(r.IntN(limit))
	}
	return ids
}

// oracle returns the reference logits of every row.
func (m *model) oracle(t *testing.T, round ref.Rounding, tokens []int32, embeddings []float32) []float64 {
	t.Helper()
	machine, err := ref.New(m.graph, m.decoded)
	if err != nil {
		t.Fatal(err)
	}
	machine.Round = round
	y, err := machine.Step(machine.NewSequence(), tokens, embeddings, iota32(len(tokens)))
	if err != nil {
		t.Fatal(err)
	}
	return y
}

// iota32 returns 0, 1, .. n-1.
func iota32(n int) []int32 {
	rows := make([]int32, n)
	for i := range rows {
		rows[i] = int32(i)
	}
	return rows
}

// weightTypes returns the types that files store matrices in: no wide floats and integers, which are for tables and
// positions, and neither of the types that hold activations only.
func weightTypes() []tensor.DType {
	return slices.DeleteFunc(tensor.DTypes(), func(d tensor.DType) bool {
		return slices.Contains([]tensor.DType{tensor.F64, tensor.I8, tensor.I16, tensor.I32, tensor.I64, tensor.Q8_1, tensor.Q8_K}, d)
	})
}

// Types returns the weight types that a backend can multiply with and look up, among those that tensor/quant decodes.
func Types(t *testing.T, be backend.Backend) []tensor.DType {
	t.Helper()
	var out []tensor.DType
	for _, d := range weightTypes() {
		t.Run(d.String(), func(t *testing.T) {
			m := newModel(t, modelOptions{dtype: d}, func(b *ops.Builder) ops.Value {
				w := b.Weight("token_embd", 8, 256)
				return b.MatMul(b.Outputs(b.Embed(w)), w)
			})
			_, err := be.Plan(m.graph, m.source(true), backend.Options{})
			switch {
			case err == nil:
				out = append(out, d)
			case !errors.Is(err, backend.ErrUnsupported):
				t.Error(err)
			}
		})
	}
	return out
}
