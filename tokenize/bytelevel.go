package tokenize

import (
	"strings"
	"unicode/utf8"
)

// GPT-2 writes the 256 bytes as printable characters: the printable ones of Latin-1 stand for themselves, the others
// for U+0100 and up, in order.

// byteAlphabet holds the character of every byte.
var byteAlphabet = func() (t [256]rune) {
	next := rune(0x100)
	for b := range t {
		switch r := rune(b); {
		case r >= '!' && r <= '~', r >= 0xA1 && r <= 0xAC, r >= 0xAE:
			t[b] = r
		default:
			t[b] = next
			next++
		}
	}
	return t
}()

// alphabetBytes is the inverse of byteAlphabet; -1 for a character that stands for no byte.
var alphabetBytes = func() (t [0x144]int16) {
	for i := range t {
		t[i] = -1
	}
	for b, r := range byteAlphabet {
		t[r] = int16(b)
	}
	return t
}()

// fromByteLevel returns the bytes that a token written in GPT-2's alphabet stands for. ok is false if a character is
// not in the alphabet.
func fromByteLevel(s string) (raw string, ok bool) {
	for i := 0; ; i++ {
		if i == len(s) {
			return s, true // printable ASCII stands for itself
		}
		if s[i] <= ' ' || s[i] >= utf8.RuneSelf-1 {
			break
		}
	}
	b := make([]byte, 0, len(s))
	for _, r := range s {
		if int(r) >= len(alphabetBytes) || alphabetBytes[r] < 0 {
			return "", false
		}
		b = append(b, byte(alphabetBytes[r]))
	}
	return string(b), true
}

// toByteLevel writes bytes in GPT-2's alphabet.
func toByteLevel(raw string) string {
	if !strings.ContainsFunc(raw, func(r rune) bool { return r <= ' ' || r >= 0x7F }) {
		return raw // printable ASCII stands for itself
	}
	b := make([]byte, 0, 2*len(raw))
	for i := range len(raw) {
		b = utf8.AppendRune(b, byteAlphabet[raw[i]])
	}
	return string(b)
}
