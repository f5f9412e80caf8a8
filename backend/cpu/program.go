package cpu

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"

	"github.com/seed64708441/ember/backend"
	"github.com/seed64708441/ember/backend/cpu/internal/kernel"
	"github.com/seed64708441/ember/ops"
	"github.com/seed64708441/ember/tensor/mem"
)

// defaultMaxRows is Options.MaxRows where it is zero.
const defaultMaxRows = 512

// maxRowsLimit bounds Options.MaxRows.
const maxRowsLimit = 1 << 16

// Program is a compiled graph. It runs one step at a time; further callers wait.
type Program struct {
	backend *Backend
	set     *kernel.Set
	graph   *ops.Graph
	memory  *mem.Account
	foot    backend.Footprint

	weights []weight
	packer  *packer
	stages  []execStage
	output  loc
	vocab   int

	maxRows, maxOuts int
	shared           *mem.Block
	workers          []worker
	pool             *pool
	step             stepState
	runWorker        func(worker int)

	// turn holds one token: the right to run a step, or to close.
	turn      chan struct{}
	closeOnce sync.Once
	closed    bool // guarded by turn
	closeErr  error
}

var _ backend.Program = (*Program)(nil)

// compiled is what Plan and Compile have in common.
type compiled struct {
	lo            *lowering
	stages        []stage
	uses          []use
	sources       []backend.Weight
	options       backend.Options
	shared, local int
	foot          backend.Footprint
}

// prepare lowers, schedules and plans a graph without reading weights.
func (b *Backend) prepare(g *ops.Graph, w backend.Weights, o backend.Options) (*compiled, error) {
	if o.MaxRows == 0 {
		o.MaxRows = defaultMaxRows
	}
	if o.MaxOutputs == 0 {
		o.MaxOutputs = o.MaxRows
	}
	if o.MaxRows < 1 || o.MaxRows > maxRowsLimit || o.MaxOutputs < 1 || o.MaxOutputs > o.MaxRows {
		return nil, fmt.Errorf("cpu: MaxRows %d, MaxOutputs %d: want 1 ≤ MaxOutputs ≤ MaxRows ≤ %d", o.MaxRows, o.MaxOutputs, maxRowsLimit)
	}
	if o.Memory == nil {
		o.Memory = new(mem.Account)
	}
	c := &compiled{uses: weightUses(g), options: o}
	for i := range g.Weights {
		src, err := w(g.Weights[i].Name)
		if err != nil {
			return nil, err
		}
		packed, mapped, err := weightBytes(g.Weights[i].Name, src, c.uses[i])
		if err != nil {
			return nil, err
		}
		c.foot.Weights += packed
		c.foot.MappedWeights += mapped
		c.sources = append(c.sources, src)
	}
	lo, err := lower(g, func(w int) kernel.Layout {
		l, _ := kernel.LayoutFor(c.sources[w].DType)
		return l
	})
	if err != nil {
		return nil, err
	}
	c.lo, c.stages = lo, lo.schedule()
	lo.keep(g.Output, len(c.stages))
	c.shared, c.local = lo.plan(c.stages, o.MaxRows, o.MaxOutputs)
	c.local += attendScratch(g)
	if c.shared > math.MaxInt/2 {
		return nil, fmt.Errorf("cpu: scratch memory of %d bytes", c.shared)
	}
	c.foot.Scratch = int64(c.shared) + int64(c.local)*int64(b.threads)
	for t := range c.foot.PageBytes {
		if l, err := layoutPage(g.States, backend.CacheType(t)); err == nil {
			c.foot.PageBytes[t] = int64(l.bytes)
		}
	}
	return c, nil
}

// Plan implements backend.Backend.
func (b *Backend) Plan(g *ops.Graph, w backend.Weights, o backend.Options) (backend.Footprint, error) {
	c, err := b.prepare(g, w, o)
	if err != nil {
		return backend.Footprint{}, err
	}
	return c.foot, nil
}

// Compile implements backend.Backend.
func (b *Backend) Compile(ctx context.Context, g *ops.Graph, w backend.Weights, o backend.Options) (backend.Program, error) {
	c, err := b.prepare(g, w, o)
	if err != nil {
		return nil, err
	}
	p := &Program{
		backend: b, set: b.set, graph: g, memory: c.options.Memory, foot: c.foot,
		maxRows: c.options.MaxRows, maxOuts: c.options.MaxOutputs, turn: make(chan struct{}, 1),
		packer: &packer{memory: c.options.Memory},
	}
	if err := p.build(ctx, c); err != nil {
		return nil, errors.Join(err, p.release())
	}
	p.turn <- struct{}{}
	return p, nil
}

// build loads the weights, takes the scratch memory and starts the workers.
func (p *Program) build(ctx context.Context, c *compiled) error {
	var total, done int64
	for _, s := range c.sources {
		n, _ := s.Shape.Bytes(s.DType)
		total += int64(n)
	}
	p.weights = make([]weight, len(c.sources))
	for i, s := range c.sources {
		if err := ctx.Err(); err != nil {
			return err
		}
		var err error
		if p.weights[i], err = p.packer.load(ctx, s, c.uses[i], p.backend.threads); err != nil {
			return fmt.Errorf("cpu: weight %s: %w", p.graph.Weights[i].Name, err)
		}
		n, _ := s.Shape.Bytes(s.DType)
		done += int64(n)
		if c.options.Progress != nil {
			c.options.Progress(done, total)
		}
	}
	var err error
	if p.shared, err = p.memory.Alloc(max(c.shared, 1)); err != nil {
		return fmt.Errorf("cpu: scratch memory: %w", err)
	}
	p.workers = make([]worker, p.backend.threads)
	for i := range p.workers {
		if p.workers[i].block, err = p.memory.Alloc(max(c.local, 1)); err != nil {
			return fmt.Errorf("cpu: scratch memory of worker %d: %w", i, err)
		}
		p.workers[i].init(p, c.local-attendScratch(p.graph))
	}
	p.stages = p.resolve(c)
	out := c.lo.buffers[c.lo.value[p.graph.Output.Node()]]
	p.output, p.vocab = out.loc, out.n
	p.step.init(p.maxRows)
	p.pool = newPool(p.backend.threads)
	p.runWorker = func(i int) { p.work(&p.workers[i]) }
	return nil
}

// Footprint implements backend.Program.
func (p *Program) Footprint() backend.Footprint { return p.foot }

// Close implements backend.Program. It waits for a running step.
func (p *Program) Close() error {
	p.closeOnce.Do(func() {
		<-p.turn
		p.closed = true
		p.closeErr = p.release()
		p.turn <- struct{}{}
	})
	return p.closeErr
}

func (p *Program) release() error {
	if p.pool != nil {
		p.pool.close()
	}
	err := p.packer.free()
	if p.shared != nil {
		err = errors.Join(err, p.shared.Free())
	}
	for i := range p.workers {
		if b := p.workers[i].block; b != nil {
			err = errors.Join(err, b.Free())
		}
	}
	p.weights, p.workers, p.shared = nil, nil, nil
	return err
}
