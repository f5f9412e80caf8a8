package model_test

import (
	"bytes"
	"testing"

	"github.com/seed64708441/ember/backend/cpu"
	"github.com/seed64708441/ember/model"
	"github.com/seed64708441/ember/model/testmodel"
)

// small is the size of most models here: two layers whose rows are whole blocks of every type.
func small() testmodel.ShapeConfig {
	return testmodel.ShapeConfig{Layers: 2, Width: 256, Heads: 4, KVHeads: 2, HeadSize: 64, FFN: 512, Vocab: 300, Seed: 1}
}

// openShape opens a model with random weights from memory.
func openShape(t testing.TB, s testmodel.ShapeConfig, c model.Config) *model.Model {
	t.Helper()
	m := loadShape(t, s, c)
	t.Cleanup(func() { closeModel(t, m) })
	return m
}

// loadShape leaves closing to the caller.
func loadShape(t testing.TB, s testmodel.ShapeConfig, c model.Config) *model.Model {
	t.Helper()
	w, err := testmodel.Shape(s)
	if err != nil {
		t.Fatal(err)
	}
	b, err := w.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	m, err := model.OpenReader(t.Context(), bytes.NewReader(b), int64(len(b)), c)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// withThreads returns a configuration that computes on n threads at the given level, "" for the best.
func withThreads(t testing.TB, n int, level string) model.Config {
	t.Helper()
	be, err := cpu.New(cpu.Config{Threads: n, Level: level})
	if err != nil {
		t.Fatal(err)
	}
	return model.Config{Backend: be}
}

// tokens returns n ids that look random, the same ones for the same seed.
func tokens(n int, seed uint32) []int32 {
	ids := make([]int32, n)
	x := seed*2654435761 + 1
	for i := range ids {
		x = x*1664525 + 1013904223
		ids[i] = int32(x>>8)%290 + 3
	}
	return ids
}
