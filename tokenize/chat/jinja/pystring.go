package jinja

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// isSpace is Python's str.isspace for one character.
func isSpace(r rune) bool { return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f }

// skipSpace returns the offset of the first character from i on that is not white space.
func skipSpace(s string, i int) int {
	for i < len(s) {
		r, n := utf8.DecodeRuneInString(s[i:])
		if !isSpace(r) {
			break
		}
		i += n
	}
	return i
}

// runeLen is Python's len of a text.
func runeLen(s string) int { return utf8.RuneCountInString(s) }

// byteOffset returns the byte offset of code point i; i may be the length.
func byteOffset(s string, i int) int {
	for o := range s {
		if i == 0 {
			return o
		}
		i--
	}
	return len(s)
}

// chars returns the code points of s as texts.
func chars(s string) []string {
	out := make([]string, 0, len(s))
	for i := 0; i < len(s); {
		_, n := utf8.DecodeRuneInString(s[i:])
		out = append(out, s[i:i+n])
		i += n
	}
	return out
}

// isLineEnd says whether str.splitlines ends a line at the character.
func isLineEnd(r rune) bool {
	switch r {
	case '\n', '\r', '\v', '\f', 0x1c, 0x1d, 0x1e, 0x85, 0x2028, 0x2029:
		return true
	}
	return false
}

// splitLines is str.splitlines.
func splitLines(s string, keepEnds bool) []string {
	var out []string
	start := 0
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if !isLineEnd(r) {
			i += n
			continue
		}
		end := i + n
		if r == '\r' && end < len(s) && s[end] == '\n' {
			end++
		}
		if keepEnds {
			i = end
		}
		out = append(out, s[start:i])
		start, i = end, end
	}
	if start < len(s) {
		out = append(out, s[start:])
	}
	return out
}

// splitSpace is str.split without a separator; most < 0 means no limit.
func splitSpace(s string, most int) []string {
	var out []string
	for i := skipSpace(s, 0); i < len(s); i = skipSpace(s, i) {
		if most >= 0 && len(out) == most {
			return append(out, s[i:])
		}
		end := strings.IndexFunc(s[i:], isSpace)
		if end < 0 {
			return append(out, s[i:])
		}
		out = append(out, s[i:i+end])
		i += end
	}
	return out
}

// rsplitSpace is str.rsplit without a separator.
func rsplitSpace(s string, most int) []string {
	if most < 0 {
		return splitSpace(s, -1)
	}
	var out []string
	s = strings.TrimRightFunc(s, isSpace)
	for s != "" {
		i := strings.LastIndexFunc(s, isSpace)
		if i < 0 || len(out) == most {
			out = append(out, s)
			break
		}
		_, n := utf8.DecodeRuneInString(s[i:])
		out = append(out, s[i+n:])
		s = strings.TrimRightFunc(s[:i], isSpace)
	}
	for i, j := 0, len(out)-1; i < j; i, j = i+1, j-1 {
		out[i], out[j] = out[j], out[i]
	}
	return out
}

// rsplitSep is str.rsplit with a separator.
func rsplitSep(s, sep string, most int) []string {
	var out []string
	for most < 0 || len(out) < most {
		i := strings.LastIndex(s, sep)
		if i < 0 {
			break
		}
		out = append(out, s[i+len(sep):])
		s = s[:i]
	}
	out = append(out, s)
	for i, j := 0, len(out)-1; i < j; i, j = i+1, j-1 {
		out[i], out[j] = out[j], out[i]
	}
	return out
}
