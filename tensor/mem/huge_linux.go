package mem

import "golang.org/x/sys/unix"

// adviseHuge asks for transparent huge pages. Kernels without them answer an error, which changes nothing.
func adviseHuge(b []byte) { _ = unix.Madvise(b, unix.MADV_HUGEPAGE) }
