package backendtest

import (
	"testing"

	"github.com/seed64708441/ember/backend"
	"github.com/seed64708441/ember/ops"
)

// TestReference runs the suite on the backend over ops/ref; under the race detector only what uses several goroutines.
func TestReference(t *testing.T) {
	newBackend := func(*testing.T, Config) backend.Backend { return Reference{} }
	if raceEnabled {
		for _, f := range []func(*testing.T, *suite){testConcurrent, testCancel, testErrors} {
			f(t, &suite{newBackend})
		}
		return
	}
	Run(t, newBackend)
}

// TestEveryOp fails for an operation without conformance cases, and for cases that do not contain their operation.
func TestEveryOp(t *testing.T) {
	cases := map[ops.Op]int{}
	names := map[string]bool{}
	for _, c := range opCases {
		cases[c.op]++
		name := c.op.String() + "/" + c.name
		if names[name] {
			t.Errorf("two cases are called %s", name)
		}
		names[name] = true
		found := false
		for _, n := range newModel(t, modelOptions{}, c.build).graph.Nodes {
			found = found || n.Op == c.op
		}
		if !found {
			t.Errorf("%s does not contain its operation", name)
		}
	}
	for _, op := range ops.Ops() {
		if cases[op] < 3 {
			t.Errorf("%v has %d conformance cases: want at least 3", op, cases[op])
		}
	}
}
