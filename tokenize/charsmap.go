package tokenize

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// charsmap is SentencePiece's table of replacements: a double array that maps texts to places in a list of strings that
// end with a zero byte. The node after node n by byte b is base(n)^b, if that carries b as its label.
type charsmap struct {
	units   []uint32
	strings string
}

var errCharsmap = errors.New("malformed table of replacements")

// newCharsmap reads the precompiled form: the bytes of the array, the array, the strings.
func newCharsmap(data []byte) (*charsmap, error) {
	if len(data) < 4 {
		return nil, fmt.Errorf("tokenize: %w: %d bytes", errCharsmap, len(data))
	}
	size := int64(binary.LittleEndian.Uint32(data))
	if size%4 != 0 || size == 0 || size+4 > int64(len(data)) {
		return nil, fmt.Errorf("tokenize: %w: an array of %d bytes in %d", errCharsmap, size, len(data))
	}
	m := &charsmap{units: make([]uint32, size/4), strings: string(data[4+size:])}
	for i := range m.units {
		m.units[i] = binary.LittleEndian.Uint32(data[4+4*i:])
	}
	return m, nil
}

func unitBase(u uint32) uint32 { return u >> 10 << (u & (1 << 9) >> 6) }

// prefixes calls yield with the length and the replacement of each text in the table that s starts with, the shortest
// first, until it returns false.
func (m *charsmap) prefixes(s string, yield func(n int, replacement string) bool) {
	node := unitBase(m.units[0])
	for i := range len(s) {
		node ^= uint32(s[i])
		if s[i] == 0 || int64(node) >= int64(len(m.units)) {
			return
		}
		u := m.units[node]
		if u&(1<<31|0xFF) != uint32(s[i]) {
			return
		}
		node ^= unitBase(u)
		if u>>8&1 == 0 {
			continue
		}
		if int64(node) >= int64(len(m.units)) {
			return
		}
		at := int64(m.units[node] & (1<<31 - 1))
		if at > int64(len(m.strings)) {
			return
		}
		to := m.strings[at:min(at+maxReplacement, int64(len(m.strings)))]
		if to, ok := cutZero(to); ok && !yield(i+1, to) {
			return
		}
	}
}

// maxReplacement bounds how much a malformed table can lengthen a text. The longest in use is 33 bytes, for U+FDFA.
const maxReplacement = 64

func cutZero(s string) (string, bool) {
	i := strings.IndexByte(s, 0)
	return s[:max(i, 0)], i >= 0
}

// longest returns the replacement of the longest text in the table that s starts with; n is 0 if there is none.
func (m *charsmap) longest(s string) (n int, replacement string) {
	m.prefixes(s, func(length int, to string) bool {
		n, replacement = length, to
		return true
	})
	return n, replacement
}
