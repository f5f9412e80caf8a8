package arch

import "github.com/seed64708441/ember/ops"

// llama is Llama 1 to 3, and what is converted to its names: TinyLlama, SmolLM 1 and 2, Mistral 7B, Yi. Queries and
// keys rotate neighbouring pairs: converters reorder their rows.
type llama struct {
	Config
	biased func(layer int, name string) bool
}

func newLlama(r *reader) network {
	m := &llama{Config: r.decoder(true)}
	m.biased = r.biases(m.Layers, "attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")
	return m
}

func (m *llama) graph(b *ops.Builder) ops.Value {
	table := b.Weight("token_embd", m.Vocab, m.Width)
	x := b.Embed(table) // [T D]
	for i := range m.Layers {
		l := layer{b.In("blk.%d", i), &m.Config, i, func(name string) bool { return m.biased(i, name) }}
		h := l.norm(x, "attn_norm")
		q := l.heads(h, "attn_q", m.Heads[i], m.KeySize)
		k := l.heads(h, "attn_k", m.KVHeads[i], m.KeySize)
		v := l.heads(h, "attn_v", m.KVHeads[i], m.ValueSize)
		x = l.finish(x, l.attend(q, k, v))
	}
	return m.head(b, x, table) // [O V]
}
