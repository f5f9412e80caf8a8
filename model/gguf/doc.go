// Package gguf reads and writes GGUF model files, versions 2 and 3, little endian: metadata as an ordered list of
// typed values, and a directory of tensors over mapped bytes, nothing of which is copied. It knows no architecture. It
// imports tensor and tensor/mem and must not import anything else of this module.
//
//	f, err := gguf.Open("llama-3.2-1b-q4_k_m.gguf", gguf.Options{})
//	...
//	defer f.Close()
//	layers, err := f.Meta().Int("llama.block_count")
//	t, ok := f.Tensor("blk.0.attn_q.weight")
//	row, err := f.Section(t, 0, rowBytes, nil)
//
// Shapes are row-major: the axes of the file, which lists them innermost first, are reversed once, here.
//
// # What is refused
//
// A file is checked whole when it is opened, before a tensor is touched, and every error is a [*FormatError] that says
// where: big-endian files ([ErrBigEndian]); versions other than 2 and 3 ([ErrVersion]); anything that is no GGUF file
// ([ErrNotGGUF]); lengths, counts and offsets that the bytes of the file do not cover; empty and duplicate keys or
// names; unknown types; arrays of arrays; booleans other than 0 and 1; more than four axes and axes without elements;
// rows that are no whole number of blocks; more than 524,288 keys or tensors; an alignment that is no power of two; data that is unaligned, outside
// the file or shared by two tensors. Gaps between tensors, tensors out of order, bytes after the last one and a last one
// without padding are accepted.
//
// No length of the file is believed before it is compared with the bytes that are left, so that opening a file takes at
// most four times its size in memory, and at most [Options.MaxHeader] of it are looked at.
//
// # Split files
//
// A model in parts (PREFIX-00001-of-00003.gguf) is opened by any of its parts: the others are taken from beside
// it. The metadata is that of the first part, the tensors are those of all.
package gguf
