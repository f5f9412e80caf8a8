// Package ops describes a model as an immutable graph of named operations with symbolic row counts: the op table, the
// Builder that architectures use, shape inference, and a text form for review. It computes nothing: ops/ref interprets
// a graph slowly and obviously, backends compile it. It imports nothing of this module.
//
// # How a graph is read
//
// A graph is evaluated once per step. A step has T rows; each row is one token id, or one embedding, of one sequence.
// Activations are float32. The rows for which an output is asked are O ≤ T; [Builder.Outputs] selects them, so that the
// output head runs only for those. Weights are named as in GGUF files and are declared with their shape; binding
// compares the declarations with the file. State (key/value pages; recurrent state later) is declared with
// [Builder.KV] and read and written by the op that names it.
//
//	b := ops.NewBuilder()
//	x := b.Embed(b.Weight("token_embd", 32000, 2048))
//	for i := range 16 {
//		l := b.In("blk.%d", i)
//		h := l.RMSNorm(x, l.Weight("attn_norm", 2048), 1e-5)
//		...
//	}
//	g, err := b.Build(b.MatMul(b.Outputs(x), b.Weight("output", 32000, 2048)))
package ops
