package quant

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/seed64708441/ember/tensor"
	"github.com/seed64708441/ember/tensor/tensortest"
)

// record is one entry of gguf/quants/types.json.
type record struct {
	Type    tensor.DType `json:"ggml_type"`
	Block   int          `json:"block_size"`
	Bytes   int          `json:"type_size"`
	RelRMSE float64      `json:"rel_rmse_rows0_7"`

	blocks []byte    // as quantised by ggml
	values []float32 // as dequantised by ggml
}

// recorded reads the recorded types and the numbers that they are the encodings of.
func recorded(t *testing.T) (map[string]record, []float32) {
	t.Helper()
	dir := tensortest.Path(t, "gguf", "quants")
	text, err := os.ReadFile(filepath.Join(dir, "types.json"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]record{}
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	for name, r := range all {
		if r.blocks, err = os.ReadFile(filepath.Join(dir, name+".bin")); err != nil {
			t.Fatal(err)
		}
		r.values, _ = tensortest.ReadNPY(t, filepath.Join(dir, name+".f32.npy"))
		all[name] = r
	}
	src, _ := tensortest.ReadNPY(t, filepath.Join(dir, "src.f32.npy"))
	return all, src
}

// relRMSE returns √(Σ(x−y)²/Σx²).
func relRMSE(x, y []float32) float64 {
	var e, n float64
	for i, v := range x {
		d := float64(v) - float64(y[i])
		e, n = e+d*d, n+float64(v)*float64(v)
	}
	return math.Sqrt(e / n)
}

// rows0to7 is the length of the rows of real weights among the recorded numbers; the four after them are edge cases.
const rows0to7 = 8 * 256

func TestDecodeRecorded(t *testing.T) {
	all, src := recorded(t)
	var counts tensortest.Counts
	for name, r := range all {
		counts.Case(t, name, func(t *testing.T) {
			if r.Type.BlockLen() != r.Block || r.Type.BlockBytes() != r.Bytes {
				t.Errorf("blocks of %d elements in %d bytes, recorded %d in %d", r.Type.BlockLen(), r.Type.BlockBytes(), r.Block, r.Bytes)
			}
			got := make([]float32, len(r.values))
			if err := Decode(got, r.blocks, r.Type); err != nil {
				t.Fatal(err)
			}
			for i, v := range got {
				if !same(v, r.values[i]) {
					t.Fatalf("element %d is %v (%#x), recorded %v", i, v, math.Float32bits(v), r.values[i])
				}
			}
			if e := relRMSE(src[:rows0to7], got); math.Abs(e-r.RelRMSE) > 6e-7 {
				t.Errorf("relative RMSE %.6f, recorded %.6f: the measure differs from the record's", e, r.RelRMSE)
			}
		})
	}
	counts.Report(t)
}

// TestEncodeRecorded holds the error of Encode against ggml's on real weights.
func TestEncodeRecorded(t *testing.T) {
	all, src := recorded(t)
	var counts tensortest.Counts
	for name, r := range all {
		if _, ok := Supported(r.Type); !ok {
			continue
		}
		counts.Case(t, name, func(t *testing.T) {
			b := make([]byte, len(r.blocks))
			if err := Encode(b, src, r.Type); err != nil {
				t.Fatal(err)
			}
			got := make([]float32, len(src))
			if err := Decode(got, b, r.Type); err != nil {
				t.Fatal(err)
			}
			e := relRMSE(src[:rows0to7], got)
			t.Logf("relative RMSE %.6f, recorded %.6f", e, r.RelRMSE)
			if e > r.RelRMSE+6e-7 {
				t.Errorf("relative RMSE %.6f, recorded %.6f", e, r.RelRMSE)
			}
			if same := bytes.Equal(b, r.blocks); (r.Type == tensor.Q8_0 || r.Type == tensor.MXFP4) && !same {
				t.Error("bytes differ from the recorded ones")
			}
		})
	}
	counts.Report(t)
}

// same reports whether two numbers have the same bits or are both NaN.
func same(a, b float32) bool {
	return math.Float32bits(a) == math.Float32bits(b) || a != a && b != b
}
