// Command arm64 writes the arm64 assembly of package kernel and its Go declarations, one pair of files for each family
// and level. Run it in the directory above:
//
//	go run ./arm64 -out ..
//
// Loads, stores and scalar instructions are in the syntax of the Go assembler, vector arithmetic is encoded by the
// table in encode.go, because the assembler of Go 1.26 lacks most of it.
package main

import (
	"flag"
	"log"
	"os"
	"path/filepath"
)

// family is one generated pair: <name>_<level>_arm64.s and .go.
type family struct {
	name, level string
	gen         func(g *generator)
}

// families has one row per pair of generated files.
var families = []family{
	{"vec", "neon", genVec},
	{"quantize", "neon", genQuantize},
	{"attn", "neon", genAttn},
	{"matmul_f32", "neon", genMatMulF32},
	{"matmul_f16", "neon", genMatMulF16},
	{"matmul_bf16", "neon", genMatMulBF16},
	{"matmul_q8", "neon", genMatMulQ8},
	{"matmul_q4", "neon", genMatMulQ4},
	{"matmul_q4k", "neon", genMatMulQ4K},
	{"matmul_q5k", "neon", genMatMulQ5K},
	{"matmul_q6k", "neon", genMatMulQ6K},
	{"matmul_s32", "neon", genMatMulS32},
	{"matmul_s16", "neon", genMatMulS16},
	{"matmul_q8", "dotprod", genMatMulQ8},
	{"matmul_q4", "dotprod", genMatMulQ4},
	{"matmul_q4k", "dotprod", genMatMulQ4K},
	{"matmul_q5k", "dotprod", genMatMulQ5K},
	{"matmul_q6k", "dotprod", genMatMulQ6K},
	{"matmul_s32", "dotprod", genMatMulS32},
	{"matmul_s16", "dotprod", genMatMulS16},
	{"matmul_q8", "i8mm", genMatMulQ8},
	{"matmul_q4", "i8mm", genMatMulQ4},
	{"matmul_q4k", "i8mm", genMatMulQ4K},
	{"matmul_q5k", "i8mm", genMatMulQ5K},
	{"matmul_q6k", "i8mm", genMatMulQ6K},
	{"matmul_s32", "i8mm", genMatMulS32},
	{"matmul_s16", "i8mm", genMatMulS16},
}

// suffixes are the ends of function names by level.
var suffixes = map[string]string{"neon": "NEON", "dotprod": "DotProd", "i8mm": "I8MM"}

func main() {
	log.SetFlags(0)
	out := flag.String("out", "..", "directory to write to")
	flag.Parse()
	for _, f := range families {
		files, err := f.generate()
		if err != nil {
			log.Fatalf("%s: %v", f.base(), err)
		}
		for name, data := range files {
			if err := os.WriteFile(filepath.Join(*out, name), data, 0o644); err != nil {
				log.Fatal(err)
			}
		}
	}
}

func (f family) base() string { return f.name + "_" + f.level + "_arm64" }

// generate returns the contents of the two files by name.
func (f family) generate() (map[string][]byte, error) {
	g := &generator{level: f.level, suffix: suffixes[f.level]}
	f.gen(g)
	if g.err != nil {
		return nil, g.err
	}
	return map[string][]byte{f.base() + ".s": g.assembly(), f.base() + ".go": g.declarations()}, nil
}
