package mem

import "golang.org/x/sys/unix"

// System returns the bytes of memory of the machine and how many of them are free at the least; zeros where the operating
// system does not say.
func System() (total, available int64) {
	n, err := unix.SysctlUint64("hw.memsize")
	if err != nil {
		return 0, 0
	}
	free, err := unix.SysctlUint32("vm.page_free_count")
	if err != nil {
		return int64(n), 0
	}
	return int64(n), int64(free) * int64(unix.Getpagesize())
}
