// Package tensor names the element types that model files store, how many bytes their blocks take, and the shapes
// of arrays of them. It holds no arithmetic; encoding and decoding of the block formats is in tensor/quant, memory
// outside the Go heap in tensor/mem. It imports nothing of this module.
//
// Shapes are row-major, outermost axis first: a weight that maps D inputs to N outputs is [N D], and its rows of D
// elements are contiguous. GGUF lists axes innermost first; its reader reverses them once.
//
// Axis letters used in the documentation of all packages:
//
//	B sequence   T token (row of a step)   D model width   F feed-forward width
//	H query head   K key/value head   E expert   V vocabulary
package tensor
