package benchmarks

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// task is what an engine is measured at: a prompt of Prefill tokens, or Decode tokens generated after Depth others.
type task struct{ Prefill, Decode, Depth int }

// String returns the name in the manner of llama-bench: pp512, tg64, tg64@4096.
func (t task) String() string {
	switch {
	case t.Prefill > 0:
		return fmt.Sprint("pp", t.Prefill)
	case t.Depth > 0:
		return fmt.Sprintf("tg%d@%d", t.Decode, t.Depth)
	}
	return fmt.Sprint("tg", t.Decode)
}

// peer is a llama-bench program of llama.cpp or ik_llama.cpp, which has the same name and other options.
type peer struct {
	name, program string
	// modes are the options of the modes to try, of which the best counts.
	modes []string
	// depth says whether text before what is generated is asked for by -d, or by -gp as in ik_llama.cpp.
	depth bool
}

// newPeer asks a program for its options.
func newPeer(ctx context.Context, program string) (*peer, error) {
	out, err := exec.CommandContext(ctx, program, "--help").CombinedOutput()
	if !bytes.Contains(out, []byte("--n-gen")) { // some versions exit with 1
		return nil, fmt.Errorf("%s is no llama-bench: %v: %.200s", program, err, out)
	}
	p := peerOf(string(out))
	p.program = program
	return p, nil
}

func peerOf(help string) *peer {
	p := &peer{name: "llama.cpp", modes: []string{"-fa 0", "-fa 1"}, depth: strings.Contains(help, "--n-depth")}
	if strings.Contains(help, "--run-time-repack") {
		p.name, p.modes = "ik_llama.cpp", []string{"-rtr 1 -fa 1"}
	}
	return p
}

// peersFrom returns the programs of a list like that of LLAMA_BENCH. Where two have the same name, both are told apart by
// the folder above bin.
func peersFrom(ctx context.Context, list string) ([]*peer, error) {
	var peers []*peer
	names := map[string]int{}
	for _, program := range filepath.SplitList(list) {
		if program == "" {
			continue
		}
		p, err := newPeer(ctx, program)
		if err != nil {
			return nil, err
		}
		names[p.name]++
		peers = append(peers, p)
	}
	for _, p := range peers {
		if names[p.name] > 1 {
			p.name += " " + filepath.Base(filepath.Dir(filepath.Dir(p.program)))
		}
	}
	return peers, nil
}

// arguments returns the options for a task.
func (p *peer) arguments(t task, mode, file string, threads, repeat int) []string {
	args := []string{"-m", file, "-t", fmt.Sprint(threads), "-r", fmt.Sprint(repeat), "-o", "json"}
	args = append(args, strings.Fields(mode)...)
	switch {
	case t.Prefill > 0:
		args = append(args, "-p", fmt.Sprint(t.Prefill), "-n", "0")
	case t.Depth > 0 && !p.depth:
		args = append(args, "-p", "0", "-n", "0", "-gp", fmt.Sprintf("%d,%d", t.Depth, t.Decode))
	default:
		args = append(args, "-p", "0", "-n", fmt.Sprint(t.Decode))
		if t.Depth > 0 {
			args = append(args, "-d", fmt.Sprint(t.Depth))
		}
	}
	return args
}

// run returns the tokens per second of each repetition.
func (p *peer) run(ctx context.Context, t task, mode, file string, threads, repeat int) ([]float64, error) {
	c := exec.CommandContext(ctx, p.program, p.arguments(t, mode, file, threads, repeat)...)
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		tail := stderr.String()
		return nil, fmt.Errorf("%s %s: %w: %s", p.name, mode, err, tail[max(len(tail)-300, 0):])
	}
	v, err := parseLlamaBench(out, t)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", p.name, mode, err)
	}
	return v, nil
}

// llamaBenchResult is the part that is read of an element of llama-bench's JSON. ik_llama.cpp writes a text before what is
// generated as n_prompt, llama.cpp as n_depth.
type llamaBenchResult struct {
	Prompt  int       `json:"n_prompt"`
	Gen     int       `json:"n_gen"`
	Depth   int       `json:"n_depth"`
	Samples []float64 `json:"samples_ts"`
}

// parseLlamaBench returns the samples of the task from output in JSON or JSON lines, with anything before it.
func parseLlamaBench(out []byte, t task) ([]float64, error) {
	start := bytes.IndexAny(out, "[{")
	if start < 0 {
		return nil, fmt.Errorf("no JSON in the output %.200q", out)
	}
	var results []llamaBenchResult
	for d := json.NewDecoder(bytes.NewReader(out[start:])); d.More(); {
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return nil, fmt.Errorf("output %.200q: %w", out, err)
		}
		part := []llamaBenchResult{{}}
		var err error
		if raw[0] == '[' {
			err = json.Unmarshal(raw, &part)
		} else {
			err = json.Unmarshal(raw, &part[0])
		}
		if err != nil {
			return nil, fmt.Errorf("output %.200q: %w", out, err)
		}
		results = append(results, part...)
	}
	for _, r := range results {
		got := task{r.Prompt, r.Gen, r.Depth}
		if r.Gen > 0 && r.Prompt > 0 {
			got = task{0, r.Gen, r.Prompt}
		}
		if got == t && len(r.Samples) > 0 {
			return r.Samples, nil
		}
	}
	return nil, fmt.Errorf("no samples of %v among %d results", t, len(results))
}

// llamaBench returns the value of LLAMA_BENCH: programs, separated as in PATH.
func llamaBench() string { return os.Getenv("LLAMA_BENCH") }
