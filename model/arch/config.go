package arch

import (
	"math"

	"github.com/seed64708441/ember/ops"
)

// Bounds of what a file may ask for. They are an order above the largest published models and keep a damaged or
// hostile file from costing memory before its tensors are looked at.
const (
	maxLayers   = 1024
	maxWidth    = 1 << 20
	maxFFN      = 1 << 22
	maxHeads    = 1 << 12
	maxHeadSize = 1 << 12
	maxContext  = math.MaxInt32
)

// Config is what the families that are a stack of attention and feed-forward blocks have in common.
type Config struct {
	// Arch is the name in the table.
	Arch string
	// Context is the number of positions the model was trained for.
	Context int
	// Vocab is the number of rows of the embedding table.
	Vocab, Width, Layers int
	// Heads, KVHeads and FFN have one number a layer.
	Heads, KVHeads, FFN []int
	KeySize, ValueSize  int
	// Eps is added to the mean square by every norm.
	Eps float32
	// Scale multiplies the attention scores.
	Scale float32
	// Window is how many positions a query sees, itself included; 0 is all.
	Window int
	// Rope is the rotation of every layer.
	Rope ops.Rope
	// Shiftable says that keys may be moved to other positions by a rotation, because no frequency depends on the
	// length of the sequence.
	Shiftable bool
	// Tied says that the file has no output head, so that the embedding table is it.
	Tied bool
}

func (c *Config) config() *Config { return c }

// decoder reads the keys that all families here have: GGUF's names without the architecture in front.
func (r *reader) decoder(interleaved bool) Config {
	c := Config{
		Arch:    r.arch,
		Context: r.int("context_length", 1, maxContext),
		Width:   r.int("embedding_length", 1, maxWidth),
		Layers:  r.int("block_count", 1, maxLayers),
		Window:  r.intOr("attention.sliding_window", 0, maxContext, 0),
		// Every scaling rule that rope reads is a fixed list of frequencies.
		Shiftable: true,
		Tied:      !r.hasTensor("output.weight"),
	}
	c.Heads = r.perLayer("attention.head_count", 1, maxHeads, c.Layers)
	c.KVHeads = c.Heads // the convention: one key head per query head
	if r.has("attention.head_count_kv") {
		c.KVHeads = r.perLayer("attention.head_count_kv", 1, maxHeads, c.Layers)
	}
	for i := range c.Heads {
		if c.Heads[i]%c.KVHeads[i] != 0 {
			r.problem("layer %d has %d query heads: want a multiple of its %d key heads", i, c.Heads[i], c.KVHeads[i])
			break
		}
	}
	c.FFN = r.perLayer("feed_forward_length", 1, maxFFN, c.Layers)
	c.KeySize = r.headSize("attention.key_length", &c)
	c.ValueSize = r.headSize("attention.value_length", &c)
	c.Vocab = r.vocabulary()

	eps := r.float("attention.layer_norm_rms_epsilon", func(v float64) bool { return float32(v) > 0 && v < 1 }, "a number between 0 and 1")
	c.Eps = float32(eps)
	scale := r.floatOr("attention.scale", 0, notNegative, "a number that is not negative")
	if scale == 0 { // the convention: zero is the usual one
		scale = 1 / math.Sqrt(float64(c.KeySize))
	}
	c.Scale = float32(scale)
	c.Rope = r.rope(&c, interleaved)
	r.refuse("expert_count", "attention.max_alibi_bias", "attention.clamp_kqv", "attn_logit_softcapping",
		"final_logit_softcapping", "logit_scale", "embedding_scale", "residual_scale", "attention.sliding_window_pattern",
		"attention.temperature_scale", "nextn_predict_layers")
	if r.has("attention.causal") {
		if v, err := r.file.Meta.Bool(r.arch + ".attention.causal"); err != nil || !v {
			r.problem("key %q: only causal attention is implemented", r.arch+".attention.causal")
		}
	}
	return c
}

// headSize reads the elements of a head, by convention width / heads where the file does not say.
func (r *reader) headSize(name string, c *Config) int {
	if r.has(name) {
		return r.int(name, 1, maxHeadSize)
	}
	size := c.Width / c.Heads[0]
	if c.Width%c.Heads[0] != 0 || size > maxHeadSize {
		r.problem("key %q is missing, and width %d in %d heads does not give a head size", r.arch+"."+name, c.Width, c.Heads[0])
		return 1
	}
	return size
}

// vocabulary returns the rows of the embedding table. The tokenizer may know fewer pieces: published tables are padded.
func (r *reader) vocabulary() int {
	shape, ok := r.tensor("token_embd.weight")
	switch {
	case !ok:
		r.problem("tensor %q is missing", "token_embd.weight")
	case len(shape) != 2 || shape[0] < 1:
		r.problem("tensor %q is %v: want two axes [V D]", "token_embd.weight", shape)
	default:
		return shape[0]
	}
	return 1
}
