package benchmarks

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/seed64708441/ember/backend/cpu"
	"github.com/seed64708441/ember/model"
)

// firstResult is what a process reports that opened a model and generated tokens.
type firstResult struct {
	// From the start of model.Open: until it is open, until the first token is there, and the last.
	Open, First, Last time.Duration
	PeakBytes         int64 // of resident memory, the mapped file included; 0 where the system does not say
}

// firstPrompt is the number of tokens of the prompt, and firstTokens of those that are generated: enough that weights which
// are packed behind the first steps are packed.
const (
	firstPrompt = 16
	firstTokens = 16
)

// measureFirst opens a model and generates the first tokens after a prompt.
func measureFirst(path, level string, threads int) (f firstResult, err error) {
	start := time.Now()
	be, err := cpu.New(cpu.Config{Level: level, Threads: threads})
	if err != nil {
		return f, err
	}
	m, err := model.Open(context.Background(), path, model.Config{Backend: be})
	if err != nil {
		return f, err
	}
	defer m.Close()
	f.Open = time.Since(start)
	s, err := m.NewSession(model.SessionConfig{})
	if err != nil {
		return f, err
	}
	defer s.Close()
	r := rig{}
	r.work.vocab = m.Info().Vocab
	request := model.Request{Tokens: r.prompt(firstPrompt), MaxTokens: firstTokens, IgnoreEOG: true}
	for _, err := range s.Generate(context.Background(), request) {
		if err != nil {
			return f, err
		}
		if f.Last = time.Since(start); f.First == 0 {
			f.First = f.Last
		}
	}
	f.PeakBytes = peakResident()
	return f, nil
}

// peakResident returns the most memory that was resident so far, 0 where the system does not say.
func peakResident() int64 {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, ok := strings.Cut(string(b), "VmHWM:")
	if f := strings.Fields(rest); ok && len(f) > 0 {
		n, _ := strconv.ParseInt(f[0], 10, 64)
		return n << 10
	}
	return 0
}

// TestFirstTokenChild is what BenchmarkFirstToken runs in a process of its own.
func TestFirstTokenChild(t *testing.T) {
	if *childFlag == "" {
		t.Skip("runs for BenchmarkFirstToken")
	}
	f, err := measureFirst(*childFlag, *levelFlag, *threadsFlag)
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("%s%s\n", childMark, b)
}

const childMark = "first token: "

// firstInChild runs measureFirst in a new process, so that nothing is warm but the page cache.
func firstInChild(b *testing.B, path string, threads int) (f firstResult) {
	program, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	c := exec.CommandContext(b.Context(), program, "-test.run=^TestFirstTokenChild$", "-child="+path, "-level="+*levelFlag,
		fmt.Sprint("-child-threads=", threads))
	out, err := c.CombinedOutput()
	_, line, ok := strings.Cut(string(out), childMark)
	if err != nil || !ok {
		b.Fatalf("%v: %s", err, out)
	}
	line, _, _ = strings.Cut(line, "\n")
	if err := json.Unmarshal([]byte(line), &f); err != nil {
		b.Fatal(err)
	}
	return f
}

// BenchmarkFirstToken starts a process that opens a model whose file is in the page cache and generates 16 tokens
// after a prompt of 16: ms-open, ms-first and ms-last from the start of Open, peak-MB of resident memory, and file-MB.
func BenchmarkFirstToken(b *testing.B) {
	eachModel(b, func(s spec) bool { return s.typ == "Q4_0" }, func(b *testing.B, r *rig) {
		run(b, "tokens=16", func(b *testing.B) {
			path := r.file(b)
			size := warm(b, path)
			var sum firstResult
			n := 0
			for b.Loop() {
				f := firstInChild(b, path, r.threads)
				sum.Open, sum.First, sum.Last = sum.Open+f.Open, sum.First+f.First, sum.Last+f.Last
				sum.PeakBytes += f.PeakBytes
				n++
			}
			k := 1 / float64(n)
			b.ReportMetric(1e3*k*sum.Open.Seconds(), "ms-open")
			b.ReportMetric(1e3*k*sum.First.Seconds(), "ms-first")
			b.ReportMetric(1e3*k*sum.Last.Seconds(), "ms-last")
			if sum.PeakBytes > 0 {
				b.ReportMetric(1e-6*k*float64(sum.PeakBytes), "peak-MB")
			}
			b.ReportMetric(1e-6*float64(size), "file-MB")
			b.ReportMetric(0, "ns/op")
		})
	})
}

// warm reads a file, so that it is in the page cache, and returns its size.
func warm(tb testing.TB, path string) int64 {
	tb.Helper()
	f, err := os.Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	size := int64(0)
	for buf := make([]byte, 1<<20); ; {
		n, err := f.Read(buf)
		size += int64(n)
		if err != nil {
			return size
		}
	}
}
