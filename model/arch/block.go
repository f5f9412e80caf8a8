package arch

import (
	"fmt"

	"github.com/seed64708441/ember/ops"
)

// layer builds the blocks of one layer, with the biases the file has.
type layer struct {
	*ops.Builder
	c *Config
	// i is the number of the layer.
	i int
	// biased reports whether the product of the given name has a bias.
	biased func(name string) bool
}

// linear is the product with a weight [n k], plus its bias where there is one.
func (l *layer) linear(x ops.Value, name string, n, k int) ops.Value {
	y := l.MatMul(x, l.Weight(name, n, k))
	if l.biased(name) {
		y = l.Add(y, l.Bias(name, n))
	}
	return y
}

// norm is the root-mean-square norm with the weight of the given name.
func (l *layer) norm(x ops.Value, name string) ops.Value {
	return l.RMSNorm(x, l.Weight(name, l.c.Width), l.c.Eps)
}

// heads is a product split into heads.
func (l *layer) heads(x ops.Value, name string, n, size int) ops.Value {
	return l.Reshape(l.linear(x, name, n*size, l.c.Width), n, size)
}

// attend is the attention of queries, keys and values, without the product that follows: [T H*Dv].
func (l *layer) attend(q, k, v ops.Value) ops.Value {
	c := l.c
	y := l.Attention(q, k, v, ops.Attention{State: l.KV(c.KVHeads[l.i], c.KeySize, c.ValueSize), Scale: c.Scale, Window: c.Window, Rope: c.Rope})
	return l.Reshape(y, c.Heads[l.i]*c.ValueSize)
}

// finish adds the attention's result y to the residual x and then the gated feed-forward block. The last layer does so
// only for the rows whose output is asked.
func (l *layer) finish(x, y ops.Value) ops.Value {
	c := l.c
	if l.i == c.Layers-1 {
		x, y = l.Outputs(x), l.Outputs(y)
	}
	x = l.Add(x, l.linear(y, "attn_output", c.Width, c.Heads[l.i]*c.ValueSize))
	h := l.norm(x, "ffn_norm")
	f := c.FFN[l.i]
	h = l.GLU(ops.SiLU, l.linear(h, "ffn_gate", f, c.Width), l.linear(h, "ffn_up", f, c.Width))
	return l.Add(x, l.linear(h, "ffn_down", c.Width, f))
}

// head is the last norm and the product with the output head, or with the embedding table where they are one.
func (c *Config) head(b *ops.Builder, x, table ops.Value) ops.Value {
	x = b.RMSNorm(x, b.Weight("output_norm", c.Width), c.Eps)
	if !c.Tied {
		table = b.Weight("output", c.Vocab, c.Width)
	}
	return b.MatMul(x, table)
}

// biases returns which of the named products of each layer have a bias in the file.
func (r *reader) biases(layers int, names ...string) func(i int, name string) bool {
	found := map[string]bool{}
	for i := range layers {
		for _, name := range names {
			if key := fmt.Sprintf("blk.%d.%s.bias", i, name); r.hasTensor(key) {
				found[key] = true
			}
		}
	}
	return func(i int, name string) bool { return found[fmt.Sprintf("blk.%d.%s.bias", i, name)] }
}
