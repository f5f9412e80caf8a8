//go:build race

package gguf_test

// raceEnabled says that the race detector is on: it is slow, and takes memory that the tests would count.
const raceEnabled = true
