package tokenize

import (
	"strings"
)

// bpe is byte-level byte-pair encoding: a pre-tokenizer cuts the text into words, then listed pairs merge, the first in
// the list first.
type bpe struct {
	match  matcher    // if the pre-tokenizer is one pattern
	stages []splitter // otherwise
	model  bpeModel
}

func newBPE(c *Config) (*bpe, error) {
	m := &bpe{}
	if c.Pattern != "" {
		p, err := compilePattern(c.Pattern)
		if err != nil {
			return nil, err
		}
		m.match = p
	} else {
		pre, err := preTokenizerFor(c.Pre)
		if err != nil {
			return nil, err
		}
		if m.match = pre.match; m.match == nil {
			m.stages = pre.stages()
		}
	}
	m.model.build(c, bpeOptions{})
	return m, nil
}

func (m *bpe) encode(s *scratch, dst []int32, text string, _ bool) ([]int32, error) {
	var err error
	start := 0
	if m.match != nil {
		for start < len(text) {
			end := start + m.match.next(text, start)
			if dst, err = s.word(dst, text[start:end], &m.model); err != nil {
				return dst, err
			}
			start = end
		}
		return dst, nil
	}
	s.ends, s.spare = split(m.stages, text, s.ends, s.spare)
	for _, end := range s.ends {
		if dst, err = s.word(dst, text[start:end], &m.model); err != nil {
			return dst, err
		}
		start = end
	}
	return dst, nil
}

// charBPE is Gemma 4's encoding: spaces are written U+2581, lines are cut, and listed pairs of characters merge.
type charBPE struct{ model bpeModel }

// whitespacePre is the pre-tokenizer of vocabularies that drop white space.
const whitespacePre = "whitespace"

func newCharBPE(c *Config) textEncoder {
	m := &charBPE{}
	m.model.build(c, bpeOptions{chars: true})
	if c.Pre != whitespacePre {
		return m
	}
	p := &pipeline{presplit: dropSpace, model: &m.model, cuts: &m.model.cuts}
	if c.Lowercase {
		p.norm = normalizerFunc(lowerEach)
	}
	return p
}

func (m *charBPE) encode(s *scratch, dst []int32, text string, _ bool) ([]int32, error) {
	text = strings.ReplaceAll(text, " ", blank)
	var err error
	for start := 0; start < len(text); {
		end := start + lines(text, start)
		word := text[start:end]
		if id, ok := m.model.ids[word]; ok && word[0] == '\n' && id < m.model.fallback.tokens {
			dst = append(dst, id) // no merge leads to runs of line feeds
		} else if word[0] == '\n' {
			dst, err = s.word(dst, word, &m.model)
		} else {
			dst, err = s.pieces(dst, word, &m.model, &m.model.cuts)
		}
		if err != nil {
			return dst, err
		}
		start = end
	}
	return dst, nil
}
