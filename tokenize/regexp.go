package tokenize

import (
	"errors"
	"fmt"

	"github.com/seed64708441/ember/tokenize/internal/pattern"
)

// compilePattern turns a regular expression into a matcher. Errors about constructs that are not supported wrap
// ErrUnsupported.
func compilePattern(expr string) (matcher, error) {
	if m, ok := knownPatterns[expr]; ok {
		return m, nil
	}
	p, err := pattern.Compile(expr)
	if errors.Is(err, pattern.ErrUnsupported) {
		return nil, fmt.Errorf("tokenize: %w: %w", ErrUnsupported, err)
	}
	if err != nil {
		return nil, fmt.Errorf("tokenize: %w", err)
	}
	return p.Match, nil
}

// knownPatterns have matchers that are written by hand: they are the most frequent ones.
var knownPatterns = map[string]matcher{
	`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`: gpt2Words,

	`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`: llamaWords{letter: clLetter, digits: 3, tail: "\r\n"}.match,

	`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`: llamaWords{letter: clLetter, digits: 1, tail: "\r\n"}.match,
}
