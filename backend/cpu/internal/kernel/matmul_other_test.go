//go:build !linux

package kernel

import "testing"

// fenced returns n bytes; only on Linux are there no-access pages around them.
func fenced(_ testing.TB, n int, _ bool) []byte { return make([]byte, n) }
