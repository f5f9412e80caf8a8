package kernel

import (
	"testing"

	"golang.org/x/sys/unix"
)

// fenced returns n bytes between two no-access pages: they end at the second one, or, with atStart, begin after the
// first one.
func fenced(t testing.TB, n int, atStart bool) []byte {
	t.Helper()
	page := unix.Getpagesize()
	inner := (n + page - 1) / page * page
	b, err := unix.Mmap(-1, 0, inner+2*page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Munmap(b) })
	for _, p := range [][]byte{b[:page], b[page+inner:]} {
		if err := unix.Mprotect(p, unix.PROT_NONE); err != nil {
			t.Fatal(err)
		}
	}
	if atStart {
		return b[page : page+n : page+n]
	}
	return b[page+inner-n : page+inner : page+inner]
}
