package tokenize

import "unicode"

func decimalDigit(c char) bool { return c.class&clNumber != 0 && unicode.Is(unicode.Nd, c.r) }

func number(c char) bool { return c.class&clNumber != 0 }

// threeDigits isolates three ASCII digits: [0-9][0-9][0-9].
var threeDigits = isolate(func(s string, i int) int {
	for j := range 3 {
		if i+j >= len(s) || s[i+j]-'0' > 9 {
			return 0
		}
	}
	return 3
})

// always and wordAfter say whether a run of digits that ends before c is cut into groups.
func always(char) bool { return true }

// wordAfter is \b after a digit: no letter, mark, digit or connector follows.
func wordAfter(c char) bool {
	return c.class&(clLetter|clMark) == 0 && !decimalDigit(c) && !unicode.Is(unicode.Pc, c.r)
}

// digitGroups cuts runs of digits into groups of three, counted from their end: \d{1,3}(?=(?:\d{3})*\b), where \b is
// what ends says of the character after the run.
func digitGroups(digit, ends func(c char) bool) splitter {
	return func(out []int, s string, base int) []int {
		gap := 0
		for i := 0; i < len(s); {
			c := charAt(s, i)
			if !digit(c) {
				i += c.size
				continue
			}
			end, n := i, 0
			for c = charAt(s, end); digit(c); c = charAt(s, end) {
				end += c.size
				n++
			}
			if !ends(c) {
				i = end
				continue
			}
			if gap < i {
				out = append(out, base+i)
			}
			for ; n > 0; n-- {
				i += charAt(s, i).size
				if (n-1)%3 == 0 {
					out = append(out, base+i)
				}
			}
			gap = end
		}
		if gap < len(s) {
			out = append(out, base+len(s))
		}
		return out
	}
}
