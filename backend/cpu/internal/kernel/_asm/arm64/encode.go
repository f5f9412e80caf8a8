package main

import (
	"fmt"
	"strings"
)

// The encodings of vector instructions, with all registers and immediates zero (Arm Architecture Reference Manual for
// A-profile, DDI 0487, chapter C7). The name is the mnemonic and the arrangement of the destination; operands gives the
// arrangements of all registers as assemblers write them. A test compares every instruction that is generated with an
// independent assembler where there is one, and a recorded sample of each elsewhere.

// vectorOps have registers only: destination, first and, where there are three arrangements, second operand.
var vectorOps = map[string]struct {
	word     uint32
	operands string
}{
	"fadd.4s": {0x4e20d400, "4s 4s 4s"}, "fsub.4s": {0x4ea0d400, "4s 4s 4s"}, "fmul.4s": {0x6e20dc00, "4s 4s 4s"},
	"fdiv.4s": {0x6e20fc00, "4s 4s 4s"}, "fmax.4s": {0x4e20f400, "4s 4s 4s"}, "fcmgt.4s": {0x6ea0e400, "4s 4s 4s"},
	"fcmeq.4s": {0x4e20e400, "4s 4s 4s"}, "fcmge.4s": {0x6e20e400, "4s 4s 4s"},
	"fmla.4s": {0x4e20cc00, "4s 4s 4s"}, "fmls.4s": {0x4ea0cc00, "4s 4s 4s"},
	"add.4s": {0x4ea08400, "4s 4s 4s"}, "sub.4s": {0x6ea08400, "4s 4s 4s"}, "sub.16b": {0x6e208400, "16b 16b 16b"},
	"mul.4s": {0x4ea09c00, "4s 4s 4s"}, "mla.4s": {0x4ea09400, "4s 4s 4s"}, "umax.4s": {0x6ea06400, "4s 4s 4s"},
	"cmgt.4s": {0x4ea03400, "4s 4s 4s"}, "addp.4s": {0x4ea0bc00, "4s 4s 4s"}, "addp.8h": {0x4e60bc00, "8h 8h 8h"},
	"and.16b": {0x4e201c00, "16b 16b 16b"}, "bic.16b": {0x4e601c00, "16b 16b 16b"}, "orr.16b": {0x4ea01c00, "16b 16b 16b"},
	"eor.16b": {0x6e201c00, "16b 16b 16b"}, "bsl.16b": {0x6e601c00, "16b 16b 16b"}, "bit.16b": {0x6ea01c00, "16b 16b 16b"},
	"zip1.4s": {0x4e803800, "4s 4s 4s"}, "zip2.4s": {0x4e807800, "4s 4s 4s"},
	"zip1.16b": {0x4e003800, "16b 16b 16b"}, "zip2.16b": {0x4e007800, "16b 16b 16b"},
	"zip1.8h": {0x4e403800, "8h 8h 8h"}, "zip2.8h": {0x4e407800, "8h 8h 8h"},
	"zip1.2d": {0x4ec03800, "2d 2d 2d"}, "zip2.2d": {0x4ec07800, "2d 2d 2d"},
	"uzp1.8h": {0x4e401800, "8h 8h 8h"}, "uzp1.16b": {0x4e001800, "16b 16b 16b"},
	"tbl.16b": {0x4e000000, "16b {16b} 16b"}, // bytes of the last register are places in the one before
	"sdot.4s": {0x4e809400, "4s 16b 16b"}, "smmla.4s": {0x4e80a400, "4s 16b 16b"},
	"smull.8h": {0x0e20c000, "8h 8b 8b"}, "smull2.8h": {0x4e20c000, "8h 16b 16b"},
	"smlal.8h": {0x0e208000, "8h 8b 8b"}, "smlal2.8h": {0x4e208000, "8h 16b 16b"},

	"mov.16b": {0x4ea01c00, "16b 16b"}, // the same source twice: see vv
	"fabs.4s": {0x4ea0f800, "4s 4s"}, "fneg.4s": {0x6ea0f800, "4s 4s"},
	"scvtf.4s": {0x4e21d800, "4s 4s"}, "fcvtns.4s": {0x4e21a800, "4s 4s"},
	"fcvtl.4s": {0x0e217800, "4s 4h"}, "fcvtl2.4s": {0x4e217800, "4s 8h"},
	"fcvtn.4h": {0x0e216800, "4h 4s"}, "fcvtn2.8h": {0x4e216800, "8h 4s"},
	"saddlp.4s": {0x4e602800, "4s 8h"}, "sadalp.4s": {0x4e606800, "4s 8h"},
	"sxtl.8h": {0x0f08a400, "8h 8b"}, "sxtl2.8h": {0x4f08a400, "8h 16b"},
	"sxtl.4s": {0x0f10a400, "4s 4h"}, "sxtl2.4s": {0x4f10a400, "4s 8h"},
	"uxtl.8h": {0x2f08a400, "8h 8b"}, "uxtl2.8h": {0x6f08a400, "8h 16b"},
	"uxtl.4s": {0x2f10a400, "4s 4h"}, "uxtl2.4s": {0x6f10a400, "4s 8h"},
	"umaxv.4s": {0x6eb0a800, "s 4s"}, "saddlv.16b": {0x4e303800, "h 16b"}, // to the first element
	"shll.4s": {0x2e613800, "4s 4h #16"}, "shll2.4s": {0x6e613800, "4s 8h #16"},
}

// vvv writes an instruction of three vector registers.
func (g *generator) vvv(name string, d, n, m vreg) {
	op, ok := vectorOps[name]
	arr := strings.Fields(op.operands)
	if !ok || len(arr) != 3 {
		g.fail("no instruction %s of three registers", name)
		return
	}
	first := fmt.Sprintf("%v.%s", n, arr[1])
	if list, ok := strings.CutPrefix(arr[1], "{"); ok {
		first = fmt.Sprintf("{%v.%s", n, list)
	}
	g.word(op.word|uint32(m)<<16|uint32(n)<<5|uint32(d), "%s %v.%s, %s, %v.%s", mnemonic(name), d, arr[0], first, m, arr[2])
}

// vv writes an instruction of two vector registers.
func (g *generator) vv(name string, d, n vreg) {
	op, ok := vectorOps[name]
	arr := strings.Fields(op.operands)
	if !ok || len(arr) < 2 {
		g.fail("no instruction %s of two registers", name)
		return
	}
	w, more := op.word|uint32(n)<<5|uint32(d), ""
	switch {
	case name == "mov.16b":
		w |= uint32(n) << 16
	case len(arr) == 3 && !strings.HasPrefix(arr[2], "#"):
		g.fail("%s has three registers", name)
	case len(arr) == 3:
		more = ", " + arr[2]
	}
	to := fmt.Sprintf("%v.%s", d, arr[0])
	if len(arr[0]) == 1 {
		to = fmt.Sprintf("%s%d", arr[0], uint8(d))
	}
	g.word(w, "%s %s, %v.%s%s", mnemonic(name), to, n, arr[1], more)
}

// elementOps multiply by one element of the last register. An index of 32 bits is in bits 21 and 11, one of 16 bits
// also in bit 20, where the register number has four bits only.
var elementOps = map[string]struct {
	word     uint32
	operands string
}{
	"fmla.4s": {0x4f801000, "4s 4s s"}, "fmls.4s": {0x4f805000, "4s 4s s"}, "fmul.4s": {0x4f809000, "4s 4s s"},
	"mul.4s": {0x4f808000, "4s 4s s"}, "mla.4s": {0x6f800000, "4s 4s s"}, "sdot.4s": {0x4f80e000, "4s 16b 4b"},
	"smull.4s": {0x0f40a000, "4s 4h h"}, "smlal.4s": {0x0f402000, "4s 4h h"}, "smlal2.4s": {0x4f402000, "4s 8h h"},
}

// elem writes an instruction by element i of m.
func (g *generator) elem(name string, d, n, m vreg, i int) {
	op, ok := elementOps[name]
	if !ok {
		g.fail("no instruction %s by element", name)
		return
	}
	arr := strings.Fields(op.operands)
	w := op.word | uint32(m)<<16 | uint32(n)<<5 | uint32(d)
	switch {
	case arr[2] == "h" && (i > 7 || m > 15), i > 3 && arr[2] != "h":
		g.fail("%s by element %d of %v", name, i, m)
	case arr[2] == "h":
		w |= uint32(i)>>2<<11 | uint32(i)>>1&1<<21 | uint32(i)&1<<20
	default:
		w |= uint32(i)>>1<<11 | uint32(i)&1<<21
	}
	g.word(w, "%s %v.%s, %v.%s, %v.%s[%d]", mnemonic(name), d, arr[0], n, arr[1], m, arr[2], i)
}

// dup copies 32-bit element i of n to all lanes.
func (g *generator) dup(d, n vreg, i int) {
	g.word(0x4e040400|uint32(i)<<19|uint32(n)<<5|uint32(d), "dup %v.4s, %v.s[%d]", d, n, i)
}

// shiftOps have an immediate: for shifts right it counts down from twice the width of an element, for shifts left up
// from the width.
var shiftOps = map[string]struct {
	word  uint32
	width int
	right bool
}{
	"ushr.16b": {0x6f000400, 8, true}, "shl.16b": {0x4f005400, 8, false}, "sri.16b": {0x6f004400, 8, true},
	"sshr.4s": {0x4f000400, 32, true}, "shl.4s": {0x4f005400, 32, false},
}

// shift writes a shift of every element by n bits.
func (g *generator) shift(name string, d, n vreg, by int) {
	op, ok := shiftOps[name]
	if !ok || by <= 0 || by >= op.width {
		g.fail("no shift %s by %d", name, by)
		return
	}
	imm := op.width + by
	if op.right {
		imm = 2*op.width - by
	}
	_, arr, _ := strings.Cut(name, ".")
	g.word(op.word|uint32(imm)<<16|uint32(n)<<5|uint32(d), "%s %v.%s, %v.%s, #%d", mnemonic(name), d, arr, n, arr, by)
}

// setBytes sets every byte of d, and zero clears it.
func (g *generator) setBytes(d vreg, b uint8) {
	g.word(0x4f00e400|uint32(b)>>5<<16|uint32(b)&31<<5|uint32(d), "movi %v.16b, #%#x", d, b)
}

func (g *generator) zero(d vreg) { g.word(0x6f00e400|uint32(d), "movi %v.2d, #0x0", d) }

// setMinus sets every element of 16 or 32 bits to -n.
func (g *generator) setMinus(arrangement string, d vreg, n uint8) {
	word := map[string]uint32{"8h": 0x6f008400, "4s": 0x6f000400}[arrangement]
	n--
	g.word(word|uint32(n)>>5<<16|uint32(n)&31<<5|uint32(d), "mvni %v.%s, #%#x", d, arrangement, n)
}

func (g *generator) word(w uint32, format string, args ...any) {
	g.ins("WORD $0x%08x // %s", w, fmt.Sprintf(format, args...))
}

func mnemonic(name string) string {
	name, _, _ = strings.Cut(name, ".")
	return name
}
