package tokenize

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// piece is a part of a text on its way to the words.
type piece struct {
	text  string
	first bool // it starts the whole text
}

// A preSplitter cuts a piece into smaller ones, which it may rewrite, and gives them to emit in order: Hugging Face's
// pre-tokenizers.
type preSplitter interface {
	split(p piece, emit func(piece))
}

// preSplitters is a sequence.
type preSplitters []preSplitter

func (seq preSplitters) split(p piece, emit func(piece)) {
	for i := len(seq) - 1; i > 0; i-- {
		s, next := seq[i], emit
		emit = func(p piece) { s.split(p, next) }
	}
	seq[0].split(p, emit)
}

// behavior says what becomes of the matches of a pattern.
type behavior uint8

const (
	isolated       behavior = iota // each is a piece
	removed                        // they are dropped
	contiguous                     // neighbours are one piece
	mergedPrevious                 // each ends the piece before it
	mergedNext                     // each starts the piece after it
)

func newBehavior(name string) (behavior, error) {
	for b, n := range map[behavior][]string{
		isolated: {"Isolated", "isolated"}, removed: {"Removed", "removed"}, contiguous: {"Contiguous", "contiguous"},
		mergedPrevious: {"MergedWithPrevious", "merged_with_previous"}, mergedNext: {"MergedWithNext", "merged_with_next"},
	} {
		if name == n[0] || name == n[1] {
			return b, nil
		}
	}
	return 0, fmt.Errorf("tokenize: behavior %q: %w", name, ErrUnsupported)
}

// patternSplit cuts at the matches of a pattern, or with invert at what is between them.
type patternSplit struct {
	match    matcher
	behavior behavior
	invert   bool
}

func (s patternSplit) split(p piece, emit func(piece)) {
	c := patternCut{patternSplit: s, piece: p, emit: emit}
	gap := 0 // start of the text before the next match
	for i := 0; i < len(p.text); {
		n := s.match(p.text, i)
		if n == 0 {
			i += charLen(p.text, i)
			continue
		}
		c.add(gap, i, false)
		c.add(i, i+n, true)
		i += n
		gap = i
	}
	c.add(gap, len(p.text), false)
	c.flush()
}

// patternCut holds back the last part until it is known whether the next one joins it.
type patternCut struct {
	patternSplit
	piece      piece
	emit       func(piece)
	start, end int  // of the part held back; none if it is empty
	matched    bool // what that part is
}

func (c *patternCut) add(start, end int, match bool) {
	if start == end {
		return
	}
	match = match != c.invert
	join := false
	switch c.behavior {
	case contiguous:
		join = match == c.matched
	case mergedPrevious:
		join = match && !c.matched
	case mergedNext:
		join = !match && c.matched
	}
	if !join || c.start == c.end {
		c.flush()
		c.start = start
	}
	c.end, c.matched = end, match
	if c.behavior == removed && match {
		c.start = end
	}
}

func (c *patternCut) flush() {
	if c.start < c.end {
		c.emit(piece{c.piece.text[c.start:c.end], c.piece.first && c.start == 0})
	}
	c.start = c.end
}

// isolatedBy cuts with a splitter.
type isolatedBy splitter

func (s isolatedBy) split(p piece, emit func(piece)) {
	start := 0
	for _, end := range s(nil, p.text, 0) {
		emit(piece{p.text[start:end], p.first && start == 0})
		start = end
	}
}

// literal matches a text.
func literal(text string) matcher {
	return func(s string, i int) int {
		if text != "" && strings.HasPrefix(s[i:], text) {
			return len(text)
		}
		return 0
	}
}

// oneChar matches a character.
func oneChar(is func(c char) bool) matcher {
	return func(s string, i int) int {
		if c := charAt(s, i); is(c) {
			return c.size
		}
		return 0
	}
}

// dropSpace cuts at white space.
var dropSpace = patternSplit{match: oneChar(func(c char) bool { return c.space }), behavior: removed}

// fixedLength cuts after every so many characters.
type fixedLength int

func (n fixedLength) split(p piece, emit func(piece)) {
	start, chars := 0, 0
	for i := 0; i < len(p.text); {
		i += charLen(p.text, i)
		if chars++; chars == int(n) || i == len(p.text) {
			emit(piece{p.text[start:i], p.first && start == 0})
			start, chars = i, 0
		}
	}
}

// bertSplit drops white space and isolates punctuation.
type bertSplit struct{}

func (bertSplit) split(p piece, emit func(piece)) {
	for i := 0; i < len(p.text); {
		c := charAt(p.text, i)
		if c.space {
			i += c.size
			continue
		}
		end := bertWord(p.text, i)
		emit(piece{p.text[i:end], p.first && i == 0})
		i = end
	}
}

// metaspace writes spaces as mark, puts one in front, and cuts before them.
type metaspace struct {
	mark    string
	prefix  prefixRule
	noSplit bool
}

func (m metaspace) split(p piece, emit func(piece)) {
	text := strings.ReplaceAll(p.text, " ", m.mark)
	if m.prefix.applies(p.first) && !strings.HasPrefix(text, m.mark) {
		text = m.mark + text
	}
	if m.noSplit || strings.LastIndex(text, m.mark) <= 0 {
		emit(piece{text, p.first})
		return
	}
	patternSplit{match: m.isMark, behavior: mergedNext}.split(piece{text, p.first}, emit)
}

// isMark matches the mark.
func (m metaspace) isMark(s string, i int) int {
	if m.mark != "" && strings.HasPrefix(s[i:], m.mark) {
		return len(m.mark)
	}
	return 0
}

// byteLevel writes the bytes of a text in GPT-2's alphabet.
type byteLevel struct {
	prefix bool // a space comes before a text that has none
	words  bool // the text is cut by GPT-2's pattern
	raw    bool // the bytes stay as they are: nothing looks at them any more
}

func (b byteLevel) split(p piece, emit func(piece)) {
	if r, _ := utf8.DecodeRuneInString(p.text); b.prefix && !unicode.IsSpace(r) {
		p.text = " " + p.text
	}
	if !b.raw {
		out := emit
		emit = func(p piece) { out(piece{toByteLevel(p.text), p.first}) }
	}
	if b.words {
		patternSplit{match: gpt2Words}.split(p, emit)
	} else {
		emit(p)
	}
}
