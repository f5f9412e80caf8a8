package tokenize

import (
	"strings"
	"unicode/utf8"
)

// sentencePiece prepares a text as SentencePiece does.
type sentencePiece struct {
	model    wordEncoder
	cuts     *wordCuts // where the text may be cut, or nil
	table    *charsmap // or nil
	prefix   prefixRule
	collapse bool // Config.CollapseSpaces
}

func newSentencePiece(c *Config) (*sentencePiece, error) {
	m := &sentencePiece{prefix: newPrefixRule(c), collapse: c.CollapseSpaces}
	if c.Kind == SPM {
		model := newSPM(c)
		m.model, m.cuts = model, &model.cuts
	} else {
		model := newUnigram(c)
		m.model = model
		if !model.float { // else rounding depends on all that comes before
			m.cuts = &model.cuts
		}
	}
	if len(c.Charsmap) > 0 {
		var err error
		if m.table, err = newCharsmap(c.Charsmap); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (m *sentencePiece) encode(s *scratch, dst []int32, text string, _ bool) ([]int32, error) {
	text = m.normalize(text, m.prefix.applies(!s.started))
	return s.pieces(dst, text, m.model, m.cuts)
}

// normalize replaces what the table names, writes spaces as blanks, and removes those that do not count.
func (m *sentencePiece) normalize(text string, prefix bool) string {
	var b strings.Builder
	b.Grow(len(text) + len(text)/4)
	spaced := m.collapse // a space here would not count
	write := func(s string) {
		for i := range len(s) {
			switch {
			case s[i] != ' ':
				if prefix {
					b.WriteString(blank)
					prefix = false
				}
				b.WriteByte(s[i])
				spaced = false
			case !spaced:
				if prefix {
					b.WriteString(blank)
					prefix = false
				}
				b.WriteString(blank)
				spaced = m.collapse
			}
		}
	}
	for i := 0; i < len(text); {
		if m.table != nil {
			if n, to := m.table.longest(text[i:]); n > 0 {
				write(to)
				i += n
				continue
			}
		}
		n := charLen(text, i)
		if r, _ := utf8.DecodeRuneInString(text[i:]); r == utf8.RuneError && n == 1 {
			write("\uFFFD")
		} else {
			write(text[i : i+n])
		}
		i += n
	}
	text = b.String()
	for m.collapse && strings.HasSuffix(text, blank) {
		text = text[:len(text)-len(blank)]
	}
	return text
}
