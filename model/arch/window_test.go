package arch_test

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed64708441/ember/model/arch"
	"github.com/seed64708441/ember/ops/ref"
	"github.com/seed64708441/ember/tensor"
	"github.com/seed64708441/ember/tensor/tensortest"
)

// hub is a Mistral model as transformers saves it, given the keys and names of GGUF: llama.cpp's converter drops the
// window, so that no GGUF file of the recorded case exists.
type hub struct {
	values  map[string]any
	shapes  map[string]tensor.Shape
	weights map[string][]float32
}

func (h *hub) Keys() (keys []string) {
	for k := range h.values {
		keys = append(keys, k)
	}
	return keys
}
func (h *hub) String(key string) (string, error) { return value[string](h, key) }
func (h *hub) Bool(key string) (bool, error)     { return value[bool](h, key) }
func (h *hub) Int(key string) (int, error)       { return value[int](h, key) }
func (h *hub) Float(key string) (float64, error) { return value[float64](h, key) }
func (h *hub) Ints(key string) ([]int, error)    { return value[[]int](h, key) }

func value[T any](h *hub, key string) (T, error) {
	v, ok := h.values[key].(T)
	if !ok {
		return v, fmt.Errorf("key %q is a %T", key, h.values[key])
	}
	return v, nil
}

func (h *hub) file() arch.File {
	return arch.File{Meta: h,
		Shape: func(name string) (tensor.Shape, bool) { s, ok := h.shapes[name]; return s, ok },
		Floats: func(name string) ([]float32, error) {
			if w, ok := h.weights[name]; ok {
				return w, nil
			}
			return nil, fmt.Errorf("no tensor %q", name)
		}}
}

func readHub(t *testing.T, dir string) *hub {
	t.Helper()
	var c struct {
		Dim     int     `json:"hidden_size"`
		FFN     int     `json:"intermediate_size"`
		Layers  int     `json:"num_hidden_layers"`
		Heads   int     `json:"num_attention_heads"`
		KVHeads int     `json:"num_key_value_heads"`
		HeadDim int     `json:"head_dim"`
		Context int     `json:"max_position_embeddings"`
		Eps     float64 `json:"rms_norm_eps"`
		Window  int     `json:"sliding_window"`
		Theta   float64 `json:"rope_theta"`
		Rope    struct {
			Theta float64 `json:"rope_theta"`
		} `json:"rope_parameters"`
	}
	readJSON(t, filepath.Join(dir, "config.json"), &c)
	if c.HeadDim == 0 {
		c.HeadDim = c.Dim / c.Heads
	}
	h := &hub{values: map[string]any{
		"general.architecture": "llama", "llama.context_length": c.Context, "llama.embedding_length": c.Dim, "llama.block_count": c.Layers,
		"llama.feed_forward_length": c.FFN, "llama.attention.head_count": c.Heads, "llama.attention.head_count_kv": c.KVHeads,
		"llama.attention.key_length": c.HeadDim, "llama.attention.value_length": c.HeadDim, "llama.attention.layer_norm_rms_epsilon": c.Eps,
		"llama.attention.sliding_window": c.Window, "llama.rope.freq_base": max(c.Theta, c.Rope.Theta),
	}, shapes: map[string]tensor.Shape{}, weights: map[string][]float32{}}
	names := strings.NewReplacer("model.embed_tokens", "token_embd", "model.layers", "blk", "model.norm", "output_norm", "lm_head", "output",
		"input_layernorm", "attn_norm", "post_attention_layernorm", "ffn_norm", "self_attn.q_proj", "attn_q", "self_attn.k_proj", "attn_k",
		"self_attn.v_proj", "attn_v", "self_attn.o_proj", "attn_output", "mlp.gate_proj", "ffn_gate", "mlp.up_proj", "ffn_up", "mlp.down_proj", "ffn_down")
	for name, w := range readSafetensors(t, filepath.Join(dir, "model.safetensors")) {
		name = names.Replace(name)
		if strings.Contains(name, "attn_q.") || strings.Contains(name, "attn_k.") {
			w.data = neighbours(w.data, w.shape[0]/c.HeadDim, c.HeadDim, w.shape[1])
		}
		h.shapes[name], h.weights[name] = w.shape, w.data
	}
	return h
}

// neighbours reorders the rows of each head so that rows i and i+d/2 come to lie side by side, as converters do.
func neighbours(w []float32, heads, d, k int) []float32 {
	out := make([]float32, 0, len(w))
	for h := range heads {
		for i := range d {
			row := h*d + i/2 + i%2*d/2
			out = append(out, w[row*k:][:k]...)
		}
	}
	return out
}

type array struct {
	shape tensor.Shape
	data  []float32
}

// readSafetensors reads a file of BF16 tensors.
func readSafetensors(t *testing.T, path string) map[string]array {
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
	out := map[string]array{}
	for name, entry := range header {
		if name == "__metadata__" {
			continue
		}
		var e struct {
			DType   string       `json:"dtype"`
			Shape   tensor.Shape `json:"shape"`
			Offsets [2]int       `json:"data_offsets"`
		}
		if err := json.Unmarshal(entry, &e); err != nil || e.DType != "BF16" {
			t.Fatalf("%s: %s, %v", name, entry, err)
		}
		b := raw[8+int(n):][e.Offsets[0]:e.Offsets[1]]
		a := array{shape: e.Shape}
		for i := 0; i < len(b); i += 2 {
			a.data = append(a.data, math.Float32frombits(uint32(binary.LittleEndian.Uint16(b[i:]))<<16))
		}
		out[name] = a
	}
	return out
}

// TestWindow compares the sliding window with the recorded logits; a window that is one longer or shorter, or none,
// misses the bar.
func TestWindow(t *testing.T) {
	dir := tensortest.Path(t, "reference", "mistral", "window-16")
	h := readHub(t, dir)
	var c struct {
		IDs []int32 `json:"input_ids"`
	}
	readJSON(t, filepath.Join(dir, "case.json"), &c)
	want, _ := tensortest.ReadNPY(t, filepath.Join(dir, "logits.npy"))
	window := h.values["llama.attention.sliding_window"].(int)
	for _, w := range []int{window, window - 1, window + 1, 0} {
		h.values["llama.attention.sliding_window"] = w
		m, err := arch.New(h.file())
		if err != nil {
			t.Fatal(err)
		}
		machine, err := ref.New(m.Graph, h.file().Floats)
		if err != nil {
			t.Fatal(err)
		}
		got, err := machine.Step(machine.NewSequence(), c.IDs, nil, rows(len(c.IDs)))
		if err != nil {
			t.Fatal(err)
		}
		d := worst(t, got, want)
		t.Logf("window %d: largest difference %.2g of the range", w, d)
		if (d <= 1e-4) != (w == window) {
			t.Errorf("window %d: largest difference %.2g of the range; the model was trained with %d", w, d, window)
		}
	}
}
