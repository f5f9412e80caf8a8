//go:build !purego

package kernel

import "golang.org/x/sys/cpu"

// levelSets returns the sets with assembly that this machine can run, best first. x/sys/cpu reports AVX and AVX-512
// only where the operating system saves their registers.
func levelSets() []*Set {
	var sets []*Set
	x := &cpu.X86
	if !x.HasAVX2 || !x.HasFMA || !x.HasF16C {
		return nil
	}
	if x.HasAVX512F && x.HasAVX512BW && x.HasAVX512VL && x.HasAVX512DQ && x.HasAVX512VNNI && x.HasBMI2 {
		if x.HasAMXTile && x.HasAMXInt8 && allowAMX() {
			sets = append(sets, amxSet())
		}
		sets = append(sets, avx512Set())
	}
	if x.HasAVXVNNI {
		sets = append(sets, avxVNNISet())
	}
	return append(sets, avx2Set())
}

// avx2Set needs AVX2, FMA and F16C: Intel from 2013, AMD from 2015 on.
func avx2Set() *Set {
	s := genericSet()
	s.Name = "avx2"
	matmulAVX2(s)
	packAVX2(s)
	vectorAVX2(s)
	attentionAVX2(s)
	return s
}

// avxVNNISet needs AVX-VNNI beside what avx2Set needs: Intel desktops and laptops from 2021 on, which lack AVX-512.
func avxVNNISet() *Set {
	s := avx2Set()
	s.Name = "avxvnni"
	matmulAVXVNNI(s)
	return s
}

// avx512Set needs AVX-512 F, BW, VL, DQ and VNNI, and BMI2: Intel servers from 2019, AMD from 2022 on.
func avx512Set() *Set {
	s := avx2Set()
	s.Name = "avx512"
	matmulAVX512(s)
	packAVX512(s)
	vectorAVX512(s)
	attentionAVX512(s)
	return s
}

// amxSet needs what avx512Set needs, AMX-TILE, AMX-INT8 and permission to use the tiles: Intel servers from 2023 on.
func amxSet() *Set {
	s := avx512Set()
	s.Name = "amx"
	matmulAMX(s)
	return s
}
