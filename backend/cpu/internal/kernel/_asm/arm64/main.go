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
	"strings"
)

// family is one generated pair: <name>_<level>_arm64.s and .go.
type family struct {
	name, level string
	gen         func(g *generator)
}

// families has one row per pair of generated files: those that all levels share, and the integer products of each.
var families = append([]family{
	{"vec", "neon", genVec},
	{"quantize", "neon", genQuantize},
	{"attn", "neon", genAttn},
	{"matmul_f32", "neon", genMatMulF32},
	{"matmul_f16", "neon", genMatMulF16},
	{"matmul_bf16", "neon", genMatMulBF16},
}, integerProducts()...)

func integerProducts() []family {
	var all []family
	for _, level := range []string{"neon", "dotprod", "i8mm"} {
		for _, l := range layouts32 {
			all = append(all, family{"matmul_" + strings.ToLower(l.name), level, l.gen})
		}
		all = append(all,
			family{"matmul_q4k", level, genMatMulQ4K},
			family{"matmul_q5k", level, genMatMulQ5K},
			family{"matmul_q6k", level, genMatMulQ6K},
		)
		for _, l := range layouts16 {
			all = append(all, family{"matmul_" + strings.ToLower(l.name), level, l.gen})
		}
	}
	return all
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
