package gguf

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/seed64708441/ember/tensor/mem"
)

// source is the bytes of one part: mapped, or behind an io.ReaderAt.
type source struct {
	name    string // for errors and to find the other parts; "" for NewFile
	size    int64
	mapping *mem.Mapping
	data    []byte // of mapping
	r       io.ReaderAt
	closer  io.Closer
}

// close releases what the source holds.
func (s *source) close() error {
	var errs []error
	if s.mapping != nil {
		errs = append(errs, s.mapping.Close())
	}
	if s.closer != nil {
		errs = append(errs, s.closer.Close())
	}
	return errors.Join(errs...)
}

// readAt fills p with the bytes from off, which the caller has checked against size.
func (s *source) readAt(p []byte, off int64) error {
	if s.mapping != nil {
		copy(p, s.data[off:])
		return nil
	}
	n, err := s.r.ReadAt(p, off)
	if n >= len(p) {
		return nil
	}
	if err == nil || err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// openPath opens a file of the operating system, mapped when possible and not forbidden.
func openPath(name string, o Options) (*source, error) {
	// Asked first, since opening a named pipe waits for a writer.
	info, err := os.Stat(name)
	if err != nil {
		return nil, fmt.Errorf("gguf: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("gguf: %s: not a regular file", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("gguf: %w", err)
	}
	if !o.NoMmap {
		if m, err := mem.Map(f); err == nil {
			s := &source{name: name, size: int64(len(m.Bytes())), mapping: m, data: m.Bytes()}
			return s, f.Close()
		}
	}
	if info, err = f.Stat(); err != nil {
		f.Close()
		return nil, fmt.Errorf("gguf: %w", err)
	}
	return &source{name: name, size: info.Size(), r: f, closer: f}, nil
}

// openFS opens a file of fsys.
func openFS(fsys fs.FS, name string, o Options) (*source, error) {
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return nil, fmt.Errorf("gguf: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("gguf: %s: not a regular file", name)
	}
	f, err := fsys.Open(name)
	if err != nil {
		return nil, fmt.Errorf("gguf: %w", err)
	}
	if r, ok := f.(io.ReaderAt); ok {
		s := &source{name: name, size: info.Size(), r: r, closer: f}
		if err := s.probe(); err != nil {
			return nil, errors.Join(err, f.Close())
		}
		return s, nil
	}
	b, err := readBlocks(f, info.Size(), o.maxBuffer())
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("gguf: %s: %w", name, err)
	}
	return &source{name: name, size: info.Size(), r: b}, nil
}

// probe reads the last byte, so that nothing is allocated on the say-so of a size that is not true.
func (s *source) probe() error {
	if s.size <= 0 {
		return nil
	}
	if err := s.readAt(make([]byte, 1), s.size-1); err != nil {
		return &FormatError{File: s.name, Place: "last byte", Offset: s.size - 1, Err: err}
	}
	return nil
}

// blockBytes is the size of the pieces in which a file that cannot be read at random is kept.
const blockBytes = 1 << 20

// blocks is a file in memory in pieces, so that reading it neither trusts its stated size nor copies what was read.
type blocks [][]byte

// readBlocks reads size bytes, at most limit.
func readBlocks(r io.Reader, size, limit int64) (blocks, error) {
	if size > limit {
		return nil, fmt.Errorf("%d bytes must be read to memory, Options.MaxBuffer is %d", size, limit)
	}
	var b blocks
	for left := size; left > 0; {
		p := make([]byte, min(left, blockBytes))
		n, err := io.ReadFull(r, p)
		left -= int64(n)
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return nil, fmt.Errorf("file ends at byte %d, its stated size is %d: %w", size-left, size, io.ErrUnexpectedEOF)
		}
		if err != nil {
			return nil, err
		}
		b = append(b, p)
	}
	return b, nil
}

// ReadAt implements io.ReaderAt.
func (b blocks) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errors.New("gguf: negative offset")
	}
	n := 0
	for i := off / blockBytes; n < len(p) && i < int64(len(b)); i++ {
		from := (off + int64(n)) - i*blockBytes
		if from >= int64(len(b[i])) {
			break
		}
		n += copy(p[n:], b[i][from:])
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}
