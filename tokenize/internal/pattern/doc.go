// Package pattern compiles the regular expressions of tokenizers, which are those of Oniguruma and of Rust, into tables
// that match in one pass without going back.
//
//	p, err := pattern.Compile(`\p{N}{1,3}| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`)
//	n := p.Match(text, i) // length of the match that starts at text[i:], 0 for none
//
// Of the alternatives the first that matches counts, as in an engine that backtracks. Supported are characters, classes
// with ranges, negation, && and \p{...}, the quantifiers ? * + {n,m}, lazy ones, possessive ones where they mean the
// same as greedy ones, groups, (?i:...), look-ahead for one character, and $. What is not supported is an error that
// names the construct and wraps [ErrUnsupported].
//
// The package imports nothing of this module.
package pattern
