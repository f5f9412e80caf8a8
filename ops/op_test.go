package ops

import (
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"strings"
	"testing"
)

// TestEveryOp fails for an operation without a row in the table, a description, a comment, or shape-rule cases. The
// reference and the conformance cases are checked by the tests of ops/ref and backend/backendtest, which walk Ops too.
func TestEveryOp(t *testing.T) {
	comments := constComments(t, "op.go")
	names := map[string]Op{}
	for _, op := range Ops() {
		row := table[op]
		if row.name == "" || row.infer == nil || row.arity == 0 {
			t.Errorf("op %d has no row in the table: %+v", op, row)
			continue
		}
		if row.doc == "" || op.Doc() != row.doc {
			t.Errorf("%v has no description", op)
		}
		if row.weights >= 1<<row.arity {
			t.Errorf("%v: weights %b has bits beyond its %d operands", op, row.weights, row.arity)
		}
		if other, ok := names[row.name]; ok {
			t.Errorf("ops %d and %d are both called %s", op, other, row.name)
		}
		names[row.name] = op
		if len(comments["Op"+row.name]) < 20 {
			t.Errorf("constant Op%s has no comment that says what it computes", row.name)
		}
		good, bad := 0, 0
		for _, c := range shapeCases {
			if c.op == op && c.want != "" {
				good++
			}
			if c.op == op && c.err != "" {
				bad++
			}
		}
		if good == 0 || bad == 0 {
			t.Errorf("%v has %d shape cases that hold and %d that fail: want at least one of each", op, good, bad)
		}
	}
}

func TestInvalidOp(t *testing.T) {
	for _, op := range []Op{opEnd, opEnd + 1, 255} {
		if op.Arity() != 0 || op.Doc() != "" || op.String() != "invalid" {
			t.Errorf("op %d: arity %d, doc %q, name %q", op, op.Arity(), op.Doc(), op)
		}
		for _, in := range [][]Shape{nil, {{Rows, 4}}} {
			if s, err := op.Infer(in, nil); err == nil {
				t.Errorf("op %d of %v gave %v", op, in, s)
			}
		}
	}
}

// constComments returns the comment of each constant of a file.
func constComments(t *testing.T, file string) map[string]string {
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	ast.Inspect(f, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok {
			for _, name := range v.Names {
				out[name.Name] = v.Doc.Text()
			}
		}
		return true
	})
	return out
}

var (
	table32 = Shape{32, 8}
	rows8   = Shape{Rows, 8}
	heads   = Shape{Rows, 6, 8}
	kv      = Shape{Rows, 2, 8}
	nan     = math.NaN()
	inf     = math.Inf(1)
	huge    = Dim(maxElements)
)

// shapeCases are the shape rules: what each op makes of shapes and attribute, or a part of its error.
var shapeCases = []struct {
	op   Op
	in   []Shape
	attr Attr
	want string
	err  string
}{
	{OpEmbed, []Shape{table32}, nil, "[T 8]", ""},
	{OpEmbed, []Shape{{1, 1}}, nil, "[T 1]", ""},
	{OpEmbed, []Shape{{32}}, nil, "", "want two axes"},
	{OpEmbed, []Shape{{32, 8, 2}}, nil, "", "want two axes"},
	{OpEmbed, []Shape{{}}, nil, "", "want two axes"},
	{OpEmbed, nil, nil, "", "0 operands"},
	{OpEmbed, []Shape{table32, table32}, nil, "", "2 operands"},

	{OpRMSNorm, []Shape{rows8, {8}}, Norm{1e-5}, "[T 8]", ""},
	{OpRMSNorm, []Shape{{Outs, 8}, {8}}, Norm{0}, "[O 8]", ""},
	{OpRMSNorm, []Shape{heads, {8}}, Norm{1}, "[T 6 8]", ""},
	{OpRMSNorm, []Shape{heads, {6}}, Norm{1}, "", "want [.. D] and [D]"},
	{OpRMSNorm, []Shape{{8}, {8}}, Norm{1}, "", "want [.. D] and [D]"},
	{OpRMSNorm, []Shape{rows8, {1, 8}}, Norm{1}, "", "want [.. D] and [D]"},
	{OpRMSNorm, []Shape{rows8, {8}}, nil, "", "eps"},
	{OpRMSNorm, []Shape{rows8, {8}}, SiLU, "", "eps"},
	{OpRMSNorm, []Shape{rows8, {8}}, Norm{-1}, "", "eps"},
	{OpRMSNorm, []Shape{rows8, {8}}, Norm{float32(nan)}, "", "eps"},
	{OpRMSNorm, []Shape{rows8, {8}}, Norm{float32(inf)}, "", "eps"},

	{OpMatMul, []Shape{rows8, {5, 8}}, nil, "[T 5]", ""},
	{OpMatMul, []Shape{{Outs, 8}, {1, 8}}, nil, "[O 1]", ""},
	{OpMatMul, []Shape{heads, {3, 8}}, nil, "[T 6 3]", ""},
	{OpMatMul, []Shape{rows8, {8, 5}}, nil, "", "inner dimensions differ: x [T 8], weight [8 5]"},
	{OpMatMul, []Shape{{8}, {5, 8}}, nil, "", "want [.. K] and [N K]"},
	{OpMatMul, []Shape{rows8, {8}}, nil, "", "want [.. K] and [N K]"},
	{OpMatMul, []Shape{{Rows, huge, 1}, {huge, 1}}, nil, "", "more elements"},

	{OpAdd, []Shape{rows8, rows8}, nil, "[T 8]", ""},
	{OpAdd, []Shape{heads, heads}, nil, "[T 6 8]", ""},
	{OpAdd, []Shape{heads, {8}}, nil, "[T 6 8]", ""},
	{OpAdd, []Shape{{Outs, 8}, {8}}, nil, "[O 8]", ""},
	{OpAdd, []Shape{rows8, {Outs, 8}}, nil, "", "want equal shapes"},
	{OpAdd, []Shape{rows8, {4}}, nil, "", "want equal shapes"},
	{OpAdd, []Shape{{8}, rows8}, nil, "", "want equal shapes"},
	{OpAdd, []Shape{rows8, {}}, nil, "", "want equal shapes"},

	{OpGLU, []Shape{rows8, rows8}, SiLU, "[T 8]", ""},
	{OpGLU, []Shape{{Outs, 3}, {Outs, 3}}, SiLU, "[O 3]", ""},
	{OpGLU, []Shape{rows8, {Rows, 9}}, SiLU, "", "want equal shapes"},
	{OpGLU, []Shape{rows8, rows8}, nil, "", "activation"},
	{OpGLU, []Shape{rows8, rows8}, Activation(200), "", "activation is invalid"},

	{OpReshape, []Shape{{Rows, 48}}, Axes{6, 8}, "[T 6 8]", ""},
	{OpReshape, []Shape{heads}, Axes{48}, "[T 48]", ""},
	{OpReshape, []Shape{heads}, Axes{2, 3, 4, 2}, "[T 2 3 4 2]", ""},
	{OpReshape, []Shape{{Outs, 1}}, Axes{}, "[O]", ""},
	{OpReshape, []Shape{heads}, nil, "", "no axes"},
	{OpReshape, []Shape{heads}, Axes{47}, "", "48 elements a row"},
	{OpReshape, []Shape{heads}, Axes{0, 48}, "", "not positive"},
	{OpReshape, []Shape{heads}, Axes{Rows, 48}, "", "not positive"},
	{OpReshape, []Shape{heads}, Axes{-6, -8}, "", "not positive"},
	{OpReshape, []Shape{heads}, Axes{huge, huge}, "", "more elements"},
	{OpReshape, []Shape{{6, 8}}, Axes{48}, "", "want rows"},

	{OpAttention, []Shape{heads, kv, kv}, Attention{Scale: 1}, "[T 6 8]", ""},
	{OpAttention, []Shape{heads, kv, {Rows, 2, 5}}, Attention{Window: 3}, "[T 6 5]", ""},
	{OpAttention, []Shape{heads, heads, heads}, Attention{Rope: Rope{Freqs: make([]float64, 4)}}, "[T 6 8]", ""},
	{OpAttention, []Shape{heads, kv, kv}, nil, "", "no attention attributes"},
	{OpAttention, []Shape{{Rows, 48}, kv, kv}, Attention{}, "", "want [T H D]"},
	{OpAttention, []Shape{heads, kv, {Outs, 2, 8}}, Attention{}, "", "want [T H D]"},
	{OpAttention, []Shape{heads, {Rows, 2, 7}, kv}, Attention{}, "", "want [T H D]"},
	{OpAttention, []Shape{heads, kv, {Rows, 3, 8}}, Attention{}, "", "want [T H D]"},
	{OpAttention, []Shape{heads, {Rows, 4, 8}, {Rows, 4, 8}}, Attention{}, "", "not a multiple"},
	{OpAttention, []Shape{heads, {Rows, 0, 8}, {Rows, 0, 8}}, Attention{}, "", "not positive"},
	{OpAttention, []Shape{heads, kv, kv}, Attention{Rope: Rope{Freqs: make([]float64, 5)}}, "", "rotation of 10"},
	{OpAttention, []Shape{heads, kv, kv}, Attention{Rope: Rope{Freqs: []float64{1, nan}}}, "", "frequency 1"},
	{OpAttention, []Shape{heads, kv, kv}, Attention{Rope: Rope{Freqs: []float64{inf}}}, "", "frequency 0"},
	{OpAttention, []Shape{heads, kv, kv}, Attention{Rope: Rope{Magnitude: nan}}, "", "finite"},
	{OpAttention, []Shape{heads, kv, kv}, Attention{Scale: float32(inf)}, "", "finite"},
	{OpAttention, []Shape{heads, kv, kv}, Attention{Window: -1}, "", "window -1"},
	{OpAttention, []Shape{heads, kv, kv}, Attention{State: -1}, "", "state -1"},
	{OpAttention, []Shape{{Rows, huge, 1}, {Rows, 1, 1}, {Rows, 1, huge}}, Attention{}, "", "more elements"},

	{OpOutputs, []Shape{rows8}, nil, "[O 8]", ""},
	{OpOutputs, []Shape{heads}, nil, "[O 6 8]", ""},
	{OpOutputs, []Shape{{Outs, 8}}, nil, "", "want [T ..]"},
	{OpOutputs, []Shape{{8, 8}}, nil, "", "want [T ..]"},
	{OpOutputs, []Shape{{Rows}}, nil, "", "want [T ..]"},
}

func TestInfer(t *testing.T) {
	for _, c := range shapeCases {
		before := cloneShapes(c.in)
		got, err := c.op.Infer(c.in, c.attr)
		switch {
		case c.err == "" && (err != nil || got.String() != c.want):
			t.Errorf("%v%v {%v} = %v, %v: want %s", c.op, c.in, c.attr, got, err, c.want)
		case c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)):
			t.Errorf("%v%v {%v} = %v, %v: want an error with %q", c.op, c.in, c.attr, got, err, c.err)
		}
		for i := range before {
			if !before[i].Equal(c.in[i]) {
				t.Errorf("%v changed its operand %v to %v", c.op, before[i], c.in[i])
			}
		}
	}
}

// TestInferHostile gives every op any shapes and attributes: an error or a valid shape, no panic.
func TestInferHostile(t *testing.T) {
	dims := []Dim{Rows, Outs, 0, 1, 8, -3, huge, huge + 1, math.MaxInt, math.MinInt}
	var shapes []Shape
	for _, a := range dims {
		shapes = append(shapes, Shape{a})
		for _, b := range dims {
			shapes = append(shapes, Shape{a, b}, Shape{a, b, 8}, Shape{Rows, a, b}, Shape{a, b, a, b})
		}
	}
	shapes = append(shapes, nil, Shape{})
	attrs := []Attr{nil, Norm{}, SiLU, Activation(9), Axes{}, Axes{8}, Axes{Rows, Rows}, Axes{huge, huge, huge}, Axes{math.MinInt}, Attention{}, Attention{Rope: Rope{Freqs: []float64{1}}}}
	for _, op := range Ops() {
		for i := range shapes {
			for _, attr := range attrs {
				in := make([]Shape, op.Arity())
				for j := range in {
					in[j] = shapes[(i*(j+1)+j*7)%len(shapes)]
				}
				s, err := op.Infer(in, attr)
				if err == nil && s.check() != "" {
					t.Fatalf("%v%v {%v} = %v: %s", op, in, attr, s, s.check())
				}
			}
		}
	}
}

func cloneShapes(in []Shape) []Shape {
	out := make([]Shape, len(in))
	for i, s := range in {
		out[i] = append(Shape{}, s...)
	}
	return out
}

func TestShape(t *testing.T) {
	for _, c := range []struct {
		s          Shape
		text       string
		inner, row int
		symbolic   bool
	}{
		{nil, "[]", 1, 1, false},
		{Shape{7}, "[7]", 7, 1, false},
		{Shape{Rows, 3, 5}, "[T 3 5]", 5, 15, true},
		{Shape{Outs, 9}, "[O 9]", 9, 9, true},
		{Shape{4, 6}, "[4 6]", 6, 6, false},
	} {
		if c.s.String() != c.text || c.s.Inner() != c.inner || c.s.RowLen() != c.row || c.s.Symbolic() != c.symbolic {
			t.Errorf("%v: text %s, inner %d, row %d, symbolic %v: want %+v", c.s, c.s, c.s.Inner(), c.s.RowLen(), c.s.Symbolic(), c)
		}
	}
}

func TestRopeEqual(t *testing.T) {
	r := Rope{Freqs: []float64{1, 0.5}}
	for _, c := range []struct {
		o    Rope
		want bool
	}{
		{Rope{Freqs: []float64{1, 0.5}}, true},
		{Rope{Freqs: []float64{1, 0.5}, Magnitude: 1}, true},
		{Rope{Freqs: []float64{1, 0.5}, Magnitude: 1.25}, false},
		{Rope{Freqs: []float64{1, 0.25}}, false},
		{Rope{Freqs: []float64{1}}, false},
		{Rope{Freqs: []float64{1, 0.5}, Interleaved: true}, false},
		{Rope{}, false},
	} {
		if r.Equal(c.o) != c.want || c.o.Equal(r) != c.want {
			t.Errorf("%+v equal to %+v: want %v", r, c.o, c.want)
		}
	}
}
