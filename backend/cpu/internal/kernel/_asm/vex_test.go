package main

import (
	"encoding/hex"
	"testing"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/reg"
)

// TestVEXEncodings compares with the bytes that the GNU assembler (binutils 2.40) writes for the same instructions.
func TestVEXEncodings(t *testing.T) {
	for want, write := range map[string]func(g *generator){
		"c4e27550d0": func(g *generator) { g.vexDot("VPDPBUSD", reg.Y0, reg.Y1, reg.Y2) },
		"c4421d50dd": func(g *generator) { g.vexDot("VPDPBUSD", reg.Y13, reg.Y12, reg.Y11) },
		"c4623550fe": func(g *generator) { g.vexDot("VPDPBUSD", reg.Y6, reg.Y9, reg.Y15) },
		"c4e20d52fd": func(g *generator) { g.vexDot("VPDPWSSD", reg.Y5, reg.Y14, reg.Y7) },
		"c4426552c7": func(g *generator) { g.vexDot("VPDPWSSD", reg.Y15, reg.Y3, reg.Y8) },
	} {
		g := &generator{Context: build.NewContext()}
		g.Function("f")
		write(g)
		f, err := g.Result()
		if err != nil {
			t.Fatal(err)
		}
		if err := encodeVEX.Execute(f); err != nil {
			t.Fatal(err)
		}
		if got := hex.EncodeToString(machineBytes(f.Functions()[0].Nodes)); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// TestVEXRegisters holds that a kernel without AVX-512 cannot use its registers.
func TestVEXRegisters(t *testing.T) {
	g := &generator{Context: build.NewContext()}
	g.Function("f")
	g.VPADDD(reg.Y1, reg.Y16, reg.Y2)
	f, err := g.Result()
	if err != nil {
		t.Fatal(err)
	}
	if encodeVEX.Execute(f) == nil {
		t.Error("Y16 was accepted")
	}
}
