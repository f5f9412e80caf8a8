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

// A preSplitter cuts a piece into smaller ones, appends them to dst, and may rewrite them: Hugging Face's
// pre-tokenizers.
type preSplitter interface {
	split(dst []piece, p piece) []piece
}

// preSplitters is a sequence.
type preSplitters []preSplitter

func (seq preSplitters) split(dst []piece, p piece) []piece {
	pieces := []piece{p}
	for _, s := range seq {
		var next []piece
		for _, p := range pieces {
			next = s.split(next, p)
		}
		pieces = next
	}
	return append(dst, pieces...)
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

func (s patternSplit) split(dst []piece, p piece) []piece {
	from := len(dst)
	matched := false // what the last piece is
	open := false    // the last piece may be joined
	gap := 0         // start of the text before the next match
	emit := func(start, end int, match bool) {
		if start == end {
			return
		}
		if match = match != s.invert; match && s.behavior == removed {
			open = false
			return
		}
		join := open && len(dst) > from
		switch s.behavior {
		case contiguous:
			join = join && match == matched
		case mergedPrevious:
			join = join && match && !matched
		case mergedNext:
			join = join && !match && matched
		default:
			join = false
		}
		matched, open = match, true
		if join {
			last := &dst[len(dst)-1]
			last.text = p.text[start-len(last.text) : end]
			return
		}
		dst = append(dst, piece{p.text[start:end], p.first && start == 0})
	}
	for i := 0; i < len(p.text); {
		n := s.match(p.text, i)
		if n == 0 {
			i += charLen(p.text, i)
			continue
		}
		emit(gap, i, false)
		emit(i, i+n, true)
		i += n
		gap = i
	}
	emit(gap, len(p.text), false)
	return dst
}

// isolatedBy cuts with a splitter.
type isolatedBy splitter

func (s isolatedBy) split(dst []piece, p piece) []piece {
	start := 0
	for _, end := range s(nil, p.text, 0) {
		dst = append(dst, piece{p.text[start:end], p.first && start == 0})
		start = end
	}
	return dst
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

// bertSplit drops white space and isolates punctuation.
type bertSplit struct{}

func (bertSplit) split(dst []piece, p piece) []piece {
	for i := 0; i < len(p.text); {
		c := charAt(p.text, i)
		if c.space {
			i += c.size
			continue
		}
		end := bertWord(p.text, i)
		dst = append(dst, piece{p.text[i:end], p.first && i == 0})
		i = end
	}
	return dst
}

// metaspace writes spaces as mark, puts one in front, and cuts before them.
type metaspace struct {
	mark    string
	prefix  prefixRule
	noSplit bool
}

func (m metaspace) split(dst []piece, p piece) []piece {
	text := strings.ReplaceAll(p.text, " ", m.mark)
	if m.prefix.applies(p.first) && !strings.HasPrefix(text, m.mark) {
		text = m.mark + text
	}
	if m.noSplit {
		return append(dst, piece{text, p.first})
	}
	return patternSplit{match: literal(m.mark), behavior: mergedNext}.split(dst, piece{text, p.first})
}

// byteLevel writes the bytes of a text in GPT-2's alphabet.
type byteLevel struct {
	prefix bool // a space comes before a text that has none
	words  bool // the text is cut by GPT-2's pattern
	raw    bool // the bytes stay as they are: nothing looks at them any more
}

func (b byteLevel) split(dst []piece, p piece) []piece {
	if r, _ := utf8.DecodeRuneInString(p.text); b.prefix && !unicode.IsSpace(r) {
		p.text = " " + p.text
	}
	from := len(dst)
	if b.words {
		dst = patternSplit{match: gpt2Words}.split(dst, p)
	} else {
		dst = append(dst, p)
	}
	if !b.raw {
		for i := range dst[from:] {
			dst[from+i].text = toByteLevel(dst[from+i].text)
		}
	}
	return dst
}
