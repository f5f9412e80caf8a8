package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/ir"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/pass"
	"github.com/mmcloughlin/avo/reg"
)

// The products of AVX-VNNI are those of AVX-512 VNNI in a VEX prefix. The Go assembler knows the names and gives them the
// EVEX prefix of AVX-512, so they go through register allocation as instructions like others and are then written as
// bytes (Intel Software Developer's Manual, volume 2, VPDPBUSD and VPDPWSSD: VEX.256.66.0F38.W0).

// vexOpcodes are the instructions that are written as bytes.
var vexOpcodes = map[string]byte{"VPDPBUSD": 0x50, "VPDPWSSD": 0x52}

// vexDot adds an instruction of vexOpcodes, operands in the order of the Go assembler: acc += w * x.
func (g *generator) vexDot(opcode string, x, w, acc reg.Register) {
	g.Instruction(&ir.Instruction{
		Opcode: opcode, Operands: []operand.Op{x, w, acc},
		Inputs: []operand.Op{x, w, acc}, Outputs: []operand.Op{acc},
		ISA: []string{"AVX-VNNI"},
	})
}

// encodeVEX replaces the instructions of vexOpcodes of a compiled file by their bytes. It refuses vector registers that
// only AVX-512 has.
var encodeVEX = pass.FunctionPass(func(fn *ir.Function) error {
	var nodes []ir.Node
	for _, n := range fn.Nodes {
		in, ok := n.(*ir.Instruction)
		if !ok {
			nodes = append(nodes, n)
			continue
		}
		for _, r := range in.Registers() {
			if p := reg.ToPhysical(r); p != nil && r.Kind() == reg.KindVector && p.PhysicalIndex() > 15 {
				return fmt.Errorf("%s: %s needs %s: more than 16 vector registers", fn.Name, in.Opcode, p.Asm())
			}
		}
		if opcode, ok := vexOpcodes[in.Opcode]; ok {
			nodes = append(nodes, vexBytes(in, opcode)...)
		} else {
			nodes = append(nodes, n)
		}
	}
	fn.Nodes = nodes
	return nil
})

// vexBytes returns a comment with the instruction, and its bytes.
func vexBytes(in *ir.Instruction, opcode byte) []ir.Node {
	var index [3]byte
	text := in.Opcode
	for i, op := range in.Operands {
		p := op.(reg.Physical)
		index[i] = byte(p.PhysicalIndex())
		text += map[bool]string{true: " ", false: ", "}[i == 0] + p.Asm()
	}
	x, w, acc := index[0], index[1], index[2]
	const map0F38, bits256, registers = 0x02, 0x04, 0xc0
	prefix := 0xe0&^(acc>>3<<7|x>>3<<5) | map0F38 // R, X and B are stored inverted, like vvvv
	nodes := []ir.Node{ir.NewComment(text)}
	for _, in := range machineCode([]byte{0xc4, prefix, (^w&15)<<3 | bits256 | vex66, opcode, registers | acc&7<<3 | x&7}) {
		nodes = append(nodes, in)
	}
	return nodes
}

// machineCode returns directives that write the bytes.
func machineCode(code []byte) []*ir.Instruction {
	var all []*ir.Instruction
	for len(code) > 0 {
		name, n := "BYTE", 1
		switch {
		case len(code) >= 4:
			name, n = "LONG", 4
		case len(code) >= 2:
			name, n = "WORD", 2
		}
		var word uint32
		for i, b := range code[:n] {
			word |= uint32(b) << (8 * i)
		}
		all = append(all, &ir.Instruction{Opcode: name, Operands: []operand.Op{operand.U32(word)}})
		code = code[n:]
	}
	return all
}
