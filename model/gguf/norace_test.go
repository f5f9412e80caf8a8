//go:build !race

package gguf_test

// raceEnabled says that the race detector is on.
const raceEnabled = false
