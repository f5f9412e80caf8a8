package jinja

import (
	"errors"
	"fmt"
)

// ErrLimit is wrapped by every LimitError.
var ErrLimit = errors.New("limit exceeded")

// ErrUnsupported is wrapped by errors about things that Jinja2 has and this package refuses.
var ErrUnsupported = errors.New("not supported")

// Kind tells what went wrong; the kinds follow Python's and Jinja2's exceptions.
type Kind string

// The kinds of an Error.
const (
	KindSyntax      Kind = "syntax error"
	KindType        Kind = "type error"
	KindValue       Kind = "value error"
	KindUndefined   Kind = "undefined"
	KindSecurity    Kind = "refused by the sandbox"
	KindRuntime     Kind = "runtime error"
	KindArithmetic  Kind = "arithmetic error"
	KindUnsupported Kind = "unsupported"
	KindHost        Kind = "raised" // a function given in Options.Globals returned an error
)

// Error is a fault of the template, or of the values it was given.
type Error struct {
	Line int // line in the template, from 1; 0 where it is not known
	Kind Kind
	Msg  string
	Err  error // the error of a host function, ErrUnsupported, or nil
}

// Error returns the text "jinja: line N: kind: message".
func (e *Error) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("jinja: %s: %s", e.Kind, e.Msg)
	}
	return fmt.Sprintf("jinja: line %d: %s: %s", e.Line, e.Kind, e.Msg)
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// LimitError says which allowance a template used up. It wraps ErrLimit.
type LimitError struct {
	Line  int    // line in the template, from 1; 0 where it is not known
	What  string // in words, such as "steps", "output bytes" or "levels of depth"
	Limit int
}

// Error returns the text "jinja: line N: more than LIMIT what".
func (e *LimitError) Error() string {
	at := ""
	if e.Line > 0 {
		at = fmt.Sprintf("line %d: ", e.Line)
	}
	return fmt.Sprintf("jinja: %smore than %d %s: %v", at, e.Limit, e.What, ErrLimit)
}

// Unwrap returns ErrLimit.
func (e *LimitError) Unwrap() error { return ErrLimit }

func errf(k Kind, format string, args ...any) error {
	return &Error{Kind: k, Msg: fmt.Sprintf(format, args...)}
}

func typeErrf(format string, args ...any) error { return errf(KindType, format, args...) }

func valueErrf(format string, args ...any) error { return errf(KindValue, format, args...) }

func unsupportedf(format string, args ...any) error {
	return &Error{Kind: KindUnsupported, Msg: fmt.Sprintf(format, args...), Err: ErrUnsupported}
}

// at gives an error the line it happened on, unless it has one.
func at(err error, line int) error {
	switch e := err.(type) {
	case *Error:
		if e.Line == 0 {
			e.Line = line
		}
	case *LimitError:
		if e.Line == 0 {
			e.Line = line
		}
	}
	return err
}
