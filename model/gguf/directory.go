package gguf

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/seed64708441/ember/tensor"
)

// Tensor describes one tensor of a file. Its Shape is shared and must not be changed.
type Tensor struct {
	Name   string
	DType  tensor.DType
	Shape  tensor.Shape // row-major: the axes of the file reversed
	Offset int64        // of its data in the file of its part
	Bytes  int
	Part   int // 0 for the first or only file
}

// directory reads n tensor descriptions, and checks them and where their data lies.
func (p *parser) directory(n int, align uint64) ([]Tensor, error) {
	p.place, p.n = "tensor directory", 0
	if err := p.need(uint64(n)*minInfoBytes, "tensor directory"); err != nil {
		return nil, err
	}
	ts := make([]Tensor, n)
	for i := range ts {
		p.tensor, p.place, p.i, p.n = "", "tensor", i, n
		if err := p.info(&ts[i], align); err != nil {
			return nil, err
		}
	}
	p.tensor = ""
	if n == 0 {
		return ts, nil
	}
	start := uint64(p.off)
	if rest := start & (align - 1); rest != 0 {
		start += align - rest
	}
	for i := range ts {
		if err := p.locate(&ts[i], start); err != nil {
			return nil, err
		}
	}
	return ts, p.overlap(ts)
}

// info reads one description; Offset is still relative to the data.
func (p *parser) info(t *Tensor, align uint64) (err error) {
	if t.Name, err = p.text(maxNameBytes, "tensor name"); err != nil {
		return err
	}
	if t.Name == "" {
		return errors.New("empty tensor name")
	}
	p.tensor = t.Name
	if t.Shape, err = p.shape(); err != nil {
		return err
	}
	at := p.off
	typ, err := p.u32("element type")
	if err != nil {
		return err
	}
	t.DType = tensor.DType(typ & 127)
	if typ > 127 || !t.DType.Valid() {
		return p.fail(at, fmt.Errorf("element type %d is unknown", typ))
	}
	if t.Bytes, err = t.Shape.Bytes(t.DType); err != nil {
		return p.fail(at, err)
	}
	at = p.off
	off, err := p.u64("offset")
	if err != nil {
		return err
	}
	if off&(align-1) != 0 {
		return p.fail(at, fmt.Errorf("offset %d is not a multiple of the alignment %d", off, align))
	}
	if off > uint64(p.src.size) {
		return p.fail(at, fmt.Errorf("offset %d is past the end, file has %d bytes", off, p.src.size))
	}
	t.Offset = int64(off)
	return nil
}

// shape reads the axes and reverses them.
func (p *parser) shape() (tensor.Shape, error) {
	at := p.off
	n, err := p.u32("number of axes")
	if err != nil {
		return nil, err
	}
	if n > maxAxes {
		return nil, p.fail(at, fmt.Errorf("%d axes, at most %d are allowed", n, maxAxes))
	}
	s := make(tensor.Shape, n)
	for i := range s {
		at = p.off
		d, err := p.u64("axis")
		if err != nil {
			return nil, err
		}
		if d == 0 || d > math.MaxInt {
			return nil, p.fail(at, fmt.Errorf("axis %d of %d has %d elements, expected 1 to %d", i, n, d, math.MaxInt))
		}
		s[len(s)-1-i] = int(d)
	}
	return s, nil
}

// locate makes Offset absolute and compares the end of the data with the file.
func (p *parser) locate(t *Tensor, start uint64) error {
	from, size := start+uint64(t.Offset), uint64(p.src.size) // neither term of the sum is much larger than size
	if from > size || uint64(t.Bytes) > size-from {
		p.tensor = t.Name
		return p.fail(-1, fmt.Errorf("data ends at byte %d, file has %d", from+uint64(t.Bytes), size))
	}
	t.Offset = int64(from)
	return nil
}

// overlap refuses tensors that share bytes.
func (p *parser) overlap(ts []Tensor) error {
	byOffset := func(a, b Tensor) int { return cmp.Compare(a.Offset, b.Offset) }
	order := make([]int32, len(ts))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int {
		return cmp.Or(byOffset(ts[a], ts[b]), cmp.Compare(a, b))
	})
	for i := 1; i < len(order); i++ {
		a, b := &ts[order[i-1]], &ts[order[i]]
		if end := a.Offset + int64(a.Bytes); end > b.Offset {
			p.tensor = b.Name
			return p.fail(-1, fmt.Errorf("data begins at byte %d, inside tensor %s that ends at byte %d", b.Offset, quote(a.Name), end))
		}
	}
	return nil
}
