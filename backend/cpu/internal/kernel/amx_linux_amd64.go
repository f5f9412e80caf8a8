//go:build !purego

package kernel

import "golang.org/x/sys/unix"

// allowAMX asks the system to let this process use the tile registers, which it saves with the state of a thread from
// then on. It may refuse, for instance where a thread has a signal stack too small for them.
func allowAMX() bool {
	const (
		reqXCompPerm = 0x1023 // ARCH_REQ_XCOMP_PERM
		tileData     = 18     // XFEATURE_XTILE_DATA
	)
	_, _, errno := unix.Syscall(unix.SYS_ARCH_PRCTL, reqXCompPerm, tileData, 0)
	return errno == 0
}
