package ops

import "fmt"

// Op is an operation. Each has one row in the table below.
type Op uint8

// The operations. Formulas use the axis letters of package tensor.
const (
	// OpEmbed looks up the rows of a table: y[t] = W[token[t]], or the embedding given for a row that is not a token.
	// W [V D] -> [T D]. An id outside 0..V-1 is an error of the step.
	OpEmbed Op = iota
	// OpRMSNorm is y = x / sqrt(mean(x²) + eps) * w over the innermost axis (Zhang and Sennrich 2019).
	// x [.. D], w [D] -> [.. D].
	OpRMSNorm
	// OpMatMul is y[t][n] = sum over k of x[t][k] * W[n][k]. x [.. K], W [N K] -> [.. N].
	OpMatMul
	// OpAdd is y = a + b. b has the shape of a, or is a weight [N] that is added to every row of a [.. N].
	OpAdd
	// OpGLU is y = act(g) * u, a gated linear unit (Shazeer 2020). g, u [.. F] -> [.. F].
	OpGLU
	// OpReshape gives the elements of a row other axes: [T H*D] -> [T H D] and back. Nothing moves.
	OpReshape
	// OpAttention rotates queries and keys, appends keys and values to the state it names, and gives each query the
	// softmax-weighted sum of the values it sees; see Attention. q [T H D], k [T K D], v [T K Dv] -> [T H Dv].
	OpAttention
	// OpOutputs keeps the rows for which an output is asked, in ascending order. [T ..] -> [O ..].
	OpOutputs
	opEnd
)

// info is a row of the op table.
type info struct {
	name  string
	arity int
	// weights has a bit per operand that must be a weight.
	weights uint8
	// infer gives the shape of the result, or an error that says what was found and what was expected.
	infer func(in []Shape, attr Attr) (Shape, error)
	// what the op is for, in a few words.
	doc string
}

var table = [opEnd]info{
	OpEmbed:     {"Embed", 1, 1 << 0, inferEmbed, "rows of an embedding table"},
	OpRMSNorm:   {"RMSNorm", 2, 1 << 1, inferRMSNorm, "root-mean-square norm of the innermost axis"},
	OpMatMul:    {"MatMul", 2, 1 << 1, inferMatMul, "product with a weight matrix"},
	OpAdd:       {"Add", 2, 0, inferAdd, "sum, or a bias added to every row"},
	OpGLU:       {"GLU", 2, 0, inferGLU, "gated linear unit"},
	OpReshape:   {"Reshape", 1, 0, inferReshape, "other axes for the elements of a row"},
	OpAttention: {"Attention", 3, 0, inferAttention, "attention with rotation, cache and masking"},
	OpOutputs:   {"Outputs", 1, 0, inferOutputs, "the rows whose output is asked"},
}

// Ops returns every operation in order.
func Ops() []Op {
	all := make([]Op, opEnd)
	for i := range all {
		all[i] = Op(i)
	}
	return all
}

// String returns the name used in the text form.
func (o Op) String() string {
	if o >= opEnd {
		return "invalid"
	}
	return table[o].name
}

// Arity returns the number of operands, 0 for an invalid operation.
func (o Op) Arity() int {
	if o >= opEnd {
		return 0
	}
	return table[o].arity
}

// Doc returns a short description, nothing for an invalid operation.
func (o Op) Doc() string {
	if o >= opEnd {
		return ""
	}
	return table[o].doc
}

// Infer returns the shape of the result for operands of the given shapes. It is a pure function, and any operands and
// attribute are safe: what cannot be a shape, before or after, is an error.
func (o Op) Infer(in []Shape, attr Attr) (Shape, error) {
	if len(in) != o.Arity() || len(in) == 0 {
		return nil, fmt.Errorf("%d operands given, %v has %d", len(in), o, o.Arity())
	}
	for i, s := range in {
		if why := s.check(); why != "" {
			return nil, fmt.Errorf("operand %d is %v: %s", i, s, why)
		}
	}
	y, err := table[o].infer(in, attr)
	if err != nil {
		return nil, err
	}
	if why := y.check(); why != "" {
		return nil, fmt.Errorf("operands %v give %v: %s", in, y, why)
	}
	return y, nil
}
