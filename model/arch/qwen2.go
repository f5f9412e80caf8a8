package arch

import "github.com/seed64708441/ember/ops"

// qwen2 is Qwen 2 and 2.5: queries, keys and values have biases, and rotate halves.
type qwen2 struct{ Config }

func newQwen2(r *reader) network { return &qwen2{r.decoder(false)} }

func (m *qwen2) graph(b *ops.Builder) ops.Value {
	table := b.Weight("token_embd", m.Vocab, m.Width)
	x := b.Embed(table) // [T D]
	biased := func(name string) bool { return name == "attn_q" || name == "attn_k" || name == "attn_v" }
	for i := range m.Layers {
		l := layer{b.In("blk.%d", i), &m.Config, i, biased}
		h := l.norm(x, "attn_norm")
		q := l.heads(h, "attn_q", m.Heads[i], m.KeySize)
		k := l.heads(h, "attn_k", m.KVHeads[i], m.KeySize)
		v := l.heads(h, "attn_v", m.KVHeads[i], m.ValueSize)
		x = l.finish(x, l.attend(q, k, v))
	}
	return m.head(b, x, table) // [O V]
}
