package arch

import "github.com/seed64708441/ember/ops"

// qwen3 is Qwen 3: queries and keys of each head are normed before they rotate halves.
type qwen3 struct{ Config }

func newQwen3(r *reader) network { return &qwen3{r.decoder(false)} }

func (m *qwen3) graph(b *ops.Builder) ops.Value {
	table := b.Weight("token_embd", m.Vocab, m.Width)
	x := b.Embed(table) // [T D]
	for i := range m.Layers {
		l := layer{b.In("blk.%d", i), &m.Config, i, func(string) bool { return false }}
		h := l.norm(x, "attn_norm")
		q := l.heads(h, "attn_q", m.Heads[i], m.KeySize)
		q = l.RMSNorm(q, l.Weight("attn_q_norm", m.KeySize), m.Eps)
		k := l.heads(h, "attn_k", m.KVHeads[i], m.KeySize)
		k = l.RMSNorm(k, l.Weight("attn_k_norm", m.KeySize), m.Eps)
		v := l.heads(h, "attn_v", m.KVHeads[i], m.ValueSize)
		x = l.finish(x, l.attend(q, k, v))
	}
	return m.head(b, x, table) // [O V]
}
