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

// Encode appends the ids of text to dst. Any bytes are accepted. Errors wrap ErrNoToken; dst is then returned as it was.
func (t *Tokenizer) Encode(dst []int32, text string, o EncodeOptions) ([]int32, error) {
	if len(text) > math.MaxInt32/4 {
		return dst, fmt.Errorf("tokenize: text has %d bytes, want at most %d", len(text), math.MaxInt32/4)
	}
	ids := dst
	if o.AddSpecial && t.config.AddBOS {
		ids = append(ids, t.config.BOS)
	}
	s := t.scratch.Get().(*scratch)
	defer func() {
		s.trim()
		t.scratch.Put(s)
	}()
	first := true
	for text != "" {
		id, left, right := t.specials.next(text, o.ParseSpecial)
		if left > 0 {
			var err error
			if ids, err = t.encoder.encode(s, ids, text[:left], first); err != nil {
				return dst, err
			}
		}
		if id == None {
			break
		}
		ids, first = append(ids, id), false
		text = text[right:]
	}
	if o.AddSpecial && t.config.AddEOS {
		ids = append(ids, t.config.EOS)
	}
	return ids, nil
}
