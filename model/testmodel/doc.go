// Package testmodel makes models from a seed by code, as real GGUF bytes that are opened like any file, so that tests,
// benchmarks and examples need no download:
//
//   - [Shape] has random weights of any size and mix of stored types, for sizes and speeds;
//   - [Wired] is a transformer whose weights are set by hand so that it looks up facts of its context exactly, for
//     everything that must be right or wrong by itself: caches, windows, sessions, memory.
//
// The same config gives the same bytes on every machine. RATIONALE.md has the mathematics of the wired model.
//
//	m, err := testmodel.Shape(testmodel.Llama1B())
//	err = m.WriteFile("llama-1b-q4_0.gguf") // streams; the model is never in memory
package testmodel
