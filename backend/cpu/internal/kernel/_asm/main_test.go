package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestGenerated fails when a generated file of package kernel is not what its generator writes.
func TestGenerated(t *testing.T) {
	for _, f := range families {
		t.Run(f.base(), func(t *testing.T) {
			files, err := f.generate("..")
			if err != nil {
				t.Fatal(err)
			}
			for name, want := range files {
				got, err := os.ReadFile(filepath.Join("..", name))
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(got, want) {
					t.Errorf("%s is stale: run `go run . -out ..` here", name)
				}
			}
		})
	}
}

// TestExtensions checks that an instruction of AVX-512 that only some processors of its level have is refused.
func TestExtensions(t *testing.T) {
	f := family{"vbmi", "avx512", func(g *generator) {
		g.function("permute", "func(a *MatMulArgs)")
		g.VPERMB(g.ZMM(), g.ZMM(), g.ZMM())
		g.RET()
	}}
	if _, err := f.generate(".."); err == nil || !strings.Contains(err.Error(), "AVX512VBMI") {
		t.Errorf("VPERMB in level avx512: %v", err)
	}
}
