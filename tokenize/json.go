package tokenize

import (
	"encoding/json"
	"fmt"
	"slices"
)

// tokenizerJSON is Hugging Face's tokenizer.json.
type tokenizerJSON struct {
	AddedTokens   []addedTokenJSON `json:"added_tokens"`
	Normalizer    json.RawMessage  `json:"normalizer"`
	PreTokenizer  json.RawMessage  `json:"pre_tokenizer"`
	PostProcessor json.RawMessage  `json:"post_processor"`
	Decoder       json.RawMessage  `json:"decoder"`
	Model         json.RawMessage  `json:"model"`
}

type addedTokenJSON struct {
	ID         int64  `json:"id"`
	Content    string `json:"content"`
	SingleWord bool   `json:"single_word"`
	LStrip     bool   `json:"lstrip"`
	RStrip     bool   `json:"rstrip"`
	Normalized bool   `json:"normalized"`
	Special    bool   `json:"special"`
}

// FromJSON builds the tokenizer that a Hugging Face tokenizer.json describes. config is the tokenizer_config.json beside
// it, which names the special tokens, or nil. A part of the pipeline that this package does not have is an error that
// names it and wraps ErrUnsupported. Truncation and padding are not applied.
func FromJSON(tokenizer, config []byte) (*Tokenizer, error) {
	var file tokenizerJSON
	if err := json.Unmarshal(tokenizer, &file); err != nil {
		return nil, fmt.Errorf("tokenize: tokenizer.json: %w", err)
	}
	t, err := file.build(config)
	if err != nil {
		return nil, fmt.Errorf("tokenize: tokenizer.json: %w", err)
	}
	return t, nil
}

func (f *tokenizerJSON) build(config []byte) (*Tokenizer, error) {
	m, err := newModelJSON(f.Model)
	if err != nil {
		return nil, err
	}
	c := NoIDs(m.kind())
	if err := f.tokens(&c, m); err != nil {
		return nil, err
	}
	p := &pipeline{}
	if p.norm, err = newNormalizer(f.Normalizer); err != nil {
		return nil, err
	}
	isBPE := m.Type == "BPE"
	letters := hasByteLetters(p.norm)
	pre, err := newPreSplit(f.PreTokenizer, isBPE)
	if err != nil {
		return nil, err
	}
	if letters && pre.mapped {
		return nil, fmt.Errorf("ByteLevel as normalizer and as pre_tokenizer: %w", ErrUnsupported)
	}
	p.presplit = pre.splitter
	dec, err := newDecoderJSON(f.Decoder)
	if err != nil {
		return nil, err
	}
	bytes := pre.mapped || letters
	if err := m.build(&c, p, bytes); err != nil {
		return nil, err
	}
	if isBPE && bytes && !pre.rawLast {
		p.model = mapped{p.model}
	}
	post, err := newTemplateJSON(f.PostProcessor, c.Tokens)
	if err != nil {
		return nil, err
	}
	if err := c.namedTokens(config); err != nil {
		return nil, err
	}
	c.AddBOS = c.BOS != None && startsWith(post.single, c.BOS)
	c.AddEOS = c.EOS != None && endsWith(post.single, c.EOS)
	c.findSpecialTokens(nil)
	t := newTokenizer(c)
	t.specials, p.added = f.specials(&c, p.norm)
	t.encoder, t.decoder, t.template = p, dec.finish(&c), post
	return t, nil
}

// tokens fills Tokens and Types from the model's vocabulary and the added tokens.
func (f *tokenizerJSON) tokens(c *Config, m *modelJSON) error {
	count := len(m.vocab) + len(f.AddedTokens)
	last := int64(-1)
	for _, id := range m.vocab {
		last = max(last, id)
	}
	for _, a := range f.AddedTokens {
		last = max(last, a.ID)
	}
	if last < 0 || last > int64(4*count+1<<16) {
		return fmt.Errorf("highest id is %d with %d tokens", last, count)
	}
	c.Tokens, c.Types = make([]string, last+1), make([]TokenType, last+1)
	put := func(id int64, text string, t TokenType) error {
		if id < 0 {
			return fmt.Errorf("token %.40q has id %d", text, id)
		}
		if len(text) > maxTokenBytes {
			return fmt.Errorf("token %d has %d bytes, want at most %d", id, len(text), maxTokenBytes)
		}
		c.Tokens[id], c.Types[id] = text, t
		return nil
	}
	for text, id := range m.vocab {
		t := Normal
		if m.ByteFallback {
			if _, ok := byteToken([]string{text}, 0); ok {
				t = Byte
			}
		}
		if err := put(id, text, t); err != nil {
			return err
		}
	}
	for _, a := range f.AddedTokens {
		t := UserDefined
		if a.Special {
			t = Control
		}
		if err := put(a.ID, a.Content, t); err != nil {
			return err
		}
	}
	c.UNK = m.unk()
	if c.UNK == None {
		return nil
	}
	if int(c.UNK) >= len(c.Tokens) {
		return fmt.Errorf("unk_id is %d, the vocabulary has %d tokens", c.UNK, len(c.Tokens))
	}
	c.Types[c.UNK] = Unknown
	return nil
}

// specials makes the finders of added tokens: those looked for in the text as it is, and those looked for in the
// normalized text.
func (f *tokenizerJSON) specials(c *Config, norm normalizer) (plain, normalized *specials) {
	plain, normalized = &specials{rules: map[int32]specialRules{}}, &specials{rules: map[int32]specialRules{}}
	texts, normTexts := map[int32]string{}, map[int32]string{}
	for _, a := range f.AddedTokens {
		id := int32(a.ID)
		s, t, text := plain, texts, a.Content
		if a.Normalized && norm != nil {
			s, t, text = normalized, normTexts, norm.normalize(a.Content)
		}
		t[id] = text
		s.rules[id] = specialRules{a.Special || c.typeOf(int(id)) == Control, a.LStrip, a.RStrip, a.SingleWord}
	}
	plain.build(texts)
	normalized.build(normTexts)
	if len(normTexts) == 0 {
		normalized = nil
	}
	return plain, normalized
}

func startsWith(parts []templatePart, id int32) bool {
	return len(parts) > 0 && slices.Contains(parts[0].ids, id)
}

func endsWith(parts []templatePart, id int32) bool {
	return len(parts) > 0 && slices.Contains(parts[len(parts)-1].ids, id)
}

// namedTokens reads the special tokens that tokenizer_config.json names.
func (c *Config) namedTokens(config []byte) error {
	if config == nil {
		return nil
	}
	var file map[string]json.RawMessage
	if err := json.Unmarshal(config, &file); err != nil {
		return fmt.Errorf("tokenizer_config.json: %w", err)
	}
	ids := map[string]int32{}
	for id, text := range c.Tokens {
		ids[text] = int32(id)
	}
	for name, to := range map[string]*int32{
		"bos_token": &c.BOS, "eos_token": &c.EOS, "pad_token": &c.PAD, "unk_token": &c.UNK,
		"cls_token": &c.BOS, "sep_token": &c.EOS,
	} {
		text := tokenText(file[name])
		if id, ok := ids[text]; ok && text != "" && (*to == None || name == "bos_token" || name == "eos_token") {
			*to = id
		}
	}
	return nil
}

// tokenText reads "text" or {"content": "text"}.
func tokenText(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	var token struct {
		Content string `json:"content"`
	}
	if json.Unmarshal(raw, &token) != nil {
		return ""
	}
	return token.Content
}

// typed reads the "type" of a part and its settings.
func typed(raw json.RawMessage, settings any) (string, error) {
	var part struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(raw, &part); err != nil {
		return "", err
	}
	return part.Type, json.Unmarshal(raw, settings)
}

func isNull(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }

// maxParts bounds sequences inside sequences.
const maxParts = 64

// flatten lists the parts of a sequence and of those inside it; key names the list.
func flatten(raw json.RawMessage, key string, parts []json.RawMessage) ([]json.RawMessage, error) {
	if isNull(raw) {
		return parts, nil
	}
	var fields map[string]json.RawMessage
	kind, err := typed(raw, &fields)
	if err != nil {
		return nil, err
	}
	if kind != "Sequence" {
		if len(parts) == maxParts {
			return nil, fmt.Errorf("more than %d parts in a sequence: %w", maxParts, ErrUnsupported)
		}
		return append(parts, raw), nil
	}
	var list []json.RawMessage
	if err := json.Unmarshal(fields[key], &list); err != nil {
		return nil, err
	}
	for _, sub := range list {
		if parts, err = flatten(sub, key, parts); err != nil {
			return nil, err
		}
	}
	return parts, nil
}

// patternJSON is {"String": s} or {"Regex": r}.
type patternJSON struct {
	String *string
	Regex  *string
}

func (p patternJSON) compile() (matcher, error) {
	switch {
	case p.String != nil:
		return literal(*p.String), nil
	case p.Regex != nil:
		return compilePattern(*p.Regex)
	}
	return nil, fmt.Errorf("pattern without String and Regex: %w", ErrUnsupported)
}
