//go:build !linux

package kernel

import "testing"

// fenced returns n bytes; only on Linux are there no-access pages around them.
func fenced(_ testing.TB, n int, _ bool) []byte { return make([]byte, n) }

// fencedRows returns rows of n bytes at one distance from each other.
func fencedRows(t testing.TB, rows, n int, atStart bool) [][]byte {
	var all [][]byte
	for b := fenced(t, rows*n, atStart); len(all) < rows; b = b[n:] {
		all = append(all, b[:n:n])
	}
	return all
}
