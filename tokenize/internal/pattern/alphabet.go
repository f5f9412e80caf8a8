package pattern

import (
	"fmt"
	"slices"
	"unicode"
	"unicode/utf8"
)

// alphabet divides the characters into classes that no set of a pattern tells apart. Class 0 is the end of the text.
type alphabet struct {
	ascii  [utf8.RuneSelf]uint8
	page   [(unicode.MaxRune + 1) / 256]uint16 // index of the block of 256 characters
	blocks [][256]uint8
	member [][]bool // [class][set]
}

// newAlphabet finds the classes. ends tells which sets hold the end of the text.
func newAlphabet(sets []set, ends []bool) (*alphabet, error) {
	a := &alphabet{member: [][]bool{slices.Clone(ends)}}
	cuts := []rune{0}
	for _, s := range sets {
		for _, r := range s {
			cuts = append(cuts, r.lo, r.hi+1)
		}
	}
	slices.Sort(cuts)
	cuts = slices.Compact(cuts)
	known := map[string]uint8{}
	at := make([]int, len(sets)) // the range of each set that ends last before or at the cut
	key := make([]byte, len(sets))
	uniform := map[uint8]uint16{}
	for i, lo := range cuts {
		if lo > unicode.MaxRune {
			break
		}
		hi := rune(unicode.MaxRune)
		if i+1 < len(cuts) {
			hi = cuts[i+1] - 1
		}
		for j, s := range sets {
			for at[j] < len(s) && s[at[j]].hi < lo {
				at[j]++
			}
			key[j] = 0
			if at[j] < len(s) && s[at[j]].lo <= lo {
				key[j] = 1
			}
		}
		class, ok := known[string(key)]
		if !ok {
			if len(a.member) == 256 {
				return nil, fmt.Errorf("pattern: more than 255 kinds of characters: %w", ErrUnsupported)
			}
			class = uint8(len(a.member))
			known[string(key)] = class
			m := make([]bool, len(sets))
			for j := range m {
				m[j] = key[j] == 1
			}
			a.member = append(a.member, m)
		}
		a.fill(lo, hi, class, uniform)
	}
	for r := range a.ascii {
		a.ascii[r] = a.blocks[a.page[0]][r]
	}
	return a, nil
}

// fill gives a class to the characters from lo to hi, which come in ascending order.
func (a *alphabet) fill(lo, hi rune, class uint8, uniform map[uint8]uint16) {
	for lo <= hi {
		end := min(hi, lo|255)
		if lo&255 == 0 && end == lo|255 {
			block, ok := uniform[class]
			if !ok {
				block = a.newBlock()
				uniform[class] = block
				for i := range a.blocks[block] {
					a.blocks[block][i] = class
				}
			}
			a.page[lo>>8] = block
		} else {
			if lo&255 == 0 {
				a.page[lo>>8] = a.newBlock()
			}
			b := &a.blocks[a.page[lo>>8]]
			for r := lo; r <= end; r++ {
				b[r&255] = class
			}
		}
		lo = end + 1
	}
}

func (a *alphabet) newBlock() uint16 {
	a.blocks = append(a.blocks, [256]uint8{})
	return uint16(len(a.blocks) - 1)
}

// at returns the class and length of the character at s[i:]. A byte that is not UTF-8 reads as U+FFFD.
func (a *alphabet) at(s string, i int) (class uint8, size int) {
	if i >= len(s) {
		return 0, 0
	}
	if b := s[i]; b < utf8.RuneSelf {
		return a.ascii[b], 1
	}
	r, n := utf8.DecodeRuneInString(s[i:])
	return a.blocks[a.page[r>>8]][r&255], n
}
