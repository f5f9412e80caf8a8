package tokenize

import (
	"fmt"
	"sync"
)

// Tokenizer turns text into ids and back. It never changes after New and may be used concurrently.
type Tokenizer struct {
	config   Config
	specials *specials
	encoder  textEncoder
	decoder  decoder
	template template
	eog      map[int32]bool
	scratch  sync.Pool // of *scratch
}

// A textEncoder appends the ids of a text that holds no special tokens: the whole text, or what is before, between and
// after them. first says that it is the start of the whole text.
type textEncoder interface {
	encode(s *scratch, dst []int32, text string, first bool) ([]int32, error)
}

// New checks the description and builds its tokenizer. The slices of c must not change afterwards. Errors list every
// problem; those about an unknown kind or pre-tokenizer wrap ErrUnsupported.
func New(c Config) (*Tokenizer, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	t := newTokenizer(c)
	t.specials, t.template = newSpecials(&c), newTemplate(&c)
	var err error
	switch c.Kind {
	case SPM:
		if len(c.Charsmap) > 0 || c.CollapseSpaces {
			t.encoder, err = newSentencePiece(&c)
		} else {
			t.encoder = newSPM(&c)
		}
	case BPE:
		t.encoder, err = newBPE(&c)
	case CharBPE:
		t.encoder = newCharBPE(&c)
	case WordPiece:
		t.encoder = newBERT(&c)
	case Unigram:
		t.encoder, err = newSentencePiece(&c)
	case PLaMo2:
		t.encoder = newPlamo(&c)
	case RWKV:
		t.encoder = newRWKV(&c)
	}
	if err != nil {
		return nil, err
	}
	t.decoder = newDecoder(&c)
	return t, nil
}

// newTokenizer makes what all tokenizers have.
func newTokenizer(c Config) *Tokenizer {
	t := &Tokenizer{config: c, eog: map[int32]bool{}}
	for _, id := range append([]int32{c.EOS, c.EOT}, c.EOG...) {
		if id != None {
			t.eog[id] = true
		}
	}
	t.scratch.New = func() any { return &scratch{words: map[string]idSpan{}} }
	return t
}

// Config returns the description the tokenizer was made of. Its slices are shared: do not change them. That of a
// tokenizer made by FromJSON has tokens, types and special ids, but not the parts of the pipeline.
func (t *Tokenizer) Config() Config { return t.config }

// Vocab returns the number of tokens; ids are below it.
func (t *Tokenizer) Vocab() int { return len(t.config.Tokens) }

// BOS returns the id of the token that begins a text, or None.
func (t *Tokenizer) BOS() int32 { return t.config.BOS }

// EOS returns the id of the token that ends a text, or None.
func (t *Tokenizer) EOS() int32 { return t.config.EOS }

// EOT returns the id of the token that ends a turn of a conversation, or None.
func (t *Tokenizer) EOT() int32 { return t.config.EOT }

// IsEOG reports whether a token ends generation: EOS, EOT or one of Config.EOG.
func (t *Tokenizer) IsEOG(id int32) bool { return t.eog[id] }

// IsControl reports whether a token is never text.
func (t *Tokenizer) IsControl(id int32) bool {
	return id >= 0 && int(id) < t.Vocab() && t.config.typeOf(int(id)) == Control
}

// Token returns a token as the vocabulary file spells it, or "" for an id outside the vocabulary, None included. For a
// special token this is the text that chat templates use.
func (t *Tokenizer) Token(id int32) string {
	if id < 0 {
		return ""
	}
	return textAt(t.config.Tokens, int(id))
}

// ID returns the token that the vocabulary file spells so, or None. It looks at every token and is meant for the few
// that a program knows by name.
func (t *Tokenizer) ID(token string) int32 {
	for id, text := range t.config.Tokens {
		if text == token {
			return int32(id)
		}
	}
	return None
}

// Piece returns the bytes that a token adds to a text: "" for an id outside the vocabulary. They may be a part of a
// character. Grammars need this; to decode text use Decode or Stream.
func (t *Tokenizer) Piece(id int32) string {
	if id < 0 || int(id) >= t.Vocab() {
		return ""
	}
	return t.decoder.pieces[id]
}

// checkID returns an error for an id outside the vocabulary.
func (t *Tokenizer) checkID(id int32) error {
	if id < 0 || int(id) >= t.Vocab() {
		return fmt.Errorf("tokenize: id %d: %w, the vocabulary has %d", id, ErrNoToken, t.Vocab())
	}
	return nil
}
