//go:build purego || !(amd64 || arm64)

package kernel

// levelSets returns the sets with assembly, best first.
func levelSets() []*Set { return nil }
