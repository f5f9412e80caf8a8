package main

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// tile is the code for one number of activation rows with a panel, or for one row with two panels: see byTwo. Pointers move
// through the block that is being worked on.
type tile struct {
	*product
	*place     // of the panel that is being worked on
	places     []*place
	rows       int
	n          reg.GPVirtual   // blocks left
	p, q, r    []reg.GPVirtual // codes, scales, sums of the activation rows 0, 6, ...
	s1, s3, s5 reg.GPVirtual   // the activation stride times 1, 3, 5
	accMem     int             // offset of the sums in room when they are not in registers
	long       bool            // blocks of 256 columns with a header
}

// place is what a tile has for each of its panels.
type place struct {
	w             reg.GPVirtual // next block
	codes, scales reg.GPVirtual // of the sub-block
	room          reg.GPVirtual // aligned scratch memory; AVX-512 needs the register, and little of the memory
	acc           []reg.VecVirtual
	ints          []reg.VecVirtual // integer sums of a block
	factors       factorsZ
}

func (b *product) newTile(rows int) *tile {
	p := &place{}
	return &tile{product: b, rows: rows, place: p, places: []*place{p}}
}

// addPanel adds the panel that is far bytes behind.
func (t *tile) addPanel() {
	p := &place{w: t.GP64()}
	t.MOVQ(t.w, p.w)
	t.ADDQ(t.far, p.w)
	if t.room != nil {
		p.room = t.GP64()
		t.LEAQ(mem(t.room, nil, 0, t.scratch), p.room)
	}
	t.places = append(t.places, p)
}

// each calls f for each of the panels.
func (t *tile) each(f func()) {
	for _, p := range t.places {
		t.place = p
		f()
	}
	t.place = t.places[0]
}

// bases returns the base registers of the rows of the tile, of which the first is given.
func (t *tile) bases(first reg.GPVirtual) []reg.GPVirtual {
	v := []reg.GPVirtual{first}
	for m := rowsPerBase; m < t.rows; m += rowsPerBase {
		next := t.GP64()
		t.LEAQ(mem(v[len(v)-1], t.s3, 2, 0), next)
		v = append(v, next)
	}
	return v
}

// quantised sets the pointers of the parts of the activation rows, for scales of block columns, and n to the blocks.
// K is a multiple of block.
func (t *tile) quantised(block int, panelBlock int) {
	t.long = block == 256
	shift := map[int]uint64{32: 5, 64: 6, 256: 8}
	q, r, k := t.GP64(), t.GP64(), t.GP64()
	t.LEAQ(mem(t.p[0], t.n, 1, 0), q)
	t.MOVQ(t.n, k)
	t.SHRQ(operand.Imm(shift[block]), k)
	t.LEAQ(mem(q, k, 4, 0), r)
	t.q, t.r = t.bases(q), t.bases(r)
	t.SHRQ(operand.Imm(shift[panelBlock]), t.n)
}

// row is the place of a byte of activation row m, relative to one of the sets of base registers.
func (t *tile) row(bases []reg.GPVirtual, m, disp int) operand.Mem {
	base := bases[m/rowsPerBase]
	switch m % rowsPerBase {
	case 1:
		return mem(base, t.s1, 1, disp)
	case 2:
		return mem(base, t.s1, 2, disp)
	case 3:
		return mem(base, t.s3, 1, disp)
	case 4:
		return mem(base, t.s1, 4, disp)
	case 5:
		return mem(base, t.s5, 1, disp)
	}
	return mem(base, nil, 0, disp)
}

// advance moves base registers on.
func (t *tile) advance(bases []reg.GPVirtual, n int) {
	for _, b := range bases {
		t.ADDQ(operand.I32(int32(n)), b)
	}
}

// touch asks for the next bytes of the panel, some of which are used before those in front of them, so that the panel is
// read strictly in order where it was not asked for before: at the start of a task.
func (t *tile) touch(base reg.GPVirtual, bytes int) {
	if t.rows > 3 {
		return // the panel is in a cache: it is read once for each tile
	}
	for i := 0; i < bytes; i += 64 {
		t.PREFETCHT0(mem(base, nil, 0, i))
	}
}

// ahead asks for the bytes some way behind those at base, which may be those of the panels after this one: to the first-level
// cache, and with few rows to the second-level cache before, since the first waits for 16 lines at most, which is half of
// what memory can deliver. The distances are about what memory delivers in its latency. Measured on Sapphire Rapids with
// panels of a layer in memory, one activation row: one thread reads 13 GB/s of Q4_0 without, 15 with the first distance and
// 17 with both; two threads 26, 29 and 33. A second distance of more than a page is worse, with two streams already that of a page.
// K-quants in one stream want both closer. Tiles of more rows read their panel from a cache.
func (t *tile) ahead(base reg.Register, bytes int) {
	if t.rows > 8 {
		return
	}
	first, second := 2048, 4096
	switch {
	case len(t.places) > 1:
		first, second = 1536, 3072
	case t.long && t.rows < 4:
		first, second = 1024, 3072
	}
	for i := 0; i < bytes; i += 64 {
		t.PREFETCHT0(mem(base, nil, 0, first+i))
		if t.rows < 4 {
			t.PREFETCHT1(mem(base, nil, 0, second+i))
		}
	}
}

// vectorBytes is the size of a vector.
func (t *tile) vectorBytes() int { return 4 * t.lanes }

// accAt is the place of a sum that is in memory.
func (t *tile) accAt(i int) operand.Mem {
	if t.room == nil {
		return t.frame.Offset(i * t.vectorBytes())
	}
	return mem(t.room, nil, 0, t.accMem+i*t.vectorBytes())
}

// sums makes the sums of the tile and sets them to zero: in registers, or in memory at the offset.
func (t *tile) sums(inMemory bool, offset int) {
	n := t.rows * t.halves
	if !inMemory {
		for _, p := range t.places {
			p.acc = t.vecs(n)
			for _, v := range p.acc {
				t.zero(v)
			}
		}
		return
	}
	t.accMem = offset
	z := t.vec()
	t.zero(z)
	for i := range n {
		t.VMOVUPS(z, t.accAt(i))
	}
}

// addProduct adds a*b to sum i; a is lost.
func (t *tile) addProduct(i int, a reg.VecVirtual, b operand.Op) {
	if t.acc != nil {
		t.VFMADD231PS(b, a, t.acc[i])
		return
	}
	t.VFMADD213PS(t.accAt(i), b, a)
	t.VMOVUPS(a, t.accAt(i))
}

// eachBlock runs body for every block of so many columns and bytes of a panel. The counter ends at zero.
func (t *tile) eachBlock(columns, bytes int, body func()) {
	loop := t.label("block")
	t.Label(loop)
	t.each(func() {
		body()
		t.ahead(t.w, bytes)
		t.ADDQ(operand.I32(int32(bytes)), t.w)
	})
	t.advance(t.p, columns)
	t.advance(t.q, 4)
	t.advance(t.r, columns/8)
	t.DECQ(t.n)
	t.JNZ(operand.LabelRef(loop))
}

// subBlocks describes a block with a header and sub-blocks of 32 columns.
type subBlocks struct {
	bytes         int // of the block
	count         int
	codes, step   int  // offset of the codes of the first sub-block, which ends the header, and bytes of each
	scales, scale int  // offset of the scales of the first, and how far each is from the one before
	own           bool // activations have a scale for each
}

// eachLongBlock runs start for every block of a panel, then body for its sub-blocks with codes and scales set, then end.
// With two panels these take turns in every sub-block. The counter ends at zero.
func (t *tile) eachLongBlock(b *subBlocks, start, body, end func()) {
	loop, sub, n := t.label("block"), t.label("sub"), t.GP64()
	t.Label(loop)
	t.each(func() {
		t.touch(t.w, b.codes)
		t.ahead(t.w, b.codes)
		start()
		t.codes, t.scales = t.GP64(), t.GP64()
		t.LEAQ(mem(t.w, nil, 0, b.codes), t.codes)
		t.LEAQ(mem(t.w, nil, 0, b.scales), t.scales)
	})
	t.MOVQ(operand.U64(uint64(b.count)), n)
	t.Label(sub)
	t.each(func() {
		if b.step > 256 { // bits of the codes are behind the others
			t.touch(t.codes, b.step)
		}
		t.ahead(t.codes, b.step)
		body()
		t.ADDQ(operand.I32(int32(b.step)), t.codes)
		t.ADDQ(operand.I32(int32(b.scale)), t.scales)
	})
	t.advance(t.p, 32)
	if b.own {
		t.advance(t.q, 4)
		t.advance(t.r, 4)
	}
	t.DECQ(n)
	t.JNZ(operand.LabelRef(sub))
	t.each(func() {
		end()
		t.ADDQ(operand.I32(int32(b.bytes)), t.w)
	})
	if !b.own {
		t.advance(t.q, 4)
		t.advance(t.r, 32)
	}
	t.DECQ(t.n)
	t.JNZ(operand.LabelRef(loop))
}
