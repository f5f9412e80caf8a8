package tokenize

import (
	"encoding/json"
	"fmt"
	"strings"
)

// modelJSON is the "model" of tokenizer.json: BPE, WordPiece, Unigram or WordLevel.
type modelJSON struct {
	Type         string          `json:"type"`
	Vocab        json.RawMessage `json:"vocab"`
	UnkToken     *string         `json:"unk_token"`
	ByteFallback bool            `json:"byte_fallback"`

	Merges       json.RawMessage `json:"merges"` // BPE
	Dropout      *float64        `json:"dropout"`
	SubwordMark  *string         `json:"continuing_subword_prefix"` // also WordPiece
	WordEnd      *string         `json:"end_of_word_suffix"`
	FuseUnk      bool            `json:"fuse_unk"`
	IgnoreMerges bool            `json:"ignore_merges"`

	MostChars int    `json:"max_input_chars_per_word"` // WordPiece
	UnkID     *int32 `json:"unk_id"`                   // Unigram

	vocab  map[string]int64
	scores []float32
	merges [][2]string
}

func newModelJSON(raw json.RawMessage) (*modelJSON, error) {
	m := &modelJSON{}
	if err := json.Unmarshal(raw, m); err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	if m.Type == "" { // files of early versions
		switch {
		case m.Merges != nil:
			m.Type = "BPE"
		case m.UnkID != nil:
			m.Type = "Unigram"
		case m.SubwordMark != nil:
			m.Type = "WordPiece"
		}
	}
	var err error
	switch m.Type {
	case "Unigram":
		err = m.readScores()
	case "BPE":
		if err = m.readMerges(); err == nil {
			err = json.Unmarshal(m.Vocab, &m.vocab)
		}
	case "WordPiece", "WordLevel":
		err = json.Unmarshal(m.Vocab, &m.vocab)
	default:
		err = fmt.Errorf("model %q: %w", m.Type, ErrUnsupported)
	}
	if err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	return m, nil
}

// readScores reads [["text", score], ...]. Of texts that come twice the first counts.
func (m *modelJSON) readScores() error {
	var list [][2]json.RawMessage
	if err := json.Unmarshal(m.Vocab, &list); err != nil {
		return err
	}
	m.vocab = make(map[string]int64, len(list))
	for id, entry := range list {
		var text string
		var score float32
		if err := json.Unmarshal(entry[0], &text); err != nil {
			return err
		}
		if err := json.Unmarshal(entry[1], &score); err != nil {
			return err
		}
		if _, dup := m.vocab[text]; !dup {
			m.vocab[text] = int64(id)
		}
		m.scores = append(m.scores, score)
	}
	return nil
}

// readMerges reads ["left right", ...] or [["left", "right"], ...].
func (m *modelJSON) readMerges() error {
	var lines []string
	if err := json.Unmarshal(m.Merges, &lines); err != nil {
		return m.mergePairs()
	}
	m.merges = make([][2]string, len(lines))
	for i, line := range lines {
		left, right, ok := cutMerge(line)
		if !ok {
			return fmt.Errorf("merges[%d] is %.40q, want two texts with a space between", i, line)
		}
		m.merges[i] = [2]string{left, right}
	}
	return nil
}

// mergePairs reads merges that are written as lists of two texts.
func (m *modelJSON) mergePairs() error {
	var pairs [][]string
	if err := json.Unmarshal(m.Merges, &pairs); err != nil {
		return err
	}
	m.merges = make([][2]string, len(pairs))
	for i, p := range pairs {
		if len(p) != 2 || p[0] == "" || p[1] == "" {
			return fmt.Errorf("merges[%d] is %.40q, want two texts that are not empty", i, p)
		}
		m.merges[i] = [2]string{p[0], p[1]}
	}
	return nil
}

func (m *modelJSON) kind() Kind {
	switch m.Type {
	case "WordPiece", "WordLevel":
		return WordPiece
	case "Unigram":
		return Unigram
	}
	return BPE
}

// unk returns the id of the unknown token.
func (m *modelJSON) unk() int32 {
	if m.UnkID != nil && *m.UnkID >= 0 {
		return *m.UnkID
	}
	if m.UnkToken != nil {
		if id, ok := m.vocab[*m.UnkToken]; ok {
			return int32(id)
		}
	}
	return None
}

// build makes the model of the pipeline. bytes says that the words are bytes, not characters of their own.
func (m *modelJSON) build(c *Config, p *pipeline, bytes bool) error {
	mark := ""
	if m.SubwordMark != nil {
		mark = *m.SubwordMark
	}
	switch m.Type {
	case "WordPiece":
		if c.UNK == None {
			return fmt.Errorf("model: WordPiece has no unknown token")
		}
		p.model = newWordPiece(c, m.MostChars, func(token string) (string, bool) {
			rest, inside := strings.CutPrefix(token, mark)
			return rest, !inside || mark == ""
		})
	case "WordLevel":
		w := &wordLevel{ids: map[string]int32{}, fallback: newFallback(c)}
		for id, text := range c.Tokens {
			if c.typeOf(id) != Control {
				w.ids[text] = int32(id)
			}
		}
		p.model = w
	case "Unigram":
		c.Scores = make([]float32, len(c.Tokens))
		copy(c.Scores, m.scores)
		u := newUnigram(c)
		p.model, p.cuts = u, &u.cuts
	case "BPE":
		if mark != "" || m.Dropout != nil && *m.Dropout > 0 {
			return fmt.Errorf("model: BPE with continuing_subword_prefix %q or dropout: %w", mark, ErrUnsupported)
		}
		m.buildBPE(c, p, bytes)
	}
	return nil
}

func (m *modelJSON) buildBPE(c *Config, p *pipeline, bytes bool) {
	o := bpeOptions{chars: !bytes, single: !m.FuseUnk, userDefined: true, merges: m.merges}
	if m.WordEnd != nil {
		o.suffix = *m.WordEnd
	}
	c.IgnoreMerges = m.IgnoreMerges
	if !bytes {
		c.Kind = CharBPE
	}
	b := &bpeModel{}
	b.build(c, o)
	p.model = b
	if !bytes && o.suffix == "" {
		p.cuts = &b.cuts
	}
}
