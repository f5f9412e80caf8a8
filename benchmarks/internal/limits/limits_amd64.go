//go:build !purego

package limits

import (
	"unsafe"

	"golang.org/x/sys/cpu"
)

// readAVX2 is readGo. It needs AVX2; n is a multiple of 64.
//
//go:noescape
func readAVX2(p unsafe.Pointer, n, stride int) uint64

// readAVX512 is readGo. It needs AVX-512F; n is a multiple of 64.
//
//go:noescape
func readAVX512(p unsafe.Pointer, n, stride int) uint64

// fmaAVX2 keeps 12 vectors of 8 numbers that begin at 0:
//
//	for range n { for i := range 12 { for j := range 8 { acc[i][j] += x * y } } }
//	return acc[0][0] + acc[1][0] + ... + acc[11][0]
//
//go:noescape
func fmaAVX2(n int, x, y float32) float32

// fmaAVX512 is fmaAVX2 with vectors of 16 numbers.
//
//go:noescape
func fmaAVX512(n int, x, y float32) float32

// dotAVX2 keeps 8 vectors of 8 sums that begin at 0, each of which takes 16 products a round: two in VPMADDUBSW, four
// times, added in 16 bits, then two in VPMADDWD. x is 0 to 255, y is -128 to 127, and 8*x*y fits 16 bits:
//
//	for range n { for i := range 8 { for j := range 8 { acc[i][j] += 16 * x * y } } }
//	return acc[0][0] + acc[1][0] + ... + acc[7][0]
//
//go:noescape
func dotAVX2(n int, x, y int) int

// dotAVXVNNI is dotAVX512 with vectors of 8 sums.
//
//go:noescape
func dotAVXVNNI(n int, x, y int) int

// dotAVX512 keeps 12 vectors of 16 sums that begin at 0, each of which takes 4 products a round in VPDPBUSD. x is 0 to
// 255, y is -128 to 127:
//
//	for range n { for i := range 12 { for j := range 16 { acc[i][j] += 4 * x * y } } }
//	return acc[0][0] + acc[1][0] + ... + acc[11][0]
//
//go:noescape
func dotAVX512(n int, x, y int) int

func hasAVX2() bool { return cpu.X86.HasAVX2 && cpu.X86.HasFMA }

func hasAVX512() bool { return hasAVX2() && cpu.X86.HasAVX512F && cpu.X86.HasAVX512VNNI }

// levels has the loops that this machine can run.
func levels() map[string]map[Kind]chains {
	m := map[string]map[Kind]chains{"generic": generic()}
	if hasAVX2() {
		m["avx2"] = map[Kind]chains{FP32: {fp32: fmaAVX2, perRound: 12 * 8}, Int8: {int8: dotAVX2, perRound: 8 * 8 * 16}}
	}
	if hasAVX2() && cpu.X86.HasAVXVNNI {
		m["avxvnni"] = map[Kind]chains{FP32: m["avx2"][FP32], Int8: {int8: dotAVXVNNI, perRound: 12 * 8 * 4}}
	}
	if hasAVX512() {
		m["avx512"] = map[Kind]chains{FP32: {fp32: fmaAVX512, perRound: 12 * 16}, Int8: {int8: dotAVX512, perRound: 12 * 16 * 4}}
		if cpu.X86.HasAMXTile && cpu.X86.HasAMXInt8 {
			m["amx"] = m["avx512"] // see Multiply
		}
	}
	return m
}

// fastest returns the reader for this machine.
func fastest() reader {
	switch {
	case hasAVX512():
		return readAVX512
	case hasAVX2():
		return readAVX2
	}
	return readGo
}
