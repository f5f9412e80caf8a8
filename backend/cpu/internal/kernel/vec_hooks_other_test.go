//go:build purego || !amd64

package kernel

// levels returns the sets under test.
func levels() []*Set { return Available() }
