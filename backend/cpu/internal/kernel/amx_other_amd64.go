//go:build !purego && !linux

package kernel

// allowAMX is false: how other systems give the tile registers to a process is not known here.
func allowAMX() bool { return false }
