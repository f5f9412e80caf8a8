package quant

import "math"

// The searches compute in float64, which no float32 overflows, and round every product, so that machines with fused
// multiply-add choose the same codes.

// fit is a scale and offset, w = s·q + m, with the sum of squared errors that they leave on the numbers fitted.
type fit struct{ s, m, err float64 }

// better returns the fit of least error. An error that is NaN never wins.
func (f fit) better(g fit) fit {
	if g.err < f.err {
		return g
	}
	return f
}

// leastSquares returns s and m that minimise Σ(s·q + m − x)² for given codes under the condition m ≤ mMax; s is 0 when
// all codes are equal.
func leastSquares(x []float32, q []uint8, mMax float64) (s, m float64) {
	n := float64(len(x))
	var sx, sq, sqq, sqx float64
	for i, v := range x {
		c, v := float64(q[i]), float64(v)
		sx, sq, sqq, sqx = sx+v, sq+c, sqq+float64(c*c), sqx+float64(c*v)
	}
	det := float64(n*sqq) - float64(sq*sq)
	if det <= 0 {
		return 0, 0
	}
	s = (float64(n*sqx) - float64(sq*sx)) / det
	m = (float64(sqq*sx) - float64(sq*sqx)) / det
	if m > mMax {
		s, m = (sqx-float64(mMax*sq))/sqq, mMax
	}
	return s, m
}

// roundCodes sets q to the codes in [0, n] that are nearest to x under w = s·q + m.
func roundCodes(q []uint8, x []float32, s, m float64, n int) {
	inv := 0.0
	if s != 0 {
		inv = 1 / s
	}
	for i, v := range x {
		q[i] = uint8(min(max(float64((float64(v)-m)*inv)+0.5, 0), float64(n)))
	}
}

// errorOf returns the sum of squared errors of codes.
func errorOf(q []uint8, x []float32, s, m float64) (sum float64) {
	for i, v := range x {
		e := float64(s*float64(q[i])) + m - float64(v)
		sum += float64(e * e)
	}
	return sum
}

// fitAffine searches s ≥ 0 and m ≤ mMax for codes in [0, n]. It starts from the range of x, stretched and shrunk by up
// to 1.5 codes, and refines each start by least squares.
func fitAffine(x []float32, n int, mMax float64) fit {
	lo32, hi32 := bounds(x)
	lo, hi := min(float64(lo32), mMax), float64(hi32)
	if hi == lo {
		return fit{m: lo}
	}
	best := fit{s: (hi - lo) / float64(n), m: lo, err: math.Inf(1)}
	var codes [32]uint8
	q := codes[:len(x)]
	for step := -affineSteps; step <= affineSteps; step++ {
		s, m := (hi-lo)/(float64(n)+float64(3*step)/(2*affineSteps)), lo
		for range refinements {
			roundCodes(q, x, s, m, n)
			if s, m = leastSquares(x, q, mMax); s <= 0 {
				break
			}
			best = best.better(fit{s, m, errorOf(q, x, s, m)})
		}
	}
	return best
}

// The effort of the searches. Four times the starts and twice the refinements lower the RMSE by less than 1 %.
const (
	affineSteps = 4
	scaleSteps  = 3
	refinements = 2
)

// levels is an ascending list of the values that codes stand for. Where linear is set they are consecutive.
type levels struct {
	values []int8
	linear bool
}

// roundCodes sets q to the indices of the levels nearest to x/s; s = 0 chooses the level nearest to zero.
func (l levels) roundCodes(q []uint8, x []float32, s float64) {
	inv := 0.0
	if s != 0 {
		inv = 1 / s
	}
	if l.linear {
		first, last := float64(l.values[0]), float64(len(l.values)-1)
		for i, v := range x {
			q[i] = uint8(min(max(float64(float64(v)*inv)-first+0.5, 0), last))
		}
		return
	}
	for i, v := range x {
		q[i] = l.nearest(float64(v) * inv)
	}
}

// nearest returns the index of the level nearest to v, the upper of two equally near.
func (l levels) nearest(v float64) uint8 {
	lo, hi := 0, len(l.values)-1
	for lo < hi {
		if mid := (lo + hi) / 2; 2*v < float64(int(l.values[mid])+int(l.values[mid+1])) {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return uint8(lo)
}

// measure returns the error of x under w = s·level, and the least-squares s for the levels chosen.
func (l levels) measure(x []float32, s float64) (err, next float64) {
	var codes [32]uint8
	q := codes[:len(x)]
	l.roundCodes(q, x, s)
	var lx, ll float64
	for i, c := range q {
		v, level := float64(x[i]), float64(l.values[c])
		e := float64(s*level) - v
		err += float64(e * e)
		lx, ll = lx+float64(level*v), ll+level*level
	}
	if ll == 0 {
		return err, 0
	}
	return err, lx / ll
}

// fitScale searches s of either sign for w = s·level. It starts from scales that give the extreme of x a value within
// an eighth of the first or the last level, and refines each by least squares.
func (l levels) fitScale(x []float32) fit {
	top := float64(extreme(x))
	if top == 0 {
		return fit{}
	}
	best := fit{err: math.Inf(1)}
	for _, end := range [2]int8{l.values[0], l.values[len(l.values)-1]} {
		for step := -scaleSteps; step <= scaleSteps; step++ {
			s := top / (float64(end) * (1 + float64(step)/(8*scaleSteps)))
			for range refinements + 1 {
				err, next := l.measure(x, s)
				best = best.better(fit{s: s, err: err})
				if next == s {
					break
				}
				s = next
			}
		}
	}
	return best
}
