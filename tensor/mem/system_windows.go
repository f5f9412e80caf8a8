package mem

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

// memoryStatus is MEMORYSTATUSEX.
type memoryStatus struct {
	length, load                                uint32
	totalPhys, availPhys, totalPage, availPage  uint64
	totalVirtual, availVirtual, availExtVirtual uint64
}

// System returns the bytes of memory of the machine and how many of them programs can get without swapping; zeros where
// the operating system does not say.
func System() (total, available int64) {
	proc := windows.NewLazySystemDLL("kernel32.dll").NewProc("GlobalMemoryStatusEx")
	if proc.Find() != nil {
		return 0, 0
	}
	s := memoryStatus{}
	s.length = uint32(unsafe.Sizeof(s))
	if ok, _, _ := proc.Call(uintptr(unsafe.Pointer(&s))); ok == 0 {
		return 0, 0
	}
	return int64(s.totalPhys), int64(s.availPhys)
}
