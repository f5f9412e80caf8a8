package tokenize

import (
	"errors"
	"fmt"
)

// ErrNoToken is wrapped by Encode's error for text that the vocabulary cannot express: it has neither a token for it,
// nor for its bytes, nor an unknown token.
var ErrNoToken = errors.New("no token")

// fallback writes what has no token: as byte tokens, or else as the unknown token.
type fallback struct {
	bytes       [256]int32 // None where the vocabulary has no token for the byte
	unk         int32
	replacement []int32 // written for a byte without a token if not nil: U+FFFD
	tokens      int32   // ids below this are tokens, the others only stand for parts of words
}

// newFallback takes the tokens of type Byte.
func newFallback(c *Config) fallback {
	f := fallback{unk: c.UNK, tokens: int32(len(c.Tokens))}
	for b := range f.bytes {
		f.bytes[b] = None
	}
	for id := range c.Tokens {
		if c.typeOf(id) == Byte {
			if b, ok := byteToken(c.Tokens, id); ok && f.bytes[b] == None {
				f.bytes[b] = int32(id)
			}
		}
	}
	return f
}

// appendSymbols appends the ids of the symbols left by a merge.
func (f *fallback) appendSymbols(dst []int32, word string, syms []symbol) ([]int32, error) {
	unknown := false // the last id stands for unknown text; the next unknown text joins it
	for i := range syms {
		s := &syms[i]
		if s.start == s.end {
			continue
		}
		if s.id >= 0 && s.id < f.tokens {
			dst, unknown = append(dst, s.id), false
			continue
		}
		for _, b := range []byte(word[s.start:s.end]) {
			switch {
			case f.bytes[b] != None:
				dst, unknown = append(dst, f.bytes[b]), false
			case f.replacement != nil:
				dst, unknown = append(dst, f.replacement...), false
			case f.unk == None:
				return dst, fmt.Errorf("tokenize: %w for byte 0x%02X of %.40q, and the vocabulary has no unknown token", ErrNoToken, b, word)
			case !unknown:
				dst, unknown = append(dst, f.unk), true
			}
		}
	}
	return dst, nil
}

// useReplacement makes bytes that have no token read as U+FFFD, for vocabularies that leave out the bytes UTF-8 never
// uses.
func (f *fallback) useReplacement() {
	for _, b := range []byte("\uFFFD") {
		if f.bytes[b] == None {
			f.replacement = nil
			return
		}
		f.replacement = append(f.replacement, f.bytes[b])
	}
}
