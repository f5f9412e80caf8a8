package tokenize

import (
	"encoding/json"
	"fmt"
)

// preSplitJSON is a "pre_tokenizer".
type preSplitJSON struct {
	splitter preSplitter // or nil
	mapped   bool        // a part of it is ByteLevel: the model sees bytes
	rawLast  bool        // ByteLevel is the last part, and the model takes the bytes without their letters
}

// newPreSplit takes whether the model can do without the letters of ByteLevel's alphabet.
func newPreSplit(raw json.RawMessage, takesRaw bool) (preSplitJSON, error) {
	var p preSplitJSON
	parts, err := flatten(raw, "pretokenizers", nil)
	if err != nil {
		return p, fmt.Errorf("pre_tokenizer: %w", err)
	}
	var list preSplitters
	for i, part := range parts {
		s, err := onePreSplit(part)
		if err != nil {
			return p, fmt.Errorf("pre_tokenizer: %w", err)
		}
		if b, ok := s.(byteLevel); ok {
			if p.mapped {
				return p, fmt.Errorf("pre_tokenizer: ByteLevel twice: %w", ErrUnsupported)
			}
			p.mapped, p.rawLast = true, takesRaw && i == len(parts)-1
			b.raw = p.rawLast
			s = b
		}
		list = append(list, s)
	}
	switch len(list) {
	case 0:
	case 1:
		p.splitter = list[0]
	default:
		p.splitter = list
	}
	return p, nil
}

// preTokenizerJSON has the settings of all kinds.
type preTokenizerJSON struct {
	AddPrefixSpace *bool       `json:"add_prefix_space"` // ByteLevel, Metaspace
	UseRegex       *bool       `json:"use_regex"`        // ByteLevel
	Replacement    string      `json:"replacement"`      // Metaspace
	PrependScheme  string      `json:"prepend_scheme"`
	Split          *bool       `json:"split"`
	Pattern        patternJSON `json:"pattern"` // Split
	Behavior       string      `json:"behavior"`
	Invert         bool        `json:"invert"`
	Individual     bool        `json:"individual_digits"`
	Delimiter      string      `json:"delimiter"` // CharDelimiterSplit
	Length         *int        `json:"length"`    // FixedLength, in characters
}

func onePreSplit(raw json.RawMessage) (preSplitter, error) {
	var s preTokenizerJSON
	kind, err := typed(raw, &s)
	if err != nil {
		return nil, err
	}
	isTrue := func(b *bool) bool { return b == nil || *b }
	switch kind {
	case "ByteLevel":
		return byteLevel{prefix: isTrue(s.AddPrefixSpace), words: isTrue(s.UseRegex)}, nil
	case "Metaspace":
		if len(s.Replacement) > 4 {
			return nil, fmt.Errorf("Metaspace: replacement %.40q: %w", s.Replacement, ErrUnsupported)
		}
		prefix, err := prependScheme(s.PrependScheme, isTrue(s.AddPrefixSpace))
		return metaspace{s.Replacement, prefix, !isTrue(s.Split)}, err
	case "Split":
		return newPatternSplit(s)
	case "Digits":
		b := contiguous
		if s.Individual {
			b = isolated
		}
		return patternSplit{match: oneChar(number), behavior: b}, nil
	case "Punctuation":
		b := isolated
		if s.Behavior != "" {
			b, err = newBehavior(s.Behavior)
		}
		return patternSplit{match: oneChar(bertPunct), behavior: b}, err
	case "BertPreTokenizer":
		return bertSplit{}, nil
	case "Whitespace":
		m, err := compilePattern(`[\w\x{200C}\x{200D}]+|[^\w\s\x{200C}\x{200D}]+`) // joiners are word characters in Rust
		return patternSplit{match: m, behavior: removed, invert: true}, err
	case "WhitespaceSplit":
		return dropSpace, nil
	case "UnicodeScripts":
		return newScriptSplit(), nil
	case "FixedLength":
		n := 5
		if s.Length != nil {
			n = *s.Length
		}
		if n < 1 {
			return nil, fmt.Errorf("FixedLength: length %d: %w", n, ErrUnsupported)
		}
		return fixedLength(n), nil
	case "CharDelimiterSplit":
		return patternSplit{match: literal(s.Delimiter), behavior: removed}, nil
	}
	return nil, fmt.Errorf("%q: %w", kind, ErrUnsupported)
}

func newPatternSplit(s preTokenizerJSON) (preSplitter, error) {
	b, err := newBehavior(s.Behavior)
	if err != nil {
		return nil, err
	}
	if s.Pattern.Regex != nil {
		known, ok := knownSplits[*s.Pattern.Regex]
		if ok && !s.Invert && (b == isolated || b == mergedPrevious || b == mergedNext) {
			return isolatedBy(known), nil
		}
	}
	m, err := s.Pattern.compile()
	return patternSplit{m, b, s.Invert}, err
}

// knownSplits are expressions that look further ahead than the compiler of patterns can.
var knownSplits = map[string]splitter{
	`\d{1,3}(?=(?:\d{3})*\b)`: digitGroups(decimalDigit, wordAfter),
	`(?=(\d{3})+(?!\d))`:      digitGroups(decimalDigit, always),
}

// prependScheme says before which texts Metaspace puts its mark. Files of early versions have a flag in its place.
func prependScheme(scheme string, flag bool) (prefixRule, error) {
	switch scheme {
	case "":
		return prefixRule{always: flag}, nil
	case "always":
		return prefixRule{always: true}, nil
	case "first":
		return prefixRule{always: true, once: true}, nil
	case "never":
		return prefixRule{}, nil
	}
	return prefixRule{}, fmt.Errorf("prepend_scheme %q: %w", scheme, ErrUnsupported)
}
