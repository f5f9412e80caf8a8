//go:build !purego

package kernel

import "golang.org/x/sys/cpu"

// levelSets returns the sets with assembly that this machine can run, best first. Every arm64 machine Go runs on has
// NEON; a system that does not report the other features gets neon.
func levelSets() []*Set {
	sets := []*Set{neonSet()}
	if !cpu.ARM64.HasASIMDDP {
		return sets
	}
	sets = append([]*Set{dotProdSet()}, sets...)
	if !cpu.ARM64.HasI8MM {
		return sets
	}
	return append([]*Set{i8mmSet()}, sets...)
}

// neonSet needs Armv8.0: Cortex-A53 and A72, Graviton 1.
func neonSet() *Set {
	s := genericSet()
	s.Name = "neon"
	matmulNEON(s)
	vectorNEON(s)
	attentionNEON(s)
	return s
}

// dotProdSet needs the dot products of Armv8.2 (FEAT_DotProd): Neoverse N1 and Graviton 2, Apple M1.
func dotProdSet() *Set {
	s := neonSet()
	s.Name = "dotprod"
	matmulDotProd(s)
	return s
}

// i8mmSet needs the matrix products of Armv8.6 (FEAT_I8MM) too: Neoverse V1 and Graviton 3, Apple M2.
func i8mmSet() *Set {
	s := dotProdSet()
	s.Name = "i8mm"
	matmulI8MM(s)
	return s
}
