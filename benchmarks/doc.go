// Package benchmarks measures whole models of real shapes with made-up weights, which have the speed of any others:
//
//	go test -bench . ./benchmarks
//
// Every speed comes with the fraction of a limit: for decode the read bandwidth measured beside it, the multiply
// peak of the instruction level for prefill. With LLAMA_BENCH set to one or several llama-bench programs, BenchmarkPeers
// runs them and Ember in turn on the same file. README.md has the flags, the meaning of the columns, and results.
package benchmarks
