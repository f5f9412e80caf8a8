package gguf

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync/atomic"
)

// Options says how a file is opened. The zero value works.
type Options struct {
	// NoMmap reads the file instead of mapping it to memory.
	NoMmap bool
	// MaxHeader is the most bytes of metadata and tensor directory in a file; 0 is 256 MiB. Opening takes at most about
	// four times as much memory.
	MaxHeader int64
	// MaxBuffer is the most bytes of a file of an fs.FS that are read to memory when it has no ReadAt; 0 is 1 GiB.
	MaxBuffer int64
}

// Validate says which limits are negative.
func (o Options) Validate() error {
	var errs []error
	if o.MaxHeader < 0 {
		errs = append(errs, fmt.Errorf("gguf: Options.MaxHeader is %d, expected 0 or more", o.MaxHeader))
	}
	if o.MaxBuffer < 0 {
		errs = append(errs, fmt.Errorf("gguf: Options.MaxBuffer is %d, expected 0 or more", o.MaxBuffer))
	}
	return errors.Join(errs...)
}

func (o Options) maxHeader() int64 {
	if o.MaxHeader == 0 {
		return 256 << 20
	}
	return o.MaxHeader
}

func (o Options) maxBuffer() int64 {
	if o.MaxBuffer == 0 {
		return 1 << 30
	}
	return o.MaxBuffer
}

// File is an open model in one file or several parts. It may be used by several goroutines.
type File struct {
	parts   []*source
	version int
	meta    *Meta
	tensors []Tensor
	sorted  []int32 // indices into tensors, ascending by name
	closed  atomic.Bool
}

// Open opens the file at path, and all other parts beside it when it is a part of a split model. The bytes are mapped
// to memory on Linux, macOS and Windows, and read from the file when they are asked for where that is not possible or
// o.NoMmap is set. A mapped file must not be cut short while it is open.
func Open(path string, o Options) (*File, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	return open(path, o, func(name string) (*source, error) { return openPath(name, o) })
}

// OpenFS opens the file called name in fsys, and all other parts beside it when it is a part of a split model. Its
// bytes are read when they are asked for, through the ReadAt of the fs.File; when that has none the whole file is read
// to memory now, at most o.MaxBuffer bytes.
func OpenFS(fsys fs.FS, name string, o Options) (*File, error) {
	if fsys == nil {
		return nil, errors.New("gguf: OpenFS: the file system is nil")
	}
	if err := o.Validate(); err != nil {
		return nil, err
	}
	return open(name, o, func(name string) (*source, error) { return openFS(fsys, name, o) })
}

// NewFile reads a model from the size bytes of r, which must serve concurrent calls as its interface asks. Close does
// not close r. A part of a split model is refused: the others cannot be found.
func NewFile(r io.ReaderAt, size int64, o Options) (*File, error) {
	if r == nil {
		return nil, errors.New("gguf: NewFile: the reader is nil")
	}
	if size < 0 {
		return nil, fmt.Errorf("gguf: NewFile: size is %d, expected 0 or more", size)
	}
	if err := o.Validate(); err != nil {
		return nil, err
	}
	src := &source{size: size, r: r}
	if err := src.probe(); err != nil {
		return nil, err
	}
	return open("", o, func(string) (*source, error) { return src, nil })
}

// open opens name and the other parts by the same means.
func open(name string, o Options, source func(string) (*source, error)) (_ *File, err error) {
	f := &File{}
	defer func() {
		if err != nil {
			f.Close() // the first error is the one to report
		}
	}()
	first, err := f.openPart(name, o, source)
	if err != nil {
		return nil, err
	}
	split, err := splitOf(name, first.meta)
	if err != nil {
		return nil, err
	}
	headers := []*header{first}
	if split.count > 1 {
		if headers, err = f.openOthers(name, o, split, first, source); err != nil {
			return nil, err
		}
	}
	if err := f.join(headers, split.tensors); err != nil {
		return nil, err
	}
	return f, nil
}

// openPart opens and reads one part.
func (f *File) openPart(name string, o Options, source func(string) (*source, error)) (*header, error) {
	src, err := source(name)
	if src != nil {
		f.parts = append(f.parts, src)
	}
	if err != nil {
		return nil, err
	}
	return parse(src, o)
}

// openOthers opens the parts that name is not, and puts all in order.
func (f *File) openOthers(name string, o Options, split splitInfo, opened *header, source func(string) (*source, error)) ([]*header, error) {
	if name == "" {
		return nil, fmt.Errorf("gguf: %w: this is part %d of %d, open it by its path with Open or OpenFS",
			ErrSplit, split.no+1, split.count)
	}
	prefix, err := prefixOf(name, split)
	if err != nil {
		return nil, err
	}
	own := f.parts[0]
	f.parts = f.parts[:0]
	var headers []*header
	for no := range split.count {
		if no == split.no {
			f.parts, headers = append(f.parts, own), append(headers, opened)
			continue
		}
		part := partName(prefix, no, split.count)
		h, err := f.openPart(part, o, source)
		if err == nil {
			var s splitInfo
			if s, err = splitOf(part, h.meta); err == nil {
				err = s.check(part, splitInfo{no, split.count, split.tensors})
			}
		}
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("gguf: %s: %w: part %d of %d is missing: %w", name, ErrSplit, no+1, split.count, errors.Unwrap(err))
		}
		if err != nil {
			if no < split.no {
				f.parts = append(f.parts, own) // so that it is closed too
			}
			return nil, err
		}
		headers = append(headers, h)
	}
	return headers, nil
}

// join makes one directory of those of the parts; tensors is how many there must be, or -1.
func (f *File) join(headers []*header, tensors int) error {
	f.version, f.meta, f.tensors = headers[0].version, headers[0].meta, headers[0].tensors
	for i, h := range headers[1:] {
		for _, t := range h.tensors {
			t.Part = i + 1
			f.tensors = append(f.tensors, t)
		}
	}
	name := f.parts[0].name
	if n := len(f.tensors); tensors >= 0 && n != tensors {
		return &FormatError{File: name, Key: keySplitTensors, Offset: -1,
			Err: fmt.Errorf("%w: found %d, the %d parts have %d tensors", ErrSplit, tensors, len(f.parts), n)}
	}
	if len(f.tensors) > maxTensors {
		return &FormatError{File: name, Offset: -1,
			Err: fmt.Errorf("%w: %d tensors, at most %d are allowed", ErrSplit, len(f.tensors), maxTensors)}
	}
	var dup int
	f.sorted, dup = sortNames(len(f.tensors), f.nameOf)
	if dup >= 0 {
		t := f.tensors[dup]
		return &FormatError{File: f.parts[t.Part].name, Tensor: t.Name, Offset: -1,
			Err: fmt.Errorf("occurs twice, the second time as tensor %d of %d", dup+1, len(f.tensors))}
	}
	return nil
}

func (f *File) nameOf(i int) string { return f.tensors[i].Name }

// Close releases the file; slices that Section returned of a mapped file must not be used any more. Metadata stays
// usable. Idempotent.
func (f *File) Close() error {
	if f.closed.Swap(true) {
		return nil
	}
	var errs []error
	for _, p := range f.parts {
		errs = append(errs, p.close())
	}
	return errors.Join(errs...)
}

// Version returns the version of the format, 2 or 3.
func (f *File) Version() int { return f.version }

// Meta returns the metadata, for a split model that of its first part.
func (f *File) Meta() *Meta { return f.meta }

// Tensors returns the tensors of all parts in the order of the files. The slice is shared and must not be changed.
func (f *File) Tensors() []Tensor { return f.tensors }

// Tensor returns the tensor of the given name.
func (f *File) Tensor(name string) (Tensor, bool) {
	i, ok := findName(f.sorted, name, f.nameOf)
	if !ok {
		return Tensor{}, false
	}
	return f.tensors[i], true
}

// Size returns the bytes of all parts.
func (f *File) Size() int64 {
	var n int64
	for _, p := range f.parts {
		n += p.size
	}
	return n
}

// Mapped reports whether all parts are mapped to memory.
func (f *File) Mapped() bool {
	for _, p := range f.parts {
		if p.mapping == nil {
			return false
		}
	}
	return true
}
