package main

// codes loads weight codes of k-groups.
type codes struct {
	// load sets low to the codes of k-group 2c and high to those of 2c+1, for the rows 4v to 4v+3.
	load func(c, v int, low, high vreg)
	// constants are loaded for the time of a part; load gets at them by held.
	constants []uint32
	table     bool // the table of the product is held too, behind the constants
	held      []vreg
}

// part is a run of k-groups whose products are summed as integers.
type part struct {
	groups int // of four columns; even
	disp   int // from the codes of an activation row
	*codes
	narrow bool // the sum of |code|*127 over one column of each group fits in 15 bits
	// start sets all lanes of d to what the sum of activation row m starts from, above t.first(); nil is nothing.
	start func(m int, d vreg)
	first uint32 // a constant that all sums start from; zero is none
	unit  uint32 // the bits of what the scales are multiplied by, since the codes are a multiple; zero is nothing
}

// magic are the bits of 1.5*2^23. An integer of 22 bits that is added to them is added to the number, so sums that start
// there become floats by one subtraction. SCVTF takes twice the time on most machines.
const magic = 0x4b400000

// engine sums the products of a part, in the order that arrange gives to what they are multiplied by.
type engine struct {
	// tiles, and tiles16 for layouts with a scale for 16 columns, which have two integer sums at a time.
	tiles, tiles16 []shape
	// wide engines add products to 32 bits at once, and have no use for narrow parts.
	wide bool
}

// engines has one row per level. SMMLA takes two activation rows at a time. Two rows of SMLAL take as many registers as
// six rows of the others on half a panel: their products have 16 bits.
var engines = map[string]engine{
	"neon":    {[]shape{{2, 4}, {1, 4}}, []shape{{2, 4}, {1, 4}}, false},
	"dotprod": {[]shape{{6, 2}, {4, 2}, {2, 4}, {1, 4}}, []shape{{4, 2}, {2, 4}, {1, 4}}, true},
	"i8mm":    {[]shape{{6, 2}, {4, 2}, {2, 4}, {1, 4}}, []shape{{4, 2}, {2, 4}, {1, 4}}, true},
}

// matrix says whether the tile multiplies by SMMLA: for two rows SDOT needs fewer instructions. The sums of a matrix
// are in another order until settle: two vectors hold the rows 2i and 2i+1 of what is one vector of each row otherwise.
func (t *tile) matrix() bool { return t.level == "i8mm" && t.rows > 2 }

// sum returns the sums of a part, vector v of row m at m*vectors+v, as integers above p.first.
func (t *tile) sum(p part) []vreg { return t.settle(t.rawSum(p)) }

// rawSum is sum before settle.
func (t *tile) rawSum(p part) []vreg {
	p.held = nil
	for _, c := range p.constants {
		p.held = append(p.held, t.constant(c))
	}
	if p.table {
		p.held = append(p.held, t.loadTable())
	}
	var acc []vreg
	switch {
	case !t.dot.wide:
		acc = t.sumSMLAL(p)
	case t.matrix():
		acc = t.sumSMMLA(p)
	default:
		acc = t.sumSDOT(p)
	}
	t.free(p.held...)
	return acc
}

// sumSDOT multiplies vectors of four rows and four columns by the same four columns of an activation row.
func (t *tile) sumSDOT(p part) []vreg {
	acc := t.vs(t.count())
	for m := range t.rows {
		t.startRow(p, m, acc[m*t.vectors:(m+1)*t.vectors])
	}
	for c := range p.groups / 2 {
		for v0 := 0; v0 < t.vectors; v0 += 2 {
			w := t.vs(4)
			p.load(c, v0, w[0], w[1])
			p.load(c, v0+1, w[2], w[3])
			xs := t.spare(t.rows)
			for m := range t.rows {
				x := xs[m%len(xs)]
				t.loadD(x, t.row(m).plus(p.disp+8*c))
				for g := range 2 {
					for i := range 2 {
						t.elem("sdot.4s", acc[m*t.vectors+v0+i], w[2*i+g], x, g)
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
			t.startSum(p, v)
		}
		return
	}
	t.startSum(p, acc[0])
	p.start(m, acc[0])
	for _, v := range acc[1:] {
		t.vv("mov.16b", v, acc[0])
	}
}

func (t *tile) startSum(p part, v vreg) {
	if p.first == 0 {
		t.zero(v)
	} else {
		t.loadConstant(v, p.first)
	}
}

// sumSMMLA multiplies two rows and eight columns of the panel, taken from two k-groups, by the same of two activation
// rows.
func (t *tile) sumSMMLA(p part) []vreg {
	if p.start != nil {
		t.fail("sums of SMMLA start from a constant")
	}
	pairs, per := t.rows/2, 2*t.vectors
	acc := t.vs(pairs * per) // lanes are (x0 w0) (x0 w1) (x1 w0) (x1 w1)
	for _, v := range acc {
		t.startSum(p, v)
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
		for v := range t.vectors {
			low, high := t.v(), t.v()
			p.load(c, v, low, high)
			w := t.v()
			t.vvv("zip1.4s", w, low, high)
			t.vvv("zip2.4s", high, low, high)
			for i := range pairs {
				t.vvv("smmla.4s", acc[per*i+2*v], x[i], w)
				t.vvv("smmla.4s", acc[per*i+2*v+1], x[i], high)
			}
			t.free(low, high, w)
		}
		t.free(x...)
	}
	return acc
}

// settle brings sums into the order of rows.
func (t *tile) settle(acc []vreg) []vreg {
	if !t.matrix() {
		return acc
	}
	sum := make([]vreg, len(acc))
	for i := range t.rows / 2 {
		for v := range t.vectors {
			at := (2*i)*t.vectors + v
			a, b, first := acc[2*(i*t.vectors+v)], acc[2*(i*t.vectors+v)+1], t.v()
			t.vvv("zip1.2d", first, a, b)
			t.vvv("zip2.2d", b, a, b)
			sum[at], sum[at+t.vectors] = first, b
			t.free(a)
		}
	}
	return sum
}

// arrange makes of the vectors of four weight rows what the vectors of rawSum are multiplied by: the one with index i
// by number i modulo the length.
func (t *tile) arrange(w []vreg) []vreg {
	if !t.matrix() {
		return w
	}
	var pairs []vreg
	for _, v := range w {
		high := t.v()
		t.vvv("zip2.2d", high, v, v)
		t.vvv("zip1.2d", v, v, v)
		pairs = append(pairs, v, high)
	}
	return pairs
}
