package jinja

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"
	"time"
)

// mostHostileTime is how long a hostile template may run; the race detector makes everything ten times slower.
func mostHostileTime() time.Duration {
	if raceEnabled {
		return 2 * time.Second
	}
	return 100 * time.Millisecond
}

// TestHostile checks that every one of them ends with a LimitError within 100 ms and 64 MiB. Time is that of the processor,
// because other programs may use the machine, and the best of three runs.
func TestHostile(t *testing.T) {
	mostTime := mostHostileTime()
	const mostMemory = 64 << 20
	for name, source := range hostile() {
		t.Run(name, func(t *testing.T) {
			tmpl, err := Parse(source, Options{})
			if err != nil {
				t.Fatal(err)
			}
			took, used := time.Hour, uint64(math.MaxUint64)
			for range 3 {
				d, u, err := measured(t, tmpl)
				var limit *LimitError
				if !errors.Is(err, ErrLimit) || !errors.As(err, &limit) {
					t.Fatalf("got error %v, want a LimitError", err)
				}
				if took, used = min(took, d), min(used, u); took < mostTime/2 && used < mostMemory/2 {
					break
				}
			}
			t.Logf("%v, peak %d MiB", took.Round(time.Millisecond), used>>20)
			if took > mostTime {
				t.Errorf("took %v, want at most %v", took, mostTime)
			}
			if used > mostMemory {
				t.Errorf("used %d bytes, want at most %d", used, mostMemory)
			}
		})
	}
}

// measured renders the template and tells the time of its thread and how far heap and stacks grew.
func measured(t *testing.T, tmpl *Template) (time.Duration, uint64, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	stop, peak := make(chan bool), make(chan uint64)
	go watchMemory(stop, peak)
	<-peak // the watcher has its base
	start := threadTime()
	text, err := tmpl.Render(context.Background(), nil)
	took := threadTime() - start
	close(stop)
	if text != "" && err != nil {
		t.Errorf("got %d bytes with an error, want none", len(text))
	}
	return took, <-peak, err
}

// watchMemory reports how far heap and stacks grew until stop is closed, after a first report of zero when it begins.
func watchMemory(stop <-chan bool, peak chan<- uint64) {
	var s runtime.MemStats
	used := func() uint64 { runtime.ReadMemStats(&s); return s.HeapAlloc + s.StackInuse }
	runtime.GC()
	base := used()
	most := base
	peak <- 0
	for {
		select {
		case <-stop:
			peak <- max(most, used()) - base
			return
		case <-time.After(2 * time.Millisecond):
			most = max(most, used())
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
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			took := time.Hour
			for range 3 {
				start := threadTime()
				tmpl, err := Parse(source, Options{})
				if err == nil {
					_, err = tmpl.Render(context.Background(), nil)
				}
				took = min(took, threadTime()-start)
				if !errors.Is(err, ErrLimit) {
					t.Errorf("got error %v, want a LimitError", err)
				}
			}
			t.Log(took.Round(time.Millisecond))
			if took > mostHostileTime() {
				t.Errorf("took %v, want at most %v", took, mostHostileTime())
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
