// Package quant is the definition, in plain Go, of every element type of package tensor: what number the stored bytes
// stand for, and which bytes a number is stored as. It imports tensor and nothing else of this module.
//
// A block format stores each run of 16 or 32 weights as small integer codes q with one scale s, some with an offset m:
//
//	w = s·q + m
//
// Every format here is unpacked into exactly that form (see Int8Block), so there is one definition per format: Decode
// evaluates it in float32, and DecodeInt8 hands it out, to multiply integers and to check kernels that do. Products are rounded to
// float32 before the offset is added, on all machines, so results are the same bits everywhere and equal ggml's.
//
// All functions are safe for concurrent use and none allocates, except for errors and the copy that Grid returns.
package quant
