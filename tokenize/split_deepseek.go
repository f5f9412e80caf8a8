package tokenize

// deepseekWords is the pattern of DeepSeek V3 and others:
//
//	[ASCII punctuation][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[TAIL]*|
//	\s*[\r\n]+|\s+(?!\S)|\s+
type deepseekWords struct {
	tail       string
	oneLineEnd bool // [\r\n] in place of \s*[\r\n]+
}

func (w deepseekWords) match(s string, i int) int {
	c := charAt(s, i)
	if c.size == 1 && c.class&(clPunct|clSymbol) != 0 && c.r < 0x80 {
		end := i + 1
		for end < len(s) && asciiLetter(s[end]) {
			end++
		}
		if end > i+1 {
			return end - i
		}
	}
	if c.class&(clLetter|clPunct|clSymbol) == 0 && c.r != '\r' && c.r != '\n' {
		if end := skip(s, i+c.size, clLetter|clMark); end > i+c.size {
			return end - i
		}
	}
	if end := skip(s, i, clLetter|clMark); end > i {
		return end - i
	}
	from := i
	if c.r == ' ' {
		from++
	}
	if end := skip(s, from, clPunct|clSymbol); end > from {
		return tail(s, end, w.tail) - i
	}
	if w.oneLineEnd {
		if c.r == '\r' || c.r == '\n' {
			return 1
		}
		return looseSpaces(s, i)
	}
	return strictSpaces(s, i)
}

func asciiLetter(b byte) bool { return b|0x20 >= 'a' && b|0x20 <= 'z' }
