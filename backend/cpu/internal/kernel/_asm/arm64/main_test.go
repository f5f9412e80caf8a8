package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// TestGenerated fails when a generated file of package kernel is not what its generator writes.
func TestGenerated(t *testing.T) {
	for _, f := range families {
		t.Run(f.base(), func(t *testing.T) {
			files, err := f.generate()
			if err != nil {
				t.Fatal(err)
			}
			for name, want := range files {
				got, err := os.ReadFile(filepath.Join("..", "..", name))
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(got, want) {
					t.Errorf("%s is stale: run `go run ./arm64 -out ..` in the directory above", name)
				}
			}
		})
	}
}
