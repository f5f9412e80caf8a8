package main

import (
	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

const (
	// segmentPanels is kernel.SegmentPanels.
	segmentPanels = 4
	// wideBytes is one column of the panels in float32, and the sums of one activation row.
	wideBytes = segmentPanels * panelRows * 4
	// rowLines is the cache lines of an activation row in a segment.
	rowLines = floatSegment * 4 / 64
	// weightLines is how many lines of each panel a tile asks for.
	weightLines = 2
)

// segmentTiles are the numbers of activation rows of a tile, and segmentWidth the panels whose sums are in registers
// together. A broadcast is used once for each vector of a column, and a vector of a column once for each row: with 6 rows
// and 4 vectors AVX-512 has 10 loads for 24 FMAs, of which it does 2 and 2 in a cycle. Fewer loads do not only leave room for
// others, but the processor runs faster, since they take a good part of the power.
var (
	segmentTiles = []int{6, 3, 2, 1}
	segmentWidth = map[int]int{8: 1, 16: segmentPanels}
)

// segment is a MatMulSegment kernel: it widens the columns once, then adds the products of each tile of activation rows
// to the sums.
type segment struct {
	*product
	weights weightVectors
	room    reg.GPVirtual // the widened columns, 64-byte aligned
	next    operand.Mem   // the lines of the first panel to ask for
	end     operand.Mem   // where they end
}

func (g *generator) genMatMulSegment(name string, weights weightVectors) {
	g.function(name+g.suffix, "func(a *SegmentArgs)", name+g.suffix+" is the MatMulSegment of its layout: see SegmentArgs.")
	g.Attributes(attr.Attribute(0))
	s := &segment{product: &product{generator: g, halves: panelRows / g.lanes}, weights: weights}
	for _, m := range []*operand.Mem{&s.x, &s.dst, &s.m, &s.next, &s.end} {
		*m = g.AllocLocal(8)
	}
	room := g.AllocLocal(floatSegment*wideBytes + 64)
	s.room = g.GP64()
	g.LEAQ(room.Offset(63), s.room)
	g.ANDQ(operand.I8(-64), s.room)
	a := s.args()
	g.MOVQ(g.load64(a.Field("X")), s.x)
	g.MOVQ(g.load64(a.Field("Dst")), s.dst)
	g.MOVQ(g.load64(a.Field("M")), s.m)
	s.widen()
	for i, rows := range segmentTiles {
		start, next := g.label("tile"), g.label("next")
		g.Label(start)
		g.CMPQ(s.m, operand.Imm(uint64(rows)))
		g.JLT(operand.LabelRef(next))
		if i == 0 {
			s.askForWeights()
		}
		s.tile(rows)
		if i == 0 {
			g.JMP(operand.LabelRef(start))
		}
		g.Label(next)
	}
	g.VZEROUPPER()
	g.RET()
}

// widen writes the columns of the panels, side by side, and sets next and end to the segment behind.
func (s *segment) widen() {
	a := s.args()
	w, stride, n, to := s.load64(a.Field("W")), s.load64(a.Field("PanelBytes")), s.load64(a.Field("K")), s.GP64()
	second := s.GP64()
	s.LEAQ(mem(w, stride, 2, 0), second)
	s.MOVQ(s.room, to)
	t := &tile{product: s.product}
	loop := s.label("widen")
	s.Label(loop)
	for p := range segmentPanels {
		m := mem(w, nil, 0, 0)
		if p >= 2 {
			m.Base = second
		}
		if p%2 == 1 {
			m.Index, m.Scale = stride, 1
		}
		for h, v := range s.weights.load(t, m) {
			s.VMOVAPS(v, mem(to, nil, 0, p*panelRows*4+h*4*s.lanes))
		}
	}
	for _, r := range []reg.GPVirtual{w, second} {
		s.ADDQ(operand.I32(int32(s.weights.columnBytes)), r)
	}
	s.ADDQ(operand.I32(wideBytes), to)
	s.DECQ(n)
	s.JNZ(operand.LabelRef(loop))
	s.MOVQ(w, s.next)
	s.ADDQ(operand.I32(int32(floatSegment*s.weights.columnBytes)), w)
	s.MOVQ(w, s.end)
}

// askForWeights asks for some lines of the next segment of each panel, until all have been asked for.
func (s *segment) askForWeights() {
	a := s.args()
	at, done := s.GP64(), s.label("asked")
	s.MOVQ(s.next, at)
	s.CMPQ(at, s.end)
	s.JGE(operand.LabelRef(done))
	s.ADDQ(operand.I32(64*weightLines), s.next)
	stride := s.load64(a.Field("PanelBytes"))
	for range segmentPanels {
		for i := range weightLines {
			s.PREFETCHT1(mem(at, nil, 0, 64*i))
		}
		s.ADDQ(stride, at)
	}
	s.Label(done)
}

// tile adds the products of some activation rows and moves x, dst and m behind them.
func (s *segment) tile(rows int) {
	a := s.args()
	t := &tile{product: s.product, rows: rows}
	t.s1 = s.load64(a.Field("XStride"))
	if rows > 3 {
		t.s3, t.s5 = s.GP64(), s.GP64()
		s.LEAQ(mem(t.s1, t.s1, 2, 0), t.s3)
		s.LEAQ(mem(t.s1, t.s1, 4, 0), t.s5)
	}
	d, stride := s.GP64(), s.load64(a.Field("DstStride"))
	s.MOVQ(s.dst, d)
	for p := 0; p < segmentPanels; p += segmentWidth[s.lanes] {
		s.multiply(t, p, d, stride)
	}
	s.SHLQ(operand.Imm(2), stride)
	s.step(s.dst, stride, rows)
	s.step(s.x, t.s1, rows)
	s.SUBQ(operand.Imm(uint64(rows)), s.m)
}

// step moves a pointer some strides on.
func (s *segment) step(m operand.Mem, stride reg.GPVirtual, n int) {
	r := s.GP64()
	s.IMUL3Q(operand.I32(int32(n)), stride, r)
	s.ADDQ(r, m)
}

// multiply adds the products of a tile to the sums of the panels from the given one on that fit the registers. With the
// first it asks for the rows of the next tile, which are in the second cache or the third.
func (s *segment) multiply(t *tile, panel int, d, stride reg.GPVirtual) {
	vectors := segmentWidth[s.lanes] * s.halves
	acc := s.vecs(t.rows * vectors)
	for _, v := range acc {
		s.zero(v)
	}
	w, x, n, ahead := s.GP64(), s.GP64(), s.load64(s.args().Field("K")), s.GP64()
	s.LEAQ(mem(s.room, nil, 0, panel*panelRows*4), w)
	s.MOVQ(s.x, x)
	ask := panel == 0 && t.rows == segmentTiles[0]
	if ask {
		s.LEAQ(mem(x, t.s3, 2, 0), ahead)
	}
	const unroll = 8 // only where there are many tiles
	step := func(columns int) {
		for i := range columns {
			if ask && columns == unroll && i%2 == 0 && i/2 < rowLines {
				s.PREFETCHT0(mem(ahead, nil, 0, 64*(i/2)))
			}
			v := s.vecs(vectors)
			for h := range v {
				s.VMOVAPS(mem(w, nil, 0, i*wideBytes+h*4*s.lanes), v[h])
			}
			for m := range t.rows {
				b := s.broadcast(t.row([]reg.GPVirtual{x}, m, 4*i))
				for h := range v {
					s.VFMADD231PS(b, v[h], acc[m*vectors+h])
				}
			}
		}
		if ask && columns == unroll {
			s.ADDQ(t.s1, ahead)
		}
		s.ADDQ(operand.I32(int32(columns*wideBytes)), w)
		s.ADDQ(operand.I32(int32(4*columns)), x)
	}
	one, end := s.label("one"), s.label("end")
	if t.rows == segmentTiles[0] {
		some, rest := s.label("columns"), s.label("rest")
		s.SUBQ(operand.Imm(unroll), n)
		s.JLT(operand.LabelRef(rest))
		s.Label(some)
		step(unroll)
		s.SUBQ(operand.Imm(unroll), n)
		s.JGE(operand.LabelRef(some))
		s.Label(rest)
		s.ADDQ(operand.Imm(unroll), n)
		s.JEQ(operand.LabelRef(end))
	}
	s.Label(one)
	step(1)
	s.DECQ(n)
	s.JNZ(operand.LabelRef(one))
	s.Label(end)
	sums := s.GP64()
	s.MOVQ(d, sums)
	for i, v := range acc {
		if i > 0 && i%vectors == 0 {
			s.LEAQ(mem(sums, stride, 4, 0), sums)
		}
		at := mem(sums, nil, 0, panel*panelRows*4+i%vectors*4*s.lanes)
		s.VADDPS(at, v, v)
		s.VMOVUPS(v, at)
	}
}
