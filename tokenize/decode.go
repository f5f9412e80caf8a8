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
	prefix prefixRule // where a text has a space that is not printed
	words  bool       // a space before every word is part of its token; the first token printed loses it
	once   bool       // a token right behind itself prints nothing
	ends   []bool     // by id: the token ends a word, a space comes before the next one; nil: none does
}

func newDecoder(c *Config) decoder {
	d := decoder{prefix: newPrefixRule(c), words: c.Kind == WordPiece}
	d.build(c, func(text string, t TokenType) string {
		switch c.Kind {
		case SPM, Unigram, CharBPE:
			return strings.ReplaceAll(text, blank, " ")
		case BPE:
			if t != UserDefined {
				return rawToken(text)
			}
		case WordPiece:
			if word, start := spellBlank(text); start {
				return wordPieceCleanup(" " + word)
			}
		case RWKV:
			return unescape(text)
		}
		return text
	})
	return d
}

// build fills pieces and types; print gives what an ordinary token prints.
func (d *decoder) build(c *Config, print func(text string, t TokenType) string) {
	d.pieces, d.types = make([]string, len(c.Tokens)), make([]TokenType, len(c.Tokens))
	for id, text := range c.Tokens {
		t := c.typeOf(id)
		switch t {
		case Byte:
			b, _ := byteToken(c.Tokens, id)
			text = string([]byte{b})
		case Control, Unknown:
			if d.once {
				text = print(text, t)
			} else if d.words {
				text = " " + text
			}
		default:
			printed := print(text, t)
			if printed != text && t == UserDefined {
				t = Normal // merges lead to it, too: the text after it is not the start of another
			}
			text = printed
		}
		d.pieces[id], d.types[id] = text, t
	}
}

// wordPieceCleanup joins punctuation to the word before it.
func wordPieceCleanup(s string) string {
	if !strings.Contains(s, " ") {
		return s
	}
	for _, r := range [...][2]string{
		{" .", "."}, {" ?", "?"}, {" !", "!"}, {" ,", ","}, {" ' ", "'"}, {" n't", "n't"}, {" 'm", "'m"},
		{" do not", " don't"}, {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"},
	} {
		s = strings.ReplaceAll(s, r[0], r[1])
	}
	return s
}

// decoding is the state between two tokens.
type decoding struct {
	*decoder
	skip  bool
	strip bool // the next text loses its leading space
	ended bool // the last token ended a word
	last  int32
}

func (d *decoder) start(o DecodeOptions) decoding {
	return decoding{decoder: d, skip: o.SkipSpecial, strip: (d.prefix.always || d.words) && !o.Continue, last: None}
}

// next returns what the token prints at this place.
func (d *decoding) next(id int32) string {
	piece := d.pieces[id]
	kind := d.types[id]
	if d.skip && (kind == Control || kind == Unknown) {
		d.strip = d.strip || d.prefix.always && !d.prefix.once && kind == Control
		return ""
	}
	if d.once && id == d.last {
		return ""
	}
	d.last = id
	switch {
	case d.words || kind != Control && kind != Unknown && kind != UserDefined:
		if d.strip {
			piece = strings.TrimPrefix(piece, " ")
			d.strip = false
		}
	case !d.prefix.once:
		d.strip = d.prefix.always && kind != Unknown
	}
	if d.ends != nil {
		if d.ended {
			piece = " " + piece
		}
		d.ended = d.ends[id]
	}
	return piece
}
