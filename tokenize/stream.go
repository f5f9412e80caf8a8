package tokenize

import "unicode/utf8"

// Stream decodes tokens one at a time. What it returns, put together, is what Decode returns for all of them, but never
// ends inside a character that a later token may complete. Use it from one goroutine.
type Stream struct {
	t       *Tokenizer
	state   decoding
	pending []byte // the start of a character
}

// NewStream starts decoding.
func (t *Tokenizer) NewStream(o DecodeOptions) *Stream {
	return &Stream{t: t, state: t.decoder.start(o)}
}

// Push takes the next token and returns the text that is complete with it, which may be empty. After an error, which
// means that id is outside the vocabulary, the stream is as it was. A token that is whole characters costs no allocation.
func (s *Stream) Push(id int32) (string, error) {
	if err := s.t.checkID(id); err != nil {
		return "", err
	}
	piece := s.state.next(id)
	if len(s.pending) == 0 && halfChar(piece) == 0 {
		return piece, nil
	}
	s.pending = append(s.pending, piece...)
	n := len(s.pending) - halfChar(s.pending)
	text := string(s.pending[:n])
	s.pending = append(s.pending[:0], s.pending[n:]...)
	return text, nil
}

// Inside reports whether the tokens so far end inside a character.
func (s *Stream) Inside() bool { return len(s.pending) > 0 }

// Flush returns what is left at the end: the bytes of a character that was never completed, or "".
func (s *Stream) Flush() string {
	text := string(s.pending)
	s.pending = s.pending[:0]
	return text
}

// halfChar returns how many bytes at the end of b are the start of a character that is not complete.
func halfChar[T string | []byte](b T) int {
	for n := 1; n < utf8.UTFMax && n <= len(b); n++ {
		end := string(b[len(b)-n:])
		if utf8.RuneStart(end[0]) {
			if !utf8.FullRuneInString(end) {
				return n
			}
			return 0
		}
	}
	return 0
}
