package pattern

import (
	"slices"
	"unicode"
)

// set is a set of characters: ranges that are sorted, disjoint and not adjacent.
type set []runeRange

type runeRange struct{ lo, hi rune }

// newSet sorts and joins ranges.
func newSet(ranges []runeRange) set {
	slices.SortFunc(ranges, func(a, b runeRange) int { return int(a.lo) - int(b.lo) })
	var s set
	for _, r := range ranges {
		if n := len(s); n > 0 && r.lo <= s[n-1].hi+1 {
			s[n-1].hi = max(s[n-1].hi, r.hi)
		} else {
			s = append(s, r)
		}
	}
	return s
}

func oneRune(r rune) set { return set{{r, r}} }

func fromTable(tables ...*unicode.RangeTable) set {
	var ranges []runeRange
	add := func(lo, hi, stride rune) {
		if stride == 1 {
			ranges = append(ranges, runeRange{lo, hi})
			return
		}
		for r := lo; r <= hi; r += stride {
			ranges = append(ranges, runeRange{r, r})
		}
	}
	for _, t := range tables {
		for _, r := range t.R16 {
			add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
		}
		for _, r := range t.R32 {
			add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
		}
	}
	return newSet(ranges)
}

func (s set) union(t set) set { return newSet(slices.Concat(s, t)) }

func (s set) negate() set {
	var n set
	next := rune(0)
	for _, r := range s {
		if r.lo > next {
			n = append(n, runeRange{next, r.lo - 1})
		}
		next = r.hi + 1
	}
	if next <= unicode.MaxRune {
		n = append(n, runeRange{next, unicode.MaxRune})
	}
	return n
}

func (s set) intersect(t set) set {
	return s.negate().union(t.negate()).negate()
}

func (s set) has(r rune) bool {
	i, ok := slices.BinarySearchFunc(s, r, func(a runeRange, r rune) int { return int(a.lo) - int(r) })
	return ok || i > 0 && r <= s[i-1].hi
}

// fold adds the other cases of the characters.
func (s set) fold() set {
	var ranges []runeRange
	for _, cased := range unicode.CaseRanges {
		for c := rune(cased.Lo); c <= rune(cased.Hi); c++ {
			if !s.has(c) {
				continue
			}
			for f := unicode.SimpleFold(c); f != c; f = unicode.SimpleFold(f) {
				ranges = append(ranges, runeRange{f, f})
			}
		}
	}
	return newSet(append(ranges, s...))
}

// Sets that have letters of their own.
var (
	spaceSet = fromTable(unicode.White_Space)
	digitSet = fromTable(unicode.Nd)
	wordSet  = fromTable(unicode.L, unicode.M, unicode.Nd, unicode.Nl, unicode.Pc, unicode.Other_Alphabetic)
)

// property returns the set of a name in \p{...}: a category, a script or a property.
func property(name string) (set, bool) {
	for _, tables := range []map[string]*unicode.RangeTable{unicode.Categories, unicode.Scripts, unicode.Properties} {
		if t, ok := tables[name]; ok {
			return fromTable(t), true
		}
	}
	switch name {
	case "Letter", "Alphabetic":
		return fromTable(unicode.L), true
	case "Number":
		return fromTable(unicode.N), true
	case "Punctuation", "Punct":
		return fromTable(unicode.P), true
	case "Space":
		return spaceSet, true
	case "Digit":
		return digitSet, true
	case "Word":
		return wordSet, true
	}
	return nil, false
}
