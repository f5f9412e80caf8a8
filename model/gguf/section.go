package gguf

import "fmt"

// Section returns the n bytes of the data of t from byte off on. Of a mapped file it is a view, which must not be
// written to, nor used after Close; otherwise the bytes are read into buf, or into a new slice when buf is too short.
// It may be called by several goroutines, each with its own buf, but not at the same time as Close.
func (f *File) Section(t Tensor, off, n int, buf []byte) ([]byte, error) {
	p, at, err := f.span(t, off, n)
	if err != nil {
		return nil, err
	}
	if p.mapping != nil {
		return p.data[at : at+int64(n) : at+int64(n)], nil
	}
	if cap(buf) < n {
		buf = make([]byte, n)
	}
	buf = buf[:n]
	if err := p.readAt(buf, at); err != nil {
		return nil, &FormatError{File: p.name, Tensor: t.Name, Offset: at, Err: err}
	}
	return buf, nil
}

// WillNeed tells the operating system that the data of t is read soon. It is a hint, without effect when the file is
// not mapped.
func (f *File) WillNeed(t Tensor) {
	if p, at, err := f.span(t, 0, t.Bytes); err == nil && p.mapping != nil {
		p.mapping.WillNeed(int(at), t.Bytes)
	}
}

// Release tells the operating system that the n bytes of t from off on are not needed soon, so that their pages do not
// count as memory of the program; they are read again when they are touched. It is a hint, without effect when the file is
// not mapped or there are no such bytes.
func (f *File) Release(t Tensor, off, n int) {
	if p, at, err := f.span(t, off, n); err == nil && p.mapping != nil {
		p.mapping.Release(int(at), n)
	}
}

// span returns the part and the offset in it of the n bytes of t from off on, after comparing them with both.
func (f *File) span(t Tensor, off, n int) (*source, int64, error) {
	if f.closed.Load() {
		return nil, 0, ErrClosed
	}
	if off < 0 || n < 0 || off > t.Bytes || n > t.Bytes-off {
		return nil, 0, fmt.Errorf("gguf: tensor %s: %d bytes from byte %d on are outside its %d", quote(t.Name), n, off, t.Bytes)
	}
	if t.Part < 0 || t.Part >= len(f.parts) {
		return nil, 0, fmt.Errorf("gguf: tensor %s: part %d, file has %d", quote(t.Name), t.Part, len(f.parts))
	}
	p := f.parts[t.Part]
	if t.Offset < 0 || t.Offset > p.size || int64(t.Bytes) > p.size-t.Offset {
		return nil, 0, fmt.Errorf("gguf: tensor %s: not a tensor of this file", quote(t.Name))
	}
	return p, t.Offset + int64(off), nil
}
