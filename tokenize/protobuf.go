package tokenize

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

var errProtobuf = errors.New("malformed protocol buffer")

// protoField is a field of a message: a number, or bytes.
type protoField struct {
	number uint64
	value  uint64 // of a varint or a fixed-size number
	bytes  []byte // of a string, bytes or message
}

func (f protoField) float() float32 { return math.Float32frombits(uint32(f.value)) }

// protoFields calls yield with the fields of a message, in order, until it returns an error.
func protoFields(b []byte, yield func(f protoField) error) error {
	for at := 0; at < len(b); {
		key, n := binary.Uvarint(b[at:])
		if n <= 0 {
			return fmt.Errorf("tokenize: %w at byte %d", errProtobuf, at)
		}
		at += n
		f := protoField{number: key >> 3}
		n = 0
		switch key & 7 {
		case 0:
			f.value, n = binary.Uvarint(b[at:])
		case 1:
			if len(b)-at >= 8 {
				f.value, n = binary.LittleEndian.Uint64(b[at:]), 8
			}
		case 5:
			if len(b)-at >= 4 {
				f.value, n = uint64(binary.LittleEndian.Uint32(b[at:])), 4
			}
		case 2:
			size, m := binary.Uvarint(b[at:])
			if m > 0 && size <= uint64(len(b)-at-m) {
				f.bytes, n = b[at+m:at+m+int(size)], m+int(size)
			}
		}
		if n <= 0 {
			return fmt.Errorf("tokenize: %w: field %d at byte %d", errProtobuf, f.number, at)
		}
		at += n
		if err := yield(f); err != nil {
			return err
		}
	}
	return nil
}
