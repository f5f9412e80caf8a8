package cpu

import (
	"context"
	"fmt"
	"math"
	"sync/atomic"
	"unsafe"

	"github.com/seed64708441/ember/backend"
)

// pageRef is a page a step reads or writes: its address and its shift.
type pageRef struct {
	base  unsafe.Pointer
	shift int
}

// rowRef is what a row of a step belongs to.
type rowRef struct {
	span     int32
	position int32
	embed    int32 // index into Step.Embeddings, -1 for a token
}

// rowBlock is consecutive rows of one span, the unit of attention work.
type rowBlock struct{ span, row, rows int32 }

// stepState is the step being run, in memory that is reused.
type stepState struct {
	*backend.Step
	rows, outs int
	cache      *cache
	refs       []rowRef
	pages      []pageRef
	firstPage  []int32 // of each span, into pages
	blocks     []rowBlock
	// storing says that every span is one block, so that attention stores the keys and values itself.
	storing bool
	logits  unsafe.Pointer
	ctx     context.Context
	// stage is the index of the stage that runs; canceled says that the step ended before the last. Both are written
	// between stages.
	stage    int
	canceled bool
	// parts and ended are for attention whose keys are divided among workers; see attendStage.
	parts []byte
	ended []atomic.Int32
}

func (s *stepState) init(maxRows, threads int) {
	s.refs = make([]rowRef, 0, maxRows)
	s.firstPage = make([]int32, 0, maxRows)
	s.blocks = make([]rowBlock, 0, maxRows)
	s.ended = make([]atomic.Int32, maxHeads(threads))
}

// extentRows returns the rows of the step, or of its outputs.
func (s *stepState) extentRows(outs bool) int {
	if outs {
		return s.outs
	}
	return s.rows
}

// load checks a step and looks up its pages. After it nothing in the step can fail.
func (s *stepState) load(p *Program, in *backend.Step) error {
	c, ok := in.Cache.(*cache)
	if !ok || c.program != p {
		return fmt.Errorf("cpu: the cache of the step does not belong to this program")
	}
	s.rows, s.outs, s.cache = len(in.Tokens), len(in.Outputs), c
	switch {
	case s.rows < 1 || s.rows > p.maxRows:
		return fmt.Errorf("cpu: step of %d rows: want 1 to %d", s.rows, p.maxRows)
	case s.outs > p.maxOuts:
		return fmt.Errorf("cpu: step asks for %d outputs: at most %d", s.outs, p.maxOuts)
	case len(in.Logits) != s.outs*p.vocab:
		return fmt.Errorf("cpu: logits have %d values: want %d rows of %d", len(in.Logits), s.outs, p.vocab)
	}
	last := int32(-1)
	for i, r := range in.Outputs {
		if r <= last || int(r) >= s.rows {
			return fmt.Errorf("cpu: output %d is row %d after row %d: want ascending rows below %d", i, r, last, s.rows)
		}
		last = r
	}
	if err := s.loadSpans(in); err != nil {
		return err
	}
	if err := s.loadTokens(p, in); err != nil {
		return err
	}
	s.Step, s.logits = in, unsafe.Pointer(unsafe.SliceData(in.Logits))
	return nil
}

// loadTokens checks ids and embeddings.
func (s *stepState) loadTokens(p *Program, in *backend.Step) error {
	embeds := 0
	for i, id := range in.Tokens {
		s.refs[i].embed = -1
		switch {
		case id == -1:
			s.refs[i].embed = int32(embeds)
			embeds++
		case id < 0 || int(id) >= p.tokens:
			return fmt.Errorf("cpu: row %d is token %d: want 0 to %d", i, id, p.tokens-1)
		}
	}
	if embeds > 0 && p.embedWidth < 0 {
		return fmt.Errorf("cpu: embeddings given for tables of different widths")
	}
	if len(in.Embeddings) != embeds*max(p.embedWidth, 0) {
		return fmt.Errorf("cpu: embeddings have %d values: want %d rows of %d", len(in.Embeddings), embeds, p.embedWidth)
	}
	return nil
}

// loadSpans fills refs, pages and blocks.
func (s *stepState) loadSpans(in *backend.Step) (err error) {
	s.refs, s.pages, s.firstPage, s.blocks = s.refs[:0], s.pages[:0], s.firstPage[:0], s.blocks[:0]
	for i, sp := range in.Spans {
		if sp.Rows < 1 || sp.Rows > s.rows-len(s.refs) {
			return fmt.Errorf("cpu: span %d has %d rows: %d of the step's %d are left", i, sp.Rows, s.rows-len(s.refs), s.rows)
		}
		if sp.Start < 0 || sp.Start > math.MaxInt32-sp.Rows {
			return fmt.Errorf("cpu: span %d starts at position %d", i, sp.Start)
		}
		need := (sp.Start + sp.Rows + backend.PageTokens - 1) / backend.PageTokens
		if len(sp.Pages) < need {
			return fmt.Errorf("cpu: span %d has %d pages: %d positions need %d", i, len(sp.Pages), sp.Start+sp.Rows, need)
		}
		s.firstPage = append(s.firstPage, int32(len(s.pages)))
		if s.pages, err = s.cache.resolve(s.pages, sp.Pages[:need]); err != nil {
			return fmt.Errorf("cpu: span %d: %w", i, err)
		}
		for r := 0; r < sp.Rows; r += attendRows {
			s.blocks = append(s.blocks, rowBlock{int32(i), int32(len(s.refs) + r), int32(min(attendRows, sp.Rows-r))})
		}
		for r := range sp.Rows {
			s.refs = append(s.refs, rowRef{span: int32(i), position: int32(sp.Start + r)})
		}
	}
	if len(s.refs) != s.rows {
		return fmt.Errorf("cpu: spans have %d rows, the step has %d", len(s.refs), s.rows)
	}
	s.storing = len(s.blocks) == len(in.Spans)
	return nil
}

// page returns the page and slot of a row's own position.
func (s *stepState) page(ref *rowRef) (*pageRef, int) {
	at := int(ref.position)
	return &s.pages[int(s.firstPage[ref.span])+at/backend.PageTokens], at % backend.PageTokens
}

// Step implements backend.Program.
func (p *Program) Step(ctx context.Context, in *backend.Step) error {
	p.backlog.waiting.Add(1)
	select {
	case <-p.turn:
		p.backlog.waiting.Add(-1)
	case <-ctx.Done():
		p.backlog.waiting.Add(-1)
		return ctx.Err()
	}
	defer func() { p.turn <- struct{}{} }()
	p.backlog.used.Store(true)
	if p.closed.Load() {
		return backend.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if c, ok := in.Cache.(*cache); ok && c != nil {
		c.use.RLock()
		defer c.use.RUnlock()
	}
	s := &p.step
	if err := s.load(p, in); err != nil {
		return err
	}
	s.ctx, s.stage = ctx, -1
	for i := range s.ended {
		s.ended[i].Store(0)
	}
	p.team.run()
	if !s.canceled && p.result.space != logits {
		for i := range s.outs {
			copy(in.Logits[i*p.vocab:(i+1)*p.vocab], p.workers[0].floats(p.result, i, p.vocab))
		}
	}
	s.Step, s.cache, s.ctx, s.logits = nil, nil, nil, nil
	if s.canceled {
		return ctx.Err()
	}
	for i := range p.workers {
		if err := p.workers[i].err; err != nil {
			return fmt.Errorf("cpu: weights that are not packed yet: %w", err)
		}
	}
	return nil
}
