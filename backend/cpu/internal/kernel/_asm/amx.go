package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Neither avo nor the Go assembler knows AMX: its instructions are written as bytes (Intel Architecture Instruction Set
// Extensions Programming Reference, chapter 3). All are in opcode map 0F38 with a VEX prefix of three bytes, and have
// the low eight general registers only.

// tmm is a tile register.
type tmm uint8

// A place of a tile in memory: rows stride bytes apart, from base + disp on.
type tilePlace struct {
	base, stride reg.GPPhysical
	disp         int
}

// The prefixes of a VEX instruction.
const (
	vexNone = iota
	vex66
	vexF3
	vexF2
)

// amx writes an instruction: prefix, the register in VEX.vvvv, and what comes from the opcode on.
func (g *generator) amx(text string, reads []operand.Op, prefix byte, vvvv tmm, code ...byte) {
	code = append([]byte{0xc4, 0xe2, (^byte(vvvv)&15)<<3 | prefix}, code...)
	g.Comment(text)
	for i, in := range machineCode(code) {
		if i == 0 {
			in.Inputs = reads
		}
		g.Instruction(in)
	}
}

// tileMemory writes a load or store of a tile.
func (g *generator) tileMemory(name string, prefix byte, t tmm, m tilePlace) {
	base, index := m.base.PhysicalIndex(), m.stride.PhysicalIndex()
	if base > 7 || index > 7 || index == 4 || t > 7 {
		g.fail(fmt.Errorf("%s of tile %d at %v by %v cannot be encoded", name, t, m.base, m.stride))
	}
	d := uint32(m.disp)
	g.amx(fmt.Sprintf("%s %d(%s)(%s*1), TMM%d", name, m.disp, m.base.Asm(), m.stride.Asm(), t), []operand.Op{m.base, m.stride},
		prefix, 0, 0x4b, 0x84|byte(t)<<3, byte(index)<<3|byte(base), byte(d), byte(d>>8), byte(d>>16), byte(d>>24))
}

func (g *generator) tileLoad(t tmm, m tilePlace)  { g.tileMemory("TILELOADD", vexF2, t, m) }
func (g *generator) tileStore(t tmm, m tilePlace) { g.tileMemory("TILESTORED", vexF3, t, m) }

func (g *generator) tileZero(t tmm) {
	g.amx(fmt.Sprintf("TILEZERO TMM%d", t), nil, vexF2, 0, 0x49, 0xc0|byte(t)<<3)
}

// tileDot adds the products of the signed bytes of a with the bytes of b to the int32 of c.
func (g *generator) tileDot(c, a, b tmm, unsigned bool) {
	name, prefix := "TDPBSSD", byte(vexF2)
	if unsigned {
		name, prefix = "TDPBSUD", vexF3
	}
	g.amx(fmt.Sprintf("%s TMM%d, TMM%d, TMM%d", name, b, a, c), nil, prefix, b, 0x5e, 0xc0|byte(c)<<3|byte(a))
}

// tileConfig sets the shapes of the tiles: 16 rows of 64 bytes for sums, and tiles for the codes of k columns, up to 64:
// 4 and 5 for 16 activation rows, 6 and 7 for a panel.
func (g *generator) tileConfig(k int) {
	var c [64]byte
	c[0] = 1 // palette
	for t := range 8 {
		bytes, rows := 64, 16
		switch {
		case t >= 6:
			rows = k / 4
		case t >= 4:
			bytes = k
		}
		c[16+2*t], c[48+t] = byte(bytes), byte(rows)
	}
	var w [16]uint32
	for i := range c {
		w[i/4] |= uint32(c[i]) << (i % 4 * 8)
	}
	m := g.words(fmt.Sprintf("tiles%d", k), w[:]...)
	g.LEAQ(m, reg.RAX)
	g.tileLoadConfig()
}

func (g *generator) tileLoadConfig() {
	g.amx("LDTILECFG (AX)", []operand.Op{reg.RAX}, vexNone, 0, 0x49, 0x00)
}

func (g *generator) tileRelease() { g.amx("TILERELEASE", nil, vexNone, 0, 0x49, 0xc0) }
