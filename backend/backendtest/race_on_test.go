//go:build race

package backendtest

// raceEnabled says that the test binary looks for data races, which makes the interpreter ten times slower.
const raceEnabled = true
