package reply

import (
	"encoding/json"
	"errors"
	"fmt"
)

// Kind says what an Event is.
type Kind uint8

const (
	Reasoning     Kind = iota // a piece of what the model thinks
	Text                      // a piece of the answer
	CallStart                 // a call begins: Call, ID and Name are known
	CallArguments             // a piece of the JSON text of the arguments; the pieces joined are the Arguments of CallEnd
	CallEnd                   // a call is complete
	CallFailed                // a call is not what the syntax wants: see Err. No CallEnd follows
)

// Event is a step of a reply.
type Event struct {
	Kind      Kind
	Text      string          // Reasoning, Text, CallArguments: the piece, never empty
	Call      int             // CallStart to CallFailed: number of the call in the reply, from 0
	ID        string          // CallEnd: written by the model, or callNNNNN. CallStart: the same if it is already known
	Name      string          // CallStart, CallEnd: the tool
	Arguments json.RawMessage // CallEnd: a valid JSON object
	Err       *CallError      // CallFailed
}

// Errors in a CallError.
var (
	ErrSyntax  = errors.New("not in the syntax of calls")
	ErrUnknown = errors.New("unknown tool")
	ErrTooLong = errors.New("call too long")
	ErrCut     = errors.New("the reply ends inside a call")
)

// CallError is a call that cannot be carried out.
type CallError struct {
	Call int    // number of the call in the reply, from 0
	Name string // "" where it was not read yet
	Raw  string // what the model wrote, at most 1 KiB of it
	Msg  string // what was wrong
	Err  error  // one of the errors above
}

// Error returns the text "reply: call N of NAME: message: error".
func (e *CallError) Error() string {
	return fmt.Sprintf("reply: call %d of %q: %s: %v", e.Call, e.Name, e.Msg, e.Err)
}

// Unwrap returns Err.
func (e *CallError) Unwrap() error { return e.Err }
