//go:build !unix && !windows

package mem

import (
	"errors"
	"os"
	"unsafe"
)

// allocate uses the Go heap where there is nothing else.
func allocate(n int) ([]byte, error) {
	b := make([]byte, n+63)
	skip := -int(uintptr(unsafe.Pointer(unsafe.SliceData(b)))) & 63
	return b[skip : skip+n], nil
}

func release([]byte) error { return nil }

func mapFile(*os.File, int) ([]byte, error) { return nil, errors.ErrUnsupported }

func unmapFile([]byte) error { return nil }

func willNeed([]byte) {}

func dontNeed([]byte) {}
