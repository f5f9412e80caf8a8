package model_test

import (
	"runtime"
	"testing"

	"github.com/seed64708441/ember/model"
	"github.com/seed64708441/ember/model/testmodel"
)

// steadyTokens is how many tokens a steady state is watched for.
const steadyTokens = 10_000

// TestSteadyState generates 10,000 tokens: none may cost an allocation, and memory may grow by cache pages only. A page
// every 64 tokens takes a few small objects, so the bar is well below one object a token.
func TestSteadyState(t *testing.T) {
	shape := testmodel.ShapeConfig{Layers: 1, Width: 64, Heads: 1, KVHeads: 1, HeadSize: 64, FFN: 64, Vocab: 300, Context: 16384, Seed: 1}
	m := openShape(t, shape, withThreads(t, 1, ""))
	s := newSession(t, m)
	defer s.Close()
	var before, after runtime.MemStats
	n := 0
	r := model.Request{Tokens: tokens(10, 1), MaxTokens: steadyTokens + 300, IgnoreEOG: true, LogProbs: true}
	for _, err := range s.Generate(t.Context(), r) {
		if err != nil {
			t.Fatal(err)
		}
		switch n++; n {
		case 200:
			runtime.GC()
			runtime.ReadMemStats(&before)
		case 200 + steadyTokens:
			runtime.ReadMemStats(&after)
		}
	}
	pages := steadyTokens / 64
	if objects := after.Mallocs - before.Mallocs; objects > uint64(12*pages) {
		t.Errorf("%d objects for %d tokens and %d pages, want at most 12 a page", objects, steadyTokens, pages)
	} else {
		t.Logf("%d objects for %d tokens and %d pages", objects, steadyTokens, pages)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 1<<20 {
		t.Errorf("the heap has grown by %d bytes in %d tokens", grown, steadyTokens)
	}
}

// TestNoAllocation watches tokens within one page: not one object.
func TestNoAllocation(t *testing.T) {
	m := openShape(t, small(), withThreads(t, 2, ""))
	s := newSession(t, m)
	defer s.Close()
	var before, after runtime.MemStats
	r := model.Request{Tokens: tokens(66, 1), MaxTokens: 60, IgnoreEOG: true, LogProbs: true}
	least := ^uint64(0)
	for range 5 { // the runtime itself allocates now and then
		n := 0
		for _, err := range s.Generate(t.Context(), r) {
			if err != nil {
				t.Fatal(err)
			}
			switch n++; n {
			case 5:
				runtime.ReadMemStats(&before)
			case 55:
				runtime.ReadMemStats(&after)
			}
		}
		least = min(least, after.Mallocs-before.Mallocs)
	}
	if least > 0 {
		t.Errorf("50 tokens cost %d objects, want none", least)
	}
}
