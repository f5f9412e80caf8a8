package backendtest

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/seed64708441/ember/backend"
	"github.com/seed64708441/ember/ops"
	"github.com/seed64708441/ember/ops/ref"
	"github.com/seed64708441/ember/tensor"
)

// A suite that cannot fail proves nothing. Each mutant is the reference backend with one fault; the part of the suite
// that it names must fail. The suite runs in a process of its own, since a failed subtest fails its test.

// mutantVariable names the mutant in the environment of that process.
const mutantVariable = "EMBER_BACKENDTEST_MUTANT"

// mutant is a fault. Hooks that are nil do nothing.
type mutant struct {
	name string
	// topic is the part of the suite that must fail, as -test.run takes it below TestMutant.
	topic   string
	graph   func(g *ops.Graph) *ops.Graph
	options func(o *backend.Options)
	// round is given to the machine, and cacheRound for the caches of a type.
	round  ref.Rounding
	before func(s *backend.Step)
	after  func(c Config, s *backend.Step)
	cache  func(c *mutantCache)
	err    func(err error) error
	ctx    func(ctx context.Context) context.Context
}

// flip changes the last bit of the first logit: what another order of additions does.
func flip(s *backend.Step) {
	if len(s.Logits) > 0 {
		s.Logits[0] = math.Float32frombits(math.Float32bits(s.Logits[0]) ^ 1)
	}
}

func flipIf(f func(c Config, s *backend.Step) bool) func(c Config, s *backend.Step) {
	return func(c Config, s *backend.Step) {
		if f(c, s) {
			flip(s)
		}
	}
}

// steps that are running, for the mutant that mixes them up.
var running atomic.Int32

var mutants = slices.Concat(doubled(), []mutant{
	{name: "eps", topic: "ops/RMSNorm", graph: attribute(func(a *ops.Norm) { a.Eps *= 1.5 })},
	{name: "bias lost", topic: "ops/Add", graph: rewrite(func(b *ops.Builder, n ops.Node, in []ops.Value, out ops.Value) ops.Value {
		if n.Op == ops.OpAdd && n.In[1].Weight() >= 0 {
			return in[0]
		}
		return out
	})},
	{name: "operands swapped", topic: "ops/GLU", graph: rewrite(func(b *ops.Builder, n ops.Node, in []ops.Value, out ops.Value) ops.Value {
		if n.Op == ops.OpGLU {
			return b.GLU(ops.SiLU, in[1], in[0])
		}
		return out
	})},
	{name: "scale", topic: "ops/Attention", graph: attribute(func(a *ops.Attention) { a.Scale *= 1.001 })},
	{name: "window one more", topic: "ops/Attention/.*window=64", graph: attribute(func(a *ops.Attention) { a.Window++ })},
	{name: "window off", topic: "ops/Attention/.*window=100", graph: attribute(func(a *ops.Attention) { a.Window = 0 })},
	{name: "pairs", topic: "ops/Attention", graph: attribute(func(a *ops.Attention) { a.Rope.Interleaved = false })},
	{name: "magnitude", topic: "ops/Attention", graph: attribute(func(a *ops.Attention) { a.Rope.Magnitude = 1 })},
	{name: "frequencies", topic: "ops/Attention/.*mirrored", graph: attribute(func(a *ops.Attention) {
		a.Rope.Freqs = slices.Clone(a.Rope.Freqs)
		slices.Sort(a.Rope.Freqs)
		slices.Reverse(a.Rope.Freqs)
	})},
	{name: "output rows", topic: "ops/Outputs", before: func(s *backend.Step) {
		if len(s.Outputs) > 0 && s.Outputs[0] > 0 {
			s.Outputs[0]--
		}
	}},
	{name: "accuracy", topic: "graphs", after: func(_ Config, s *backend.Step) {
		for i := range s.Logits {
			s.Logits[i] *= 1 + 3e-5
		}
	}},
	{name: "operands of 6 bits", topic: "types/Q4_0/model", round: ref.Rounding{Operand: coarse(31, 32)}},
	{name: "operands of 7 bits", topic: "types/Q8_0/product", round: ref.Rounding{Operand: coarse(63, 32)}},
	{name: "long blocks", topic: "types/Q8_0/product", round: ref.Rounding{Operand: coarse(127, 512)}},
	{name: "operands rounded for halves", topic: "types/F16/product", round: ref.Rounding{Operand: coarse(127, 32)}},
	{name: "keys of 16 bits", topic: "ops/Attention", round: storage(tensor.F16)},
	{name: "cache of 8 bits", topic: "caches/F16", round: storage(tensor.Q8_0)},
	{name: "cache of 4 bits", topic: "caches/Q8_0", round: storage(tensor.Q4_0)},
	{name: "cache of 3 bits", topic: "caches/Q4_0", round: ref.Rounding{Key: heads(coarse(3, 32)), Value: heads(coarse(3, 32))}},

	{name: "order by rows", topic: "determinism/F32/pieces", after: flipIf(func(_ Config, s *backend.Step) bool { return len(s.Tokens) == 7 })},
	{name: "order by single rows", topic: "determinism/Q4_K/pieces", after: flipIf(func(_ Config, s *backend.Step) bool { return len(s.Tokens) == 1 })},
	{name: "order by outputs", topic: "determinism/F32/outputs", after: flipIf(func(_ Config, s *backend.Step) bool { return len(s.Outputs) == 1 })},
	{name: "order by batch", topic: "determinism/F32/batch", after: flipIf(func(_ Config, s *backend.Step) bool { return len(s.Spans) > 2 })},
	{name: "order by threads", topic: "determinism/F32/threads", after: flipIf(func(c Config, _ *backend.Step) bool { return c.Threads == 4 })},
	{name: "order by pages", topic: "determinism/F32/page_ids", after: flipIf(func(_ Config, s *backend.Step) bool { return s.Spans[0].Pages[0].ID > 1 })},
	{name: "embeddings", topic: "determinism/F32/embeddings", after: flipIf(func(_ Config, s *backend.Step) bool { return len(s.Embeddings) > 0 })},
	{name: "order by MaxRows", topic: "determinism/F32/compilations", after: flipIf(func(_ Config, s *backend.Step) bool {
		return s.Cache.(*refCache).program.maxRows == 9
	})},

	{name: "load forgets", topic: "pages/F32/restore", cache: func(c *mutantCache) {
		c.load = func(p backend.PageID, src []byte) error {
			src = slices.Clone(src)
			clear(src[len(src)-8:])
			return c.refCache.Load(p, src)
		}
	}},
	{name: "copy does nothing", topic: "pages/F32/fork", cache: func(c *mutantCache) {
		c.copy = func(dst, src backend.PageID) error { return nil }
	}},
	{name: "copy moves", topic: "pages/F32/fork", cache: func(c *mutantCache) {
		c.copy = func(dst, src backend.PageID) error {
			err := c.refCache.Copy(dst, src)
			return max2(err, c.refCache.Load(src, make([]byte, c.PageBytes())))
		}
	}},
	{name: "pages are not zeroed", topic: "pages/F32/reuse", cache: func(c *mutantCache) {
		c.alloc = func() (backend.PageID, error) {
			id, err := c.refCache.Alloc()
			if err == nil {
				c.pages[id].keys[0][5] = 3
			}
			return id, err
		}
	}},
	{name: "no end of pages", topic: "pages/allocation", cache: func(c *mutantCache) { c.max += 5 }},
	{name: "hidden slots seen", topic: "pages/F32/rubbish", after: func(_ Config, s *backend.Step) {
		if len(s.Logits) == 0 {
			return
		}
		for _, p := range s.Spans[0].Pages {
			b := make([]byte, s.Cache.PageBytes())
			_ = s.Cache.Save(b, p.ID)
			for ; len(b) > 0; b = b[8:] {
				if math.IsNaN(math.Float64frombits(binary.LittleEndian.Uint64(b))) {
					s.Logits[0] = float32(math.NaN())
					return
				}
			}
		}
	}},
	{name: "rewound slots kept", topic: "pages/F32/rewind", before: func(s *backend.Step) {
		c := s.Cache.(*refCache)
		for _, sp := range s.Spans { // what was written once counts as the past: the row sees a slot too many
			page := c.pages[sp.Pages[0].ID]
			if page != nil && sp.Start > 0 && sp.Start < 60 && page.written[sp.Start+1] != 0 {
				page.values[0][0] += 1e-3
			}
		}
	}},
	{name: "shift ignored", topic: "shift/halves", before: func(s *backend.Step) {
		for i := range s.Spans {
			s.Spans[i].Pages = slices.Clone(s.Spans[i].Pages)
			for j := range s.Spans[i].Pages {
				s.Spans[i].Pages[j].Shift = 0
			}
		}
	}},
	{name: "shift the other way", topic: "shift/mixed/direct", before: func(s *backend.Step) {
		for i := range s.Spans {
			s.Spans[i].Pages = slices.Clone(s.Spans[i].Pages)
			for j := range s.Spans[i].Pages {
				s.Spans[i].Pages[j].Shift *= -1
			}
		}
	}},

	{name: "tokens wrap", topic: "errors/token", before: func(s *backend.Step) {
		for i := range s.Tokens {
			s.Tokens[i] = max(-1, s.Tokens[i]%67)
		}
	}},
	{name: "errors are lost", topic: "errors", err: func(error) error { return nil }},
	{name: "errors are not wrapped", topic: "errors/caches", err: func(err error) error {
		if err != nil {
			err = fmt.Errorf("%v", err)
		}
		return err
	}},
	{name: "rows without limit", topic: "errors/too_many_rows", options: func(o *backend.Options) { o.MaxRows = 400 }},
	{name: "outputs without limit", topic: "errors/too_many_outputs", options: func(o *backend.Options) { o.MaxOutputs = o.MaxRows }},
	{name: "memory kept", topic: "limits/account", cache: func(c *mutantCache) { _, _ = c.program.memory.Alloc(64) }},
	{name: "footprint wrong", topic: "limits/footprint", cache: func(c *mutantCache) { c.program.pageBytes += 8 }},
	{name: "cancel ignored", topic: "cancel", ctx: func(context.Context) context.Context { return context.Background() }},
	{name: "steps mixed", topic: "concurrent", after: flipIf(func(Config, *backend.Step) bool {
		runtime.Gosched()
		return running.Load() > 1
	})},
})

// doubled returns a mutant for every operation, which doubles its result.
func doubled() []mutant {
	var all []mutant
	for _, op := range ops.Ops() {
		all = append(all, mutant{name: "double " + op.String(), topic: "ops/" + op.String() + "/", graph: rewrite(
			func(b *ops.Builder, n ops.Node, in []ops.Value, out ops.Value) ops.Value {
				if n.Op == op {
					return b.Add(out, out)
				}
				return out
			})})
	}
	return all
}

// coarse rounds to whole multiples of amax/codes in blocks of n.
func coarse(codes float64, n int) func(weight string, x []float64) {
	return func(_ string, x []float64) {
		for block := range slices.Chunk(x, n) {
			if step := amax(block) / codes; step > 0 {
				for i := range block {
					block[i] = math.RoundToEven(block[i]/step) * step
				}
			}
		}
	}
}

func max2(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// TestMutants runs each mutant and wants its part of the suite to fail, and the reference without a fault to pass.
func TestMutants(t *testing.T) {
	if testing.Short() || raceEnabled {
		t.Skip("starts a process for each mutant")
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	all := mutants
	for _, topic := range []string{"ops", "graphs/small", "shift/halves", "pages/F32", "determinism/F32", "errors", "limits", "concurrent"} {
		all = append(all, mutant{name: "none", topic: topic})
	}
	for _, m := range all {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			c := exec.CommandContext(t.Context(), exe, "-test.run=^TestMutant$/"+m.topic, "-test.timeout=60s", "-test.v")
			c.Env = append(os.Environ(), mutantVariable+"="+m.name)
			out, err := c.CombinedOutput()
			text := string(out)
			first, _, _ := strings.Cut(m.topic, "/")
			if m.name == "none" {
				if err != nil || !strings.Contains(text, "--- PASS: TestMutant/"+first) {
					t.Fatalf("the reference without a fault fails: %v\n%s", err, tail(text))
				}
				return
			}
			if err == nil || !strings.Contains(text, "--- FAIL: TestMutant/"+first) || strings.Contains(text, "panic:") {
				t.Errorf("the suite does not notice: %v\n%s", err, tail(text))
			}
		})
	}
}

func tail(s string) string { return s[max(0, len(s)-2000):] }

// TestMutant is the process of one mutant.
func TestMutant(t *testing.T) {
	name := os.Getenv(mutantVariable)
	if name == "" {
		return // TestMutants starts it
	}
	for _, m := range append(mutants, mutant{name: "none"}) {
		if m.name == name {
			Run(t, func(_ *testing.T, c Config) backend.Backend { return mutantBackend{mutant: m, config: c} })
			return
		}
	}
	t.Fatalf("no mutant %q", name)
}

// mutantBackend is the reference with a fault.
type mutantBackend struct {
	Reference
	mutant mutant
	config Config
}

func (b mutantBackend) Compile(ctx context.Context, g *ops.Graph, w backend.Weights, o backend.Options) (backend.Program, error) {
	m := b.mutant
	if m.graph != nil {
		g = m.graph(g)
	}
	if m.options != nil {
		m.options(&o)
	}
	if m.ctx != nil {
		ctx = m.ctx(ctx)
	}
	p, err := b.compile(ctx, g, w, o)
	if err != nil {
		return nil, err
	}
	p.machine.Round = m.round
	return &mutantProgram{p, m, b.config}, nil
}

type mutantProgram struct {
	*refProgram
	mutant mutant
	config Config
}

func (p *mutantProgram) NewCache(t backend.CacheType, maxPages int) (backend.Cache, error) {
	c, err := p.refProgram.NewCache(t, maxPages)
	if err != nil {
		return nil, err
	}
	r := c.(*refCache)
	m := &mutantCache{refCache: r, load: r.Load, copy: r.Copy, alloc: r.Alloc}
	if p.mutant.cache != nil {
		p.mutant.cache(m)
	}
	return m, nil
}

func (p *mutantProgram) Step(ctx context.Context, in *backend.Step) error {
	running.Add(1)
	defer running.Add(-1)
	s := *in
	s.Tokens, s.Outputs, s.Spans = slices.Clone(s.Tokens), slices.Clone(s.Outputs), slices.Clone(s.Spans)
	if c, ok := s.Cache.(*mutantCache); ok {
		s.Cache = c.refCache
	}
	m := p.mutant
	if m.before != nil && s.Cache != nil {
		m.before(&s)
	}
	if m.ctx != nil {
		ctx = m.ctx(ctx)
	}
	err := p.refProgram.Step(ctx, &s)
	if m.after != nil && err == nil {
		m.after(p.config, &s)
	}
	if m.err != nil {
		err = m.err(err)
	}
	return err
}

type mutantCache struct {
	*refCache
	load  func(p backend.PageID, src []byte) error
	copy  func(dst, src backend.PageID) error
	alloc func() (backend.PageID, error)
}

func (c *mutantCache) Alloc() (backend.PageID, error)          { return c.alloc() }
func (c *mutantCache) Copy(dst, src backend.PageID) error      { return c.copy(dst, src) }
func (c *mutantCache) Load(p backend.PageID, src []byte) error { return c.load(p, src) }

// heads makes a rounding of operands one of heads.
func heads(f func(weight string, x []float64)) func(x []float64) {
	return func(x []float64) { f("", x) }
}
