// Command asm writes the amd64 assembly of package kernel and its Go declarations, one pair of files for each family
// and level. Run it in this directory:
//
//	go run . -out ..
package main

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/pass"
	"github.com/mmcloughlin/avo/printer"
)

// family is one generated pair: <name>_<level>_amd64.s and .go.
type family struct {
	name, level string
	gen         func(g *generator)
}

// families has one row per pair of generated files.
var families = []family{
	{"vec", "avx2", genVec},
	{"vec", "avx512", genVec},
	{"quantize", "avx2", genQuantize},
	{"attn", "avx2", genAttn},
	{"attn", "avx512", genAttn},
	{"pack", "avx2", genPack},
	{"pack", "avx512", genPack},
	{"matmul_f32", "avx2", genMatMulF32},
	{"matmul_f16", "avx2", genMatMulF16},
	{"matmul_bf16", "avx2", genMatMulBF16},
	{"matmul_q8", "avx2", blockQ8.gen},
	{"matmul_q4k", "avx2", genMatMulQ4KAVX2},
	{"matmul_q5k", "avx2", genMatMulQ5KAVX2},
	{"matmul_q6k", "avx2", genMatMulQ6KAVX2},
	{"matmul_q4", "avx2", blockQ4.gen},
	{"matmul_q8", "avxvnni", blockQ8.gen},
	{"matmul_q4", "avxvnni", blockQ4.gen},
	{"matmul_q4k", "avxvnni", genMatMulQ4KAVX2},
	{"matmul_q5k", "avxvnni", genMatMulQ5KAVX2},
	{"matmul_q6k", "avxvnni", genMatMulQ6KAVX2},
	{"matmul_f32", "avx512", genMatMulF32},
	{"matmul_f16", "avx512", genMatMulF16},
	{"matmul_bf16", "avx512", genMatMulBF16},
	{"matmul_q8", "avx512", blockQ8.gen},
	{"matmul_q4", "avx512", blockQ4.gen},
	{"matmul_q4k", "avx512", genMatMulQ4KAVX512},
	{"matmul_q5k", "avx512", genMatMulQ5KAVX512},
	{"matmul_q6k", "avx512", genMatMulQ6KAVX512},
	{"matmul_q2k", "avx2", lowQ2K.gen},
	{"matmul_q3k", "avx2", lowQ3K.gen},
	{"matmul_t4", "avx2", lowT4.gen},
	{"matmul_t3", "avx2", lowT3.gen},
	{"matmul_t3h", "avx2", lowT3H.gen},
	{"matmul_q2", "avx2", lowQ2.gen},
	{"matmul_nvfp4", "avx2", lowNVFP4.gen},
	{"matmul_q2k", "avxvnni", lowQ2K.gen},
	{"matmul_q3k", "avxvnni", lowQ3K.gen},
	{"matmul_t4", "avxvnni", lowT4.gen},
	{"matmul_t3", "avxvnni", lowT3.gen},
	{"matmul_t3h", "avxvnni", lowT3H.gen},
	{"matmul_q2", "avxvnni", lowQ2.gen},
	{"matmul_nvfp4", "avxvnni", lowNVFP4.gen},
	{"matmul_q2k", "avx512", lowQ2K.gen},
	{"matmul_q3k", "avx512", lowQ3K.gen},
	{"matmul_t4", "avx512", lowT4.gen},
	{"matmul_t3", "avx512", lowT3.gen},
	{"matmul_t3h", "avx512", lowT3H.gen},
	{"matmul_q2", "avx512", lowQ2.gen},
	{"matmul_nvfp4", "avx512", lowNVFP4.gen},
	{"matmul_iq4nl", "avx2", blockIQ4NL.gen},
	{"matmul_mxfp4", "avx2", blockMXFP4.gen},
	{"matmul_q41", "avx2", blockQ41.gen},
	{"matmul_q50", "avx2", blockQ50.gen},
	{"matmul_q51", "avx2", blockQ51.gen},
	{"matmul_iq4nl", "avxvnni", blockIQ4NL.gen},
	{"matmul_mxfp4", "avxvnni", blockMXFP4.gen},
	{"matmul_q41", "avxvnni", blockQ41.gen},
	{"matmul_q50", "avxvnni", blockQ50.gen},
	{"matmul_q51", "avxvnni", blockQ51.gen},
	{"matmul_iq4nl", "avx512", blockIQ4NL.gen},
	{"matmul_mxfp4", "avx512", blockMXFP4.gen},
	{"matmul_q41", "avx512", blockQ41.gen},
	{"matmul_q50", "avx512", blockQ50.gen},
	{"matmul_q51", "avx512", blockQ51.gen},
	{"matmul_q8", "amx", genMatMulQ8AMX},
	{"matmul_q4", "amx", blockQ4.genAMX},
	{"matmul_iq4nl", "amx", blockIQ4NL.genAMX},
	{"matmul_mxfp4", "amx", blockMXFP4.genAMX},
	{"matmul_q4k", "amx", genMatMulQ4KAMX},
	{"matmul_q5k", "amx", genMatMulQ5KAMX},
	{"matmul_q6k", "amx", genMatMulQ6KAMX},
}

func main() {
	flags := flag.NewFlagSet("asm", flag.ExitOnError) // avo registers an -out of its own in the default set
	out := flags.String("out", "..", "directory to write to")
	_ = flags.Parse(os.Args[1:])
	for _, f := range families {
		files, err := f.generate("..")
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

func (f family) base() string { return f.name + "_" + f.level + "_amd64" }

// generate returns the contents of the two files by name; kernelDir holds the declarations of the argument structs.
func (f family) generate(kernelDir string) (map[string][]byte, error) {
	pkg, err := argTypes(kernelDir)
	if err != nil {
		return nil, err
	}
	g := &generator{Context: build.NewContext(), suffix: strings.ToUpper(f.level), lanes: 8, pkg: pkg}
	switch f.level {
	case "avx512", "amx":
		g.lanes = 16
	case "avxvnni":
		g.vnni = true
	}
	g.ConstraintExpr("!purego")
	f.gen(g)
	if g.err != nil {
		return nil, g.err
	}
	file, err := g.Result()
	if err != nil {
		return nil, err
	}
	if err := pass.Compile.Execute(file); err != nil {
		return nil, err
	}
	if err := f.checkExtensions(file); err != nil {
		return nil, err
	}
	if g.lanes == 8 {
		if err := encodeVEX.Execute(file); err != nil {
			return nil, err
		}
	}
	cfg := printer.Config{Name: "kernel/_asm", Pkg: "kernel"}
	asm, err := printer.NewGoAsm(cfg).Print(file)
	if err != nil {
		return nil, err
	}
	stubs, err := printer.NewStubs(cfg).Print(file)
	if err != nil {
		return nil, err
	}
	// avo puts no blank line at the end, gofmt and the assembler do not mind.
	asm = append(bytes.TrimRight(asm, "\n"), '\n')
	return map[string][]byte{f.base() + ".s": asm, f.base() + ".go": stubs}, nil
}

// argTypes checks the two files of package kernel that declare the argument structs, so that offsets follow them. The
// rest of the package needs the generated declarations and cannot be loaded before they exist.
func argTypes(dir string) (*types.Package, error) {
	fset := token.NewFileSet()
	var files []*ast.File
	for _, name := range []string{"kernel.go", "layout.go"} {
		f, err := parser.ParseFile(fset, filepath.Join(dir, name), nil, 0)
		if err != nil {
			return nil, fmt.Errorf("argument structs: %w", err)
		}
		files = append(files, f)
	}
	cfg := types.Config{Importer: noImports{}, Sizes: types.SizesFor("gc", "amd64")}
	pkg, err := cfg.Check("github.com/seed64708441/ember/backend/cpu/internal/kernel", fset, files, nil)
	if err != nil {
		return nil, fmt.Errorf("argument structs: %w", err)
	}
	return pkg, nil
}

// noImports is an importer of package unsafe only.
type noImports struct{}

func (noImports) Import(path string) (*types.Package, error) {
	if path == "unsafe" {
		return types.Unsafe, nil
	}
	return nil, fmt.Errorf("must not import %q", path)
}
