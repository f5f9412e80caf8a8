package benchmarks

import (
	"fmt"
	"testing"

	"github.com/seed64708441/ember/benchmarks/internal/limits"
	"github.com/seed64708441/ember/model/gguf"
)

// work is what a model must read and multiply at least.
type work struct {
	// weightBytes are read for a token: all of the file's tensors but an embedding that is only looked up.
	weightBytes float64
	// positionBytes are read for a token and each position before it: keys and values in F16.
	positionBytes float64
	// layerMACs are the multiply-adds of the weights for a token, headMACs those for its logits.
	layerMACs, headMACs float64
	vocab               int
}

func workOf(path string) (w work, err error) {
	f, err := gguf.Open(path, gguf.Options{})
	if err != nil {
		return w, err
	}
	defer f.Close()
	head := "output.weight"
	if _, ok := f.Tensor(head); !ok {
		head = "token_embd.weight"
	}
	for _, t := range f.Tensors() {
		elements, err := t.Shape.Elements()
		if err != nil {
			return w, err
		}
		bytes, err := t.Shape.Bytes(t.DType)
		if err != nil {
			return w, err
		}
		lookup := t.Name == "token_embd.weight" && t.Name != head
		switch {
		case t.Name == head:
			w.headMACs, w.vocab = float64(elements), t.Shape[0]
		case len(t.Shape) == 2 && !lookup:
			w.layerMACs += float64(elements)
		}
		if !lookup {
			w.weightBytes += float64(bytes)
		}
	}
	meta := f.Meta()
	arch, err := meta.String("general.architecture")
	if err != nil {
		return w, err
	}
	w.positionBytes = 2
	for _, key := range []string{"block_count", "attention.head_count_kv"} {
		n, err := meta.Int(arch + "." + key)
		if err != nil {
			return w, err
		}
		w.positionBytes *= float64(n)
	}
	k, err := meta.Int(arch + ".attention.key_length")
	if err != nil {
		return w, err
	}
	v, err := meta.Int(arch + ".attention.value_length")
	if err != nil {
		return w, err
	}
	w.positionBytes *= float64(k + v)
	return w, nil
}

// decodeBytes are read for a token at a depth.
func (w *work) decodeBytes(depth float64) float64 { return w.weightBytes + depth*w.positionBytes }

// prefillMACs are the multiply-adds of a prompt, of whose last token the logits are wanted. Those of attention are not
// counted: at 512 tokens they are less than a fiftieth.
func (w *work) prefillMACs(tokens int) float64 { return float64(tokens)*w.layerMACs + w.headMACs }

// limit is a measured limit, or the reason why there is none.
type limit struct {
	perSecond float64
	err       error
}

// readings are read bandwidths measured beside what is a fraction of them: that of a virtual machine drifts by a tenth
// within minutes.
type readings struct {
	all samples
	err error
}

// measure returns the median of all, with a new one.
func (r *readings) measure(threads int) limit {
	v, err := limits.ReadBandwidth(threads, 0)
	if err != nil {
		r.err = err
	} else {
		r.all = append(r.all, v)
	}
	return limit{r.all.median(), r.err}
}

// measured keeps the multiply limits of this run, which do not drift.
var measured = map[string]limit{}

func multiplyLimit(level string, k limits.Kind, threads int) limit {
	key := fmt.Sprint(level, k, threads)
	l, ok := measured[key]
	if !ok {
		l.perSecond, l.err = limits.Multiply(level, k, threads)
		measured[key] = l
	}
	return l
}

// percent reports a fraction of a limit where there is one.
func (l limit) percent(b *testing.B, perSecond float64, unit string) {
	if l.err != nil {
		b.Logf("%s: %v", unit, l.err)
		return
	}
	b.ReportMetric(100*perSecond/l.perSecond, unit)
}
