// Package arch turns what a model file says of itself into a checked [Config] and an immutable graph. One table lists
// the architectures, one file holds each family: its config and its graph, nothing of tokenizers, devices, caches or
// stored types. It imports ops and tensor only.
//
//	m, err := arch.New(arch.File{Meta: meta, Shape: shape, Floats: floats})
//	if errors.Is(err, arch.ErrUnsupportedArch) { ... }
//	for _, w := range m.Graph.Weights { ... } // bind w.Name, w.Shape
//
// Keys and tensor names are those of GGUF files. Every number that shapes the graph comes from the file; the few
// defaults are those of the GGUF convention and stand beside the key. Per-layer numbers are slices in the config.
package arch
