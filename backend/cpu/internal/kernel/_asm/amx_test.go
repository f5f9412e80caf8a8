package main

import (
	"encoding/binary"
	"encoding/hex"
	"testing"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// TestTileEncodings compares with the bytes that the GNU assembler (binutils 2.40) writes for the same instructions.
func TestTileEncodings(t *testing.T) {
	for want, write := range map[string]func(g *generator){
		"c4e27b4bac0840010000": func(g *generator) { g.tileLoad(5, tilePlace{reg.RAX, reg.RCX, 320}) },
		"c4e27a4b8c1600f0ffff": func(g *generator) { g.tileStore(1, tilePlace{reg.RSI, reg.RDX, -4096}) },
		"c4e27b49d8":           func(g *generator) { g.tileZero(3) },
		"c4e24b5ec4":           func(g *generator) { g.tileDot(0, 4, 6, false) },
		"c4e2425ecd":           func(g *generator) { g.tileDot(1, 5, 7, true) },
		"c4e2784900":           func(g *generator) { g.tileLoadConfig() },
		"c4e27849c0":           func(g *generator) { g.tileRelease() },
	} {
		g := &generator{Context: build.NewContext()}
		g.Function("f")
		write(g)
		f, err := g.Result()
		if err != nil {
			t.Fatal(err)
		}
		got := machineBytes(f.Functions()[0].Nodes)
		if hex.EncodeToString(got) != want {
			t.Errorf("got %x, want %s", got, want)
		}
	}
	g := &generator{Context: build.NewContext()}
	g.Function("f")
	if g.tileLoad(0, tilePlace{reg.R8, reg.RCX, 0}); g.err == nil {
		t.Error("a base register that needs another prefix was accepted")
	}
}

// machineBytes returns the bytes that directives among the nodes write.
func machineBytes(nodes []ir.Node) []byte {
	var all []byte
	for _, n := range nodes {
		in, ok := n.(*ir.Instruction)
		if !ok {
			continue
		}
		b := binary.LittleEndian.AppendUint32(nil, uint32(in.Operands[0].(operand.U32)))
		all = append(all, b[:map[string]int{"BYTE": 1, "WORD": 2, "LONG": 4}[in.Opcode]]...)
	}
	return all
}
