//go:build unix

package mem

import (
	"os"

	"golang.org/x/sys/unix"
)

// hugePage is the size from which blocks ask for large pages: fewer of them to look up while weights stream.
const hugePage = 2 << 20

func allocate(n int) ([]byte, error) {
	b, err := unix.Mmap(-1, 0, n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err == nil && n >= hugePage {
		adviseHuge(b)
	}
	return b, err
}

func release(b []byte) error { return unix.Munmap(b) }

func mapFile(f *os.File, n int) ([]byte, error) {
	return unix.Mmap(int(f.Fd()), 0, n, unix.PROT_READ, unix.MAP_SHARED)
}

func unmapFile(b []byte) error { return unix.Munmap(b) }

func willNeed(b []byte) { _ = unix.Madvise(b, unix.MADV_WILLNEED) }

func dontNeed(b []byte) { _ = unix.Madvise(b, unix.MADV_DONTNEED) }
