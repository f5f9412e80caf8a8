package main

// sumSMLAL multiplies bytes to 16 bits: in a narrow part all products of a column modulo four are summed there, in
// others two, which are then added pairwise to 32 bits.
func (t *tile) sumSMLAL(p part) []vreg {
	acc := t.vs(2 * t.count()) // two for each vector of the result
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
		for v := range t.vectors {
			low, high := t.v(), t.v()
			p.load(c, v, low, high)
			for m := range t.rows {
				i := 2 * (m*t.vectors + v)
				t.smlalRow(p.narrow, c == 0, acc[i:i+2], low, high, x[2*m:2*m+2])
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
	sum := make([]vreg, t.count())
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
		t.zero(start)
		p.start(m, start)
		for _, v := range sum[m*t.vectors : (m+1)*t.vectors] {
			t.vvv("add.4s", v, v, start)
		}
		t.free(start)
	}
	return sum
}
