package tokenize

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
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

	MostChars *int     `json:"max_input_chars_per_word"` // WordPiece; 100 if missing
	UnkID     *int32   `json:"unk_id"`                   // Unigram
	Alpha     *float64 `json:"alpha"`

	vocab  map[string]int64
	scores []float64
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
		case m.UnkToken != nil:
			m.Type = "WordLevel"
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
		if err := json.Unmarshal(entry[0], &text); err != nil {
			return err
		}
		score, err := scoreJSON(entry[1])
		if err != nil {
			return err
		}
		if _, dup := m.vocab[text]; !dup {
			m.vocab[text] = int64(id)
		}
		m.scores = append(m.scores, score)
	}
	return nil
}

// scoreJSON reads a number as Hugging Face's parser does: the digits, rounded, times or by a power of ten, rounded. Some
// scores differ in the last bit from the number written, which decides between ways to cut a text that are equally good.
func scoreJSON(raw json.RawMessage) (float64, error) {
	var number json.Number
	if err := json.Unmarshal(raw, &number); err != nil {
		return 0, err
	}
	exact, err := number.Float64()
	if err != nil {
		return 0, err
	}
	text, negative := strings.CutPrefix(number.String(), "-")
	whole, fraction, ok := strings.Cut(text, ".")
	digits, err := strconv.ParseUint(whole+fraction, 10, 64)
	if !ok || err != nil || len(fraction) > 300 {
		return exact, nil // a whole number, or one with an exponent or very many digits
	}
	score := float64(digits) / math.Pow10(len(fraction))
	if negative {
		score = -score
	}
	return score, nil
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
		most := 100
		if m.MostChars != nil {
			most = *m.MostChars
		}
		p.model = newWordPiece(c, most, func(token string) (string, bool) {
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
		if m.Alpha != nil && *m.Alpha != 0 {
			return fmt.Errorf("model: Unigram with alpha, which cuts at random: %w", ErrUnsupported)
		}
		c.Scores = make([]float32, len(c.Tokens))
		for id, score := range m.scores {
			c.Scores[id] = float32(score)
		}
		u := newUnigram(c)
		u.setScores(m.scores)
		p.model = u
	case "BPE":
		if m.Dropout != nil && *m.Dropout > 0 {
			return fmt.Errorf("model: BPE with dropout, which leaves out merges at random: %w", ErrUnsupported)
		}
		m.buildBPE(c, p, mark, bytes)
	}
	return nil
}

func (m *modelJSON) buildBPE(c *Config, p *pipeline, mark string, bytes bool) {
	o := bpeOptions{
		chars: !bytes, prefix: mark, single: !m.FuseUnk, drop: m.UnkToken == nil, userDefined: true, merges: m.merges,
	}
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
	if !bytes && o.prefix == "" && o.suffix == "" && !o.drop {
		p.cuts = &b.cuts
	}
}
