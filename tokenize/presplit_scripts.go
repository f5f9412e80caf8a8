package tokenize

import (
	"slices"
	"unicode"
	"unicode/utf8"
)

// scriptSplit cuts where the script changes. Han, Hiragana and Katakana count as one, and a space or a character
// without a script belongs to what is before it; at the start of a piece it is dropped.
//
// The scripts are those of this package's version of Unicode; Hugging Face has a table of an older one, where characters
// added since have none.
type scriptSplit struct {
	ranges []scriptRange // sorted
	ascii  [utf8.RuneSelf]int32
}

// scriptRange gives the characters from lo to hi a script, a number above 0.
type scriptRange struct {
	lo, hi rune
	script int32
}

func newScriptSplit() *scriptSplit {
	s := &scriptSplit{}
	number := int32(0)
	add := func(lo, hi, stride rune) {
		if stride == 1 {
			s.ranges = append(s.ranges, scriptRange{lo, hi, number})
			return
		}
		for r := lo; r <= hi; r += stride {
			s.ranges = append(s.ranges, scriptRange{r, r, number})
		}
	}
	for name, table := range unicode.Scripts {
		if name == "Hiragana" || name == "Katakana" {
			continue
		}
		number++
		tables := []*unicode.RangeTable{table}
		if name == "Han" {
			tables = append(tables, unicode.Hiragana, unicode.Katakana)
		}
		for _, t := range tables {
			for _, r := range t.R16 {
				add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
			}
			for _, r := range t.R32 {
				add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
			}
		}
	}
	slices.SortFunc(s.ranges, func(a, b scriptRange) int { return int(a.lo - b.lo) })
	for r := range s.ascii {
		if r != ' ' {
			s.ascii[r] = s.find(rune(r))
		}
	}
	return s
}

// find returns the script of a character, or 0.
func (s *scriptSplit) find(r rune) int32 {
	if r == 'ー' { // Common, but written among Katakana
		r = 'ア'
	}
	i, ok := slices.BinarySearchFunc(s.ranges, r, func(a scriptRange, r rune) int { return int(a.lo - r) })
	if !ok {
		i--
	}
	if i >= 0 && r <= s.ranges[i].hi {
		return s.ranges[i].script
	}
	return 0
}

func (s *scriptSplit) split(p piece, emit func(piece)) {
	start, last := -1, int32(0)
	for i := 0; i < len(p.text); {
		at, size, script := i, 1, int32(0)
		if b := p.text[i]; b < utf8.RuneSelf {
			script = s.ascii[b]
		} else {
			var r rune
			r, size = utf8.DecodeRuneInString(p.text[i:])
			script = s.find(r)
		}
		i += size
		if script == 0 || script == last {
			continue
		}
		if start >= 0 {
			emit(piece{p.text[start:at], p.first && start == 0})
		}
		start, last = at, script
	}
	if start >= 0 {
		emit(piece{p.text[start:], p.first && start == 0})
	}
}
