package benchmarks

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed64708441/ember/model"
)

// samples are speeds in tokens per second.
type samples []float64

// median returns 0 for none.
func (s samples) median() float64 {
	if len(s) == 0 {
		return 0
	}
	v := slices.Sorted(slices.Values(s))
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

// String returns the median and, in brackets, the least and the most.
func (s samples) String() string {
	if len(s) == 0 {
		return "–"
	}
	return fmt.Sprintf("%s (%s–%s)", rate(s.median()), rate(slices.Min(s)), rate(slices.Max(s)))
}

// rate writes a speed with three digits, or all before the point.
func rate(v float64) string {
	if v >= 1000 {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.3g", v)
}

// comparison is what the engines made of a task.
type comparison struct {
	name  string // 1B Q4_0, 2 threads, pp512
	ours  samples
	peers []samples // the best mode of each
	modes []string  // which that was
	// fraction is the fraction of the limit of one token per second; 0 if there is no limit.
	fraction float64
}

// BenchmarkPeers compares with the llama-bench programs that LLAMA_BENCH lists, separated as in PATH, on the same file
// with the same number of threads. The engines take turns, -rounds times, each measuring twice after a warm-up. It prints
// a table: medians, with least and most; our median as a multiple of the peer's best mode; fractions of the limit.
func BenchmarkPeers(b *testing.B) {
	peers, err := peersFrom(b.Context(), llamaBench())
	if err != nil {
		b.Fatal(err)
	}
	if len(peers) == 0 {
		b.Skip("LLAMA_BENCH names no llama-bench program")
	}
	var all []comparison
	want := func(s spec) bool { return s == spec{"1B", "Q4_0"} || s == spec{"1B", "Q4_K_M"} }
	eachModel(b, want, func(b *testing.B, r *rig) {
		for _, t := range []task{{Prefill: 512}, {Decode: 64}, {Decode: 128}, {Decode: 64, Depth: 4096}} {
			every := r.threads == runtime.GOMAXPROCS(0)
			if !selective() && (!every || t.Depth > 0 || t.Decode == 128) {
				continue
			}
			run(b, "test="+t.String(), func(b *testing.B) {
				c := r.compare(b, t, peers)
				for i, p := range peers {
					if m := c.peers[i].median(); m > 0 {
						b.ReportMetric(c.ours.median()/m, "x-"+strings.ReplaceAll(p.name, " ", "-"))
					}
				}
				b.ReportMetric(c.ours.median(), "tok/s")
				b.ReportMetric(100*c.fraction*c.ours.median(), "%limit")
				b.ReportMetric(0, "ns/op")
				all = append(all, c)
			})
		}
	})
	if len(all) > 0 {
		fmt.Fprint(os.Stdout, "\n", table(all, peers), "\n")
	}
}

// repeat is how often an engine measures in its turn.
const repeat = 2

// compare lets all engines do a task.
func (r *rig) compare(b *testing.B, t task, peers []*peer) comparison {
	s := r.session(b)
	c := comparison{name: fmt.Sprintf("%s | %s | %d | %v", r.spec.shape, r.spec.typ, r.threads, t)}
	var l limit
	var read readings
	theirs := make([][]samples, len(peers))
	for range *roundsFlag {
		if t.Decode > 0 {
			read.measure(r.threads)
		}
		c.ours = append(c.ours, r.turn(b, s, t)...)
		if t.Decode > 0 {
			l = read.measure(r.threads)
		}
		for i, p := range peers {
			if theirs[i] == nil {
				theirs[i] = make([]samples, len(p.modes))
			}
			for j, mode := range p.modes {
				v, err := p.run(b.Context(), t, mode, r.path, r.threads, repeat)
				if err != nil {
					b.Log(err) // a type that it does not have, for instance
				}
				theirs[i][j] = append(theirs[i][j], v...)
			}
		}
	}
	perToken := r.work.decodeBytes(float64(t.Depth) + float64(t.Decode)/2)
	if t.Prefill > 0 {
		l = multiplyLimit(r.level, r.spec.kind(), r.threads)
		perToken = r.work.prefillMACs(t.Prefill) / float64(t.Prefill)
	}
	if l.err == nil {
		c.fraction = perToken / l.perSecond
	}
	for i, p := range peers {
		best := 0
		for j := range p.modes {
			if theirs[i][j].median() > theirs[i][best].median() {
				best = j
			}
		}
		c.peers, c.modes = append(c.peers, theirs[i][best]), append(c.modes, p.modes[best])
	}
	return c
}

// turn measures a task as llama-bench does: a warm-up, then repetitions.
func (r *rig) turn(b testing.TB, s *model.Session, t task) (v samples) {
	if t.Prefill > 0 {
		prompt := r.prompt(t.Prefill)
		prefill(b, s, prompt)
		for range repeat {
			start := time.Now()
			prefill(b, s, prompt)
			v = append(v, float64(t.Prefill)/time.Since(start).Seconds())
		}
		return v
	}
	if err := s.Rewind(0); err != nil {
		b.Fatal(err)
	}
	if t.Depth > 0 {
		prefill(b, s, r.prompt(t.Depth))
	}
	decode(b, s, t.Depth, 4)
	for range repeat {
		start := time.Now()
		decode(b, s, t.Depth, t.Decode)
		v = append(v, float64(t.Decode)/time.Since(start).Seconds())
	}
	return v
}

// table returns the comparisons as a table in Markdown.
func table(all []comparison, peers []*peer) string {
	var w strings.Builder
	w.WriteString("| shape | type | threads | test | Ember tok/s | of limit |")
	for _, p := range peers {
		fmt.Fprintf(&w, " %s tok/s | of limit | mode | Ember is |", p.name)
	}
	w.WriteString("\n|---|---|--:|---|--:|--:|" + strings.Repeat("--:|--:|---|--:|", len(peers)) + "\n")
	for _, c := range all {
		fmt.Fprintf(&w, "| %s | %v | %s |", c.name, c.ours, c.of(c.ours))
		for i, p := range c.peers {
			ratio := "–"
			if m := p.median(); m > 0 {
				ratio = fmt.Sprintf("%.2f ×", c.ours.median()/m)
			}
			fmt.Fprintf(&w, " %v | %s | `%s` | %s |", p, c.of(p), c.modes[i], ratio)
		}
		w.WriteByte('\n')
	}
	return w.String()
}

// of returns the fraction of the limit.
func (c *comparison) of(s samples) string {
	if c.fraction == 0 || len(s) == 0 {
		return "–"
	}
	return fmt.Sprintf("%.0f %%", 100*c.fraction*s.median())
}
