package main

import (
	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The registers of tile instructions in all products: activation codes and the distance of their rows, codes of the
// panel, 64, and memory for sums.
var (
	amxX      = reg.RAX
	amxStride = reg.RCX
	amxW      = reg.RBX
	amx64     = reg.RDX
	amxSums   = reg.RSI
)

// amxRows is the most activation rows of a call, amxTile those of a tile, of which the number of rows is a multiple.
const (
	amxRows = 64
	amxTile = 16
)

// Offsets in the scratch memory of a product: float sums, a vector for each row; tiles of integer sums; and codes of the
// panel as tiles.
const (
	amxFloatsAt = 0
	amxIntsAt   = amxFloatsAt + 64*amxRows
	amxCodesAt  = amxIntsAt + 4*64*amxTile
)

// amxProduct generates a MatMul kernel for AMX. It goes through the panel by chunks of blocks: it unpacks their codes to
// tiles, which it multiplies with all activation rows. A tile of sums is those of one block, or of parts of one, for 16
// activation rows, each a vector as the other kernels have it in a register.
type amxProduct struct {
	*generator
	block, panelBlock int // columns and bytes of a block
	chunk, codeBytes  int // most blocks of a chunk, 0 for all, and bytes of unpacked codes of each
	tileColumns       int // columns of a tile of codes
	// unpack writes the codes of n blocks from w on to dst, in vectors of k-groups.
	unpack func(w, dst, n reg.GPVirtual)
	// multiply adds the products of the chunk to the float sums of all rows.
	multiply func()

	// In memory: address of the scratch memory; next block and blocks left; their codes, scales and sums in activation
	// row 0; activation rows; blocks of the chunk; rows left to multiply with it, and the bytes before them.
	room, w, left, x, q, r, rows, n, rowsLeft, from operand.Mem
}

// generate writes the kernel <name>AMX.
func (p *amxProduct) generate(name string) {
	name += p.suffix
	p.function(name, "func(a *MatMulArgs)", name+" is the MatMul of its layout for 16, 32, 48 or 64 activation rows: see MatMulArgs and", "matmul_generic.go.")
	p.Attributes(attr.Attribute(0))
	for _, m := range []*operand.Mem{&p.room, &p.w, &p.left, &p.x, &p.q, &p.r, &p.rows, &p.n, &p.rowsLeft, &p.from} {
		*m = p.AllocLocal(8)
	}
	p.begin(p.AllocLocal(amxCodesAt + p.chunk*p.codeBytes + 64))
	chunks, done := p.label("chunk"), p.label("done")
	p.Label(chunks)
	n := p.get(p.left)
	p.TESTQ(n, n)
	p.JEQ(operand.LabelRef(done))
	if p.chunk > 0 {
		most := p.GP64()
		p.MOVQ(operand.U32(uint64(p.chunk)), most)
		p.CMPQ(n, most)
		p.CMOVQGT(most, n)
	}
	p.MOVQ(n, p.n)
	if p.unpack != nil {
		p.unpack(p.get(p.w), p.scratch(amxCodesAt), n)
	}
	p.MOVQ(p.get(p.rows), p.rowsLeft)
	zero := p.GP64()
	p.XORQ(zero, zero)
	p.MOVQ(zero, p.from)
	p.multiply()
	p.nextChunk()
	p.JMP(operand.LabelRef(chunks))
	p.Label(done)
	p.tileRelease()
	p.store()
	p.VZEROUPPER()
	p.RET()
}

// get loads a variable.
func (p *amxProduct) get(m operand.Mem) reg.GPVirtual {
	r := p.GP64()
	p.MOVQ(m, r)
	return r
}

// scratch returns the address of a part of the scratch memory.
func (p *amxProduct) scratch(offset int) reg.GPVirtual {
	r := p.get(p.room)
	if offset != 0 {
		p.ADDQ(operand.I32(int32(offset)), r)
	}
	return r
}

// shiftOf is the logarithm of a block length.
var shiftOf = map[int]uint64{32: 5, 256: 8}

// begin sets the variables and the float sums to those before the first block.
func (p *amxProduct) begin(frame operand.Mem) {
	a := p.Dereference(p.Param("a"))
	room := p.GP64()
	p.LEAQ(frame.Offset(63), room)
	p.ANDQ(operand.I8(-64), room)
	p.MOVQ(room, p.room)
	p.MOVQ(p.load64(a.Field("W")), p.w)
	x, k := p.load64(a.Field("X")), p.load64(a.Field("K"))
	p.MOVQ(x, p.x)
	p.ADDQ(k, x)
	p.MOVQ(x, p.q)
	p.SHRQ(operand.Imm(shiftOf[p.block]), k)
	p.MOVQ(k, p.left)
	p.LEAQ(mem(x, k, 4, 0), x)
	p.MOVQ(x, p.r)
	m := p.load64(a.Field("M"))
	p.MOVQ(m, p.rows)
	z, loop := p.ZMM(), p.label("zero")
	p.zero(z)
	p.Label(loop)
	p.VMOVUPS(z, mem(room, nil, 0, amxFloatsAt))
	p.ADDQ(operand.Imm(64), room)
	p.DECQ(m)
	p.JNZ(operand.LabelRef(loop))

	p.tileConfig(p.tileColumns)
	p.MOVQ(operand.U32(64), amx64)
	p.MOVQ(p.addr(a.Field("XStride")), amxStride)
}

// nextChunk moves the variables to the next blocks.
func (p *amxProduct) nextChunk() {
	n := p.get(p.n)
	p.SUBQ(n, p.left)
	step := p.GP64()
	for _, v := range []struct {
		bytes int
		m     operand.Mem
	}{{p.panelBlock, p.w}, {p.block, p.x}, {4, p.q}, {p.block / 8, p.r}} {
		p.IMUL3Q(operand.I32(int32(v.bytes)), n, step)
		p.ADDQ(step, v.m)
	}
}

// tile returns where a part of the activation rows, p.x, p.q or p.r, is for the next rows to multiply.
func (p *amxProduct) tile(m operand.Mem) reg.GPVirtual {
	r := p.get(m)
	p.ADDQ(p.from, r)
	return r
}

// floats returns the address of the float sums of the next rows to multiply.
func (p *amxProduct) floats() reg.GPVirtual {
	r := p.get(p.rows)
	p.SUBQ(p.rowsLeft, r)
	p.SHLQ(operand.Imm(6), r)
	p.ADDQ(p.room, r)
	return r
}

// nextTile moves to the next 16 rows and sets the flags to those of the rows left.
func (p *amxProduct) nextTile() {
	step := p.GP64()
	p.MOVQ(amxStride, step)
	p.SHLQ(operand.Imm(4), step)
	p.ADDQ(step, p.from)
	p.SUBQ(operand.Imm(amxTile), p.rowsLeft)
}

// store writes the results of all rows.
func (p *amxProduct) store() {
	a := p.Dereference(p.Param("a"))
	from, dst, stride, m := p.scratch(amxFloatsAt), p.load64(a.Field("Dst")), p.load64(a.Field("DstStride")), p.get(p.rows)
	loop, plain := p.label("store"), p.label("plain")
	p.Label(loop)
	v := p.ZMM()
	p.VMOVUPS(mem(from, nil, 0, 0), v)
	p.CMPB(p.addr(a.Field("Accumulate")), operand.Imm(0))
	p.JEQ(operand.LabelRef(plain))
	p.VADDPS(mem(dst, nil, 0, 0), v, v)
	p.Label(plain)
	p.VMOVUPS(v, mem(dst, nil, 0, 0))
	p.ADDQ(operand.Imm(64), from)
	p.LEAQ(mem(dst, stride, 4, 0), dst)
	p.DECQ(m)
	p.JNZ(operand.LabelRef(loop))
}

// amxRowBases are base registers of 16 rows, from which row gives their places.
type amxRowBases struct {
	base   [3]reg.GPVirtual // of rows 0, 6 and 12
	s3, s5 reg.GPVirtual
}

func (p *amxProduct) rowBases(first reg.GPVirtual) *amxRowBases {
	b := &amxRowBases{s3: p.GP64(), s5: p.GP64()}
	p.LEAQ(mem(amxStride, amxStride, 2, 0), b.s3)
	p.LEAQ(mem(amxStride, amxStride, 4, 0), b.s5)
	b.base[0] = first
	for i := 1; i < 3; i++ {
		b.base[i] = p.GP64()
		p.LEAQ(mem(b.base[i-1], b.s3, 2, 0), b.base[i])
	}
	return b
}

func (b *amxRowBases) row(m int) operand.Mem {
	base := b.base[m/6]
	return []operand.Mem{
		mem(base, nil, 0, 0), mem(base, amxStride, 1, 0), mem(base, amxStride, 2, 0),
		mem(base, b.s3, 1, 0), mem(base, amxStride, 4, 0), mem(base, b.s5, 1, 0),
	}[m%6]
}
