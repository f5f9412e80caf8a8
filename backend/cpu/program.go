package cpu

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"unsafe"

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
	blocks  []*mem.Block // everything taken from memory
	stages  []execStage
	// result is where the logits lie after the last stage.
	result       loc
	vocab        int
	tokens       int // ids that every embedding table has
	embedWidth   int // of a given embedding; -1 when tables differ and none can be given
	attendLayout attendLayout

	maxRows, maxOuts int
	shared           unsafe.Pointer // scratch memory of all workers
	workers          []worker
	team             *team
	step             stepState
	backlog          backlog
	staging          *mem.Block // of all workers, while there is a backlog

	// turn holds one token: the right to run a step, or to close.
	turn      chan struct{}
	closeOnce sync.Once
	closed    atomic.Bool // written with the turn
	closeErr  error
}

var _ backend.Program = (*Program)(nil)

// compiled is what Plan and Compile have in common.
type compiled struct {
	lo          *lowering
	stages      []stage
	plans       []weightPlan
	options     backend.Options
	scratch     scratch
	attend      attendLayout
	workerBytes int
	// stagingBytes is the room of a worker for panels that are not packed yet, 0 when all weights are packed at once.
	stagingBytes int
	foot         backend.Footprint
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
	c := &compiled{options: o}
	var err error
	if c.plans, err = planWeights(g, w); err != nil {
		return nil, err
	}
	if c.lo, err = lower(g, func(w int) kernel.Layout { return c.plans[w].layout }); err != nil {
		return nil, err
	}
	if c.foot.Weights, c.foot.MappedWeights, err = placeWeights(c.plans, weightUses(c.lo)); err != nil {
		return nil, err
	}
	c.stages = c.lo.schedule()
	if c.scratch, err = c.lo.plan(c.stages, o.MaxRows, o.MaxOutputs); err != nil {
		return nil, err
	}
	c.attend = newAttendLayout(g, b.threads)
	c.workerBytes = c.scratch.local + c.attend.workerBytes() + tileMemoryBytes
	if planLazy(c.plans, b.lazy, b.lazyBytes) {
		c.stagingBytes = c.staging(b.set)
	}
	c.foot.Scratch = int64(c.scratch.shared) + int64(c.attend.partBytes()) + int64(c.workerBytes+c.stagingBytes)*int64(b.threads)
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
	p, err := b.compile(ctx, g, w, o)
	if err != nil {
		return nil, err
	}
	if len(p.backlog.units) > 0 {
		go p.backlog.run(p)
	}
	return p, nil
}

// compile is Compile without what goes on behind it.
func (b *Backend) compile(ctx context.Context, g *ops.Graph, w backend.Weights, o backend.Options) (*Program, error) {
	c, err := b.prepare(g, w, o)
	if err != nil {
		return nil, err
	}
	p := &Program{
		backend: b, set: b.set, graph: g, memory: c.options.Memory, foot: c.foot, attendLayout: c.attend,
		maxRows: c.options.MaxRows, maxOuts: c.options.MaxOutputs, turn: make(chan struct{}, 1),
	}
	if err := p.build(ctx, c); err != nil {
		return nil, errors.Join(err, p.release())
	}
	p.turn <- struct{}{}
	return p, nil
}

// build takes the memory, loads the weights and starts the workers.
func (p *Program) build(ctx context.Context, c *compiled) error {
	weights, err := p.alloc("weights", int(c.foot.Weights))
	if err != nil {
		return err
	}
	scratch, err := p.alloc("scratch memory", c.scratch.shared)
	if err != nil {
		return err
	}
	p.shared = unsafe.Pointer(unsafe.SliceData(scratch))
	if p.step.parts, err = p.alloc("scratch memory", c.attend.partBytes()); err != nil {
		return err
	}
	p.workers = make([]worker, p.backend.threads)
	for i := range p.workers {
		b, err := p.alloc("scratch memory of a worker", c.workerBytes)
		if err != nil {
			return err
		}
		p.workers[i].init(p, i, b, c.scratch.local)
	}
	l := newLoader(p.set, c.plans, weights)
	if err := l.run(ctx, p.backend.threads, c.options.Progress); err != nil {
		return err
	}
	if len(l.later) > 0 {
		if err := p.allocStaging(c.stagingBytes); err != nil {
			return err
		}
		p.backlog.init(l)
	}
	p.weights = l.weights
	p.embeddings(c.lo)
	p.resolve(c)
	p.step.init(p.maxRows, p.backend.threads)
	p.team = newTeam(p.backend.threads, p.next, p.task)
	return nil
}

// alloc takes n bytes that live as long as the program.
func (p *Program) alloc(what string, n int) ([]byte, error) {
	if n == 0 {
		return nil, nil
	}
	b, err := p.memory.Alloc(n)
	if err != nil {
		return nil, fmt.Errorf("cpu: %s: %w", what, err)
	}
	p.blocks = append(p.blocks, b)
	return b.Bytes(), nil
}

// embeddings finds how many token ids there are and how wide a given embedding is.
func (p *Program) embeddings(lo *lowering) {
	p.tokens = math.MaxInt32
	for i := range lo.items {
		if it := &lo.items[i]; it.kind == kEmbed {
			t := &p.weights[it.weight].table
			p.tokens = min(p.tokens, t.rows)
			if p.embedWidth != 0 && p.embedWidth != t.n {
				p.embedWidth = -1
				continue
			}
			p.embedWidth = t.n
		}
	}
}

// Footprint implements backend.Program.
func (p *Program) Footprint() backend.Footprint { return p.foot }

// Close implements backend.Program. It waits for a running step.
func (p *Program) Close() error {
	p.closeOnce.Do(func() {
		p.backlog.closing.Store(true)
		<-p.turn
		p.closed.Store(true)
		p.closeErr = errors.Join(p.closeErr, p.release())
		p.turn <- struct{}{}
	})
	return p.closeErr
}

func (p *Program) release() error {
	if p.team != nil {
		p.team.close()
	}
	err := p.freeStaging()
	for _, b := range p.blocks {
		err = errors.Join(err, b.Free())
	}
	p.weights, p.workers, p.stages, p.shared, p.blocks, p.step = nil, nil, nil, nil, nil, stepState{}
	return err
}
