package tokenize

import (
	"encoding/json"
	"fmt"
	"strings"
)

// decoderJSON is a "decoder": what is done to the text of every token, one after the other.
type decoderJSON struct {
	byteLevel bool
	fused     bool // the texts of all tokens have become one
	steps     []func(text string) string
	dec       decoder
	wordEnd   string // BPEDecoder
}

// decoderPartJSON has the settings of all kinds.
type decoderPartJSON struct {
	Replacement    string      `json:"replacement"` // Metaspace
	AddPrefixSpace *bool       `json:"add_prefix_space"`
	PrependScheme  string      `json:"prepend_scheme"`
	Prefix         *string     `json:"prefix"` // WordPiece
	Cleanup        *bool       `json:"cleanup"`
	Suffix         *string     `json:"suffix"`  // BPEDecoder
	Pattern        patternJSON `json:"pattern"` // Replace
	Content        string      `json:"content"` // Replace, Strip
	Start          int         `json:"start"`
	Stop           int         `json:"stop"`
	PadToken       *string     `json:"pad_token"` // CTC
	WordDelimiter  *string     `json:"word_delimiter_token"`
}

func newDecoderJSON(raw json.RawMessage) (*decoderJSON, error) {
	d := &decoderJSON{}
	parts, err := flatten(raw, "decoders", nil)
	if err != nil {
		return nil, fmt.Errorf("decoder: %w", err)
	}
	if len(parts) == 0 { // tokens with spaces between them
		d.dec.words = true
		d.step(func(text string) string { return " " + text })
	}
	for _, part := range parts {
		if err := d.add(part); err != nil {
			return nil, fmt.Errorf("decoder: %w", err)
		}
	}
	return d, nil
}

func (d *decoderJSON) step(f func(text string) string) { d.steps = append(d.steps, f) }

func (d *decoderJSON) add(raw json.RawMessage) error {
	var s decoderPartJSON
	kind, err := typed(raw, &s)
	if err != nil {
		return err
	}
	switch kind {
	case "ByteLevel":
		d.byteLevel, d.fused = true, true
		d.step(rawToken)
	case "Metaspace":
		prefix, err := prependScheme(s.PrependScheme, s.AddPrefixSpace == nil || *s.AddPrefixSpace)
		if err != nil {
			return err
		}
		d.dec.prefix = prefix
		d.step(func(text string) string { return strings.ReplaceAll(text, s.Replacement, " ") })
	case "WordPiece":
		d.wordPiece(s)
	case "BPEDecoder":
		d.wordEnd = "</w>"
		if s.Suffix != nil {
			d.wordEnd = *s.Suffix
		}
	case "Replace":
		return d.replace(s)
	case "Strip":
		return d.strip(s)
	case "CTC":
		d.ctc(s)
	case "Fuse":
		d.fused = true
	case "ByteFallback": // byte tokens always print their byte
	default:
		return fmt.Errorf("%q: %w", kind, ErrUnsupported)
	}
	return nil
}

func (d *decoderJSON) replace(s decoderPartJSON) error {
	literal := s.Pattern.String != nil
	if len(s.Content) > maxReplacement || literal && *s.Pattern.String == "" || !literal && d.fused {
		return fmt.Errorf("Replace of nothing, by a long text, or of a pattern behind Fuse: %w", ErrUnsupported)
	}
	if literal {
		d.step(func(text string) string { return strings.ReplaceAll(text, *s.Pattern.String, s.Content) })
		return nil
	}
	m, err := s.Pattern.compile()
	d.step(replace{m, s.Content}.normalize)
	return err
}

// strip cuts characters off both ends of every token, or behind Fuse a space off the start of the text.
func (d *decoderJSON) strip(s decoderPartJSON) error {
	switch {
	case d.fused && s.Content == " " && s.Start >= 0 && s.Start <= 1 && s.Stop == 0:
		d.dec.prefix.always = s.Start == 1
	case d.fused || s.Content == "":
		return fmt.Errorf("Strip of %.40q, %d and %d: %w", s.Content, s.Start, s.Stop, ErrUnsupported)
	default:
		d.step(func(text string) string {
			for i := 0; i < s.Start && strings.HasPrefix(text, s.Content); i++ {
				text = text[len(s.Content):]
			}
			for i := 0; i < s.Stop && strings.HasSuffix(text, s.Content); i++ {
				text = text[:len(text)-len(s.Content)]
			}
			return text
		})
	}
	return nil
}

// ctc prints what a model of speech says at every moment: a token that comes again at once is printed once, and the
// padding keeps apart two that are meant.
func (d *decoderJSON) ctc(s decoderPartJSON) {
	pad, delimiter, cleanup := "<pad>", "|", s.Cleanup == nil || *s.Cleanup
	if s.PadToken != nil {
		pad = *s.PadToken
	}
	if s.WordDelimiter != nil {
		delimiter = *s.WordDelimiter
	}
	d.dec.once = true
	d.step(func(text string) string {
		text = strings.ReplaceAll(text, pad, "")
		if cleanup {
			text = strings.ReplaceAll(wordPieceCleanup(text), delimiter, " ")
		}
		return text
	})
}

func (d *decoderJSON) wordPiece(s decoderPartJSON) {
	mark, cleanup := "##", s.Cleanup == nil || *s.Cleanup
	if s.Prefix != nil {
		mark = *s.Prefix
	}
	d.dec.words = true
	d.step(func(text string) string {
		if rest, inside := strings.CutPrefix(text, mark); inside {
			return rest
		}
		if text = " " + text; cleanup {
			text = wordPieceCleanup(text)
		}
		return text
	})
}

// finish builds the decoder when the tokens and their types are known.
func (d *decoderJSON) finish(c *Config) decoder {
	if d.wordEnd != "" {
		d.dec.ends = make([]bool, len(c.Tokens))
		for id, text := range c.Tokens {
			d.dec.ends[id] = strings.HasSuffix(text, d.wordEnd)
		}
		d.step(func(text string) string { return strings.TrimSuffix(text, d.wordEnd) })
	}
	d.dec.build(c, func(text string, t TokenType) string {
		if t == UserDefined && d.byteLevel {
			return text
		}
		for _, step := range d.steps {
			text = step(text)
		}
		return text
	})
	return d.dec
}
