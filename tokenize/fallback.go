package tokenize

import (
	"errors"
	"fmt"
)

// ErrNoToken is wrapped by Encode's error for text that the vocabulary cannot express: it has neither a token for it,
// nor for its bytes, nor an unknown token. Decode's error for an id outside the vocabulary wraps it too.
var ErrNoToken = errors.New("no token")

// fallback writes what has no token: as byte tokens, or else as the unknown token.
type fallback struct {
	bytes       [256]int32 // None where the vocabulary has no token for the byte
	replacement []int32    // written for a byte without a token if not nil: U+FFFD
	unk         int32
	single      bool  // each unknown character is a token of its own, not a run of them
	tokens      int32 // ids below this are tokens, the others only stand for parts of words
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
	unknown := false // the last id stands for unknown text
	var err error
	for i := range syms {
		s := &syms[i]
		if s.start == s.end {
			continue
		}
		if s.id >= 0 && s.id < f.tokens {
			dst, unknown = append(dst, s.id), false
		} else if dst, unknown, err = f.appendBytes(dst, word[s.start:s.end], unknown); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

// appendBytes appends the ids of a text without a token. It takes and returns whether the last id stands for unknown
// text.
func (f *fallback) appendBytes(dst []int32, text string, unknown bool) ([]int32, bool, error) {
	from := len(dst)
	for i := range len(text) {
		id := f.bytes[text[i]]
		switch {
		case id != None:
			dst = append(dst, id)
		case f.replacement != nil:
			dst = append(dst, f.replacement...)
		case f.unk == None:
			return dst, false, fmt.Errorf("tokenize: %w for %.40q, and the vocabulary has no unknown token", ErrNoToken, text)
		case unknown && !f.single:
			return dst[:from], true, nil
		default:
			return append(dst[:from], f.unk), true, nil
		}
	}
	return dst, false, nil
}

// covers reports whether every byte of a text has a token of its own.
func (f *fallback) covers(text string) bool {
	for i := range len(text) {
		if f.bytes[text[i]] == None {
			return false
		}
	}
	return true
}

// useReplacement makes bytes that have no token read as U+FFFD, for vocabularies that leave out the bytes UTF-8 never
// uses.
func (f *fallback) useReplacement() {
	if f.unk != None {
		return
	}
	for _, b := range []byte("\uFFFD") {
		if f.bytes[b] == None {
			f.replacement = nil
			return
		}
		f.replacement = append(f.replacement, f.bytes[b])
	}
}
