//go:build !purego

package kernel

import (
	"slices"

	"golang.org/x/sys/cpu"
)

// levels returns the sets under test: those available here, and one for the hooks of AVX-512 as long as there is no
// complete set of that level.
func levels() []*Set {
	sets := Available()
	listed := slices.ContainsFunc(sets, func(s *Set) bool { return s.Name == "avx512" })
	if listed || !cpu.X86.HasAVX512F || !cpu.X86.HasAVX512BW || !cpu.X86.HasAVX512DQ || !cpu.X86.HasAVX512VL || !cpu.X86.HasBMI2 {
		return sets
	}
	s := avx2Set()
	s.Name = "avx512"
	vectorAVX512(s)
	attentionAVX512(s)
	return append([]*Set{s}, sets...)
}
