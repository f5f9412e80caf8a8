package kernel

import (
	"testing"

	"golang.org/x/sys/unix"
)

// fenced returns n bytes between two no-access pages: they end at the second one, or, with atStart, begin after the
// first one.
func fenced(t testing.TB, n int, atStart bool) []byte { return fencedRows(t, 1, n, atStart)[0] }

// fencedRows returns rows of n bytes at one distance from each other, each between no-access pages like fenced.
func fencedRows(t testing.TB, rows, n int, atStart bool) [][]byte {
	t.Helper()
	page := unix.Getpagesize()
	inner := (n + page - 1) / page * page
	b, err := unix.Mmap(-1, 0, rows*(inner+page)+page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Munmap(b) })
	for i := 0; i < len(b); i += inner + page {
		if err := unix.Mprotect(b[i:i+page], unix.PROT_NONE); err != nil {
			t.Fatal(err)
		}
	}
	all := make([][]byte, rows)
	for i := range all {
		row := b[i*(inner+page)+page:][:inner]
		if atStart {
			all[i] = row[:n:n]
		} else {
			all[i] = row[inner-n : inner : inner]
		}
	}
	return all
}
