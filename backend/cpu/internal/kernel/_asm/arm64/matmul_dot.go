package main

// part is a run of k-groups whose products are summed as integers.
type part struct {
	groups int  // of four columns; even
	disp   int  // from the codes of an activation row
	narrow bool // the sum of |code|*127 over groups*2 columns fits in 15 bits
	// load sets low to the codes of k-group 2c and high to those of 2c+1, for the rows 4v to 4v+3.
	load func(c, v int, low, high vreg)
	// start sets all lanes of d to what the sum of activation row m starts from; nil is zero.
	start func(m int, d vreg)
}

// engine sums the products of a part. It returns four vectors of int32 for each activation row, one lane for each
// weight row, which the caller frees.
type engine struct {
	tiles  []int // numbers of activation rows
	inRegs int   // up to so many rows, the sums over blocks stay in registers too
	sum    func(t *tile, p part) []vreg
}

// engines has one row per level. Two rows of SMLAL take as many registers as six rows of the others: their products
// have 16 bits.
var engines = map[string]engine{
	"neon":    {[]int{2, 1}, 1, (*tile).sumSMLAL},
	"dotprod": {[]int{6, 4, 2, 1}, 2, (*tile).sumSDOT},
	"i8mm":    {[]int{6, 4, 2, 1}, 2, (*tile).sumSMMLA},
}

// sumSDOT multiplies vectors of four rows and four columns by the same four columns of an activation row.
func (t *tile) sumSDOT(p part) []vreg {
	acc := t.vs(4 * t.rows)
	for m := range t.rows {
		t.startRow(p, m, acc[4*m:4*m+4])
	}
	for c := range p.groups / 2 {
		for v0 := 0; v0 < 4; v0 += 2 {
			w := t.vs(4)
			p.load(c, v0, w[0], w[1])
			p.load(c, v0+1, w[2], w[3])
			xs := t.spare(t.rows)
			for m := range t.rows {
				x := xs[m%len(xs)]
				t.loadD(x, t.row(m).plus(p.disp+8*c))
				for g := range 2 {
					for i := range 2 {
						t.elem("sdot.4s", acc[4*m+v0+i], w[2*i+g], x, g)
					}
				}
			}
			t.free(xs...)
			t.free(w...)
		}
	}
	return acc
}

// startRow sets the sums of an activation row to their start.
func (t *tile) startRow(p part, m int, acc []vreg) {
	if p.start == nil {
		for _, v := range acc {
			t.zero(v)
		}
		return
	}
	p.start(m, acc[0])
	for _, v := range acc[1:] {
		t.vv("mov.16b", v, acc[0])
	}
}

// sumSMMLA multiplies two rows and eight columns of the panel, taken from two k-groups, by the same of two activation
// rows. An odd row goes to sumSDOT.
func (t *tile) sumSMMLA(p part) []vreg {
	if t.rows%2 != 0 {
		return t.sumSDOT(p)
	}
	pairs := t.rows / 2
	acc := t.vs(8 * pairs) // two for each vector of the result: lanes are (x0 w0) (x0 w1) (x1 w0) (x1 w1)
	for i := range pairs {
		t.startPair(p, i, acc[8*i:8*i+8])
	}
	for c := range p.groups / 2 {
		x := t.vs(pairs)
		second := t.v()
		for i, v := range x {
			t.loadD(v, t.row(2*i).plus(p.disp+8*c))
			t.loadD(second, t.row(2*i+1).plus(p.disp+8*c))
			t.vvv("zip1.2d", v, v, second)
		}
		t.free(second)
		for v := range 4 {
			low, high := t.v(), t.v()
			p.load(c, v, low, high)
			w := t.v()
			t.vvv("zip1.4s", w, low, high)
			t.vvv("zip2.4s", high, low, high)
			for i := range pairs {
				t.vvv("smmla.4s", acc[8*i+2*v], x[i], w)
				t.vvv("smmla.4s", acc[8*i+2*v+1], x[i], high)
			}
			t.free(low, high, w)
		}
		t.free(x...)
	}
	sum := make([]vreg, 4*t.rows)
	for i := range pairs {
		for v := range 4 {
			a, b, first := acc[8*i+2*v], acc[8*i+2*v+1], t.v()
			t.vvv("zip1.2d", first, a, b)
			t.vvv("zip2.2d", b, a, b)
			sum[8*i+v], sum[8*i+4+v] = first, b
			t.free(a)
		}
	}
	return sum
}

// startPair sets the sums of two activation rows to their start.
func (t *tile) startPair(p part, i int, acc []vreg) {
	if p.start == nil {
		for _, v := range acc {
			t.zero(v)
		}
		return
	}
	second := acc[1]
	p.start(2*i, acc[0])
	p.start(2*i+1, second)
	t.vvv("zip1.2d", acc[0], acc[0], second)
	for _, v := range acc[1:] {
		t.vv("mov.16b", v, acc[0])
	}
}

// sumSMLAL multiplies bytes to 16 bits: in a narrow part all products of a column modulo four are summed there, in
// others two, which are then added pairwise to 32 bits.
func (t *tile) sumSMLAL(p part) []vreg {
	acc := t.vs(8 * t.rows) // two for each vector of the result
	if !p.narrow {
		for _, v := range acc {
			t.zero(v)
		}
	}
	for c := range p.groups / 2 {
		x := t.vs(2 * t.rows) // four columns of an activation row, four times
		for m := range t.rows {
			t.loadD(x[2*m+1], t.row(m).plus(p.disp+8*c))
			t.dup(x[2*m], x[2*m+1], 0)
			t.dup(x[2*m+1], x[2*m+1], 1)
		}
		for v := range 4 {
			low, high := t.v(), t.v()
			p.load(c, v, low, high)
			for m := range t.rows {
				t.smlalRow(p.narrow, c == 0, acc[8*m+2*v:8*m+2*v+2], low, high, x[2*m:2*m+2])
			}
			t.free(low, high)
		}
		t.free(x...)
	}
	return t.foldSMLAL(p, acc)
}

func (t *tile) smlalRow(narrow, first bool, acc []vreg, low, high vreg, x []vreg) {
	sums := acc
	if !narrow {
		sums = t.vs(2)
	}
	names := []string{"smlal.8h", "smlal2.8h"}
	if first || !narrow {
		names = []string{"smull.8h", "smull2.8h"}
	}
	t.vvv(names[0], sums[0], low, x[0])
	t.vvv(names[1], sums[1], low, x[0])
	t.vvv("smlal.8h", sums[0], high, x[1])
	t.vvv("smlal2.8h", sums[1], high, x[1])
	if !narrow {
		t.vv("sadalp.4s", acc[0], sums[0])
		t.vv("sadalp.4s", acc[1], sums[1])
		t.free(sums...)
	}
}

// foldSMLAL adds the sums of the four columns and what they start from.
func (t *tile) foldSMLAL(p part, acc []vreg) []vreg {
	sum := make([]vreg, 4*t.rows)
	for i := range sum {
		a, b := acc[2*i], acc[2*i+1]
		if p.narrow {
			t.vv("saddlp.4s", a, a)
			t.vv("saddlp.4s", b, b)
		}
		t.vvv("addp.4s", a, a, b)
		t.free(b)
		sum[i] = a
	}
	if p.start == nil {
		return sum
	}
	for m := range t.rows {
		start := t.v()
		p.start(m, start)
		for _, v := range sum[4*m : 4*m+4] {
			t.vvv("add.4s", v, v, start)
		}
		t.free(start)
	}
	return sum
}
