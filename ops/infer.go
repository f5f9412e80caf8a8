package ops

import (
	"fmt"
	"math"
)

func inferEmbed(in []Shape, _ Attr) (Shape, error) {
	w := in[0]
	if len(w) != 2 {
		return nil, fmt.Errorf("table %v: want two axes [V D]", w)
	}
	return Shape{Rows, w[1]}, nil
}

func inferRMSNorm(in []Shape, attr Attr) (Shape, error) {
	x, w := in[0], in[1]
	n, ok := attr.(Norm)
	if !ok || !(n.Eps >= 0) || !finite(float64(n.Eps)) {
		return nil, fmt.Errorf("eps is %v: want a finite number that is not negative", attr)
	}
	if len(x) < 2 || len(w) != 1 || w[0] != x[len(x)-1] {
		return nil, fmt.Errorf("x %v, weight %v: want [.. D] and [D]", x, w)
	}
	return x, nil
}

func inferMatMul(in []Shape, _ Attr) (Shape, error) {
	x, w := in[0], in[1]
	if len(x) < 2 || len(w) != 2 {
		return nil, fmt.Errorf("x %v, weight %v: want [.. K] and [N K]", x, w)
	}
	if x[len(x)-1] != w[1] {
		return nil, fmt.Errorf("inner dimensions differ: x %v, weight %v", x, w)
	}
	y := append(Shape{}, x...)
	y[len(y)-1] = w[0]
	return y, nil
}

func inferAdd(in []Shape, _ Attr) (Shape, error) {
	a, b := in[0], in[1]
	bias := len(b) == 1 && len(a) > 1 && b[0] == a[len(a)-1]
	if !a.Equal(b) && !bias {
		return nil, fmt.Errorf("a %v, b %v: want equal shapes, or a bias [N] for [.. N]", a, b)
	}
	return a, nil
}

func inferGLU(in []Shape, attr Attr) (Shape, error) {
	if a, ok := attr.(Activation); !ok || a > SiLU {
		return nil, fmt.Errorf("activation is %v: want one of the named ones", attr)
	}
	if !in[0].Equal(in[1]) {
		return nil, fmt.Errorf("gate %v, up %v: want equal shapes", in[0], in[1])
	}
	return in[0], nil
}

func inferReshape(in []Shape, attr Attr) (Shape, error) {
	axes, ok := attr.(Axes)
	if !ok {
		return nil, fmt.Errorf("no axes given")
	}
	x := in[0]
	if !x.Symbolic() {
		return nil, fmt.Errorf("x %v: want rows", x)
	}
	y := append(Shape{x[0]}, axes...)
	if why := y.check(); why != "" {
		return nil, fmt.Errorf("axes %v: %s", axes, why)
	}
	if x.RowLen() != y.RowLen() {
		return nil, fmt.Errorf("x %v has %d elements a row, axes %v have %d", x, x.RowLen(), axes, y.RowLen())
	}
	return y, nil
}

func inferAttention(in []Shape, attr Attr) (Shape, error) {
	q, k, v := in[0], in[1], in[2]
	a, ok := attr.(Attention)
	if !ok {
		return nil, fmt.Errorf("no attention attributes given")
	}
	for _, s := range in {
		if len(s) != 3 || s[0] != Rows {
			return nil, fmt.Errorf("q %v, k %v, v %v: want [T H D], [T K D], [T K Dv]", q, k, v)
		}
	}
	if q[2] != k[2] || k[1] != v[1] {
		return nil, fmt.Errorf("q %v, k %v, v %v: want [T H D], [T K D], [T K Dv]", q, k, v)
	}
	if q[1]%k[1] != 0 {
		return nil, fmt.Errorf("%v query heads are not a multiple of %v key heads", q[1], k[1])
	}
	if n := 2 * len(a.Rope.Freqs); n > int(q[2]) {
		return nil, fmt.Errorf("rotation of %d elements, heads have %v", n, q[2])
	}
	if !finite(float64(a.Scale)) || !finite(a.Rope.Scale()) {
		return nil, fmt.Errorf("scale %v, rotation magnitude %v: want finite numbers", a.Scale, a.Rope.Scale())
	}
	for i, f := range a.Rope.Freqs {
		if !finite(f) {
			return nil, fmt.Errorf("rotation frequency %d is %v: want a finite number", i, f)
		}
	}
	if a.Window < 0 || a.State < 0 {
		return nil, fmt.Errorf("window %d, state %d: want numbers that are not negative", a.Window, a.State)
	}
	return Shape{Rows, q[1], v[2]}, nil
}

func inferOutputs(in []Shape, _ Attr) (Shape, error) {
	x := in[0]
	if len(x) < 2 || x[0] != Rows {
		return nil, fmt.Errorf("x %v: want [T ..]", x)
	}
	return append(Shape{Outs}, x[1:]...), nil
}

func finite(f float64) bool { return !math.IsNaN(f) && !math.IsInf(f, 0) }
