package gguf

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// windowBytes is what a cursor reads at a time from a source that is not mapped. The longest key fits.
const windowBytes = 1 << 16

// cursor walks over the header of a source. It gives no byte and allocates none before it has compared their number
// with what is left.
type cursor struct {
	src    *source
	off    int64
	limit  int64 // the header must end here
	window []byte
	winOff int64 // offset of window in the source
}

func newCursor(src *source, limit int64) *cursor { return &cursor{src: src, limit: limit} }

// need says whether n bytes of what are left.
func (c *cursor) need(n uint64, what string) error {
	if left := c.src.size - c.off; n > uint64(left) {
		return fmt.Errorf("%s takes %d bytes, file has %d left", what, n, left)
	}
	if n > uint64(max(c.limit-c.off, 0)) {
		return fmt.Errorf("%s takes %d bytes: metadata and tensor directory exceed %d bytes (Options.MaxHeader)", what, n, c.limit)
	}
	return nil
}

// take returns the next n bytes, at most windowBytes. They are valid until the next call.
func (c *cursor) take(n int, what string) ([]byte, error) {
	if err := c.need(uint64(n), what); err != nil {
		return nil, err
	}
	at := c.off
	c.off += int64(n)
	if c.src.mapping != nil {
		return c.src.data[at : at+int64(n)], nil
	}
	if at < c.winOff || at+int64(n) > c.winOff+int64(len(c.window)) {
		if err := c.fill(at); err != nil {
			return nil, err
		}
	}
	i := int(at - c.winOff)
	return c.window[i : i+n], nil
}

// fill moves the window to off.
func (c *cursor) fill(off int64) error {
	if c.window == nil {
		c.window = make([]byte, min(windowBytes, c.src.size))
	}
	c.window, c.winOff = c.window[:min(int64(cap(c.window)), c.src.size-off)], off
	if err := c.src.readAt(c.window, off); err != nil {
		c.window = c.window[:0]
		return err
	}
	return nil
}

// skip passes over n bytes.
func (c *cursor) skip(n uint64, what string) error {
	if err := c.need(n, what); err != nil {
		return err
	}
	c.off += int64(n)
	return nil
}

// appendTo writes the next n bytes to b.
func (c *cursor) appendTo(b *strings.Builder, n uint64, what string) error {
	if err := c.need(n, what); err != nil {
		return err
	}
	for n > 0 {
		p, err := c.take(int(min(n, windowBytes)), what)
		if err != nil {
			return err
		}
		b.Write(p)
		n -= uint64(len(p))
	}
	return nil
}

// u32 reads an integer of four bytes.
func (c *cursor) u32(what string) (uint32, error) {
	p, err := c.take(4, what)
	if err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint32(p), nil
}

// u64 reads an integer of eight bytes.
func (c *cursor) u64(what string) (uint64, error) {
	p, err := c.take(8, what)
	if err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint64(p), nil
}

// text reads a string of any bytes of at most most.
func (c *cursor) text(most uint64, what string) (string, error) {
	n, err := c.u64("length")
	if err != nil {
		return "", err
	}
	if err := c.need(n, what); err != nil {
		return "", err
	}
	if n > most {
		return "", fmt.Errorf("%s has %d bytes, at most %d are allowed", what, n, most)
	}
	var b strings.Builder
	b.Grow(int(n))
	err = c.appendTo(&b, n, what)
	return b.String(), err
}
