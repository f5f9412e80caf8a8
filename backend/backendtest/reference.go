package backendtest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/seed64708441/ember/backend"
	"github.com/seed64708441/ember/ops"
	"github.com/seed64708441/ember/ops/ref"
	"github.com/seed64708441/ember/tensor/mem"
	"github.com/seed64708441/ember/tensor/quant"
)

// Reference is a backend over ops/ref: it has the paging and the errors of the contract, computes in float64, and
// stores keys and values of any cache type in float64. It is the oracle of tests that use pages, and lets a package that
// needs some backend be tested without one. It is slow.
type Reference struct{}

var _ backend.Backend = Reference{}

// Name implements backend.Backend.
func (Reference) Name() string { return "reference" }

// Plan implements backend.Backend.
func (Reference) Plan(g *ops.Graph, w backend.Weights, o backend.Options) (backend.Footprint, error) {
	p, err := newReference(g, o)
	if err != nil {
		return backend.Footprint{}, err
	}
	for _, declared := range g.Weights {
		s, err := w(declared.Name)
		if err != nil {
			return backend.Footprint{}, err
		}
		if decodes, _ := quant.Supported(s.DType); !decodes {
			return backend.Footprint{}, fmt.Errorf("reference: weight %s is %v: %w", declared.Name, s.DType, backend.ErrUnsupported)
		}
		n, err := s.Shape.Elements()
		if err != nil {
			return backend.Footprint{}, err
		}
		p.foot.Weights += 8 * int64(n)
	}
	return p.foot, nil
}

// Compile implements backend.Backend.
func (r Reference) Compile(ctx context.Context, g *ops.Graph, w backend.Weights, o backend.Options) (backend.Program, error) {
	return r.compile(ctx, g, w, o)
}

func (r Reference) compile(ctx context.Context, g *ops.Graph, w backend.Weights, o backend.Options) (*refProgram, error) {
	foot, err := r.Plan(g, w, o)
	if err != nil {
		return nil, err
	}
	p, err := newReference(g, o)
	if err != nil {
		return nil, err
	}
	p.foot = foot
	if p.weights, err = p.memory.Alloc(int(foot.Weights)); err != nil {
		return nil, fmt.Errorf("reference: weights: %w", err)
	}
	done := int64(0)
	p.machine, err = ref.New(g, func(name string) ([]float32, error) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		x, err := decode(w, name)
		done += 8 * int64(len(x))
		if o.Progress != nil {
			o.Progress(done, foot.Weights)
		}
		return x, err
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("reference: %w", err), p.weights.Free())
	}
	return p, nil
}

// decode reads a weight.
func decode(w backend.Weights, name string) ([]float32, error) {
	s, err := w(name)
	if err != nil {
		return nil, err
	}
	size, err := s.Shape.Bytes(s.DType)
	if err != nil {
		return nil, err
	}
	data, err := s.Section(0, size, nil)
	if err != nil {
		return nil, err
	}
	n, err := s.Shape.Elements()
	if err != nil {
		return nil, err
	}
	x := make([]float32, n)
	return x, quant.Decode(x, data, s.DType)
}

// refProgram is a compiled graph. It runs one step at a time.
type refProgram struct {
	graph            *ops.Graph
	maxRows, maxOuts int
	memory           *mem.Account
	weights          *mem.Block
	foot             backend.Footprint
	pageBytes        int

	mu      sync.Mutex
	machine *ref.Machine
	closed  bool
}

func newReference(g *ops.Graph, o backend.Options) (*refProgram, error) {
	p := &refProgram{graph: g, maxRows: o.MaxRows, maxOuts: o.MaxOutputs, memory: o.Memory}
	if p.maxRows == 0 {
		p.maxRows = 512
	}
	if p.maxOuts == 0 {
		p.maxOuts = p.maxRows
	}
	if p.maxRows < 1 || p.maxOuts < 1 || p.maxOuts > p.maxRows {
		return nil, fmt.Errorf("reference: MaxRows %d, MaxOutputs %d: want 1 ≤ MaxOutputs ≤ MaxRows", o.MaxRows, o.MaxOutputs)
	}
	if p.memory == nil {
		p.memory = new(mem.Account)
	}
	p.pageBytes = 8 * backend.PageTokens
	for _, kv := range g.States {
		p.pageBytes += 8 * backend.PageTokens * kv.Heads * (kv.KeyDim + kv.ValueDim)
	}
	for i := range p.foot.PageBytes {
		if p.stores(backend.CacheType(i)) {
			p.foot.PageBytes[i] = int64(p.pageBytes)
		}
	}
	return p, nil
}

// stores reports whether the states fit the cache type.
func (p *refProgram) stores(t backend.CacheType) bool {
	switch t {
	case backend.CacheF16, backend.CacheF32:
		return true
	case backend.CacheQ8_0, backend.CacheQ4_0:
		return !slices.ContainsFunc(p.graph.States, func(kv ops.KV) bool { return kv.KeyDim%32 != 0 || kv.ValueDim%32 != 0 })
	}
	return false
}

func (p *refProgram) Footprint() backend.Footprint { return p.foot }

func (p *refProgram) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil
	}
	p.closed = true
	return p.weights.Free()
}

// Step runs the spans one after the other.
func (p *refProgram) Step(ctx context.Context, s *backend.Step) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return backend.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	c, ok := s.Cache.(*refCache)
	if !ok || c.program != p {
		return fmt.Errorf("reference: the cache of the step is not of this program")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	parts, err := p.check(c, s)
	if err != nil {
		return fmt.Errorf("reference: %w", err)
	}
	logits := s.Logits
	for _, part := range parts {
		h := c.history(part.span)
		for row := range part.tokens { // one by one, to look at ctx
			if err := ctx.Err(); err != nil {
				return err
			}
			y, err := p.machine.Step(h, part.tokens[row:row+1], part.given(row), part.wanted(row))
			if err != nil {
				return fmt.Errorf("reference: %w", err)
			}
			for i, v := range y {
				logits[i] = float32(v)
			}
			logits = logits[len(y):]
		}
		c.store(part.span, h)
	}
	return nil
}

// refPart is what one span brings to a step.
type refPart struct {
	span       backend.Span
	tokens     []int32
	embeddings []float32
	outputs    []int32
}

// given returns the embedding of a row, nothing for a token.
func (p *refPart) given(row int) []float32 {
	if p.tokens[row] != -1 {
		return nil
	}
	d := len(p.embeddings) / count(p.tokens, -1)
	return p.embeddings[count(p.tokens[:row], -1)*d:][:d]
}

// wanted returns the output rows of a step of one row.
func (p *refPart) wanted(row int) []int32 {
	if slices.Contains(p.outputs, int32(row)) {
		return []int32{0}
	}
	return nil
}

// check divides a step into its spans, or returns the first problem.
func (p *refProgram) check(c *refCache, s *backend.Step) ([]refPart, error) {
	vocab, dim, err := p.widths(s.Tokens)
	switch {
	case err != nil:
		return nil, err
	case c.closed:
		return nil, backend.ErrClosed
	case len(s.Tokens) < 1 || len(s.Tokens) > p.maxRows:
		return nil, fmt.Errorf("step of %d rows: want 1 to %d", len(s.Tokens), p.maxRows)
	case len(s.Outputs) > p.maxOuts:
		return nil, fmt.Errorf("step of %d outputs: want at most %d", len(s.Outputs), p.maxOuts)
	case len(s.Logits) != len(s.Outputs)*p.graph.Shape(p.graph.Output).Inner():
		return nil, fmt.Errorf("logits of %d numbers for %d rows", len(s.Logits), len(s.Outputs))
	}
	for i, id := range s.Tokens {
		if id < -1 || int(id) >= vocab {
			return nil, fmt.Errorf("row %d is token %d: want 0 to %d", i, id, vocab-1)
		}
	}
	for i, row := range s.Outputs {
		if row < 0 || int(row) >= len(s.Tokens) || i > 0 && row <= s.Outputs[i-1] {
			return nil, fmt.Errorf("outputs %v: want ascending rows of %d", s.Outputs, len(s.Tokens))
		}
	}
	given := s.Embeddings
	row := 0
	var parts []refPart
	for i, sp := range s.Spans {
		if err := c.checkSpan(sp, len(s.Tokens)-row); err != nil {
			return nil, fmt.Errorf("span %d: %w", i, err)
		}
		part := refPart{span: sp, tokens: s.Tokens[row : row+sp.Rows]}
		n := dim * count(part.tokens, -1)
		if n > len(given) {
			return nil, fmt.Errorf("%d numbers for %d embeddings of %d", len(s.Embeddings), count(s.Tokens, -1), dim)
		}
		part.embeddings, given = given[:n], given[n:]
		for _, o := range s.Outputs {
			if int(o) >= row && int(o) < row+sp.Rows {
				part.outputs = append(part.outputs, o-int32(row))
			}
		}
		row += sp.Rows
		parts = append(parts, part)
	}
	if row != len(s.Tokens) || len(given) > 0 {
		return nil, fmt.Errorf("spans of %d rows for %d, %d numbers of embeddings too many", row, len(s.Tokens), len(given))
	}
	return parts, nil
}

// widths returns the size of the vocabulary and of an embedding.
func (p *refProgram) widths(tokens []int32) (vocab, dim int, err error) {
	vocab = math.MaxInt32
	for _, n := range p.graph.Nodes {
		if n.Op != ops.OpEmbed {
			continue
		}
		w := p.graph.Shape(n.In[0])
		if dim != 0 && dim != int(w[1]) && count(tokens, -1) > 0 {
			return 0, 0, fmt.Errorf("embeddings given for tables of %d and %d columns", dim, w[1])
		}
		vocab, dim = min(vocab, int(w[0])), int(w[1])
	}
	return vocab, dim, nil
}

func count(x []int32, v int32) int {
	n := 0
	for _, y := range x {
		if y == v {
			n++
		}
	}
	return n
}
