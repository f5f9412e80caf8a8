package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mmcloughlin/avo/ir"
)

// extensions are the instruction sets that the kernels of each level may use: those that package kernel asks the
// processor for. A machine with some AVX-512 instructions does not have all of them.
var extensions = map[string][]string{
	"avx2":    avx2,
	"avxvnni": append(slices.Clip(avx2), "AVX-VNNI"),
	"avx512":  append(slices.Clip(avx2), avx512...),
	"amx":     append(slices.Clip(avx2), avx512...), // tile instructions are written as bytes
}

var (
	avx2   = []string{"MMX+", "SSE", "SSE2", "AVX", "AVX2", "FMA3", "F16C", "CMOV"}
	avx512 = []string{"AVX512F", "AVX512BW", "AVX512VL", "AVX512DQ", "AVX512VNNI", "BMI", "BMI2"}
)

// checkExtensions refuses a function that a processor of the level may be unable to run.
func (f family) checkExtensions(file *ir.File) error {
	for _, fn := range file.Functions() {
		for _, i := range fn.Instructions() {
			for _, x := range i.ISA {
				if !slices.Contains(extensions[f.level], x) {
					return fmt.Errorf("%s: %s needs %s, which level %s does not ask for", fn.Name, strings.TrimSpace(i.Opcode), x, f.level)
				}
			}
		}
	}
	return nil
}
