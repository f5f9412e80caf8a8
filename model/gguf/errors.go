package gguf

import (
	"errors"
	"strconv"
	"strings"
)

// Errors that callers can act on.
var (
	// ErrNotGGUF says that the file does not begin as a GGUF file does.
	ErrNotGGUF = errors.New("not a GGUF file")
	// ErrBigEndian says that the file is a GGUF file for big-endian machines. Convert it to little endian.
	ErrBigEndian = errors.New("big-endian GGUF files are not supported")
	// ErrVersion says that the file is a GGUF file of a version other than 2 and 3.
	ErrVersion = errors.New("unsupported GGUF version")
	// ErrSplit says that parts of a split model are missing or do not belong together.
	ErrSplit = errors.New("split model")
	// ErrMissing says that the metadata has no such key.
	ErrMissing = errors.New("missing")
	// ErrType says that a metadata value has another type than the one asked for.
	ErrType = errors.New("wrong type")
	// ErrClosed says that the file was closed.
	ErrClosed = errors.New("gguf: file is closed")
)

// FormatError says where a file is wrong, or where reading it went wrong.
type FormatError struct {
	File   string // as it was opened, "" for NewFile
	Key    string // the metadata key concerned, or ""
	Tensor string // the tensor concerned, or ""
	Place  string // what was being read where neither Key nor Tensor is known, for instance "header" or "tensor 3 of 201"
	Offset int64  // the byte of the file where the fault was noticed, -1 where there is no single one
	Err    error  // what is wrong
}

// Error writes the place, most general first, and what is wrong there.
func (e *FormatError) Error() string {
	var b strings.Builder
	b.WriteString("gguf: ")
	if e.File != "" {
		b.WriteString(e.File + ": ")
	}
	switch {
	case e.Key != "":
		b.WriteString("key " + quote(e.Key) + ": ")
	case e.Tensor != "":
		b.WriteString("tensor " + quote(e.Tensor) + ": ")
	case e.Place != "":
		b.WriteString(e.Place + ": ")
	}
	b.WriteString(e.Err.Error())
	if e.Offset >= 0 {
		b.WriteString(" (at byte " + strconv.FormatInt(e.Offset, 10) + ")")
	}
	return b.String()
}

// Unwrap returns what is wrong.
func (e *FormatError) Unwrap() error { return e.Err }

// KeyError says that a metadata key is missing or holds something else than was asked for. It is ErrMissing or
// ErrType to errors.Is.
type KeyError struct {
	Key      string
	Found    string // the type or value found, "" when the key is missing
	Expected string
}

// Error names the key, what was found and what was expected.
func (e *KeyError) Error() string {
	if e.Found == "" {
		return "gguf: key " + quote(e.Key) + ": missing, expected " + e.Expected
	}
	return "gguf: key " + quote(e.Key) + ": found " + e.Found + ", expected " + e.Expected
}

// Unwrap returns ErrMissing or ErrType.
func (e *KeyError) Unwrap() error {
	if e.Found == "" {
		return ErrMissing
	}
	return ErrType
}

// quote writes a name of the file for people, cut when it is long.
func quote(s string) string {
	const most = 128
	if len(s) > most {
		return strconv.Quote(s[:most]) + "…"
	}
	return strconv.Quote(s)
}
