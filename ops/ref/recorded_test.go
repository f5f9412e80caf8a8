package ref

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"testing"

	"github.com/seed64708441/ember/ops"
	"github.com/seed64708441/ember/tensor/tensortest"
)

// llama is what the recorded models of this test need: it is written out here so that the oracle is proved without the
// architectures and file readers that are tested against it.
type llama struct {
	Dim       int     `json:"hidden_size"`
	FFN       int     `json:"intermediate_size"`
	Layers    int     `json:"num_hidden_layers"`
	Heads     int     `json:"num_attention_heads"`
	KVHeads   int     `json:"num_key_value_heads"`
	HeadDim   int     `json:"head_dim"`
	Vocab     int     `json:"vocab_size"`
	Eps       float32 `json:"rms_norm_eps"`
	Biases    bool    `json:"attention_bias"`
	FFNBiases bool    `json:"mlp_bias"`
	Tied      bool    `json:"tie_word_embeddings"`
	Rope      rope    `json:"rope_parameters"`
	OldTheta  float64 `json:"rope_theta"`
	OldRope   rope    `json:"rope_scaling"`

	interleaved bool
	layerEnds   []ops.Value // the embedding and the result of each layer
}

type rope struct {
	Theta    float64 `json:"rope_theta"`
	Type     string  `json:"rope_type"`
	Factor   float64 `json:"factor"`
	Original float64 `json:"original_max_position_embeddings"`
}

// rotation gives the frequencies of the plain, linear and YaRN rules.
func (c *llama) rotation(t *testing.T) ops.Rope {
	r := c.Rope
	if r.Type == "" {
		r, r.Theta = c.OldRope, c.OldTheta
	}
	out := ops.Rope{Interleaved: c.interleaved}
	for i := range c.HeadDim / 2 {
		f := math.Pow(r.Theta, -float64(2*i)/float64(c.HeadDim))
		switch r.Type {
		case "default":
		case "linear":
			f /= r.Factor
		case "yarn":
			pair := func(turns float64) float64 {
				return float64(c.HeadDim) * math.Log(r.Original/(turns*2*math.Pi)) / (2 * math.Log(r.Theta))
			}
			low, high := max(math.Floor(pair(32)), 0), min(math.Ceil(pair(1)), float64(c.HeadDim-1))
			ramp := min(max((float64(i)-low)/max(high-low, 0.001), 0), 1)
			f = f/r.Factor*ramp + f*(1-ramp)
			out.Magnitude = 0.1*math.Log(r.Factor) + 1
		default:
			t.Skipf("rope type %q is left to model/arch", r.Type)
		}
		out.Freqs = append(out.Freqs, f)
	}
	return out
}

func (c *llama) graph(t *testing.T) *ops.Graph {
	b := ops.NewBuilder()
	linear := func(l *ops.Builder, x ops.Value, name string, n, k int, bias bool) ops.Value {
		y := l.MatMul(x, l.Weight(name, n, k))
		if bias {
			y = l.Add(y, l.Bias(name, n))
		}
		return y
	}
	r := c.rotation(t)
	table := b.Weight("model.embed_tokens", c.Vocab, c.Dim)
	x := b.Embed(table)
	for i := range c.Layers {
		c.layerEnds = append(c.layerEnds, x)
		l := b.In("model.layers.%d", i)
		h := l.RMSNorm(x, l.Weight("input_layernorm", c.Dim), c.Eps)
		a := l.In("self_attn")
		q := a.Reshape(linear(a, h, "q_proj", c.Heads*c.HeadDim, c.Dim, c.Biases), c.Heads, c.HeadDim)
		k := a.Reshape(linear(a, h, "k_proj", c.KVHeads*c.HeadDim, c.Dim, c.Biases), c.KVHeads, c.HeadDim)
		v := a.Reshape(linear(a, h, "v_proj", c.KVHeads*c.HeadDim, c.Dim, c.Biases), c.KVHeads, c.HeadDim)
		y := a.Attention(q, k, v, ops.Attention{State: a.KV(c.KVHeads, c.HeadDim, c.HeadDim), Rope: r,
			Scale: float32(1 / math.Sqrt(float64(c.HeadDim)))})
		x = l.Add(x, linear(a, a.Reshape(y, c.Heads*c.HeadDim), "o_proj", c.Dim, c.Heads*c.HeadDim, c.Biases))
		h = l.RMSNorm(x, l.Weight("post_attention_layernorm", c.Dim), c.Eps)
		m := l.In("mlp")
		h = m.GLU(ops.SiLU, linear(m, h, "gate_proj", c.FFN, c.Dim, c.FFNBiases), linear(m, h, "up_proj", c.FFN, c.Dim, c.FFNBiases))
		x = l.Add(x, linear(m, h, "down_proj", c.Dim, c.FFN, c.FFNBiases))
	}
	x = b.RMSNorm(x, b.Weight("model.norm", c.Dim), c.Eps)
	c.layerEnds = append(c.layerEnds, x) // the last recorded state is after the norm
	if !c.Tied {
		table = b.Weight("lm_head", c.Vocab, c.Dim)
	}
	g, err := b.Build(b.MatMul(b.Outputs(x), table))
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// compare fails when the largest difference is more than bar of the range of want.
func compare(t *testing.T, what string, got []float64, want []float32, bar float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d numbers, want %d", what, len(got), len(want))
	}
	low, high, worst := math.Inf(1), math.Inf(-1), 0.0
	for i, w := range want {
		low, high = min(low, float64(w)), max(high, float64(w))
		worst = max(worst, math.Abs(got[i]-float64(w)))
	}
	t.Logf("%s: largest difference %.2g of the range", what, worst/(high-low))
	if !(worst <= bar*(high-low)) {
		t.Errorf("%s: largest difference %g is %.2g of the range: want %g", what, worst, worst/(high-low), bar)
	}
}

func all(n int) []int32 {
	rows := make([]int32, n)
	for i := range rows {
		rows[i] = int32(i)
	}
	return rows
}

// TestStories compares with float64 logits of a trained model that rotates neighbouring pairs; the recording is rounded
// to float32, which is 2^-25 of the largest logit.
func TestStories(t *testing.T) {
	raw, err := os.ReadFile(tensortest.Path(t, "weights", "stories260K", "stories260K.bin"))
	if err != nil {
		t.Fatal(err)
	}
	c := llama{Dim: 64, FFN: 172, Layers: 5, Heads: 8, KVHeads: 4, HeadDim: 8, Vocab: 512, Eps: 1e-5, Tied: true, interleaved: true,
		Rope: rope{Theta: 10000, Type: "default"}}
	data := make([]float32, len(raw)/4)
	for i := range data {
		data[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
	}
	data = data[7:]
	w := map[string][]float32{}
	take := func(format string, layers, n int) {
		for i := range layers {
			name := format + ".weight"
			if layers > 1 {
				name = fmt.Sprintf(format+".weight", i)
			}
			w[name], data = data[:n], data[n:]
		}
	}
	kv := c.KVHeads * c.HeadDim
	take("model.embed_tokens", 1, c.Vocab*c.Dim)
	take("model.layers.%d.input_layernorm", c.Layers, c.Dim)
	take("model.layers.%d.self_attn.q_proj", c.Layers, c.Dim*c.Dim)
	take("model.layers.%d.self_attn.k_proj", c.Layers, kv*c.Dim)
	take("model.layers.%d.self_attn.v_proj", c.Layers, kv*c.Dim)
	take("model.layers.%d.self_attn.o_proj", c.Layers, c.Dim*c.Dim)
	take("model.layers.%d.post_attention_layernorm", c.Layers, c.Dim)
	take("model.layers.%d.mlp.gate_proj", c.Layers, c.FFN*c.Dim)
	take("model.layers.%d.mlp.down_proj", c.Layers, c.FFN*c.Dim)
	take("model.layers.%d.mlp.up_proj", c.Layers, c.FFN*c.Dim)
	take("model.norm", 1, c.Dim)

	var expected struct {
		Cases []struct {
			Tokens []int32 `json:"tokens_fed"`
		} `json:"cases"`
	}
	readJSON(t, tensortest.Path(t, "weights", "stories260K", "expected.json"), &expected)
	m, err := New(c.graph(t), fixed(w))
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range expected.Cases {
		want, shape := tensortest.ReadNPY(t, tensortest.Path(t, "weights", "stories260K", fmt.Sprintf("logits_%d.f32.npy", i)))
		n := min(shape[0], 100)
		got, err := m.Step(m.NewSequence(), e.Tokens[:n], nil, all(n))
		if err != nil {
			t.Fatal(err)
		}
		compare(t, fmt.Sprint("case ", i), got, want[:n*c.Vocab], 1e-7)
	}
}

// TestTransformers compares the logits and the state after every layer with recordings of Hugging Face transformers,
// which computes in float32: biases, head sizes, tied and separate heads, linear and YaRN rotation of halves.
func TestTransformers(t *testing.T) {
	var counts tensortest.Counts
	for _, name := range []string{"biases", "gqa-untied", "linear-rope", "tied-mha", "yarn"} {
		counts.Case(t, name, func(t *testing.T) {
			file := func(f string) string { return tensortest.Path(t, "reference", "llama", name, f) }
			var c llama
			readJSON(t, file("config.json"), &c)
			var recorded struct {
				IDs []int32 `json:"input_ids"`
			}
			readJSON(t, file("case.json"), &recorded)
			m, err := New(c.graph(t), fixed(safetensors(t, file("model.safetensors"))))
			if err != nil {
				t.Fatal(err)
			}
			got, err := m.Step(m.NewSequence(), recorded.IDs, nil, all(len(recorded.IDs)))
			if err != nil {
				t.Fatal(err)
			}
			want, _ := tensortest.ReadNPY(t, file("logits.npy"))
			compare(t, "logits", got, want, 1e-5)
			hidden, shape := tensortest.ReadNPY(t, file("hidden.npy"))
			for i, v := range c.layerEnds {
				n := shape[1] * shape[2]
				compare(t, fmt.Sprint("hidden ", i), m.Values()[v.Node()], hidden[i*n:][:n], 1e-5)
			}
		})
	}
	counts.Report(t)
}

func readJSON(t *testing.T, path string, v any) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(raw, v)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// safetensors reads a file of BF16 tensors.
func safetensors(t *testing.T, path string) map[string][]float32 {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	n := binary.LittleEndian.Uint64(raw)
	header := map[string]json.RawMessage{}
	if err := json.Unmarshal(raw[8:8+n], &header); err != nil {
		t.Fatal(err)
	}
	out := map[string][]float32{}
	for name, entry := range header {
		if name == "__metadata__" {
			continue
		}
		var e struct {
			DType   string `json:"dtype"`
			Offsets [2]int `json:"data_offsets"`
		}
		if err := json.Unmarshal(entry, &e); err != nil || e.DType != "BF16" {
			t.Fatalf("%s: %s, %v", name, entry, err)
		}
		b := raw[8+int(n):][e.Offsets[0]:e.Offsets[1]]
		for i := 0; i < len(b); i += 2 {
			out[name] = append(out[name], math.Float32frombits(uint32(binary.LittleEndian.Uint16(b[i:]))<<16))
		}
	}
	return out
}
