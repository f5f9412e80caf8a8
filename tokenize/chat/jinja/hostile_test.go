package jinja

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"
)

// TestHostile checks that every one of them ends with a LimitError, soon and with little memory. The bounds are those of the
// package comment with room for slow machines and the race detector.
func TestHostile(t *testing.T) {
	const mostTime, mostMemory = 3 * time.Second, 96 << 20
	defer debug.SetGCPercent(debug.SetGCPercent(50))
	for name, source := range hostile() {
		t.Run(name, func(t *testing.T) {
			tmpl, err := Parse(source, Options{})
			if err != nil {
				t.Fatal(err)
			}
			stop := make(chan bool)
			peak := make(chan uint64)
			go watchHeap(stop, peak)
			start := time.Now()
			text, err := tmpl.Render(context.Background(), nil)
			took := time.Since(start)
			close(stop)
			used := <-peak
			var limit *LimitError
			if !errors.Is(err, ErrLimit) || !errors.As(err, &limit) {
				t.Errorf("got %d bytes and error %v, want a LimitError", len(text), err)
			}
			if text != "" && err != nil {
				t.Errorf("got %d bytes with an error, want none", len(text))
			}
			t.Logf("%v, peak %d MiB: %v", took.Round(time.Millisecond), used>>20, err)
			if took > mostTime {
				t.Errorf("took %v, want at most %v", took, mostTime)
			}
			if used > mostMemory {
				t.Errorf("used %d bytes, want at most %d", used, mostMemory)
			}
		})
	}
}

// watchHeap reports how far the heap grew until stop is closed.
func watchHeap(stop <-chan bool, peak chan<- uint64) {
	var s runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&s)
	base, most := s.HeapAlloc, s.HeapAlloc
	for {
		select {
		case <-stop:
			runtime.ReadMemStats(&s)
			peak <- max(most, s.HeapAlloc) - base
			return
		case <-time.After(5 * time.Millisecond):
			runtime.ReadMemStats(&s)
			most = max(most, s.HeapAlloc)
		}
	}
}

// TestHostileSource checks sources that are deep or large in themselves.
func TestHostileSource(t *testing.T) {
	for name, source := range map[string]string{
		"size":         strings.Repeat("a", 1<<20),
		"brackets":     "{{ " + strings.Repeat("(", 100000),
		"lists":        "{{ " + strings.Repeat("[", 100000) + strings.Repeat("]", 100000) + " }}",
		"not":          "{{ " + strings.Repeat("not ", 50000) + "1 }}",
		"minus":        "{{ " + strings.Repeat("-", 200000) + "1 }}",
		"sum":          "{{ 1" + strings.Repeat("+1", 100000) + " }}",
		"or":           "{{ 1" + strings.Repeat(" or 1", 40000) + " }}",
		"attributes":   "{{ a" + strings.Repeat(".a", 100000) + " }}",
		"calls":        "{{ a" + strings.Repeat("()", 100000) + " }}",
		"filters":      "{{ a" + strings.Repeat("|d", 100000) + " }}",
		"tests":        "{{ a" + strings.Repeat("|d is odd", 20000) + " }}",
		"conditions":   "{{ a" + strings.Repeat(" if a else a", 20000) + " }}",
		"conditions 2": "{{ a" + strings.Repeat(" if a", 40000) + " }}",
		"ifs":          strings.Repeat("{% if a %}", 20000),
		"fors":         strings.Repeat("{% for a in b %}", 15000),
		"targets":      "{% set " + strings.Repeat("(", 100000),
		"dicts":        "{{ " + strings.Repeat("{1:", 80000),
		"integer":      "{{ " + strings.Repeat("9", 100000) + " }}",
		"chains":       "{{ " + strings.Repeat("(", 40) + "1" + strings.Repeat(strings.Repeat("+1", 900)+")", 40) + " }}",
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			tmpl, err := Parse(source, Options{})
			if err == nil {
				_, err = tmpl.Render(context.Background(), nil)
			}
			if !errors.Is(err, ErrLimit) {
				t.Errorf("got error %v, want a LimitError", err)
			}
			t.Logf("%v: %.100v", time.Since(start).Round(time.Millisecond), err)
			if took := time.Since(start); took > 3*time.Second {
				t.Errorf("took %v, want at most 3 s", took)
			}
		})
	}
}

// TestLargeSource checks that long flat templates are read in reasonable time.
func TestLargeSource(t *testing.T) {
	for name, source := range map[string]string{
		"ifs":    strings.Repeat("{% if a %}{% set b = 1 %}{% endif %}", 7000),
		"names":  numbered("{%% if v%d %%}{%% set w%d = 1 %%}{%% endif %%}", 5000),
		"macros": numbered("{%% macro m%d(a, b) %%}{{ m%d }}{%% endmacro %%}", 5000),
		"nested": strings.Repeat("{% for x in y %}{% if x %}", 240) + strings.Repeat("{{ loop.index }}", 14000) +
			strings.Repeat("{% endif %}{% endfor %}", 240),
		"elifs": "{% if a %}" + numbered("{%% elif v%d %%}{%% set w%d = 1 %%}", 5000) + "{% endif %}",
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			tmpl, err := Parse(source, Options{Limits: Limits{SourceBytes: 1 << 20}})
			if err == nil {
				_, err = tmpl.Render(context.Background(), nil)
			}
			if err != nil {
				t.Error(err)
			}
			t.Log(time.Since(start).Round(time.Millisecond))
			if took := time.Since(start); took > 3*time.Second {
				t.Errorf("took %v, want at most 3 s", took)
			}
		})
	}
}

func numbered(format string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i, i)
	}
	return b.String()
}

func TestLimits(t *testing.T) {
	render := func(source string, l Limits) error {
		tmpl, err := Parse(source, Options{Limits: l})
		if err != nil {
			return err
		}
		_, err = tmpl.Render(context.Background(), nil)
		return err
	}
	for _, c := range []struct {
		source string
		limits Limits
		what   string
	}{
		{"{% for i in range(50) %}{% endfor %}", Limits{Steps: 20}, "steps"},
		{"{{ 'a' * 100 }}", Limits{OutputBytes: 99}, "output bytes"},
		{"{{ ('a' * 100)|length }}", Limits{ValueBytes: 99}, "value bytes"},
		{"{{ ('a' * 100)|length }}{{ ('a' * 100)|length }}", Limits{TotalBytes: 150}, "bytes altogether"},
		{"{{ [[[[1]]]]|length }}", Limits{Depth: 4}, "levels of depth"},
		{"{{ 1 }}", Limits{SourceBytes: 3}, "source bytes"},
	} {
		var limit *LimitError
		if err := render(c.source, c.limits); !errors.As(err, &limit) || limit.What != c.what {
			t.Errorf("%s with %+v: got error %v, want a limit on %s", c.source, c.limits, err, c.what)
		}
		if err := render(c.source, Limits{}); err != nil {
			t.Errorf("%s with the default limits: %v", c.source, err)
		}
	}
	err := render("", Limits{Steps: -1, Depth: 1 << 30})
	if err == nil || !strings.Contains(err.Error(), "Steps") || !strings.Contains(err.Error(), "Depth") {
		t.Errorf("got error %v, want one that names Steps and Depth", err)
	}
}

func TestContext(t *testing.T) {
	tmpl, err := Parse(loops(3, ""), Options{Limits: Limits{Steps: math.MaxInt}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	start := time.Now()
	if _, err := tmpl.Render(ctx, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got error %v, want DeadlineExceeded", err)
	}
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("took %v after the context ended", took)
	}
}
