package tokenize

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// newNormalizer reads a "normalizer"; nil for none.
func newNormalizer(raw json.RawMessage) (normalizer, error) {
	parts, err := flatten(raw, "normalizers", nil)
	if err != nil {
		return nil, fmt.Errorf("normalizer: %w", err)
	}
	var list normalizers
	for _, part := range parts {
		n, err := oneNormalizer(part)
		if err != nil {
			return nil, fmt.Errorf("normalizer: %w", err)
		}
		list = append(list, n)
	}
	switch len(list) {
	case 0:
		return nil, nil
	case 1:
		return list[0], nil
	}
	return list, nil
}

// hasByteLetters reports whether a normalizer writes bytes in GPT-2's alphabet.
func hasByteLetters(n normalizer) bool {
	if list, ok := n.(normalizers); ok {
		return slices.ContainsFunc(list, hasByteLetters)
	}
	_, ok := n.(byteLetters)
	return ok
}

// normalizerJSON has the settings of all kinds.
type normalizerJSON struct {
	CleanText    *bool       `json:"clean_text"` // BertNormalizer
	Chinese      *bool       `json:"handle_chinese_chars"`
	StripAccents *bool       `json:"strip_accents"`
	Lowercase    *bool       `json:"lowercase"`
	Pattern      patternJSON `json:"pattern"` // Replace
	Content      string      `json:"content"`
	Prepend      string      `json:"prepend"`
	Left         bool        `json:"strip_left"` // Strip
	Right        bool        `json:"strip_right"`
	Charsmap     []byte      `json:"precompiled_charsmap"`
}

func oneNormalizer(raw json.RawMessage) (normalizer, error) {
	var s normalizerJSON
	kind, err := typed(raw, &s)
	if err != nil {
		return nil, err
	}
	if len(s.Content) > maxReplacement || len(s.Prepend) > maxReplacement {
		return nil, fmt.Errorf("%s: text of more than %d bytes: %w", kind, maxReplacement, ErrUnsupported)
	}
	isTrue := func(b *bool, missing bool) bool {
		if b == nil {
			return missing
		}
		return *b
	}
	switch kind {
	case "NFC":
		return normalizerFunc(norm.NFC.String), nil
	case "NFD":
		return normalizerFunc(norm.NFD.String), nil
	case "NFKC":
		return normalizerFunc(norm.NFKC.String), nil
	case "NFKD":
		return normalizerFunc(norm.NFKD.String), nil
	case "Lowercase":
		return normalizerFunc(lowerEach), nil
	case "Nmt":
		return normalizerFunc(nmt), nil
	case "ByteLevel":
		return byteLetters{}, nil
	case "StripAccents":
		return normalizerFunc(removeMarks), nil
	case "Strip":
		return stripSpace{s.Left, s.Right}, nil
	case "Prepend":
		return prepend(s.Prepend), nil
	case "Replace":
		m, err := s.Pattern.compile()
		return replace{m, s.Content}, err
	case "BertNormalizer":
		lower := isTrue(s.Lowercase, true)
		return bertNormalizer{isTrue(s.CleanText, true), isTrue(s.Chinese, true), isTrue(s.StripAccents, lower), lower}, nil
	case "Precompiled":
		m, err := newCharsmap(s.Charsmap)
		return precompiled{m}, err
	}
	return nil, fmt.Errorf("%q: %w", kind, ErrUnsupported)
}

// removeMarks drops the characters of category M.
func removeMarks(s string) string {
	if isASCII(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if r >= utf8.RuneSelf && unicode.Is(unicode.M, r) {
			return -1
		}
		return r
	}, s)
}

type stripSpace struct{ left, right bool }

func (n stripSpace) normalize(s string) string {
	if n.left {
		s = strings.TrimLeftFunc(s, unicode.IsSpace)
	}
	if n.right {
		s = strings.TrimRightFunc(s, unicode.IsSpace)
	}
	return s
}

// prepend puts a text before every text that is not empty.
type prepend string

func (n prepend) normalize(s string) string {
	if s == "" {
		return s
	}
	return string(n) + s
}

// replace puts a text in place of every match.
type replace struct {
	match matcher
	with  string
}

func (n replace) normalize(s string) string {
	var b strings.Builder
	from := 0
	for i := 0; i < len(s); {
		size := n.match(s, i)
		if size == 0 {
			i += charLen(s, i)
			continue
		}
		b.WriteString(s[from:i])
		b.WriteString(n.with)
		i += size
		from = i
	}
	if from == 0 {
		return s
	}
	b.WriteString(s[from:])
	return b.String()
}

// precompiled applies SentencePiece's table as Hugging Face does: not to the longest text in the table, but to
// characters and, if they are shorter than six bytes, to characters with their marks; and of the texts in the table that
// those start with it takes the shortest, for all of them.
type precompiled struct{ table *charsmap }

func (n precompiled) normalize(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); {
		end := cluster(s, i)
		if end-i < 6 {
			if to, ok := n.shortest(s[i:end]); ok {
				b.WriteString(to)
				i = end
				continue
			}
		}
		for i < end {
			char := s[i : i+charLen(s, i)]
			if to, ok := n.shortest(char); ok {
				b.WriteString(to)
			} else {
				b.WriteString(char)
			}
			i += len(char)
		}
	}
	return b.String()
}

func (n precompiled) shortest(s string) (to string, ok bool) {
	n.table.prefixes(s, func(_ int, replacement string) bool {
		to, ok = replacement, true
		return false
	})
	return to, ok
}

// cluster returns the end of the character at s[i:] and the marks on it. Clusters of other kinds have six bytes or more,
// where it makes no difference; or are a CR and LF.
func cluster(s string, i int) int {
	end := i + charLen(s, i)
	if s[i] == '\r' {
		if end < len(s) && s[end] == '\n' {
			end++
		}
		return end
	}
	if r, _ := utf8.DecodeRuneInString(s[i:]); r < ' ' || r >= 0x7F && noMarks(r) {
		return end
	}
	return skipFunc(s, end, func(c char) bool { return c.class&clMark != 0 || isJoiner(c.r) })
}

// noMarks reports controls and separators, whose marks stand alone.
func noMarks(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) && !isJoiner(r)
}

// isJoiner reports the zero-width non-joiner and joiner.
func isJoiner(r rune) bool { return r == 0x200C || r == 0x200D }
