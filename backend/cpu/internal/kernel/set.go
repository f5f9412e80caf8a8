package kernel

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

// available is built on first use and never changes.
var available = sync.OnceValue(func() []*Set { return append(levelSets(), genericSet()) })

// Available returns the sets this machine can run, best first and "generic" last. The caller owns the slice; the sets
// are shared and must not be changed.
func Available() []*Set { return slices.Clone(available()) }

// Named returns the set of the given level, or an error that lists the levels this machine can run.
func Named(name string) (*Set, error) {
	var names []string
	for _, s := range available() {
		if s.Name == name {
			return s, nil
		}
		names = append(names, s.Name)
	}
	return nil, fmt.Errorf("kernel: level %q is not available here, only %s", name, strings.Join(names, ", "))
}

// genericSet returns the set of the Go twins, from which every level starts.
func genericSet() *Set {
	s := &Set{Name: "generic"}
	for l := range NumLayouts {
		s.TileRows[l], s.WarmRows[l] = 48, 48
	}
	matmulGeneric(s)
	packGeneric(s)
	vectorGeneric(s)
	attentionGeneric(s)
	return s
}
