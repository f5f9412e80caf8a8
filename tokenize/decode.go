package tokenize

import "strings"

// DecodeOptions say how ids are printed.
type DecodeOptions struct {
	SkipSpecial bool // leave out control and unknown tokens
	// Continue says that the ids go on from earlier text, so that a leading space is kept where the vocabulary puts one
	// in front of every text (Config.AddSpacePrefix).
	Continue bool
}

// Decode returns the text of ids, byte for byte: where they do not make whole characters, neither does the text. It is
// the inverse of Encode. An id outside the vocabulary is an error.
func (t *Tokenizer) Decode(ids []int32, o DecodeOptions) (string, error) {
	var b []byte
	d := t.decoder.start(o)
	for _, id := range ids {
		if err := t.checkID(id); err != nil {
			return "", err
		}
		b = append(b, d.next(id)...)
	}
	return string(b), nil
}

// decoder holds what a vocabulary's tokens print.
type decoder struct {
	pieces []string
	types  []TokenType
	// prefix says where a token loses its leading space.
	prefix prefixRule
}

func newDecoder(c *Config) decoder {
	d := decoder{pieces: make([]string, len(c.Tokens)), types: make([]TokenType, len(c.Tokens)), prefix: newPrefixRule(c)}
	for id, text := range c.Tokens {
		t := c.typeOf(id)
		d.types[id] = t
		switch {
		case t == Byte:
			b, _ := byteToken(c.Tokens, id)
			text = string([]byte{b})
		case t == Control || t == Unknown:
		case c.Kind == SPM || c.Kind == Unigram || c.Kind == Gemma4:
			if spaced := strings.ReplaceAll(text, blank, " "); spaced != text {
				text, d.types[id] = spaced, Normal // also for user-defined runs of blanks: merges lead to them
			}
		case c.Kind == BPE && t != UserDefined:
			text = rawToken(text)
		case c.Kind == WordPiece:
			if word, start := spellBlank(text); start {
				text = wordPieceCleanup(" " + word)
			}
		case c.Kind == RWKV:
			text = unescape(text)
		}
		d.pieces[id] = text
	}
	if c.Kind == WordPiece {
		d.prefix = prefixRule{always: true, once: true}
	}
	return d
}

// wordPieceCleanup joins punctuation to the word before it.
func wordPieceCleanup(s string) string {
	switch s {
	case " .", " ?", " !", " ,", " n't", " 'm", " 's", " 've", " 're":
		return s[1:]
	}
	return s
}

// decoding is the state between two tokens.
type decoding struct {
	*decoder
	skip  bool
	strip bool // the next text loses its leading space
}

func (d *decoder) start(o DecodeOptions) decoding {
	return decoding{d, o.SkipSpecial, d.prefix.always && !o.Continue}
}

// next returns what the token prints at this place.
func (d *decoding) next(id int32) string {
	piece := d.pieces[id]
	switch d.types[id] {
	case Control, Unknown:
		if !d.prefix.once {
			d.strip = d.prefix.always && d.types[id] == Control
		}
		if d.skip {
			return ""
		}
	case UserDefined:
		d.strip = d.prefix.always && !d.prefix.once
	default:
		if d.strip {
			piece = strings.TrimPrefix(piece, " ")
			d.strip = false
		}
	}
	return piece
}
