package gguf

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"strings"
)

// Limits of the format, and of this reader where the format has none.
const (
	maxKeyBytes  = 1<<16 - 1
	maxNameBytes = 128 // the format says 64; llama.cpp reads 63, programs built on ggml with a larger limit write more
	maxAxes      = 4
	maxKeys      = 1 << 19
	maxTensors   = 1 << 19
	minKeyBytes  = 8 + 1 + 4 + 1 // key length, key, type, value
	minInfoBytes = 8 + 1 + 4 + 4 + 8

	defaultAlignment = 32
	keyAlignment     = "general.alignment"
)

// header is what one part says about itself.
type header struct {
	version int
	meta    *Meta
	tensors []Tensor
}

// parser reads a header; its fields say where it is.
type parser struct {
	*cursor
	key, tensor string
	place       string // "header", "key" or "tensor"
	i, n        int    // which of how many
}

// parse reads and checks the whole header of a part.
func parse(src *source, o Options) (*header, error) {
	p := &parser{cursor: newCursor(src, min(o.maxHeader(), src.size))}
	h, err := p.header()
	if err == nil {
		return h, nil
	}
	var fe *FormatError
	if errors.As(err, &fe) {
		return nil, err
	}
	return nil, p.fail(p.off, err)
}

// fail locates an error.
func (p *parser) fail(off int64, err error) *FormatError {
	e := &FormatError{File: p.src.name, Key: p.key, Tensor: p.tensor, Place: p.place, Offset: off, Err: err}
	if p.n > 0 {
		e.Place = fmt.Sprintf("%s %d of %d", p.place, p.i+1, p.n)
	}
	return e
}

func (p *parser) header() (*header, error) {
	p.place = "header"
	version, err := p.version()
	if err != nil {
		return nil, err
	}
	nt, err := p.u64("tensor count")
	if err != nil {
		return nil, err
	}
	nk, err := p.u64("key count")
	if err != nil {
		return nil, err
	}
	left := uint64(p.src.size - p.off)
	if nk > left/minKeyBytes || nk > maxKeys {
		return nil, fmt.Errorf("%d keys do not fit the %d bytes left, or are more than %d", nk, left, maxKeys)
	}
	if nt > left/minInfoBytes || nt > maxTensors {
		return nil, fmt.Errorf("%d tensors do not fit the %d bytes left, or are more than %d", nt, left, maxTensors)
	}
	h := &header{version: version}
	if h.meta, err = p.meta(int(nk)); err != nil {
		return nil, err
	}
	align, err := h.meta.alignment(p)
	if err != nil {
		return nil, err
	}
	h.tensors, err = p.directory(int(nt), align)
	return h, err
}

// version reads magic and version.
func (p *parser) version() (int, error) {
	magic, err := p.take(4, "magic")
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrNotGGUF, err)
	}
	if string(magic) != "GGUF" {
		return 0, p.fail(0, fmt.Errorf(`%w: begins with %q, expected "GGUF"`, ErrNotGGUF, magic))
	}
	v, err := p.u32("version")
	if err != nil {
		return 0, err
	}
	switch swapped := bits.ReverseBytes32(v); {
	case v == 2 || v == 3:
		return int(v), nil
	case swapped >= 1 && swapped <= 3:
		return 0, p.fail(4, fmt.Errorf("%w: version %d in big-endian order", ErrBigEndian, swapped))
	}
	return 0, p.fail(4, fmt.Errorf("%w: found %d, expected 2 or 3", ErrVersion, v))
}

// meta reads n keys and values.
func (p *parser) meta(n int) (*Meta, error) {
	m := &Meta{keys: make([]string, n), values: make([]Value, n)}
	for i := range n {
		p.key, p.place, p.i, p.n = "", "key", i, n
		key, err := p.text(maxKeyBytes, "key")
		if err != nil {
			return nil, err
		}
		if key == "" {
			return nil, errors.New("empty key")
		}
		m.keys[i], p.key = key, key
		if m.values[i], err = p.value(); err != nil {
			return nil, err
		}
	}
	if d := m.index(); d >= 0 {
		p.key = m.keys[d]
		return nil, p.fail(-1, fmt.Errorf("occurs twice, the second time as key %d of %d", d+1, n))
	}
	p.key = ""
	return m, nil
}

// alignment returns what general.alignment says, 32 where it is absent.
func (m *Meta) alignment(p *parser) (uint64, error) {
	v, ok := m.Lookup(keyAlignment)
	if !ok {
		return defaultAlignment, nil
	}
	align, err := alignmentOf(v)
	if err != nil {
		p.key = keyAlignment
		return 0, p.fail(-1, err)
	}
	return align, nil
}

// alignmentOf returns the alignment that v says.
func alignmentOf(v Value) (uint64, error) {
	n, ok := v.x.(uint32)
	if !ok {
		return 0, fmt.Errorf("found %s, expected uint32", v.typeName())
	}
	if bits.OnesCount32(n) != 1 {
		return 0, fmt.Errorf("found %d, expected a power of two", n)
	}
	return uint64(n), nil
}

// value reads a type and a value of it.
func (p *parser) value() (Value, error) {
	k, err := p.kind("value type")
	if err != nil {
		return Value{}, err
	}
	switch k {
	case String:
		s, err := p.text(math.MaxInt64, "string")
		return Value{s}, err
	case Array:
		return p.array()
	}
	b, err := p.take(kinds[k].bytes, k.String())
	if err != nil {
		return Value{}, err
	}
	return p.scalar(k, b)
}

// kind reads the number of a kind.
func (p *parser) kind(what string) (Kind, error) {
	at := p.off
	k, err := p.u32(what)
	if err != nil {
		return 0, err
	}
	if k >= uint32(len(kinds)) {
		return 0, p.fail(at, fmt.Errorf("%s is %d, the greatest is %d", what, k, len(kinds)-1))
	}
	return Kind(k), nil
}

// scalar decodes a value of one to eight bytes.
func (p *parser) scalar(k Kind, b []byte) (Value, error) {
	le := binary.LittleEndian
	switch k {
	case Uint8:
		return Value{b[0]}, nil
	case Int8:
		return Value{int8(b[0])}, nil
	case Uint16:
		return Value{le.Uint16(b)}, nil
	case Int16:
		return Value{int16(le.Uint16(b))}, nil
	case Uint32:
		return Value{le.Uint32(b)}, nil
	case Int32:
		return Value{int32(le.Uint32(b))}, nil
	case Uint64:
		return Value{le.Uint64(b)}, nil
	case Int64:
		return Value{int64(le.Uint64(b))}, nil
	case Float32:
		return Value{math.Float32frombits(le.Uint32(b))}, nil
	case Float64:
		return Value{math.Float64frombits(le.Uint64(b))}, nil
	}
	if b[0] > 1 {
		return Value{}, p.fail(p.off-1, fmt.Errorf("bool is %d, expected 0 or 1", b[0]))
	}
	return Value{b[0] == 1}, nil
}

// array reads an element type, a count and the elements.
func (p *parser) array() (Value, error) {
	at := p.off
	k, err := p.kind("element type")
	if err != nil {
		return Value{}, err
	}
	if k == Array {
		return Value{}, p.fail(at, errors.New("arrays of arrays are not supported"))
	}
	n, err := p.u64("array length")
	if err != nil {
		return Value{}, err
	}
	size := uint64(kinds[k].bytes)
	if left := uint64(p.src.size - p.off); n > left/size {
		return Value{}, fmt.Errorf("array of %d %v does not fit the %d bytes left", n, k, left)
	}
	if err := p.need(n*size, "array"); err != nil {
		return Value{}, err
	}
	x, err := p.elements(k, int(n))
	return Value{x}, err
}

// elements reads n elements, which the caller has compared with the bytes left.
func (p *parser) elements(k Kind, n int) (any, error) {
	le := binary.LittleEndian
	switch k {
	case Uint8:
		return numbers(p, n, 1, func(b []byte) uint8 { return b[0] })
	case Int8:
		return numbers(p, n, 1, func(b []byte) int8 { return int8(b[0]) })
	case Uint16:
		return numbers(p, n, 2, le.Uint16)
	case Int16:
		return numbers(p, n, 2, func(b []byte) int16 { return int16(le.Uint16(b)) })
	case Uint32:
		return numbers(p, n, 4, le.Uint32)
	case Int32:
		return numbers(p, n, 4, func(b []byte) int32 { return int32(le.Uint32(b)) })
	case Uint64:
		return numbers(p, n, 8, le.Uint64)
	case Int64:
		return numbers(p, n, 8, func(b []byte) int64 { return int64(le.Uint64(b)) })
	case Float32:
		return numbers(p, n, 4, func(b []byte) float32 { return math.Float32frombits(le.Uint32(b)) })
	case Float64:
		return numbers(p, n, 8, func(b []byte) float64 { return math.Float64frombits(le.Uint64(b)) })
	case Bool:
		return p.bools(n)
	}
	return p.strings(n)
}

// numbers reads n elements of size bytes.
func numbers[T any](p *parser, n, size int, decode func([]byte) T) ([]T, error) {
	out := make([]T, n)
	for i := 0; i < n; {
		b, err := p.take(min(n-i, windowBytes/size)*size, "array")
		if err != nil {
			return nil, err
		}
		for ; len(b) > 0; b = b[size:] {
			out[i] = decode(b)
			i++
		}
	}
	return out, nil
}

// bools reads n bools.
func (p *parser) bools(n int) ([]bool, error) {
	at := p.off
	b, err := numbers(p, n, 1, func(b []byte) uint8 { return b[0] })
	if err != nil {
		return nil, err
	}
	out := make([]bool, n)
	for i, x := range b {
		if x > 1 {
			return nil, p.fail(at+int64(i), fmt.Errorf("bool %d of the array is %d, expected 0 or 1", i, x))
		}
		out[i] = x == 1
	}
	return out, nil
}

// strings reads n strings: a first walk over their lengths finds the bytes of all, so that they are allocated once.
func (p *parser) strings(n int) ([]string, error) {
	start, total := p.off, uint64(0)
	for i := range n {
		size, err := p.u64("string length")
		if err == nil {
			err = p.skip(size, "string")
		}
		if err != nil {
			return nil, fmt.Errorf("element %d of %d: %w", i, n, err)
		}
		total += size
	}
	p.off = start
	out := make([]string, n)
	var b strings.Builder
	b.Grow(int(total))
	for i := range out {
		size, err := p.u64("string length")
		if err != nil {
			return nil, err
		}
		from := b.Len()
		if size > total-uint64(from) {
			return nil, errors.New("file changed while it was read")
		}
		if err := p.appendTo(&b, size, "string"); err != nil {
			return nil, err
		}
		out[i] = b.String()[from:] // b never grows again, so this stays where it is
	}
	return out, nil
}
