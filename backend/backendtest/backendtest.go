// Package backendtest is the conformance suite of package backend: any backend runs it in its own tests.
//
//	func TestConformance(t *testing.T) {
//		backendtest.Run(t, func(t *testing.T, c backendtest.Config) backend.Backend {
//			be, err := cpu.New(cpu.Config{Threads: c.Threads})
//			...
//			return be
//		})
//	}
//
// Numbers are compared with ops/ref, which computes in float64 on the decoded weights; what one backend promises about
// its own bits is compared bit for bit. Weights, tokens and graphs come from fixed seeds. A weight or cache type that a
// backend answers with backend.ErrUnsupported is skipped, except F32 weights and F32 and F16 caches; a backend's own
// test should say with Types what it expects to support.
//
// The package imports ops, ops/ref, backend and tensor, and no implementation.
package backendtest

import (
	"testing"

	"github.com/seed64708441/ember/backend"
)

// Config is what the suite asks of a backend.
type Config struct {
	// Threads is the number of threads of a program; 0 is the backend's own choice.
	Threads int
}

// topics are the parts of the suite.
var topics = []struct {
	name string
	f    func(t *testing.T, s *suite)
}{
	{"ops", testOps},
	{"graphs", testGraphs},
	{"types", testTypes},
	{"caches", testCaches},
	{"determinism", testDeterminism},
	{"pages", testPages},
	{"shift", testShift},
	{"errors", testErrors},
	{"limits", testLimits},
	{"cancel", testCancel},
	{"concurrent", testConcurrent},
}

// Run runs the whole suite. newBackend is called once for each configuration needed, with the test that uses it.
func Run(t *testing.T, newBackend func(t *testing.T, c Config) backend.Backend) {
	for _, topic := range topics {
		t.Run(topic.name, func(t *testing.T) { topic.f(t, &suite{newBackend}) })
	}
}

// suite is the backend under test.
type suite struct {
	newBackend func(t *testing.T, c Config) backend.Backend
}
