package benchmarks

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed64708441/ember/benchmarks/internal/limits"
	"github.com/seed64708441/ember/model/testmodel"
)

// tiny is a model that is written and run in no time.
func tiny() testmodel.ShapeConfig {
	return testmodel.ShapeConfig{Layers: 2, Width: 256, Heads: 4, KVHeads: 2, HeadSize: 64, FFN: 512, Vocab: 20000, Mix: testmodel.Q4_0}
}

// tinyRig returns a rig of a model in a folder that tb removes.
func tinyRig(tb testing.TB, write func(dir, name string, c testmodel.ShapeConfig) (string, error)) *rig {
	tb.Helper()
	path, err := write(tb.TempDir(), "tiny", tiny())
	if err != nil {
		tb.Fatal(err)
	}
	r := &rig{spec: spec{"tiny", "Q4_0"}, threads: 2, file: func(testing.TB) string { return path }}
	tb.Cleanup(func() { r.close(tb) })
	return r
}

func TestSpecs(t *testing.T) {
	for _, shape := range shapeNames {
		for _, typ := range typeNames {
			s := spec{shape, typ}
			c, err := s.config()
			if err != nil {
				t.Error(err)
				continue
			}
			if _, err := testmodel.Shape(c); err != nil {
				t.Errorf("%v: %v", s, err)
			}
			if want := typ == "F16" || typ == "BF16"; (s.kind() == limits.FP32) != want {
				t.Errorf("%v multiplies %v", s, s.kind())
			}
		}
	}
	if _, err := (spec{"7T", "Q4_0"}).config(); err == nil {
		t.Error("shape 7T: want an error")
	}
	if _, err := (spec{"1B", "Q4_X"}).config(); err == nil {
		t.Error("type Q4_X: want an error")
	}
}

// TestWork counts by hand what workOf reads from the file.
func TestWork(t *testing.T) {
	dir := t.TempDir()
	for _, tied := range []bool{false, true} {
		c := tiny()
		c.Mix, c.Tied = testmodel.Q8_0, tied
		path, err := writeModel(dir, "tiny", c)
		if err != nil {
			t.Fatal(err)
		}
		w, err := workOf(path)
		if err != nil {
			t.Fatal(err)
		}
		layers := float64(2 * (256*256*2 + 2*256*128 + 3*256*512))
		head := float64(256 * 20000)
		if w.layerMACs != layers || w.headMACs != head || w.vocab != 20000 {
			t.Errorf("tied %v: %g and %g multiply-adds, vocabulary %d; want %g, %g, 20000", tied, w.layerMACs, w.headMACs, w.vocab, layers, head)
		}
		if want := (layers+head)*34/32 + 5*256*4; w.weightBytes != want { // blocks of 32 in 34 bytes; norms in F32
			t.Errorf("tied %v: %g bytes of weights, want %g", tied, w.weightBytes, want)
		}
		if want := 2.0 * 2 * 2 * (64 + 64); w.positionBytes != want {
			t.Errorf("tied %v: %g bytes of a position, want %g", tied, w.positionBytes, want)
		}
		if got, want := w.prefillMACs(512), 512*layers+head; got != want {
			t.Errorf("tied %v: %g multiply-adds of a prompt, want %g", tied, got, want)
		}
	}
}

// TestFiles writes a model once, another when the contents differ, and neither when writing fails.
func TestFiles(t *testing.T) {
	dir := t.TempDir()
	a, err := writeModel(dir, "a", tiny())
	if err != nil {
		t.Fatal(err)
	}
	first, _ := os.Stat(a)
	again, err := writeModel(dir, "a", tiny())
	if err != nil {
		t.Fatal(err)
	}
	if second, _ := os.Stat(again); again != a || !second.ModTime().Equal(first.ModTime()) {
		t.Error("the same model was written twice")
	}
	c := tiny()
	c.Seed++
	other, err := writeModel(dir, "a", c)
	if err != nil {
		t.Fatal(err)
	}
	if other == a {
		t.Error("models of different seeds share a file")
	}
	broken := filepath.Join(dir, "broken")
	if _, err := writeOnce(broken, func(path string) error {
		if err := os.WriteFile(path, []byte("half"), 0o600); err != nil {
			return err
		}
		return os.ErrDeadlineExceeded
	}); err == nil {
		t.Error("failing write: want an error")
	}
	if left, _ := filepath.Glob(broken + "*"); len(left) > 0 {
		t.Errorf("a failing write left %v", left)
	}
}

// TestTurns measures a small model as the benchmarks measure real ones.
func TestTurns(t *testing.T) {
	r := tinyRig(t, writeModel)
	s := r.session(t)
	for _, task := range []task{{Prefill: 32}, {Decode: 4}, {Decode: 4, Depth: 100}} {
		for range 2 {
			v := r.turn(t, s, task)
			if len(v) != repeat || !(slices.Min(v) > 0) {
				t.Errorf("%v: %v", task, v)
			}
		}
	}
	f, err := measureFirst(r.path, "", 2)
	if err != nil {
		t.Fatal(err)
	}
	if f.Open <= 0 || f.First <= f.Open || f.PeakBytes < 0 {
		t.Errorf("first token: %+v", f)
	}
}

// TestRewrite writes an edited text with and without prompt look-up; a model that does not count must be noticed.
func TestRewrite(t *testing.T) {
	r := tinyRig(t, countingFile)
	s := r.session(t)
	prefill(t, s, edited(1000, 64))
	if u := rewrite(t, s, 64, 1000, 40, 0); u.Proposed != 0 {
		t.Errorf("%d tokens were proposed, want none", u.Proposed)
	}
	u := rewrite(t, s, 64, 1000, 40, 15)
	if u.Accepted < 20 || u.Accepted >= u.Proposed {
		t.Errorf("%d of %d proposed tokens were right, want at least 20 but not all", u.Accepted, u.Proposed)
	}
}

func TestSelection(t *testing.T) {
	if os.Getenv("LLAMA_BENCH") != "" {
		if _, err := peersFrom(context.Background(), llamaBench()); err != nil {
			t.Error(err)
		}
	}
	if _, err := peersFrom(context.Background(), filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a program that does not exist: want an error")
	}
	if p, err := peersFrom(context.Background(), ""); len(p) > 0 || err != nil {
		t.Errorf("no list: %v, %v", p, err)
	}
}

func TestArguments(t *testing.T) {
	llama, ik := peerOf("-d, --n-depth <n>"), peerOf("-rtr, --run-time-repack <0|1>")
	if llama.name != "llama.cpp" || ik.name != "ik_llama.cpp" || len(llama.modes) != 2 || len(ik.modes) != 1 {
		t.Fatalf("peers %+v, %+v", llama, ik)
	}
	for _, c := range []struct {
		p    *peer
		t    task
		mode string
		want string
	}{
		{llama, task{Prefill: 512}, "-fa 1", "-m f -t 2 -r 3 -o json -fa 1 -p 512 -n 0"},
		{llama, task{Decode: 64, Depth: 4096}, "-fa 0", "-m f -t 2 -r 3 -o json -fa 0 -p 0 -n 64 -d 4096"},
		{ik, task{Decode: 64, Depth: 4096}, ik.modes[0], "-m f -t 2 -r 3 -o json -rtr 1 -fa 1 -p 0 -n 0 -gp 4096,64"},
		{ik, task{Decode: 64}, ik.modes[0], "-m f -t 2 -r 3 -o json -rtr 1 -fa 1 -p 0 -n 64"},
	} {
		if got := strings.Join(c.p.arguments(c.t, c.mode, "f", 2, 3), " "); got != c.want {
			t.Errorf("%v of %s: %s, want %s", c.t, c.p.name, got, c.want)
		}
	}
}

func TestParse(t *testing.T) {
	const llama = `{"n_threads": 2, "n_prompt": 512, "n_gen": 0, "n_depth": 0, "samples_ns": [ 1 ],"samples_ts": [ 240.5, 241 ]}
{"n_prompt": 0, "n_gen": 64, "n_depth": 0, "samples_ts": [ 57 ]}
{"n_prompt": 0, "n_gen": 64, "n_depth": 4096, "samples_ts": [ 25 ]}
`
	const ik = `some text
[
  {"n_prompt": 512, "n_gen": 0, "test": "pp512", "samples_ts": [ 385.5, 380 ]},
  {"n_prompt": 4096, "n_gen": 64, "test": "tg64@pp4096", "samples_ts": [ 36 ]}
]
`
	for _, c := range []struct {
		out  string
		t    task
		want []float64
	}{
		{llama, task{Prefill: 512}, []float64{240.5, 241}},
		{llama, task{Decode: 64}, []float64{57}},
		{llama, task{Decode: 64, Depth: 4096}, []float64{25}},
		{ik, task{Prefill: 512}, []float64{385.5, 380}},
		{ik, task{Decode: 64, Depth: 4096}, []float64{36}},
		{ik, task{Decode: 64}, nil},
		{llama, task{Decode: 128}, nil},
		{"error: no model", task{Decode: 64}, nil},
		{llama[:90], task{Prefill: 512}, nil},
		{`{"n_prompt": "x"}`, task{Prefill: 512}, nil},
	} {
		got, err := parseLlamaBench([]byte(c.out), c.t)
		if !slices.Equal(got, c.want) || (err == nil) != (c.want != nil) {
			t.Errorf("%v: %v, %v; want %v", c.t, got, err, c.want)
		}
	}
}

func TestTable(t *testing.T) {
	peers := []*peer{{name: "a"}, {name: "b"}}
	all := []comparison{{
		name: "1B | Q4_0 | 2 | pp512", ours: samples{30, 10, 20}, peers: []samples{{8, 12}, nil}, modes: []string{"-x", "-y"}, fraction: 0.01,
	}}
	want := "| 1B | Q4_0 | 2 | pp512 | 20 (10–30) | 20 % | 10 (8–12) | 10 % | `-x` | 2.00 × | – | – | `-y` | – |"
	lines := strings.Split(strings.TrimSpace(table(all, peers)), "\n")
	if len(lines) != 3 || lines[2] != want {
		t.Errorf("table\n%s\nwant the row\n%s", strings.Join(lines, "\n"), want)
	}
	for _, l := range lines {
		if strings.Count(l, "|") != strings.Count(want, "|") {
			t.Errorf("row %q has another number of columns", l)
		}
	}
	if m := (samples{4, 1, 2, 3}).median(); math.Abs(m-2.5) > 0 {
		t.Errorf("median of an even number: %g, want 2.5", m)
	}
}

func TestTimeLeft(t *testing.T) {
	left, ok := timeLeft()
	if deadline, has := t.Deadline(); ok != has || ok && (time.Until(deadline)-left).Abs() > 5*time.Second {
		t.Errorf("%v are left (%v), the deadline is %v (%v)", left, ok, deadline, has)
	}
}
