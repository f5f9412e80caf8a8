package tokenize

import (
	"fmt"
	"math"
)

// EncodeOptions say what Encode does besides turning text into ids. The zero value adds and parses nothing, which is
// right for text from outside: it can never become a control token.
type EncodeOptions struct {
	AddSpecial   bool // add BOS and EOS as the vocabulary wants them (Config.AddBOS, AddEOS)
	ParseSpecial bool // read the texts of control tokens as these tokens
}

// maxTextBytes keeps the offsets inside a text within 32 bits.
const maxTextBytes = math.MaxInt32 / 4

// Encode appends the ids of text to dst. Any bytes are accepted. Errors wrap ErrNoToken; dst is then returned as it was.
func (t *Tokenizer) Encode(dst []int32, text string, o EncodeOptions) ([]int32, error) {
	if !o.AddSpecial {
		ids, err := t.encodeText(dst, text, o.ParseSpecial)
		if err != nil {
			return dst, err
		}
		return ids, nil
	}
	ids := dst
	var err error
	for _, p := range t.template.single {
		if p.ids != nil {
			ids = append(ids, p.ids...)
		} else if ids, err = t.encodeText(ids, text, o.ParseSpecial); err != nil {
			return dst, err
		}
	}
	return ids, nil
}

// encodeText appends the ids of a text and nothing else.
func (t *Tokenizer) encodeText(ids []int32, text string, parse bool) ([]int32, error) {
	if len(text) > maxTextBytes {
		return ids, fmt.Errorf("tokenize: text has %d bytes, want at most %d", len(text), maxTextBytes)
	}
	s := t.scratch.Get().(*scratch)
	defer func() {
		s.trim()
		t.scratch.Put(s)
	}()
	s.parse, s.started = parse, false
	first := true
	var err error
	for text != "" {
		id, left, right := t.specials.next(text, parse)
		if left > 0 {
			if ids, err = t.encoder.encode(s, ids, text[:left], first); err != nil {
				return ids, err
			}
			s.started = true
		}
		if id != None {
			ids = append(ids, id)
		}
		text, first = text[right:], false
	}
	return ids, nil
}
