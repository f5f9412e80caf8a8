package tokenize

import (
	"strings"
	"unicode/utf8"
)

// wordCuts finds places where a text may be cut before its parts are encoded one by one, because no token reaches
// across them. Words that come again are then found in memory, and long texts need no long merges.
type wordCuts struct {
	// joined tells which ASCII characters stand next to each other in some token.
	joined [utf8.RuneSelf][utf8.RuneSelf]bool
	// blanked tells after which characters some token has a blank; the last entry is for all that are not ASCII.
	blanked [utf8.RuneSelf + 1]bool
	// known tells which ASCII characters are tokens: unknown ones stay together, they may make one unknown token.
	known      [utf8.RuneSelf]bool
	knownBlank bool
}

// learn takes a token into account.
func (w *wordCuts) learn(token string) {
	w.knownBlank = w.knownBlank || token == blank
	if token[0] < utf8.RuneSelf {
		w.known[token[0]] = w.known[token[0]] || len(token) == 1
	}
	for i := 1; i < len(token); i++ {
		a, b := token[i-1], token[i]
		switch {
		case a < utf8.RuneSelf && b < utf8.RuneSelf:
			w.joined[a][b] = true
		case b == blank[0] && strings.HasPrefix(token[i:], blank) && !strings.HasSuffix(token[:i], blank):
			w.blanked[min(a, utf8.RuneSelf)] = true
		}
	}
}

// learnBytes takes into account that bytes with a token of their own never become unknown tokens.
func (w *wordCuts) learnBytes(f *fallback) {
	for b := range w.known {
		w.known[b] = w.known[b] || f.bytes[b] != None
	}
	w.knownBlank = w.knownBlank || f.bytes[blank[0]] != None && f.bytes[blank[1]] != None && f.bytes[blank[2]] != None
}

// next returns the first cut behind start.
func (w *wordCuts) next(s string, start int) int {
	for strings.HasPrefix(s[start:], blank) {
		start += len(blank)
	}
	for i := start + 1; i < len(s); i++ {
		a, b := s[i-1], s[i]
		switch {
		case b < utf8.RuneSelf:
			if a < utf8.RuneSelf && !w.joined[a][b] && w.known[a] && w.known[b] {
				return i
			}
		case b == blank[0] && w.knownBlank && !w.blanked[min(a, utf8.RuneSelf)] && strings.HasPrefix(s[i:], blank):
			return i
		}
	}
	return len(s)
}
