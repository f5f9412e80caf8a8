package ref

import (
	"math"
	"slices"

	"github.com/seed64708441/ember/ops"
)

// eval has the reference of each op: it returns the elements of the result, row by row.
var eval = map[ops.Op]func(st *step, n *ops.Node) []float64{
	ops.OpEmbed:     embed,
	ops.OpRMSNorm:   rmsNorm,
	ops.OpMatMul:    matMul,
	ops.OpAdd:       add,
	ops.OpGLU:       glu,
	ops.OpReshape:   reshape,
	ops.OpAttention: attention,
	ops.OpOutputs:   outputs,
}

func embed(st *step, n *ops.Node) []float64 {
	table, shape := st.in(n, 0)
	d := shape.Inner()
	var y []float64
	given := st.embeddings
	for _, id := range st.tokens {
		if id == -1 {
			y = append(y, given[:d]...)
			given = given[d:]
		} else {
			y = append(y, table[int(id)*d:][:d]...)
		}
	}
	return y
}

func rmsNorm(st *step, n *ops.Node) []float64 {
	x, _ := st.in(n, 0)
	w, _ := st.in(n, 1)
	eps := float64(n.Attr.(ops.Norm).Eps)
	var y []float64
	for row := range slices.Chunk(x, len(w)) {
		sum := 0.0
		for _, v := range row {
			sum += v * v
		}
		rms := math.Sqrt(sum/float64(len(row)) + eps)
		for i, v := range row {
			y = append(y, v/rms*w[i])
		}
	}
	return y
}

func matMul(st *step, n *ops.Node) []float64 {
	x, _ := st.in(n, 0)
	w, shape := st.in(n, 1)
	name := st.graph.Weights[n.In[1].Weight()].Name
	var y []float64
	for row := range slices.Chunk(x, shape.Inner()) {
		if st.Round.Operand != nil {
			row = slices.Clone(row)
			st.Round.Operand(name, row)
		}
		for wrow := range slices.Chunk(w, shape.Inner()) {
			y = append(y, dot(row, wrow))
		}
	}
	return y
}

func add(st *step, n *ops.Node) []float64 {
	a, _ := st.in(n, 0)
	b, _ := st.in(n, 1)
	y := make([]float64, len(a))
	for i := range a {
		y[i] = a[i] + b[i%len(b)] // a bias repeats
	}
	return y
}

func glu(st *step, n *ops.Node) []float64 {
	g, _ := st.in(n, 0)
	u, _ := st.in(n, 1)
	act := activations[n.Attr.(ops.Activation)]
	y := make([]float64, len(g))
	for i := range g {
		y[i] = act(g[i]) * u[i]
	}
	return y
}

var activations = map[ops.Activation]func(x float64) float64{
	ops.SiLU: func(x float64) float64 { return x / (1 + math.Exp(-x)) },
}

func reshape(st *step, n *ops.Node) []float64 {
	x, _ := st.in(n, 0)
	return x
}

func outputs(st *step, n *ops.Node) []float64 {
	x, shape := st.in(n, 0)
	d := shape.RowLen()
	var y []float64
	for _, row := range st.outputs {
		y = append(y, x[int(row)*d:][:d]...)
	}
	return y
}

func attention(st *step, n *ops.Node) []float64 {
	a := n.Attr.(ops.Attention)
	q, qs := st.in(n, 0)
	k, _ := st.in(n, 1)
	v, _ := st.in(n, 2)
	s := st.seq
	s.Keys[a.State] = append(s.Keys[a.State], k...)
	s.Values[a.State] = append(s.Values[a.State], v...)

	kv := st.graph.States[a.State]
	heads, group := int(qs[1]), int(qs[1])/kv.Heads
	keys := rotateAll(s.Keys[a.State], kv.Heads, kv.KeyDim, 0, a.Rope)
	queries := rotateAll(q, heads, kv.KeyDim, s.Len, a.Rope)
	values := slices.Clone(s.Values[a.State])
	round(st.Round.Key, keys, kv.KeyDim)
	round(st.Round.Value, values, kv.ValueDim)

	y := make([]float64, len(st.tokens)*heads*kv.ValueDim)
	for t := range st.tokens {
		for h := range heads {
			query := queries[(t*heads+h)*kv.KeyDim:][:kv.KeyDim]
			out := y[(t*heads+h)*kv.ValueDim:][:kv.ValueDim]
			p := s.Len + t
			first := 0
			if a.Window > 0 {
				first = max(0, p-a.Window+1)
			}
			scores := make([]float64, 0, p+1-first)
			for j := first; j <= p; j++ {
				key := keys[(j*kv.Heads+h/group)*kv.KeyDim:][:kv.KeyDim]
				scores = append(scores, float64(a.Scale)*dot(query, key))
			}
			for i, share := range softmax(scores) {
				value := values[((first+i)*kv.Heads+h/group)*kv.ValueDim:][:kv.ValueDim]
				for e := range out {
					out[e] += share * value[e]
				}
			}
		}
	}
	return y
}

// rotateAll returns the rotated copy of rows of heads whose positions are first, first+1 and so on.
func rotateAll(x []float64, heads, dim, first int, r ops.Rope) []float64 {
	y := slices.Clone(x)
	if len(r.Freqs) == 0 {
		return y
	}
	for i := 0; i < len(y)/dim; i++ {
		rotate(y[i*dim:][:dim], first+i/heads, r)
	}
	return y
}

// rotate turns the pairs of one head by its position.
func rotate(x []float64, position int, r ops.Rope) {
	for i, f := range r.Freqs {
		a, b := i, i+len(r.Freqs)
		if r.Interleaved {
			a, b = 2*i, 2*i+1
		}
		sin, cos := math.Sincos(float64(position) * f)
		x[a], x[b] = r.Scale()*(x[a]*cos-x[b]*sin), r.Scale()*(x[a]*sin+x[b]*cos)
	}
}

func softmax(x []float64) []float64 {
	top, sum := slices.Max(x), 0.0
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = math.Exp(v - top)
		sum += y[i]
	}
	for i := range y {
		y[i] /= sum
	}
	return y
}

func round(f func(x []float64), x []float64, dim int) {
	if f == nil {
		return
	}
	for head := range slices.Chunk(x, dim) {
		f(head)
	}
}

func dot(a, b []float64) float64 {
	sum := 0.0
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}
