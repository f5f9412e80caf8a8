// Package gbnf reads grammars in the notation of llama.cpp and turns them into programs.
package gbnf

import "fmt"

// An Error says where in a grammar something is wrong. Line and Column count from 1; Column counts bytes.
type Error struct {
	Line, Column int
	Message      string
	Err          error // the cause, such as dfa.ErrTooLarge, or nil
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

func (e *Error) Error() string {
	if e.Line == 0 {
		return "gbnf: " + e.Message
	}
	return fmt.Sprintf("gbnf: line %d, column %d: %s", e.Line, e.Column, e.Message)
}

type op uint8

const (
	opClass  op = iota // one code point of ranges
	opRule             // another rule
	opSeq              // kids one after the other; none is the empty text
	opAlt              // one of kids
	opRepeat           // kids[0], min to max times; max -1 is no bound
)

type expr struct {
	op       op
	ranges   []rune // pairs of first and last, sorted
	rule     int
	kids     []*expr
	min, max int
}

// rule is one rule of a grammar.
type rule struct {
	name    string
	body    *expr // nil while only referred to
	at      int   // offset of the first mention
	null    bool  // may be empty
	yields  bool  // some text satisfies it
	loops   bool  // the rule that its loop keeps
	size    int   // states of its automaton with everything inlined
	inlined bool
	hole    bool // what satisfies it is given from outside
}

// Limits of a grammar.
const (
	maxRules  = 20_000
	maxDepth  = 200
	maxSource = 1 << 20
	maxSize   = 100_000 // states of one rule before it is made deterministic
	maxInline = 400     // a rule of at most this size is copied into the rules that use it
	maxRepeat = 10_000
)
