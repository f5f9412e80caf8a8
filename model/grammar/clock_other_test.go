//go:build !linux

package grammar

import (
	"testing"
	"time"
)

// cpuClock returns the clock on the wall.
func cpuClock(testing.TB) func() time.Duration {
	start := time.Now()
	return func() time.Duration { return time.Since(start) }
}
